"""Employees as they shall be."""

import strawberry

from slotgraph.core.administration.employees import EmployeeForm
from slotgraph.core.records import EmployeeKind
from slotgraph.schema.guard import changed, input_type, leaf
from slotgraph.schema.inputs.changes import kept
from slotgraph.schema.inputs.named import all_named, own_id
from slotgraph.schema.scalars import TimeZone


@input_type("An employee. Optional fields: at creation the default, later unchanged.")
class UpsertEmployeeInput:
    """Who, and what they do."""

    id: strawberry.ID | None = leaf("Omit to create.")
    name: str = leaf("Name for people.")
    kind: EmployeeKind | None = changed("Person (default) or resource.")
    time_zone: TimeZone | None = changed("Zone; default the company's.")
    active: bool | None = changed("Offered to customers; default true.")
    show_appointments_in_calendar: bool | None = changed("Show appointments in calendar; default false.")
    services: list[strawberry.ID] | None = changed("Services they can be booked for; default none.")

    def read(self, company_id: str) -> EmployeeForm:
        """The employee meant. Raises BadInput."""
        services = kept(self.services, "services")
        return EmployeeForm(
            name=self.name,
            id=own_id(self.id, "Employee", company_id),
            kind=kept(self.kind, "kind"),
            time_zone=kept(self.time_zone, "timeZone"),
            active=kept(self.active, "active"),
            show_appointments=kept(self.show_appointments_in_calendar, "showAppointmentsInCalendar"),
            service_ids=all_named(services, "Service", company_id, path=("input", "services")),
        )


@input_type("Employee to delete.")
class DeleteEmployeeInput:
    """An employee."""

    employee: strawberry.ID = leaf("Which.")
