"""What is meant by a choice of service, employees and start."""

from collections.abc import Sequence
from datetime import datetime

import strawberry

from slotgraph.core import candidates
from slotgraph.core.candidates import ServiceRef
from slotgraph.core.errors import BadInput
from slotgraph.schema import ids
from slotgraph.schema.guard import input_type, leaf

Path = tuple[str, ...]

KEY = "A UUID, new for each intent, the same for each retry."
DEADLINE = "Milliseconds to wait for calendars; 8000 unless you ask for less."


@input_type(
    "Who shall attend: exactly one of these. Leaving the whole choice out means any employee of the service.",
    one_of=True,
)
class EmployeeChoice:
    """One, any of several, or all of several."""

    employee: strawberry.ID | None = leaf("This employee.")
    any_of: list[strawberry.ID] | None = leaf("Any one of these, the least booked of the week.")
    together: list[strawberry.ID] | None = leaf("All of these at the same time.")

    def read(self, company_id: str, *, path: Path) -> candidates.EmployeeChoice:
        """The choice among a company's employees. Raises BadInput."""
        if self.employee is not None:
            named = ids.decode(self.employee, "Employee", path=(*path, "employee"))
            return candidates.EmployeeChoice(employee=ids.within(named, company_id))
        if self.any_of is not None:
            return candidates.EmployeeChoice(any_of=_employees(self.any_of, company_id, path=(*path, "anyOf")))
        together = _employees(self.together or (), company_id, path=(*path, "together"))
        return candidates.EmployeeChoice(together=together)


def _employees(texts: Sequence[strawberry.ID], company_id: str, *, path: Path) -> tuple[str, ...]:
    """The ids of some employees; more than may be named are not even read. Raises BadInput."""
    if len(texts) > candidates.MAX_NAMED:
        raise BadInput(path, f"name 1 to {candidates.MAX_NAMED} employees.")
    return tuple(ids.within(one, company_id) for one in ids.decode_all(texts, "Employee", path=path))


def choice_of(given: EmployeeChoice | None, company_id: str, *, path: Path) -> candidates.EmployeeChoice:
    """The choice, or any employee of the service if there is none. Raises BadInput."""
    return candidates.EmployeeChoice() if given is None else given.read(company_id, path=(*path, "employees"))


def service_ref(text: str, *, path: Path) -> ServiceRef:
    """A service by its global id. Raises BadInput."""
    named = ids.decode(text, "Service", path=(*path, "service"))
    return ServiceRef(named.company_id, named.id)


@input_type("A start of a service.")
class SlotChoice:
    """What is booked."""

    service: strawberry.ID = leaf("What.")
    start: datetime = leaf("Start, as offered.")
    employees: EmployeeChoice | None = leaf("Who; omit for any.")
