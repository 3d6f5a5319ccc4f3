"""Asking the calendars of employees: which accounts and calendars stand for whom, within which deadline, and noting how they answered."""

from collections.abc import Sequence

from slotgraph.core.clock import Clock
from slotgraph.core.errors import BadInput
from slotgraph.core.fanout import Asked
from slotgraph.core.freebusy import FreeBusy, FreeBusyAnswer
from slotgraph.core.health import HealthNotes
from slotgraph.core.operation import Operation
from slotgraph.core.plugin import Deadline
from slotgraph.core.policy import Action
from slotgraph.core.records import Employee
from slotgraph.core.store import accounts
from slotgraph.core.stranger_budget import StrangerBudget
from slotgraph.core.values import Reference, Span

MAX_DEADLINE_MS = 8000
"""The longest a caller may wait for calendars, and what they wait if they do not say (rule B5)."""

MIN_DEADLINE_MS = 50


def deadline_of(clock: Clock, asked_ms: int | None, *, path: tuple[str, ...]) -> Deadline:
    """The deadline a caller asked for. Raises BadInput if it is out of bounds."""
    milliseconds = MAX_DEADLINE_MS if asked_ms is None else asked_ms
    if not MIN_DEADLINE_MS <= milliseconds <= MAX_DEADLINE_MS:
        raise BadInput(path, f"between {MIN_DEADLINE_MS} and {MAX_DEADLINE_MS} milliseconds.")
    return Deadline(clock, milliseconds / 1000)


class Asking:
    """Asks all checked calendars of some employees for a window."""

    def __init__(self, freebusy: FreeBusy, health: HealthNotes, strangers: StrangerBudget) -> None:
        self._freebusy = freebusy
        self._health = health
        self._strangers = strangers

    async def begin_search(self, operation: Operation, company_id: str) -> None:
        """Count a search, once and before anything is read for it, if it is a stranger's. Raises RateLimited (rule B7)."""
        if not await operation.permits(Action.SEARCH_WITHOUT_BUDGET, company_id):
            await self._strangers.check(operation.source)

    async def ask(
        self,
        operation: Operation,
        company_id: str,
        employees: Sequence[Employee],
        *,
        window: Span,
        deadline: Deadline,
        for_booking: bool = False,
        except_: frozenset[Reference] = frozenset(),
    ) -> FreeBusyAnswer:
        """Ask the calendars; `for_booking` in a flight of its own (rule B5). Support's standing is read anew afterwards (rule T3).

        A booking check of a stranger counts as a search: it spends tokens that are kept. Raises RateLimited.
        """
        if for_booking:
            await self.begin_search(operation, company_id)
        async with operation.database.read() as connection:
            by_id = {account.id: account for account in await accounts.accounts_of(connection, company_id)}
            calendars = await accounts.calendars_of(connection, company_id)
        zones = {employee.id: employee.time_zone for employee in employees}
        checked = [calendar for calendar in calendars if calendar.checked and calendar.employee_id in zones]
        if window.start >= window.end:
            checked = []
        asked = Asked(by_id, checked, zones)
        answer = await self._freebusy.ask(asked, window, deadline=deadline, for_booking=for_booking, except_=except_)
        operation.recheck()
        self._health.note(answer.checks)
        return answer
