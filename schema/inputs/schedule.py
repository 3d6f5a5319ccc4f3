"""Availabilities and absences as they shall be."""

import datetime as dt
from datetime import date, datetime, time

import strawberry

from slotgraph.core.administration.absences import AbsenceForm
from slotgraph.core.administration.availabilities import AvailabilityForm, AvailabilityRef
from slotgraph.core.availability import Absent, Dated, DaysOff, Rule, Times, Weekly
from slotgraph.core.clock import minute_from_instant
from slotgraph.core.errors import BadInput
from slotgraph.core.values import Omitted, Span
from slotgraph.schema import ids
from slotgraph.schema.guard import changed, input_type, leaf
from slotgraph.schema.inputs.changes import kept_or_null
from slotgraph.schema.inputs.named import Path, one_named, own_id
from slotgraph.schema.types.enums import WEEKDAYS, Weekday

_NEW = "Omit to create."
_END = "First minute after; 00:00:00 is the midnight that ends the day."
_AVAILABILITIES: dict[str, type[Weekly] | type[Dated]] = {"WeeklyAvailability": Weekly, "DatedAvailability": Dated}


@input_type("A weekly opening.")
class WeeklyTimesInput:
    """Every week."""

    weekday: Weekday = leaf("Day of the week.")
    start: time = leaf("First minute.")
    end: time = leaf(_END)
    valid_from: date | None = leaf("First day it holds; omit for ever since.")
    valid_until: date | None = leaf("Last day it holds; omit for ever.")


@input_type("An opening on one date.")
class DatedTimesInput:
    """Once."""

    date: dt.date = leaf("The date.")
    start: time = leaf("First minute.")
    end: time = leaf(_END)


@input_type("Weekly or on one date: exactly one of these.", one_of=True)
class AvailabilityTimesInput:
    """When."""

    weekly: WeeklyTimesInput | None = leaf("Every week.")
    dated: DatedTimesInput | None = leaf("Once.")

    def read(self) -> Rule:
        """The rule meant."""
        if self.weekly is not None:
            one = self.weekly
            times = Times(one.start, one.end)
            return Weekly(times, WEEKDAYS.index(one.weekday), one.valid_from, one.valid_until)
        assert self.dated is not None
        return Dated(Times(self.dated.start, self.dated.end), self.dated.date)


def availability_ref(text: str, company_id: str, *, path: Path) -> AvailabilityRef:
    """An availability of this company by its global id. Raises BadInput."""
    named = ids.decode(text, *_AVAILABILITIES, path=path)
    return AvailabilityRef(ids.within(named, company_id), _AVAILABILITIES[named.kind])


@input_type("An availability.")
class UpsertAvailabilityInput:
    """Whose, and when."""

    id: strawberry.ID | None = leaf(_NEW)
    employee: strawberry.ID = leaf("Whose.")
    times: AvailabilityTimesInput = leaf("When.")

    def read(self, company_id: str) -> AvailabilityForm:
        """The availability meant. Raises BadInput."""
        return AvailabilityForm(
            employee_id=one_named(self.employee, "Employee", company_id, path=("input", "employee")),
            rule=self.times.read(),
            ref=self.id if self.id is None else availability_ref(self.id, company_id, path=("input", "id")),
        )


@input_type("Availability to delete.")
class DeleteAvailabilityInput:
    """An availability."""

    availability: strawberry.ID = leaf("Which.")


@input_type("Whole local days off.")
class AbsenceDaysInput:
    """Days off."""

    from_: date = leaf("First day off.")
    until: date = leaf("Last day off.")


@input_type("An exact range off.")
class AbsenceRangeInput:
    """A range off."""

    start: datetime = leaf("Start.")
    end: datetime = leaf("End, not part of it.")


@input_type("Whole days or an exact range: exactly one of these.", one_of=True)
class AbsenceTimesInput:
    """When."""

    days: AbsenceDaysInput | None = leaf("Whole local days.")
    range: AbsenceRangeInput | None = leaf("Exact range.")

    def read(self) -> Absent:
        """The times meant. Raises BadInput."""
        if self.days is not None:
            return DaysOff(self.days.from_, self.days.until)
        assert self.range is not None
        path = ("input", "times", "range")
        start = _whole_minute(self.range.start, path=(*path, "start"))
        return Span(start, _whole_minute(self.range.end, path=(*path, "end")))


def _whole_minute(instant: datetime, *, path: Path) -> int:
    if instant.second or instant.microsecond:
        raise BadInput(path, "must be a whole minute.")
    return minute_from_instant(instant)


@input_type("An absence.")
class UpsertAbsenceInput:
    """Whose, when, and why."""

    id: strawberry.ID | None = leaf(_NEW)
    employee: strawberry.ID | None = changed("Whose; omit for the whole company.")
    note: str | None = changed("Note for members; omit for none.")
    times: AbsenceTimesInput = leaf("When.")

    def read(self, company_id: str) -> AbsenceForm:
        """The absence meant. Raises BadInput."""
        employee: str | None | Omitted = kept_or_null(self.employee)
        if isinstance(employee, str):
            employee = one_named(employee, "Employee", company_id, path=("input", "employee"))
        return AbsenceForm(
            times=self.times.read(),
            id=own_id(self.id, "Absence", company_id),
            employee_id=employee,
            note=kept_or_null(self.note),
        )


@input_type("Absence to delete.")
class DeleteAbsenceInput:
    """An absence."""

    absence: strawberry.ID = leaf("Which.")
