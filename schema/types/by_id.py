"""Finding any object by its global id, as far as the actor may see it: one way for each kind."""

from collections.abc import Awaitable, Callable

from slotgraph.core.booking.finding import SeenBooking
from slotgraph.core.errors import BadInput
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.store.directory import Directory
from slotgraph.schema import ids
from slotgraph.schema.ids import GlobalId
from slotgraph.schema.types.accounts import Account, calendar_of
from slotgraph.schema.types.bookings import Booking, CalendarEntry
from slotgraph.schema.types.companies import Company
from slotgraph.schema.types.employees import Employee
from slotgraph.schema.types.members import Invitation, Member
from slotgraph.schema.types.nodes import Info, Node
from slotgraph.schema.types.schedule import Absence, availability_of
from slotgraph.schema.types.services import Service
from slotgraph.schema.types.sessions import Session
from slotgraph.schema.types.support import AccessLogEntry, SupportCase
from slotgraph.schema.types.tokens import ApiToken

Find = Callable[[Info, Operation, GlobalId], Awaitable[Node | None]]


async def node_by_id(info: Info, text: str, *, path: tuple[str, ...]) -> Node | None:
    """The object; None if there is none for this actor. Raises BadInput for what is no global id."""
    named = ids.read(text)
    if named is None or named.kind not in _KINDS:
        raise BadInput(path, "this is no global id.")
    return await _KINDS[named.kind](info, info.context.operation, named)


async def _directory(operation: Operation, named: GlobalId) -> Directory | None:
    if not await operation.permits(Action.READ_PUBLIC_PROFILE, named.company_id):
        return None
    return await operation.directory(named.company_id)


async def _inside(operation: Operation, named: GlobalId) -> bool:
    return await operation.permits(Action.READ_INTERNAL, named.company_id)


async def _company(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    directory = await _directory(operation, named) if named.id == named.company_id else None
    return Company.of(operation, directory.company) if directory else None


async def _employee(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    directory = await _directory(operation, named)
    found = directory.employees.get(named.id) if directory else None
    if found is None or not (found.active or await _inside(operation, named)):
        return None
    return Employee.of(operation, found)


async def _service(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    directory = await _directory(operation, named)
    found = directory.services.get(named.id) if directory else None
    if found is None or not (found.active or await _inside(operation, named)):
        return None
    return Service.of(operation, found)


async def _availability(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    if not await _inside(operation, named):
        return None
    directory = await operation.directory(named.company_id)
    everybody = [*directory.employees] if directory else []
    listed = await info.context.loaders(operation).all_availabilities(named.company_id, everybody)
    shown = (availability_of(operation, one) for one in listed if one.id == named.id)
    return next((one for one in shown if one.id == ids.encode(*named)), None)


async def _absence(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    if not await _inside(operation, named):
        return None
    directory = await operation.directory(named.company_id)
    everybody = [*directory.employees] if directory else []
    listed = await info.context.loaders(operation).all_absences(named.company_id, everybody)
    return next((Absence.of(operation, one) for one in listed if one.id == named.id), None)


async def _booking(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    found = await info.context.loaders(operation).booking(named.company_id, named.id)
    return Booking.of(SeenBooking(found, operation)) if found else None


async def _calendar_entry(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    found = await info.context.loaders(operation).calendar_entry(named.company_id, named.id)
    return CalendarEntry.of(operation, found) if found else None


async def _account(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    listed = await info.context.loaders(operation).accounts(named.company_id)
    return next((Account.of(operation, one) for one in listed if one.id == named.id), None)


async def _calendar(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    found = await info.context.loaders(operation).calendar(named.company_id, named.id)
    return await calendar_of(info, operation, found) if found else None


async def _support_case(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    found = await info.context.loaders(operation).case(named.company_id, named.id)
    return SupportCase.of(operation, found) if found else None


async def _access_log_entry(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    found = await info.context.loaders(operation).access(named.company_id, named.id)
    return AccessLogEntry.of(operation, found) if found else None


async def _member(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    listed = await info.context.loaders(operation).members(named.company_id)
    return next((Member.of(operation, one) for one in listed or () if one.place.id == named.id), None)


async def _invitation(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    listed = await info.context.loaders(operation).invitations(named.company_id)
    return next((Invitation.of(operation, one) for one in listed or () if one.id == named.id), None)


async def _session(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    this = info.context.session
    listed = await info.context.use_cases.sessions.sessions(operation)
    shown = (Session.of(operation, one, this=this) for one in listed if one.id == named.id)
    return next((one for one in shown if one.id == ids.encode(*named)), None)


async def _api_token(info: Info, operation: Operation, named: GlobalId) -> Node | None:
    listed = await info.context.loaders(operation).tokens(named.company_id)
    return next((ApiToken.of(operation, one) for one in listed or () if one.id == named.id), None)


_KINDS: dict[str, Find] = {
    "Company": _company,
    "Employee": _employee,
    "Service": _service,
    "WeeklyAvailability": _availability,
    "DatedAvailability": _availability,
    "Absence": _absence,
    "Booking": _booking,
    "CalendarEntry": _calendar_entry,
    "Account": _account,
    "Calendar": _calendar,
    "SupportCase": _support_case,
    "AccessLogEntry": _access_log_entry,
    "Member": _member,
    "Invitation": _invitation,
    "Session": _session,
    "ApiToken": _api_token,
}
"""Every kind that has a global id; a test compares it with the schema."""
