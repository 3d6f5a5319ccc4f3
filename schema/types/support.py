"""Support cases and the access log."""

from datetime import datetime
from typing import Self

import strawberry

from slotgraph.core import records
from slotgraph.core.operation import Operation
from slotgraph.core.permissions import permissions_in_case
from slotgraph.core.policy import Action, Permission, SupportStanding
from slotgraph.core.records import SupportCaseEnd
from slotgraph.schema import ids
from slotgraph.schema.context import Context
from slotgraph.schema.guard import Subject, leaf, object_type, resolved
from slotgraph.schema.types import companies
from slotgraph.schema.types.accounts import in_order
from slotgraph.schema.types.lazy import LazyCompany
from slotgraph.schema.types.nodes import GLOBAL_ID, Info, Node
from slotgraph.schema.types.pages import PageInfo, cursor, instant_key, page_of, place


@object_type(
    Action.READ_SUPPORT_CASE, "Permission for support to look into one company for a while.", outlives_exclusion=True
)
class SupportCase(Node):
    """A case. An agent still learns that it was ended by exclusion; nothing of the company stands in its plain fields."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.SupportCase]

    id: strawberry.ID = leaf(GLOBAL_ID)

    @resolved(
        Action.READ_PUBLIC_PROFILE,
        "The company. For an agent null with SUPPORT_EXCLUDED once it has excluded support.",
    )
    async def company(self) -> LazyCompany | None:
        directory = await self.subject.operation.directory(self.record.company_id)
        return companies.Company.of(self.subject.operation, directory.company) if directory else None

    @resolved(Action.READ_SUPPORT_CASE, "Why, in the company's words; null as for `company`.")
    def reason(self) -> str | None:
        return self.record.reason

    opened_at: datetime = leaf("When it was opened.")
    ends_at: datetime = leaf("When it ends or ended.")
    open: bool = leaf("Whether it is open.")
    ended_by: SupportCaseEnd | None = leaf("How it ended; null while open.")
    customer_data_granted: bool = leaf("Whether agents may see customers' contact data.")
    permissions: list[Permission] = leaf("What an agent may do inside it; empty once ended.")

    @classmethod
    def of(cls, operation: Operation, record: records.SupportCase) -> Self:
        """The case as this operation's actor sees it."""
        now = operation.clock.now()
        granted = record.customer_data_granted
        standing = SupportStanding.OPEN_WITH_CUSTOMER_DATA if granted else SupportStanding.OPEN
        is_open = record.is_open(now)
        return cls(
            subject=Subject(operation, record.company_id),
            record=record,
            id=ids.encode("SupportCase", record.company_id, record.id),
            opened_at=record.opened_at,
            ends_at=record.ends_at,
            open=is_open,
            ended_by=record.end_by(now),
            customer_data_granted=granted,
            permissions=in_order(permissions_in_case(standing if is_open else SupportStanding.NONE)),
        )


@object_type(Action.READ_ACCESS_LOG, "One access of support, written before the data was handed out. Holds no titles.")
class AccessLogEntry(Node):
    """An access."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.AccessLogEntry]

    id: strawberry.ID = leaf(GLOBAL_ID)
    at: datetime = leaf("When.")
    agent: str = leaf("Name of the agent.")

    @resolved(
        Action.READ_SUPPORT_CASE,
        "Case under which; null where access was refused for want of one.",
    )
    async def case(self, info: Info) -> SupportCase | None:
        operation, record = self.subject.operation, self.record
        if record.case_id is None:
            return None
        found = await info.context.loaders(operation).case(record.company_id, record.case_id)
        return SupportCase.of(operation, found) if found else None

    refused: bool = leaf("Whether it was refused.")
    operation_name: str | None = leaf("Name of the operation as the agent's client sent it; null if unnamed.")
    fields: list[str] = leaf("Fields that were read, as Type.field.")
    range_start: datetime | None = leaf("Start of the days looked at; null if the access had no range.")
    range_end: datetime | None = leaf("End of the days looked at; null as for `rangeStart`.")

    @classmethod
    def of(cls, operation: Operation, record: records.AccessLogEntry) -> Self:
        """The access as the company sees it."""
        return cls(
            subject=Subject(operation, record.company_id),
            record=record,
            id=ids.encode("AccessLogEntry", record.company_id, record.id),
            at=record.at,
            agent=record.agent,
            refused=record.refused,
            operation_name=record.operation_name,
            fields=list(record.fields),
            range_start=record.range_start,
            range_end=record.range_end,
        )


@object_type(Action.READ_SUPPORT_CASE, "A support case on a page.")
class SupportCaseEdge:
    """A case and its place."""

    cursor: str = leaf("Place in the list.")
    node: SupportCase = leaf("The case.")


@object_type(Action.READ_SUPPORT_CASE, "A page of support cases.")
class SupportCaseConnection:
    """Some cases."""

    subject: strawberry.Private[Subject]

    edges: list[SupportCaseEdge] = leaf("Items with cursors.")
    nodes: list[SupportCase] = leaf("Items alone.")
    page_info: PageInfo = leaf("Position.")


@object_type(Action.READ_ACCESS_LOG, "An access on a page.")
class AccessLogEdge:
    """An access and its place."""

    cursor: str = leaf("Place in the list.")
    node: AccessLogEntry = leaf("The access.")


@object_type(Action.READ_ACCESS_LOG, "A page of the access log.")
class AccessLogConnection:
    """Some accesses."""

    subject: strawberry.Private[Subject]

    edges: list[AccessLogEdge] = leaf("Items with cursors.")
    nodes: list[AccessLogEntry] = leaf("Items alone.")
    page_info: PageInfo = leaf("Position.")


async def cases_page(
    context: Context, subject: Subject, *, first: int, after: str | None
) -> SupportCaseConnection | None:
    """A page of a company's cases; None if the actor may not see them. Raises BadInput."""
    page, following = page_of(first, after), place(after, instant_key)
    operation, company_id = subject.operation, subject.company_id or ""
    found = await context.use_cases.support.cases_page(operation, company_id, first=page.to_read, after=following)
    if found is None:
        return None
    edges = [
        SupportCaseEdge(cursor=cursor(one.opened_at.isoformat(), one.id), node=SupportCase.of(operation, one))
        for one in found[:first]
    ]
    return SupportCaseConnection(
        subject=subject,
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=page.info(len(found), [edge.cursor for edge in edges]),
    )


async def access_page(
    context: Context, subject: Subject, *, first: int, after: str | None
) -> AccessLogConnection | None:
    """A page of a company's access log; None if the actor may not see it. Raises BadInput."""
    page, following = page_of(first, after), place(after, instant_key)
    operation, company_id = subject.operation, subject.company_id or ""
    found = await context.use_cases.support.access_log(operation, company_id, first=page.to_read, after=following)
    if found is None:
        return None
    edges = [
        AccessLogEdge(cursor=cursor(one.at.isoformat(), one.id), node=AccessLogEntry.of(operation, one))
        for one in found[:first]
    ]
    return AccessLogConnection(
        subject=subject,
        edges=edges,
        nodes=[edge.node for edge in edges],
        page_info=page.info(len(found), [edge.cursor for edge in edges]),
    )
