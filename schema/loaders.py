"""What one operation reads once for many objects: batches instead of one statement per object. Nothing outlives the operation."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from strawberry.dataloader import DataLoader

from slotgraph.core import timetable
from slotgraph.core.errors import SlotGraphError
from slotgraph.core.operation import Operation
from slotgraph.core.records import (
    Absence,
    AccessLogEntry,
    Account,
    ApiToken,
    Availability,
    Booking,
    Calendar,
    CalendarEntry,
    CompanyMember,
    Invitation,
    SupportCase,
)

if TYPE_CHECKING:
    from slotgraph.schema.context import UseCases

Key = tuple[str, str]
"""Company id, and the id of something of that company."""


class _OfEmployee(Protocol):
    @property
    def employee_id(self) -> str | None: ...


class _WithId(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T")
OfEmployee = TypeVar("OfEmployee", bound=_OfEmployee)
WithId = TypeVar("WithId", bound=_WithId)


class Loaders:
    """Batched reads, as one operation's actor may see them."""

    def __init__(self, operation: Operation, use_cases: "UseCases") -> None:
        self._operation = operation
        self._use_cases = use_cases
        desk, support = use_cases.booking_desk, use_cases.support
        self._accounts = self._of_company(use_cases.accounts.accounts)
        self._calendars = self._of_company(use_cases.accounts.calendars)
        self._members = self._of_company(use_cases.members.members)
        self._invitations = self._of_company(use_cases.invitations.invitations)
        self._tokens = self._of_company(use_cases.api_tokens.tokens_of)
        self._entries = DataLoader(load_fn=self._load_entries)
        self._bookings = self._by_id(desk.bookings_by_ids)
        self._calendar_entries = self._by_id(desk.entries_by_ids)
        self._cases = self._by_id(support.cases_by_ids)
        self._accesses = self._by_id(support.access_entries)
        self._availabilities = DataLoader(load_fn=self._load_availabilities)
        self._absences = DataLoader(load_fn=self._load_absences)

    async def accounts(self, company_id: str) -> list[Account]:
        """The accounts of a company."""
        return await self._accounts.load(company_id)

    async def calendars(self, company_id: str) -> list[Calendar]:
        """The calendars of a company."""
        return await self._calendars.load(company_id)

    async def calendar(self, company_id: str, calendar_id: str | None) -> Calendar | None:
        """One calendar."""
        return next((one for one in await self.calendars(company_id) if one.id == calendar_id), None)

    async def members(self, company_id: str) -> list[CompanyMember] | None:
        """The members of a company; None if the actor may not see them."""
        return await self._members.load(company_id)

    async def invitations(self, company_id: str) -> list[Invitation] | None:
        """The open invitations of a company; None if the actor may not see them."""
        return await self._invitations.load(company_id)

    async def tokens(self, company_id: str) -> list[ApiToken] | None:
        """The API tokens of a company; None if the actor may not see them."""
        return await self._tokens.load(company_id)

    async def booking(self, company_id: str, booking_id: str) -> Booking | None:
        """One booking."""
        return await self._bookings.load((company_id, booking_id))

    async def calendar_entry(self, company_id: str, entry_id: str) -> CalendarEntry | None:
        """One calendar entry."""
        return await self._calendar_entries.load((company_id, entry_id))

    async def access(self, company_id: str, entry_id: str) -> AccessLogEntry | None:
        """One entry of the access log."""
        return await self._accesses.load((company_id, entry_id))

    async def entries(self, company_id: str, booking_id: str) -> list[CalendarEntry] | None:
        """The calendar entries of a booking."""
        return await self._entries.load((company_id, booking_id))

    async def case(self, company_id: str, case_id: str) -> SupportCase | None:
        """One support case."""
        return await self._cases.load((company_id, case_id))

    async def availabilities(self, company_id: str, employee_id: str) -> list[Availability]:
        """The availabilities of an employee."""
        return await self._availabilities.load((company_id, employee_id))

    async def absences(self, company_id: str, employee_id: str | None) -> list[Absence]:
        """The absences of an employee; with None those of the whole company."""
        return await self._absences.load((company_id, employee_id or ""))

    async def all_availabilities(self, company_id: str, employee_ids: Iterable[str]) -> list[Availability]:
        """The availabilities of some employees."""
        found = await self._availabilities.load_many([(company_id, one) for one in employee_ids])
        return [one for theirs in found for one in theirs]

    async def all_absences(self, company_id: str, employee_ids: Iterable[str]) -> list[Absence]:
        """The absences of the whole company and of some employees."""
        found = await self._absences.load_many([(company_id, one) for one in ("", *employee_ids)])
        return [one for theirs in found for one in theirs]

    def _of_company(self, read: Callable[[Operation, str], Awaitable[T]]) -> DataLoader[str, T]:
        """Reads once for each company."""

        async def load(company_ids: list[str]) -> list[T | SlotGraphError]:
            return [await _or_refusal(read(self._operation, company_id)) for company_id in company_ids]

        return DataLoader(load_fn=load)

    def _by_id(
        self, read: Callable[[Operation, str, list[str]], Awaitable[Iterable[WithId]]]
    ) -> DataLoader[Key, WithId | None]:
        """Reads once for all things of a company."""

        async def load(keys: list[Key]) -> list[WithId | SlotGraphError | None]:
            found: dict[Key, WithId | SlotGraphError] = {}
            for company_id, ids in _by_company(keys).items():
                listed = await _or_refusal(read(self._operation, company_id, ids))
                if isinstance(listed, SlotGraphError):
                    found |= {(company_id, id_): listed for id_ in ids}
                else:
                    found |= {(company_id, one.id): one for one in listed}
            return [found.get(key) for key in keys]

        return DataLoader(load_fn=load)

    async def _load_entries(self, keys: list[Key]) -> list[list[CalendarEntry] | None]:
        desk = self._use_cases.booking_desk
        found: dict[Key, list[CalendarEntry] | None] = {}
        for company_id, booking_ids in _by_company(keys).items():
            entries = await desk.entries(self._operation, company_id, booking_ids)
            for booking_id in booking_ids:
                mine = None if entries is None else [one for one in entries if one.booking_id == booking_id]
                found[company_id, booking_id] = mine
        return [found[key] for key in keys]

    async def _load_availabilities(self, keys: list[Key]) -> list[list[Availability]]:
        return await self._by_employee(keys, timetable.availabilities)

    async def _load_absences(self, keys: list[Key]) -> list[list[Absence]]:
        return await self._by_employee(keys, timetable.absences)

    async def _by_employee(
        self, keys: list[Key], read: Callable[[Operation, str, list[str]], Awaitable[Sequence[OfEmployee] | None]]
    ) -> list[list[OfEmployee]]:
        found: defaultdict[Key, list[OfEmployee]] = defaultdict(list)
        for company_id, employee_ids in _by_company(keys).items():
            for one in await read(self._operation, company_id, employee_ids) or ():
                found[company_id, one.employee_id or ""].append(one)
        return [found[key] for key in keys]


async def _or_refusal(reading: Awaitable[T]) -> T | SlotGraphError:
    """What one company refuses is no reason to refuse what others hold."""
    try:
        return await reading
    except SlotGraphError as error:
        return error


def _by_company(keys: Sequence[Key]) -> dict[str, list[str]]:
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for company_id, id_ in keys:
        grouped[company_id].append(id_)
    return grouped
