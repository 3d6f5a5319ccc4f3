"""Support cases and the access log: what lets an agent in, and what the company reads of it (rules T3, T4)."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from slotgraph.core import audit
from slotgraph.core.customers import text_faults
from slotgraph.core.gate import Gate
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, Facts, Support, SupportStanding, permits
from slotgraph.core.problems import InvalidField, InvalidInput, NotFound, SupportIsExcluded
from slotgraph.core.records import AccessLogEntry, SupportCase, SupportCaseEnd
from slotgraph.core.store import cases, companies, locks
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.notices import SupportShutOut, publish

MAX_HOURS = 72
MAX_REASON = 1000


@dataclass(frozen=True, slots=True)
class CaseRequest:
    """A new support case: why, for how long, and what agents may see."""

    company_id: str
    reason: str
    hours: int
    grant_customer_data: bool


@dataclass(frozen=True, slots=True)
class Access:
    """One operation of an agent, as the log will tell it: the client's name for it, the fields, and the days looked at."""

    operation_name: str | None
    fields: tuple[str, ...]
    range_start: datetime | None = None
    range_end: datetime | None = None


OpenCaseResult = SupportCase | SupportIsExcluded | InvalidInput | NotFound
CloseCaseResult = SupportCase | NotFound


class SupportDesk:
    """Opens, closes and lists support cases, and logs every access."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def open_case(self, operation: Operation, request: CaseRequest) -> OpenCaseResult:
        """Let support in for a while."""
        company_id = request.company_id
        if not await operation.permits(Action.CHANGE_SUPPORT_CASE, company_id):
            return NotFound(("input", "company"))
        faults = list(text_faults(("input", "reason"), request.reason, longest=MAX_REASON, lines=True))
        if not 1 <= request.hours <= MAX_HOURS:
            faults.append(InvalidField(("input", "hours"), f"between 1 and {MAX_HOURS}."))
        if faults:
            return InvalidInput(tuple(faults))
        now = operation.clock.now()
        ends_at = now + timedelta(hours=request.hours)
        case = SupportCase(
            company_id, uuid.uuid4().hex, request.reason, now, ends_at, None, request.grant_customer_data
        )
        async with operation.database.write() as connection:
            # An exclusion at the same time comes first and is seen, or comes behind this and ends the case.
            await locks.share_companies(connection, [company_id], waiting_for=company_id)
            if await _is_excluded(connection, company_id):
                return SupportIsExcluded()
            await cases.insert_case(connection, case)
        return case

    async def close_case(self, operation: Operation, company_id: str, case_id: str) -> CloseCaseResult:
        """End a case at once; ending it twice gives the same answer."""
        if not await operation.permits(Action.CHANGE_SUPPORT_CASE, company_id):
            return NotFound(("input", "case"))
        async with self._gate.exclusive(company_id) as connection:
            now = operation.clock.now()
            await cases.end_cases(connection, company_id, by=SupportCaseEnd.CLOSED, at=now, case_id=case_id)
            await publish(connection, SupportShutOut(company_id))
            case = await cases.case_by_id(connection, company_id, case_id)
        return case or NotFound(("input", "case"))

    async def open_cases(self, operation: Operation) -> list[SupportCase]:
        """The cases an agent may enter now, for nobody else: of companies that do not exclude support."""
        if not await operation.permits(Action.LIST_OPEN_CASES):
            return []
        async with operation.database.read() as connection:
            return await cases.open_cases(connection, now=operation.clock.now())

    async def cases_by_ids(
        self, operation: Operation, company_id: str, case_ids: Collection[str]
    ) -> Sequence[SupportCase]:
        """Some cases: for the company's admins always; for agents while they are open, or once the exclusion has closed them."""
        async with operation.database.read() as connection:
            found = await cases.cases_by_ids(connection, company_id, case_ids)
        if not found:
            return []
        facts = await operation.facts(company_id)
        return [case for case in found if _is_seen(operation, case, facts)]

    async def cases_page(
        self, operation: Operation, company_id: str, *, first: int, after: tuple[datetime, str] | None = None
    ) -> Sequence[SupportCase] | None:
        """Up to `first` cases of a company, newest first; None if the actor may not see them."""
        if not await operation.permits(Action.READ_SUPPORT_CASE, company_id):
            return None
        async with operation.database.read() as connection:
            return await cases.cases_page(connection, company_id, first=first, after=after)

    async def access_log(
        self, operation: Operation, company_id: str, *, first: int, after: tuple[datetime, str] | None = None
    ) -> Sequence[AccessLogEntry] | None:
        """Up to `first` accesses of support, newest first; None if the actor may not see them."""
        if not await operation.permits(Action.READ_ACCESS_LOG, company_id):
            return None
        async with operation.database.read() as connection:
            return await audit.page(connection, company_id, first=first, after=after)

    async def access_entries(
        self, operation: Operation, company_id: str, entry_ids: Collection[str]
    ) -> Sequence[AccessLogEntry]:
        """Some accesses; none if the actor may not see them."""
        if not await operation.permits(Action.READ_ACCESS_LOG, company_id):
            return []
        async with operation.database.read() as connection:
            return await audit.entries_by_ids(connection, company_id, entry_ids)

    async def log_access(self, operation: Operation, company_ids: Iterable[str], access: Access) -> frozenset[str]:
        """Write one entry per company reached, and commit it, before anything is executed (rule T4). Refusals too.

        Returns the companies the entries say the agent was let into.
        """
        agent, reached = operation.actor, sorted(set(company_ids))
        if not isinstance(agent, Support) or not reached:
            return frozenset()
        now = operation.clock.now()
        let_in = set()
        async with operation.database.write() as connection:
            for company_id in reached:
                company = await companies.company_by_id(connection, company_id)
                if company is None:
                    continue
                listed = await cases.open_cases(connection, now=now, company_id=company_id)
                case_id = listed[0].id if listed and not company.exclude_support else None
                await audit.record(connection, _entry(company_id, agent, access, case_id=case_id, at=now))
                if case_id is not None:
                    let_in.add(company_id)
        return frozenset(let_in)


def _is_seen(operation: Operation, case: SupportCase, facts: Facts) -> bool:
    if isinstance(operation.actor, Support) and not case.is_open(operation.clock.now()):
        return facts.support is SupportStanding.EXCLUDED and case.ended_by is SupportCaseEnd.EXCLUDED
    return permits(Action.READ_SUPPORT_CASE, operation.actor, facts)


async def _is_excluded(connection: Transaction, company_id: str) -> bool:
    company = await companies.company_by_id(connection, company_id)
    return company is None or company.exclude_support


def _entry(company_id: str, agent: Support, access: Access, *, case_id: str | None, at: datetime) -> AccessLogEntry:
    return AccessLogEntry(
        company_id=company_id,
        id=uuid.uuid4().hex,
        at=at,
        agent_id=agent.user_id,
        agent=agent.email,
        case_id=case_id,
        refused=case_id is None,
        operation_name=access.operation_name,
        fields=access.fields,
        range_start=access.range_start,
        range_end=access.range_end,
    )
