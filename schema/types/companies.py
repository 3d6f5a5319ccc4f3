"""A company: its public profile, and its inside."""

from typing import Annotated, Self

import strawberry

from slotgraph.core import records, timetable
from slotgraph.core.grids import GridAnchor
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.records import EmployeeKind
from slotgraph.schema import ids
from slotgraph.schema.guard import Subject, leaf, object_type, resolved
from slotgraph.schema.scalars import URL, Locale, TimeZone
from slotgraph.schema.types import accounts, employees, services, support
from slotgraph.schema.types.lazy import LazyAccessLog, LazyAccount, LazyEmployee, LazyService, LazySupportCases
from slotgraph.schema.types.members import Invitation, Member
from slotgraph.schema.types.nodes import GLOBAL_ID, AbsentFrom, After, First, Info, Node, directory_of
from slotgraph.schema.types.schedule import Absence
from slotgraph.schema.types.tokens import ApiToken

Only = Annotated[EmployeeKind | None, strawberry.argument(description="Only this kind.")]
Failing = Annotated[bool, strawberry.argument(description="Only those that need attention.")]


@object_type(
    Action.READ_PUBLIC_PROFILE, "A tenant. Its own fields are the public profile; everything else is under `internal`."
)
class Company(Node):
    """What everybody may see of a company."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.Company]

    id: strawberry.ID = leaf(GLOBAL_ID)
    slug: str = leaf("Name in addresses, unique.")
    name: str = leaf("Name for people.")
    time_zone: TimeZone = leaf("Zone in which days are meant unless something says otherwise.")
    locale: Locale = leaf("Language of messages to customers who named none.")

    @resolved(Action.READ_PUBLIC_PROFILE, "Bookable services; members see inactive ones too.")
    async def services(self) -> list[LazyService]:
        operation, company_id = self.subject.operation, self.record.id
        directory = await directory_of(operation, company_id)
        inside = await operation.permits(Action.READ_INTERNAL, company_id)
        return [services.Service.of(operation, one) for one in directory.services.values() if one.active or inside]

    @resolved(Action.READ_PUBLIC_PROFILE, "Bookable employees; members see inactive ones too.")
    async def employees(self, kind: Only = strawberry.UNSET) -> list[LazyEmployee]:
        operation, company_id = self.subject.operation, self.record.id
        directory = await directory_of(operation, company_id)
        inside = await operation.permits(Action.READ_INTERNAL, company_id)
        return [
            employees.Employee.of(operation, one)
            for one in directory.employees.values()
            if (one.active or inside) and (not kind or one.kind is kind)
        ]

    @resolved(
        Action.READ_INTERNAL,
        "What only the company's members and tokens and, inside an open case, support may see; null for everybody else.",
    )
    def internal(self) -> "CompanyInternal | None":
        return CompanyInternal(
            subject=self.subject,
            record=self.record,
            booking_interval_minutes=self.record.booking_interval_minutes,
            grid_anchor=self.record.grid_anchor,
            hold_minutes=self.record.hold_minutes,
            customer_data_days=self.record.customer_data_days,
            entry_title_template=self.record.entry_title_template,
            entry_description_template=self.record.entry_description_template,
            allowed_origins=[URL(origin) for origin in self.record.allowed_origins],
            exclude_support=self.record.exclude_support,
        )

    @classmethod
    def of(cls, operation: Operation, record: records.Company) -> Self:
        """The company as this operation's actor sees it."""
        return cls(
            subject=Subject(operation, record.id),
            record=record,
            id=ids.encode("Company", record.id),
            slug=record.slug,
            name=record.name,
            time_zone=TimeZone(record.time_zone),
            locale=Locale(record.locale),
        )


@object_type(Action.READ_INTERNAL, "The inside of a company.")
class CompanyInternal:
    """What members see."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.Company]

    booking_interval_minutes: int = leaf(
        "Minutes between offered starts unless a service says otherwise: 5, 10, 15, 20, 30, 45, 60, 90 or 120."
    )
    grid_anchor: GridAnchor = leaf("Where the grid of starts begins.")
    hold_minutes: int = leaf("Minutes a held slot is kept.")
    customer_data_days: int = leaf("Days after which customers' data of past bookings is erased.")
    entry_title_template: str = leaf("Template of the title written into the calendar.")
    entry_description_template: str = leaf("Template of the description written into the calendar.")
    allowed_origins: list[URL] = leaf("Web origins that may embed the widget with credentials.")
    exclude_support: bool = leaf(
        "True: support has no access to this company at all, at once, open cases included; support then cannot help."
        " Say so beside the switch."
    )

    @resolved(Action.READ_INTERNAL, "Absences of the whole company, holidays for example.")
    async def absences(self, info: Info, from_: AbsentFrom = strawberry.UNSET) -> list[Absence]:
        operation, zone_name = self.subject.operation, self.record.time_zone
        day = from_ or timetable.today(operation, zone_name=zone_name)
        listed = await info.context.loaders(operation).absences(self.record.id, None)
        return [
            Absence.of(operation, one) for one in listed if timetable.ends_on_or_after(one, day, zone_name=zone_name)
        ]

    @resolved(Action.READ_INTERNAL, "Linked accounts; STAFF see their own.")
    async def accounts(self, info: Info, failing: Failing = False) -> list[LazyAccount]:
        operation = self.subject.operation
        listed = await info.context.loaders(operation).accounts(self.record.id)
        return [accounts.Account.of(operation, one) for one in listed if one.health.failing or not failing]

    @resolved(Action.READ_MEMBERS, "Members; null unless ADMIN or OWNER.")
    async def members(self, info: Info) -> list[Member] | None:
        operation = self.subject.operation
        listed = await info.context.use_cases.members.members(operation, self.record.id)
        return None if listed is None else [Member.of(operation, one) for one in listed]

    @resolved(Action.READ_MEMBERS, "Invitations not yet accepted; null unless ADMIN or OWNER.")
    async def invitations(self, info: Info) -> list[Invitation] | None:
        operation = self.subject.operation
        listed = await info.context.use_cases.invitations.invitations(operation, self.record.id)
        return None if listed is None else [Invitation.of(operation, one) for one in listed]

    @resolved(Action.READ_TOKENS, "API tokens without their secrets; null unless ADMIN or OWNER.")
    async def tokens(self, info: Info) -> list[ApiToken] | None:
        operation = self.subject.operation
        listed = await info.context.use_cases.api_tokens.tokens_of(operation, self.record.id)
        return None if listed is None else [ApiToken.of(operation, one) for one in listed]

    @resolved(Action.READ_SUPPORT_CASE, "Support cases, newest first; null unless ADMIN, OWNER or support.")
    async def support_cases(
        self, info: Info, first: First = 50, after: After = strawberry.UNSET
    ) -> LazySupportCases | None:
        return await support.cases_page(info.context, self.subject, first=first, after=after or None)

    @resolved(Action.READ_ACCESS_LOG, "Every access by support, newest first; null unless ADMIN or OWNER.")
    async def access_log(self, info: Info, first: First = 50, after: After = strawberry.UNSET) -> LazyAccessLog | None:
        return await support.access_page(info.context, self.subject, first=first, after=after or None)
