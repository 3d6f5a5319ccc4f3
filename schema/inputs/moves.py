"""Where bookings are moved."""

from datetime import datetime

import strawberry

from slotgraph.core.booking.moving import MoveRequest
from slotgraph.schema.guard import input_type, leaf
from slotgraph.schema.ids import NOBODY
from slotgraph.schema.inputs.bookings import BookingRef
from slotgraph.schema.inputs.choices import DEADLINE, KEY, EmployeeChoice


@input_type("Where to move a booking.")
class RescheduleBookingInput:
    """A booking that shall be at another time."""

    idempotency_key: strawberry.ID = leaf(KEY)
    booking: BookingRef = leaf("Which.")
    start: datetime = leaf("New start, as offered.")
    employees: EmployeeChoice | None = leaf("Other attendants; omit to keep them.")
    deadline_ms: int | None = leaf(DEADLINE)

    def read(self) -> MoveRequest:
        """The move meant. Raises BadInput."""
        booking = self.booking.read(path=("input", "booking"))
        company_id = booking.claimed_company_id or NOBODY
        path = ("input", "employees")
        employees = None if self.employees is None else self.employees.read(company_id, path=path)
        return MoveRequest(self.idempotency_key, booking, self.start, employees, self.deadline_ms)
