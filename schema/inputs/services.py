"""Services as they shall be."""

import strawberry

from slotgraph.core.administration.services import ServiceForm
from slotgraph.schema.guard import changed, input_type, leaf
from slotgraph.schema.inputs.changes import kept, kept_or_null
from slotgraph.schema.inputs.named import all_named, own_id


@input_type("A service. Optional fields: at creation the default, later unchanged.")
class UpsertServiceInput:
    """What can be booked, and how."""

    id: strawberry.ID | None = leaf("Omit to create.")
    name: str = leaf("Name for people.")
    description: str | None = changed("Text for customers; default empty.")
    duration_minutes: int = leaf("Length in minutes, 1 to 1440.")
    buffer_before_minutes: int | None = changed("Minutes kept free before; default 0.")
    buffer_after_minutes: int | None = changed("Minutes kept free after; default 0.")
    minimum_notice_minutes: int | None = changed("Least minutes between now and a start; default 0.")
    horizon_days: int | None = changed("Days ahead that can be booked; default 60.")
    booking_interval_minutes: int | None = changed("Own booking interval in minutes; null: the company's.")
    cancellation_limit_hours: int | None = changed(
        "Hours before the start until which customers may move or cancel; default 24."
    )
    active: bool | None = changed("Offered to customers; default true.")
    employees: list[strawberry.ID] | None = changed("Employees who can be booked for it; default none.")

    def read(self, company_id: str) -> ServiceForm:
        """The service meant. Raises BadInput."""
        employees = kept(self.employees, "employees")
        return ServiceForm(
            name=self.name,
            duration_minutes=self.duration_minutes,
            id=own_id(self.id, "Service", company_id),
            description=kept(self.description, "description"),
            buffer_before_minutes=kept(self.buffer_before_minutes, "bufferBeforeMinutes"),
            buffer_after_minutes=kept(self.buffer_after_minutes, "bufferAfterMinutes"),
            minimum_notice_minutes=kept(self.minimum_notice_minutes, "minimumNoticeMinutes"),
            horizon_days=kept(self.horizon_days, "horizonDays"),
            booking_interval_minutes=kept_or_null(self.booking_interval_minutes),
            cancellation_limit_hours=kept(self.cancellation_limit_hours, "cancellationLimitHours"),
            active=kept(self.active, "active"),
            employee_ids=all_named(employees, "Employee", company_id, path=("input", "employees")),
        )


@input_type("Service to delete.")
class DeleteServiceInput:
    """A service."""

    service: strawberry.ID = leaf("Which.")
