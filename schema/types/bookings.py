"""Bookings, who booked, and our entries in external calendars."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

import strawberry

from slotgraph.core import records
from slotgraph.core.booking.finding import SeenBooking
from slotgraph.core.clock import instant_from_minute
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.records import BookingState, CalendarEntryState
from slotgraph.schema import ids
from slotgraph.schema.guard import Subject, leaf, object_type, resolved
from slotgraph.schema.scalars import EmailAddress, Locale, TimeZone
from slotgraph.schema.types import accounts, companies, employees, services
from slotgraph.schema.types.enums import FailureCause, shown_cause
from slotgraph.schema.types.lazy import LazyCalendar, LazyCompany, LazyEmployee, LazyService
from slotgraph.schema.types.nodes import GLOBAL_ID, Info, Node, directory_of, present
from slotgraph.schema.types.pages import Page, PageInfo, cursor


@object_type(Action.READ_CUSTOMER, "The person who booked.")
class Customer:
    """Contact data."""

    subject: strawberry.Private[Subject]

    name: str = leaf("Name.")
    email: EmailAddress = leaf("Address for confirmations.")
    phone: str | None = leaf("Phone; null if not given.")
    locale: Locale = leaf("Language of messages.")
    time_zone: TimeZone = leaf("Zone in which times are written to them.")

    @classmethod
    def of(cls, subject: Subject, record: records.Customer) -> Self:
        """The customer of a booking."""
        return cls(
            subject=subject,
            name=record.name,
            email=EmailAddress(record.email),
            phone=record.phone,
            locale=Locale(record.locale),
            time_zone=TimeZone(record.time_zone),
        )


@object_type(Action.READ_CALENDAR_ENTRY, "Our event in one external calendar.")
class CalendarEntry(Node):
    """An entry of ours."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.CalendarEntry]

    id: strawberry.ID = leaf(GLOBAL_ID)

    @resolved(Action.READ_CALENDAR_ENTRY, "Whose calendar.")
    async def employee(self) -> LazyEmployee:
        found = await employees.employee_of(self.subject.operation, self.record.company_id, self.record.employee_id)
        return present(found)

    @resolved(Action.NAME_CALENDAR, "Which calendar; null for colleagues and once unlinked.")
    async def calendar(self, info: Info) -> LazyCalendar | None:
        operation = self.subject.operation
        found = await info.context.loaders(operation).calendar(self.record.company_id, self.record.calendar_id)
        return accounts.Calendar.of(operation, found) if found else None

    state: CalendarEntryState = leaf("Where it is on its way.")
    cause: FailureCause | None = leaf("Why the last try failed; null if it did not.")
    attempts: int = leaf("Tries so far.")
    next_attempt_at: datetime | None = leaf("Next automatic try; null if none is planned.")

    @classmethod
    def of(cls, operation: Operation, record: records.CalendarEntry) -> Self:
        """The entry as this operation's actor sees it."""
        return cls(
            subject=Subject(operation, record.company_id, record.employee_id, record.booking_id),
            record=record,
            id=ids.encode("CalendarEntry", record.company_id, record.id),
            state=record.state,
            cause=shown_cause(record.cause),
            attempts=record.attempts,
            next_attempt_at=record.next_attempt_at,
        )


@object_type(Action.READ_BOOKING, "A booked slot. Rescheduling keeps it and its id.")
class Booking(Node):
    """A booking, seen by whoever may: with a manage token by its customer, whoever sent the request."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.Booking]

    id: strawberry.ID = leaf(GLOBAL_ID)

    @resolved(Action.READ_BOOKING, "Where it is booked.")
    async def company(self) -> LazyCompany:
        operation = self.subject.operation
        directory = await directory_of(operation, self.record.company_id)
        return companies.Company.of(operation, directory.company)

    @resolved(Action.READ_BOOKING, "What is booked.")
    async def service(self) -> LazyService:
        operation = self.subject.operation
        directory = await directory_of(operation, self.record.company_id)
        return services.Service.of(operation, present(directory.service_ever(self.record.service_id)))

    @resolved(Action.READ_BOOKING, "Who attends.")
    async def employees(self) -> list[LazyEmployee]:
        return await employees.employees_of(self.subject.operation, self.record.company_id, self.record.employee_ids)

    start: datetime = leaf("Start.")
    end: datetime = leaf("End, buffers not counted.")
    state: BookingState = leaf("State.")

    @resolved(Action.READ_CUSTOMER, "Who booked. Null for support unless the case grants it, and after erasure.")
    def customer(self) -> Customer | None:
        return Customer.of(self.subject, self.record.customer) if self.record.customer else None

    @resolved(Action.READ_CUSTOMER, "What the customer wrote; null as for `customer`, and if nothing was written.")
    def note(self) -> str | None:
        return self.record.note

    changeable_until: datetime = leaf("Until when the customer may move or cancel.")

    @resolved(Action.READ_CUSTOMER, "Reason given at cancelling; null if none.")
    def cancel_reason(self) -> str | None:
        return self.record.cancel_reason

    @resolved(
        Action.READ_CALENDAR_ENTRY,
        "The events in the employees' default calendars, one per employee who has one. Null for customers and strangers.",
    )
    async def calendar_entries(self, info: Info) -> list[CalendarEntry] | None:
        operation = self.subject.operation
        found = await info.context.loaders(operation).entries(self.record.company_id, self.record.id)
        return None if found is None else [CalendarEntry.of(operation, one) for one in found]

    created_at: datetime = leaf("When it was made.")

    @classmethod
    def of(cls, seen: SeenBooking) -> Self:
        """The booking as whoever may see it does."""
        record = seen.booking
        return cls(
            subject=Subject(seen.operation, record.company_id, None, record.id),
            record=record,
            id=ids.encode("Booking", record.company_id, record.id),
            start=instant_from_minute(record.span.start),
            end=instant_from_minute(record.span.end),
            state=record.state,
            changeable_until=record.changeable_until,
            created_at=record.created_at,
        )


@object_type(Action.READ_BOOKING, "A booking on a page.")
class BookingEdge:
    """A booking and its place."""

    cursor: str = leaf("Place in the list; stays valid when others are inserted.")
    node: Booking = leaf("The booking.")


@object_type(Action.READ_BOOKING, "A page of bookings.")
class BookingConnection:
    """Some bookings."""

    subject: strawberry.Private[Subject]

    edges: list[BookingEdge] = leaf("Items with cursors.")
    nodes: list[Booking] = leaf("Items alone.")
    page_info: PageInfo = leaf("Position.")

    @classmethod
    def of(cls, subject: Subject, found: Sequence[records.Booking], page: Page) -> Self:
        """A page of what was found: one more than shown, if more follow."""
        edges = [
            BookingEdge(
                cursor=cursor(str(one.span.start), one.id), node=Booking.of(SeenBooking(one, subject.operation))
            )
            for one in found[: page.first]
        ]
        return cls(
            subject=subject,
            edges=edges,
            nodes=[edge.node for edge in edges],
            page_info=page.info(len(found), [edge.cursor for edge in edges]),
        )
