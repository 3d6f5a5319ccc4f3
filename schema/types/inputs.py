"""What comes in, and reading it into the requests of the use cases."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar

import strawberry

from slotgraph.core import candidates, changing
from slotgraph.core.booking import BookRequest
from slotgraph.core.calendar_choices import CalendarChange
from slotgraph.core.candidates import ServiceRef
from slotgraph.core.customers import CustomerForm
from slotgraph.core.errors import BadInput
from slotgraph.core.explaining import ExplainRequest
from slotgraph.core.grids import GridAnchor
from slotgraph.core.link_forms import FilledField
from slotgraph.core.policy import Permission
from slotgraph.core.profile import ProfileChange
from slotgraph.core.records import BookingState, CalendarEntryState
from slotgraph.core.search import FirstFreeQuery, SlotQuery
from slotgraph.core.values import OMITTED, BusyStatus, Omitted, Purpose, ReadMode, Secret
from slotgraph.schema import ids
from slotgraph.schema.guard import changed, input_type, leaf
from slotgraph.schema.scalars import EmailAddress, Locale, TimeZone

T = TypeVar("T")
Path = tuple[str, ...]

_DEADLINE = "Milliseconds to wait for calendars; 8000 unless you ask for less."
_KEY = "A UUID, new for each intent, the same for each retry."


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


@input_type("A booking: exactly one of these.", one_of=True)
class BookingRef:
    """By id or by token."""

    id: strawberry.ID | None = leaf("Its id, for members and tokens.")
    manage_token: Secret | None = leaf("The manage token, for customers.")

    def read(self, *, path: Path) -> changing.BookingRef:
        """The booking meant. Raises BadInput."""
        if self.manage_token is not None:
            return changing.BookingRef(manage_token=self.manage_token)
        named = ids.decode(self.id or "", "Booking", path=(*path, "id"))
        return changing.BookingRef(company_id=named.company_id, id=named.id)


@input_type("What slots to search.")
class SlotSearchInput:
    """A window."""

    service: strawberry.ID = leaf("Service to be booked.")
    employees: EmployeeChoice | None = leaf("Who; omit for any.")
    from_: datetime = leaf("Start of the window.")
    to: datetime = leaf("End of the window, at most 62 days later.")
    time_zone: TimeZone | None = leaf("Zone of `days`; omit for the company's.")
    deadline_ms: int | None = leaf(_DEADLINE)

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
    deadline_ms: int | None = leaf(_DEADLINE)

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
    deadline_ms: int | None = leaf(_DEADLINE)

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
    deadline_ms: int | None = leaf(_DEADLINE)


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


@input_type("Credentials.")
class LoginInput:
    """Who claims to be whom."""

    email: EmailAddress = leaf("Address.")
    password: Secret = leaf("Password.")


@input_type("A new API token.")
class CreateTokenInput:
    """What it shall be."""

    name: str = leaf("Name for people.")
    scopes: list[Permission] = leaf("What it may do; none you lack.")
    expires_at: datetime | None = leaf("When it ends; omit for never.")


@input_type("Token to revoke.")
class RevokeTokenInput:
    """A token."""

    token: strawberry.ID = leaf("Which.")


def kept(value: T | None, field: str) -> T | Omitted:
    """The new value of a field that cannot be null. Raises BadInput for null."""
    if value is strawberry.UNSET:
        return OMITTED
    if value is None:
        raise BadInput(("input", field), "must not be null; leave it out to keep what is there.")
    return value


def kept_or_null(value: T | None) -> T | None | Omitted:
    """The new value of a field for which null means something."""
    return OMITTED if value is strawberry.UNSET else value


@input_type("Change of the company profile; what is omitted stays.")
class UpdateCompanyProfileInput:
    """A change."""

    company: strawberry.ID | None = leaf("Company; omit for your own.")
    name: str | None = changed("Name for people.")
    slug: str | None = changed("Name in addresses; old addresses stop working.")
    time_zone: TimeZone | None = changed("Zone.")
    locale: Locale | None = changed("Language of messages to customers who named none.")
    booking_interval_minutes: int | None = changed("Booking interval in minutes: 5, 10, 15, 20, 30, 45, 60, 90 or 120.")
    grid_anchor: GridAnchor | None = changed("Where the grid of starts begins.")
    exclude_support: bool | None = changed(
        "True shuts support out at once and closes open cases, and support then cannot help; false opens nothing by itself."
    )

    def read(self) -> ProfileChange:
        """The change meant. Raises BadInput."""
        return ProfileChange(
            name=kept(self.name, "name"),
            slug=kept(self.slug, "slug"),
            time_zone=kept(self.time_zone, "timeZone"),
            locale=kept(self.locale, "locale"),
            booking_interval_minutes=kept(self.booking_interval_minutes, "bookingIntervalMinutes"),
            grid_anchor=kept(self.grid_anchor, "gridAnchor"),
            exclude_support=kept(self.exclude_support, "excludeSupport"),
        )


@input_type("An account to link.")
class LinkAccountInput:
    """Where, and for whom."""

    provider: str = leaf("Name of the provider.")
    employee: strawberry.ID | None = leaf(
        "Whose login; omit for one of the whole company, whose calendars are then given to employees one by one."
    )
    purposes: list[Purpose] = strawberry.field(
        description="What it shall be used for.", default_factory=lambda: list(Purpose)
    )


@input_type("A filled field.")
class LinkFieldValue:
    """A value of the form."""

    name: str = leaf("Name of the field.")
    value: Secret = leaf("Value as text.")


@input_type("Answer to a link: exactly one of these.", one_of=True)
class LinkAnswer:
    """The form's values."""

    form: list[LinkFieldValue] | None = leaf("For a form: its values.")

    def read(self) -> list[FilledField]:
        """The values as they came."""
        return [FilledField(field.name, field.value) for field in self.form or ()]


@input_type("What the provider or the form answered.")
class CompleteLinkInput:
    """The end of a link."""

    link_token: Secret = leaf("Token from linkAccount, good once and for ten minutes.")
    answer: LinkAnswer = leaf("The answer.")


@input_type("Change of a calendar; what is omitted stays.")
class UpdateCalendarInput:
    """A change."""

    calendar: strawberry.ID = leaf("Which.")
    employee: strawberry.ID | None = changed("Employee it stands for; null for nobody.")
    checked: bool | None = changed("Count as busy.")
    default: bool | None = changed(
        "True: write bookings here from now on, instead of the employee's former default. False: no longer."
    )
    status_policy: list[BusyStatus] | None = changed("Statuses that block; must contain BUSY.")
    ignore_unverified_until: date | None = changed("Last day to offer slots although it does not answer; null: never.")
    read_mode: ReadMode | None = changed("How to read busy time.")

    def read(self) -> CalendarChange:
        """The change meant. Raises BadInput."""
        named = ids.decode(self.calendar, "Calendar", path=("input", "calendar"))
        statuses = kept(self.status_policy, "statusPolicy")
        return CalendarChange(
            named.company_id,
            named.id,
            employee_id=self._employee(named.company_id),
            checked=kept(self.checked, "checked"),
            default=kept(self.default, "default"),
            status_policy=statuses if isinstance(statuses, Omitted) else frozenset(statuses),
            ignore_unverified_until=kept_or_null(self.ignore_unverified_until),
            read_mode=kept(self.read_mode, "readMode"),
        )

    def _employee(self, company_id: str) -> str | None | Omitted:
        if not self.employee:
            return kept_or_null(self.employee)
        return ids.within(ids.decode(self.employee, "Employee", path=("input", "employee")), company_id)


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

    idempotency_key: strawberry.ID = leaf(_KEY)
    slot: SlotChoice = leaf("The slot.")
    customer: CustomerInput = leaf("Who books.")
    note: str | None = leaf("What the customer wants to say, at most 2000 characters.")
    deadline_ms: int | None = leaf(_DEADLINE)

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
        )


@input_type("Which booking to cancel.")
class CancelBookingInput:
    """A booking that shall not be."""

    idempotency_key: strawberry.ID = leaf(_KEY)
    booking: BookingRef = leaf("Which.")
    reason: str | None = leaf("Why; omit if nobody said.")


@input_type("A new support case.")
class OpenSupportCaseInput:
    """Why, and how long."""

    company: strawberry.ID | None = leaf("Company; omit for your own.")
    reason: str = leaf("What support shall look at.")
    hours: int = strawberry.field(description="Length in hours, 1 to 72.", default=24)
    grant_customer_data: bool = strawberry.field(description="Let agents see customers' contact data.", default=False)


@input_type("Support case to close.")
class CloseSupportCaseInput:
    """A case."""

    case: strawberry.ID = leaf("Which.")
