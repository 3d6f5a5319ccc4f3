"""What is booked, cancelled and looked for."""

from datetime import datetime

import strawberry

from slotgraph.core.booking import finding
from slotgraph.core.booking.making import BookRequest
from slotgraph.core.customers import CustomerForm
from slotgraph.core.judging import BookingOverride
from slotgraph.core.records import BookingState, CalendarEntryState
from slotgraph.core.values import Secret
from slotgraph.schema import ids
from slotgraph.schema.guard import input_type, leaf
from slotgraph.schema.inputs.choices import DEADLINE, KEY, Path, SlotChoice, choice_of, service_ref
from slotgraph.schema.scalars import EmailAddress, Locale, TimeZone


@input_type("A booking: exactly one of these.", one_of=True)
class BookingRef:
    """By id or by token."""

    id: strawberry.ID | None = leaf("Its id, for members and tokens.")
    manage_token: Secret | None = leaf("The manage token, for customers.")

    def read(self, *, path: Path) -> finding.BookingRef:
        """The booking meant. Raises BadInput."""
        if self.manage_token is not None:
            return finding.BookingRef(manage_token=self.manage_token)
        named = ids.decode(self.id or "", "Booking", path=(*path, "id"))
        return finding.BookingRef(company_id=named.company_id, id=named.id)


@input_type("Which bookings.")
class BookingFilter:
    """What is left out leaves a side open."""

    from_: datetime | None = leaf("Ends after.")
    to: datetime | None = leaf("Starts before.")
    employees: list[strawberry.ID] | None = leaf("Of these employees.")
    services: list[strawberry.ID] | None = leaf("Of these services.")
    states: list[BookingState] | None = leaf("In these states.")
    entry_states: list[CalendarEntryState] | None = leaf("With a calendar entry in one of these states.")
    customer_email: EmailAddress | None = leaf("Of the customer with this address, for example to hand out their data.")


@input_type("Who books.")
class CustomerInput:
    """Contact data."""

    name: str = leaf("Name.")
    email: EmailAddress = leaf("Address for confirmations.")
    phone: str | None = leaf("Phone; omit if none.")
    locale: Locale | None = leaf("Language of messages; omit for the company's.")
    time_zone: TimeZone | None = leaf("Zone for messages; omit for the company's.")

    def read(self) -> CustomerForm:
        """What was typed."""
        return CustomerForm(self.name, self.email, self.phone, self.locale, self.time_zone)


@input_type("What to book for whom.")
class BookInput:
    """A booking to be."""

    idempotency_key: strawberry.ID = leaf(KEY)
    slot: SlotChoice = leaf("The slot.")
    hold_token: Secret | None = leaf("Token from holdSlot; a lapsed one does no harm.")
    customer: CustomerInput = leaf("Who books.")
    note: str | None = leaf("What the customer wants to say, at most 2000 characters.")
    override: list[BookingOverride] | None = leaf(
        "Members only: rules to pass over when booking for somebody on the phone."
    )
    deadline_ms: int | None = leaf(DEADLINE)

    def read(self) -> BookRequest:
        """The booking meant. Raises BadInput."""
        path = ("input", "slot")
        service = service_ref(self.slot.service, path=path)
        return BookRequest(
            idempotency_key=self.idempotency_key,
            service=service,
            start=self.slot.start,
            employees=choice_of(self.slot.employees, service.company_id, path=path),
            customer=self.customer.read(),
            note=self.note,
            deadline_ms=self.deadline_ms,
            override=tuple(rule for rule in BookingOverride if rule in (self.override or ())),
            hold_token=self.hold_token,
        )


@input_type("Which booking to cancel.")
class CancelBookingInput:
    """A booking that shall not be."""

    idempotency_key: strawberry.ID = leaf(KEY)
    booking: BookingRef = leaf("Which.")
    reason: str | None = leaf("Why; omit if nobody said.")
