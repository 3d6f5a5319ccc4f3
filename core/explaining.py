"""Why one start is offered or not: each rule in order, for each employee, with the sources asked. Nothing of what stands in them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from slotgraph.core.asking import Asking, deadline_of
from slotgraph.core.candidates import Considered, EmployeeChoice, ServiceRef, considered
from slotgraph.core.checks import CalendarCheck, shown_checks
from slotgraph.core.errors import BadInput, UnknownObject
from slotgraph.core.freebusy import FreeBusyAnswer
from slotgraph.core.judging import STRANGERS_SEE, judged_by_calendars, judged_by_own_data
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.records import Employee
from slotgraph.core.rule_sentences import Scene, sentence
from slotgraph.core.slots import SlotRule
from slotgraph.core.store.agenda import Agenda, Agendas, agendas
from slotgraph.core.values import Span
from slotgraph.core.windows import checked_minute

Verdicts = Mapping[SlotRule, bool]
"""Whether the start keeps a rule; one that is missing was not judged."""

OF_THE_SERVICE = frozenset({SlotRule.NOTICE})
"""Rules that are the same for every employee."""


class RuleOutcome(Enum):
    """How a rule went."""

    PASSED = "PASSED"
    FAILED = "FAILED"
    NOT_REACHED = "NOT_REACHED"


@dataclass(frozen=True, slots=True)
class ExplainRequest:
    """Which start to explain."""

    service: ServiceRef
    start: datetime
    employees: EmployeeChoice
    deadline_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """One rule for one employee (None: a rule of the service), with a sentence for members (None for strangers)."""

    rule: SlotRule
    employee_id: str | None
    outcome: RuleOutcome
    detail: str | None


@dataclass(frozen=True, slots=True)
class SlotExplanation:
    """Each rule in order, for each employee; after the first that fails the rest of that employee's are NOT_REACHED."""

    company_id: str
    offered: bool
    rules: Sequence[RuleCheck]
    sources: Sequence[CalendarCheck]


@dataclass(frozen=True, slots=True)
class _Case:
    """A start to be judged. Strangers learn only whether somebody is free, so for them own data decides nothing before the calendars."""

    operation: Operation
    named: Considered
    start: int
    now: datetime
    detailed: bool

    @property
    def blocked(self) -> Span:
        who = self.named.who
        return who.service.shape(who.company).blocked(self.start)

    @property
    def order(self) -> list[SlotRule]:
        """The rules as they are told."""
        if self.detailed:
            return [rule for rule in SlotRule if rule is not SlotRule.FREE]
        return [rule for rule in SlotRule if rule not in STRANGERS_SEE]


class Explanations:
    """Explains slots."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking

    async def explain(self, operation: Operation, request: ExplainRequest) -> SlotExplanation:
        """Judge one start rule by rule. Raises BadInput, UnknownObject or RateLimited before any calendar is asked."""
        start = _whole_minute(request.start)
        deadline = deadline_of(operation.clock, request.deadline_ms, path=("input", "deadlineMs"))
        await self._asking.begin_search(operation, request.service.company_id)
        named = await considered(
            operation, request.service, request.employees, action=Action.SEARCH_SLOTS, path=("input", "slot")
        )
        company_id = named.who.company.id
        detailed = await operation.permits(Action.READ_CALENDAR_CHECK_DETAIL, company_id)
        case = _Case(operation, named, start, operation.clock.now(), detailed)
        agendas_ = await _own(case)
        own = {one.id: agendas_.of(one) for one in named.who.employees}
        verdicts = {one.id: _by_own_data(case, one, own[one.id]) for one in named.who.employees}
        to_ask = [one for one in named.who.employees if _calendars_decide(case, verdicts[one.id])]
        answer = await self._asking.ask(operation, company_id, to_ask, window=case.blocked, deadline=deadline)
        # Support may have been shut out while the calendars were asked (T3).
        if not await operation.permits(Action.SEARCH_SLOTS, company_id):
            raise UnknownObject(("input", "slot", "service"))
        for one in to_ask:
            verdicts[one.id] |= _by_calendars(case, one, answer)
        scenes = {one.id: Scene(named.who, one, own[one.id], start, case.now) for one in named.who.employees}
        return SlotExplanation(
            company_id=company_id,
            offered=_is_offered(case, verdicts),
            rules=list(_rules(case, verdicts, scenes)),
            sources=await shown_checks(answer.checks, operation, company_id),
        )


def _whole_minute(start: datetime) -> int:
    if start.second or start.microsecond:
        raise BadInput(("input", "slot", "start"), "starts are whole minutes.")
    return checked_minute(start, path=("input", "slot", "start"))


async def _own(case: _Case) -> Agendas:
    who = case.named.who
    async with case.operation.database.read() as connection:
        return await agendas(connection, who.company.id, who.employees, window=case.blocked, now=case.now)


def _by_own_data(case: _Case, employee: Employee, own: Agenda) -> dict[SlotRule, bool]:
    verdicts = {SlotRule.SERVICE: employee.id not in case.named.lacking}
    judged = judged_by_own_data(case.start, who=case.named.who, employee=employee, own=own, now=case.now)
    return verdicts | dict(judged)


def _calendars_decide(case: _Case, verdicts: Verdicts) -> bool:
    """Whether an employee's calendars are asked; for strangers as if there were no own data that says not free."""
    return all(kept for rule, kept in verdicts.items() if case.detailed or rule not in STRANGERS_SEE)


def _by_calendars(case: _Case, employee: Employee, answer: FreeBusyAnswer) -> dict[SlotRule, bool]:
    shape = case.named.who.service.shape(case.named.who.company)
    return dict(judged_by_calendars(case.start, shape=shape, employee=employee, answer=answer))


def _is_offered(case: _Case, verdicts: Mapping[str, Verdicts]) -> bool:
    """Any of the employees, or all of those wanted together, keep all rules there are; one that was not asked does not."""
    kept = [SlotRule.EXTERNAL_BUSY in one and all(one.values()) for one in verdicts.values()]
    return bool(kept) and (all(kept) if case.named.who.together else any(kept))


def _rules(case: _Case, verdicts: Mapping[str, Verdicts], scenes: Mapping[str, Scene]) -> Iterable[RuleCheck]:
    if not verdicts:
        yield RuleCheck(SlotRule.SERVICE, None, RuleOutcome.FAILED, _nobody(case))
    outcomes = {employee_id: _outcomes(case, kept) for employee_id, kept in verdicts.items()}
    for rule in case.order if outcomes else ():
        checks = [
            RuleCheck(rule, employee_id, listed[rule], _detail(case, rule, listed[rule], scenes[employee_id]))
            for employee_id, listed in outcomes.items()
        ]
        yield from [_of_the_service(checks)] if rule in OF_THE_SERVICE else checks


def _outcomes(case: _Case, verdicts: Verdicts) -> dict[SlotRule, RuleOutcome]:
    """How each rule went, in the order in which they are told."""
    told = dict(verdicts)
    if not case.detailed and SlotRule.EXTERNAL_BUSY in told:
        told[SlotRule.FREE] = all(told[rule] for rule in STRANGERS_SEE)
    outcomes: dict[SlotRule, RuleOutcome] = {}
    reached = True
    for rule in case.order:
        kept = told.get(rule) if reached else None
        reached = bool(kept)
        outcomes[rule] = {True: RuleOutcome.PASSED, False: RuleOutcome.FAILED, None: RuleOutcome.NOT_REACHED}[kept]
    return outcomes


def _of_the_service(checks: Sequence[RuleCheck]) -> RuleCheck:
    """A rule of the service once, as it went for whoever reached it."""
    reached = [check for check in checks if check.outcome is not RuleOutcome.NOT_REACHED]
    check = (reached or checks)[0]
    return RuleCheck(check.rule, None, check.outcome, check.detail)


def _detail(case: _Case, rule: SlotRule, outcome: RuleOutcome, scene: Scene) -> str | None:
    if not case.detailed or outcome is RuleOutcome.NOT_REACHED:
        return None
    return sentence(rule, scene, kept=outcome is RuleOutcome.PASSED)


def _nobody(case: _Case) -> str | None:
    return "Nobody can be booked for this service." if case.detailed else None
