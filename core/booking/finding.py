"""Seeing bookings: by id for members and tokens, by manage token for customers (rule K5)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from slotgraph.core.manage_token import read, verify
from slotgraph.core.operation import Operation
from slotgraph.core.outbox import entries
from slotgraph.core.policy import Action, Customer
from slotgraph.core.records import Booking, CalendarEntry
from slotgraph.core.store import bookings
from slotgraph.core.store.bookings import BookingFilter
from slotgraph.core.values import Secret


@dataclass(frozen=True, slots=True)
class BookingRef:
    """A booking: by company and id, or by manage token. Exactly one is given."""

    company_id: str | None = None
    id: str | None = None
    manage_token: Secret | None = None

    @property
    def claimed_company_id(self) -> str | None:
        """The company it says it is of; believed once the booking was found."""
        if self.manage_token is None:
            return self.company_id
        named = read(self.manage_token.reveal())
        return named.company_id if named else None


@dataclass(frozen=True, slots=True)
class SeenBooking:
    """A booking and the operation that may see it: a customer's manage token makes them an actor of their own."""

    booking: Booking
    operation: Operation


class BookingDesk:
    """Finds and lists bookings."""

    def __init__(self, *, manage_key: bytes) -> None:
        self._manage_key = manage_key

    async def booking(self, operation: Operation, ref: BookingRef) -> SeenBooking | None:
        """The booking an actor may see; None if there is none for them."""
        if ref.manage_token is not None:
            return await self._by_manage_token(operation, ref.manage_token)
        if ref.company_id is None or ref.id is None:
            return None
        if not await operation.permits(Action.READ_BOOKING, ref.company_id, booking_id=ref.id):
            return None
        booking = await load(operation, ref.company_id, ref.id)
        return SeenBooking(booking, operation) if booking else None

    async def _by_manage_token(self, operation: Operation, token: Secret) -> SeenBooking | None:
        named = read(token.reveal())
        if named is None:
            return None
        booking = await load(operation, named.company_id, named.booking_id)
        generation = booking.generation if booking else 0
        if not verify(self._manage_key, token.reveal(), generation=generation) or booking is None:
            return None
        customer = Customer(booking.company_id, booking.id)
        return SeenBooking(
            booking, Operation(customer, operation.database, operation.clock, operation.client, operation.source)
        )

    async def booking_to_change(self, operation: Operation, ref: BookingRef) -> SeenBooking | None:
        """The booking an actor may change; None if there is none for them."""
        seen = await self.booking(operation, ref)
        if seen is None:
            return None
        booking = seen.booking
        may = await seen.operation.permits(Action.CHANGE_BOOKING, booking.company_id, booking_id=booking.id)
        return seen if may else None

    async def bookings(
        self,
        operation: Operation,
        company_id: str,
        *,
        which: BookingFilter,
        first: int,
        after: tuple[int, str] | None = None,
    ) -> Sequence[Booking] | None:
        """Up to `first` bookings of a company in order of start; None if the actor may not see them."""
        if not await operation.permits(Action.READ_BOOKING, company_id):
            return None
        sees_customers = await operation.permits(Action.READ_CUSTOMER, company_id)
        if which.customer_email is not None and not sees_customers:
            return []
        async with operation.database.read() as connection:
            return await bookings.bookings_page(connection, company_id, which=which, first=first, after=after)

    async def bookings_by_ids(
        self, operation: Operation, company_id: str, booking_ids: Collection[str]
    ) -> Sequence[Booking]:
        """Some bookings of a company; none if the actor may not see all of its bookings."""
        if not await operation.permits(Action.READ_BOOKING, company_id):
            return []
        async with operation.database.read() as connection:
            return await bookings.bookings_by_ids(connection, company_id, booking_ids)

    async def entries(
        self, operation: Operation, company_id: str, booking_ids: Collection[str]
    ) -> Sequence[CalendarEntry] | None:
        """Where the calendar entries of some bookings are on their way; None for customers and strangers."""
        if not await operation.permits(Action.READ_CALENDAR_ENTRY, company_id):
            return None
        async with operation.database.read() as connection:
            return await entries.entries_of_bookings(connection, company_id, booking_ids)

    async def entries_by_ids(
        self, operation: Operation, company_id: str, entry_ids: Collection[str]
    ) -> Sequence[CalendarEntry]:
        """Some calendar entries; none for customers and strangers."""
        if not await operation.permits(Action.READ_CALENDAR_ENTRY, company_id):
            return []
        async with operation.database.read() as connection:
            return await entries.entries_by_ids(connection, company_id, entry_ids)


async def load(operation: Operation, company_id: str, booking_id: str) -> Booking | None:
    """A booking as it stands now. Whoever asks has asked whether they may."""
    async with operation.database.read() as connection:
        found = await bookings.bookings_by_ids(connection, company_id, [booking_id])
    return found[0] if found else None
