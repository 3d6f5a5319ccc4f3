"""iCalendar resources in the words of a diary: a week, a day in it, a wall time. Which appointments there are: see `calendars`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from slotgraph.server.demo.vtimezone import vtimezone

WINDOWS_ZONES = {"Europe/Zurich": "W. Europe Standard Time"}
Resource = tuple[str, bytes]
"""A file name and the iCalendar text under it."""


@dataclass(frozen=True, slots=True)
class Diary:
    """One user's weeks. Days are counted from the Monday of the current week, times are wall times in `zone`."""

    user: str
    zone: str
    monday: date

    def at(self, day: int, clock: str, *, zone: str | None = None) -> datetime:
        """The wall time on a day, as in `at(-7, "09:30")`: last Monday, half past nine."""
        return self.floating(day, clock).replace(tzinfo=ZoneInfo(zone or self.zone))

    def floating(self, day: int, clock: str) -> datetime:
        """The same without a zone."""
        return datetime.combine(self.day(day), time.fromisoformat(clock))

    def day(self, day: int) -> date:
        """The date of a day."""
        return self.monday + timedelta(days=day)

    def event(self, title: str, start: date, length: timedelta, **properties: object) -> Event:
        """An event; properties are named as in RFC 5545, with underscores."""
        event = Event()
        event.add("summary", title)
        event.add("dtstart", start)
        event.add("dtend", start + length)
        for name, value in properties.items():
            event.add(name.replace("_", "-"), value)
        return event

    def under_windows_name(self, event: Event) -> Event:
        """The same event, its zone written as Outlook does, and no VTIMEZONE to explain it."""
        for name in ("dtstart", "dtend"):
            wall = event.decoded(name).replace(tzinfo=None)
            event.pop(name)
            event.add(name, wall, parameters={"TZID": WINDOWS_ZONES[self.zone]})
        return event

    def resource(self, name: str, *events: Event) -> Resource:
        """A series with its changed occurrences, or a single event; the same input gives the same bytes."""
        calendar = Calendar()
        calendar.add("prodid", "-//SlotGraph//demo//EN")
        calendar.add("version", "2.0")
        stamp = datetime.combine(self.monday, time(), tzinfo=UTC)
        for event in events:
            event.add("uid", f"{name}-{self.user}@demo.example")
            event.add("dtstamp", stamp)
            calendar.add_component(event)
        for tzid in sorted(calendar.get_used_tzids() - set(WINDOWS_ZONES.values()) - {"UTC"}):
            calendar.subcomponents.insert(0, vtimezone(tzid))
        return f"{name}.ics", calendar.to_ical()


def minutes(count: int) -> timedelta:
    """A length in minutes."""
    return timedelta(minutes=count)


def days(count: int) -> timedelta:
    """A length in whole days, for all-day events."""
    return timedelta(days=count)


def weekly(*weekdays: str, interval: int = 1, **more: object) -> Mapping[str, object]:
    """A recurrence rule, as in `weekly("mo", "we", count=10)`."""
    return {"freq": "weekly", "interval": interval, "byday": list(weekdays), **more}
