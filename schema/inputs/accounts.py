"""Linking accounts and choosing calendars."""

from datetime import date

import strawberry

from slotgraph.core.calendar_choices import CalendarChange
from slotgraph.core.link_forms import FilledField
from slotgraph.core.values import BusyStatus, Omitted, Purpose, ReadMode, Secret
from slotgraph.schema import ids
from slotgraph.schema.guard import changed, input_type, leaf
from slotgraph.schema.inputs.changes import kept, kept_or_null


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

    link_token: Secret = leaf("Token from linkAccount or relinkAccount, good once and for ten minutes.")
    answer: LinkAnswer = leaf("The answer.")


@input_type("Account to link again.")
class RelinkAccountInput:
    """Which, and what for."""

    account: strawberry.ID = leaf("Which.")
    purposes: list[Purpose] | None = leaf("What it shall be used for; omit to keep.")


@input_type("Account to unlink.")
class UnlinkAccountInput:
    """Which."""

    account: strawberry.ID = leaf("Which.")


@input_type("Account to try.")
class CheckAccountInput:
    """Which."""

    account: strawberry.ID = leaf("Which.")


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
