"""What slots and which days are asked for."""

from datetime import date, datetime

import strawberry

from slotgraph.core.explaining import ExplainRequest
from slotgraph.core.search import FirstFreeQuery, SlotQuery
from slotgraph.schema.guard import input_type, leaf
from slotgraph.schema.inputs.choices import DEADLINE, EmployeeChoice, SlotChoice, choice_of, service_ref
from slotgraph.schema.scalars import TimeZone


@input_type("What slots to search.")
class SlotSearchInput:
    """A window."""

    service: strawberry.ID = leaf("Service to be booked.")
    employees: EmployeeChoice | None = leaf("Who; omit for any.")
    from_: datetime = leaf("Start of the window.")
    to: datetime = leaf("End of the window, at most 62 days later.")
    time_zone: TimeZone | None = leaf("Zone of `days`; omit for the company's.")
    deadline_ms: int | None = leaf(DEADLINE)

    def read(self) -> SlotQuery:
        """The search meant. Raises BadInput."""
        service = service_ref(self.service, path=("input",))
        return SlotQuery(
            service,
            choice_of(self.employees, service.company_id, path=("input",)),
            self.from_,
            self.to,
            self.time_zone,
            self.deadline_ms,
        )


@input_type("What first slots to search.")
class FirstFreeInput:
    """A moment to search from."""

    service: strawberry.ID = leaf("Service to be booked.")
    employees: EmployeeChoice | None = leaf("Who; omit for any.")
    from_: datetime | None = leaf("Search from here; omit for now.")
    count: int = strawberry.field(description="How many, 1 to 50.", default=1)
    time_zone: TimeZone | None = leaf("Zone of `days`; omit for the company's.")
    deadline_ms: int | None = leaf(DEADLINE)

    def read(self) -> FirstFreeQuery:
        """The search meant. Raises BadInput."""
        service = service_ref(self.service, path=("input",))
        return FirstFreeQuery(
            service,
            choice_of(self.employees, service.company_id, path=("input",)),
            self.from_,
            self.count,
            self.time_zone,
            self.deadline_ms,
        )


@input_type("Which start to explain.")
class ExplainSlotInput:
    """A start."""

    slot: SlotChoice = leaf("The start.")
    deadline_ms: int | None = leaf(DEADLINE)

    def read(self) -> ExplainRequest:
        """The question meant. Raises BadInput."""
        path = ("input", "slot")
        service = service_ref(self.slot.service, path=path)
        choice = choice_of(self.slot.employees, service.company_id, path=path)
        return ExplainRequest(service, self.slot.start, choice, self.deadline_ms)


@input_type("Which days and employees to show.")
class OverviewInput:
    """Some days."""

    company: strawberry.ID | None = leaf("Company; omit for your own. Support must name it.")
    from_: date = leaf("First day.")
    until: date = leaf("Last day, at most 42 days in all: a day, a week, or a month as drawn on a page.")
    time_zone: TimeZone | None = leaf("Zone of the days; omit for the company's.")
    employees: list[strawberry.ID] | None = leaf("Only these employees; omit for all you may see.")
    deadline_ms: int | None = leaf(DEADLINE)
