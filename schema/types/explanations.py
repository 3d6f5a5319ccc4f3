"""Why one start is offered or not."""

from typing import Self

import strawberry

from slotgraph.core import explaining
from slotgraph.core.explaining import RuleOutcome
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.slots import SlotRule
from slotgraph.schema.guard import Subject, leaf, object_type, resolved
from slotgraph.schema.types import employees
from slotgraph.schema.types.lazy import LazyEmployee
from slotgraph.schema.types.slots import CalendarCheck, checks_of


@object_type(Action.SEARCH_SLOTS, "One rule for one employee.")
class RuleCheck:
    """How a rule went."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[explaining.RuleCheck]

    rule: SlotRule = leaf("The rule.")

    @resolved(Action.SEARCH_SLOTS, "Whose turn it was; null for rules of the service.")
    async def employee(self) -> LazyEmployee | None:
        company_id = self.subject.company_id or ""
        return await employees.employee_of(self.subject.operation, company_id, self.record.employee_id)

    outcome: RuleOutcome = leaf("How it went.")
    detail: str | None = leaf("A sentence for members; null for strangers.")


@object_type(Action.SEARCH_SLOTS, "Why one start is offered or not.")
class SlotExplanation:
    """A start, judged rule by rule."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[explaining.SlotExplanation]

    offered: bool = leaf("Whether it is offered.")

    @resolved(Action.SEARCH_SLOTS, "Each rule in order; after the first that fails the rest is NOT_REACHED.")
    def rules(self) -> list[RuleCheck]:
        return [
            RuleCheck(subject=self.subject, record=check, rule=check.rule, outcome=check.outcome, detail=check.detail)
            for check in self.record.rules
        ]

    @resolved(
        Action.SEARCH_SLOTS,
        "Which calendars were asked, when, with which result, no content. Reduced for strangers as in SlotSearch.",
    )
    def sources(self) -> list[CalendarCheck]:
        return checks_of(self.subject.operation, self.record.company_id, self.record.sources)

    @classmethod
    def of(cls, operation: Operation, record: explaining.SlotExplanation) -> Self:
        """The explanation as core shows it to this operation's actor."""
        return cls(subject=Subject(operation, record.company_id), record=record, offered=record.offered)
