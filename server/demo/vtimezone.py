"""VTIMEZONE the way calendar programs write it: one yearly rule per clock change. Only the zones that the demo needs."""

from datetime import datetime, timedelta
from typing import NamedTuple

from icalendar import Component, Timezone, TimezoneDaylight, TimezoneStandard


class _Observance(NamedTuple):
    """Offsets in hours, the first onset as a wall time, and the month and weekday it comes again, if it does."""

    name: str
    before: float
    after: float
    onset: str
    month: int | None = None
    weekday: str | None = None


_OBSERVANCES = {
    "America/New_York": (
        _Observance("EDT", -5, -4, "2007-03-11T02:00", 3, "2SU"),
        _Observance("EST", -4, -5, "2007-11-04T02:00", 11, "1SU"),
    ),
    "Asia/Kolkata": (_Observance("IST", 5.5, 5.5, "1970-01-01T00:00"),),
    "Asia/Tokyo": (_Observance("JST", 9, 9, "1970-01-01T00:00"),),
    "Europe/Zurich": (
        _Observance("CEST", 1, 2, "1996-03-31T02:00", 3, "-1SU"),
        _Observance("CET", 2, 1, "1996-10-27T03:00", 10, "-1SU"),
    ),
}


def vtimezone(tzid: str) -> Timezone:
    """The definition of a zone, by rules: icalendar 7.3 would list dates, which Radicale 3.9 misreads (November 2026)."""
    definition = Timezone()
    definition.add("tzid", tzid)
    for observance in _OBSERVANCES[tzid]:
        definition.add_component(_component(observance))
    return definition


def _component(observance: _Observance) -> Component:
    component = TimezoneDaylight() if observance.after > observance.before else TimezoneStandard()
    component.add("tzname", observance.name)
    component.add("dtstart", datetime.fromisoformat(observance.onset))
    component.add("tzoffsetfrom", timedelta(hours=observance.before))
    component.add("tzoffsetto", timedelta(hours=observance.after))
    if observance.month:
        component.add("rrule", {"freq": "yearly", "bymonth": observance.month, "byday": observance.weekday})
    return component
