"""The slots a scenario offers, found by walking the minutes. Written from the rules, shares no code with the engine, slow on purpose.

A scenario is plain data, described in docs/vectors/README.md. A minute is an int: minutes since 1970 in UTC. A wall minute is the same
of what a wall clock shows: `wall // DAY` is a local date, `wall % DAY` the time on it. Zones are only ever asked one thing: what do your
clocks show at this minute? That question has one answer, in gaps and in repeated hours too.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

Scenario = dict[str, Any]
Employee = dict[str, Any]

DAY = 24 * 60
FARTHEST = 26 * 60
"""More than any clock of this world is away from UTC, and more than any clock was ever put forward."""
FIRST_DAY = date(1970, 1, 1).toordinal()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]


def offered(scenario: Scenario) -> list[dict[str, Any]]:
    """Every offered start in order, each with the employees who can take it."""
    ((way, chosen),) = scenario["choice"].items()
    ids = [chosen] if way == "employee" else chosen
    employees = [employee for employee in scenario["employees"] if employee["id"] in ids]
    asked = [EmployeeMinutes(employee, scenario, way) for employee in employees]
    slots = []
    for start in range(minute_up(scenario["window"]["from"]), minute_up(scenario["window"]["to"])):
        able = [minutes.employee["id"] for minutes in asked if minutes.can_take(start)]
        if able and (way != "together" or len(able) == len(employees)):
            slots.append({"start": text_of(start), "employees": sorted(able)})
    return slots


class EmployeeMinutes:
    """One employee's minutes around the window, each marked with what the rules say of it."""

    def __init__(self, employee: Employee, scenario: Scenario, way: str) -> None:
        self.employee = employee
        self.service = service = scenario["service"]
        self.zone = employee["timeZone"]
        self.interval = service["bookingIntervalMinutes"] or scenario["company"]["bookingIntervalMinutes"]
        self.grid_zone = scenario["company"]["timeZone"] if way == "together" else self.zone
        self.by_clock = way == "together" or scenario["company"]["gridAnchor"] == "CLOCK"
        self.earliest = minute_up(scenario["now"]) + service["minimumNoticeMinutes"]
        self.last_day = local_day(minute(scenario["now"]), self.zone) + service["horizonDays"]
        around = service["durationMinutes"] + service["bufferBeforeMinutes"] + service["bufferAfterMinutes"] + 1
        self.minutes = range(
            minute_up(scenario["window"]["from"]) - around, minute_up(scenario["window"]["to"]) + around
        )
        self.openings = list(openings(employee, self.minutes))
        self.open = {at for opening in self.openings for at in self.within(opening)}
        self.anchored = {at for opening in self.openings for at in opening[:: self.interval]}
        self.absent = set(self.absences(employee["absences"] + scenario["companyAbsences"]))
        kinds = ("blocked", "held", "busy", "unverified")
        self.taken = {at for kind in kinds for span in employee[kind] for at in self.within(range_of(span))}

    def within(self, asked: range) -> range:
        """The part of these minutes that is near the window."""
        return range(max(asked.start, self.minutes.start), min(asked.stop, self.minutes.stop))

    def absences(self, absences: list[dict[str, Any]]) -> Iterator[int]:
        """A2: whole local days by the employee's own clock, or an exact range."""
        for absence in absences:
            if "range" in absence:
                yield from self.within(range_of(absence["range"]))
            else:
                first, last = day_of(absence["days"]["from"]), day_of(absence["days"]["until"])
                yield from (at for at in self.minutes if first <= local_day(at, self.zone) <= last)

    def on_grid(self, start: int) -> bool:
        """S2: steps of whole minutes from each opening as written, or from the first minute of the local day."""
        if self.by_clock:
            return (start - first_minute_of_day(local_day(start, self.grid_zone), self.grid_zone)) % self.interval == 0
        return start in self.anchored

    def can_take(self, start: int) -> bool:
        """Every rule there is about one start (S2, S3, S4, A2)."""
        service = self.service
        end = start + service["durationMinutes"]
        blocked = range(start - service["bufferBeforeMinutes"], end + service["bufferAfterMinutes"])
        return (
            self.on_grid(start)
            and start >= self.earliest
            and local_day(start, self.zone) <= self.last_day
            and all(at in self.open and at not in self.absent for at in range(start, end))
            and not any(at in self.taken for at in blocked)
        )


def openings(employee: Employee, minutes: range) -> Iterator[range]:
    """Each availability on each local date on which it begins, as minutes; only those that reach into `minutes`."""
    for day in range(minutes.start // DAY - 3, minutes.stop // DAY + 3):
        for availability in employee["availabilities"]:
            ((kind, times),) = availability.items()
            if (is_its_date if kind == "dated" else is_its_weekday)(times, day):
                found = opening(times, day, employee["timeZone"])
                if found.start < minutes.stop and found.stop > minutes.start:
                    yield found


def is_its_date(times: dict[str, Any], day: int) -> bool:
    return day == day_of(times["date"])


def is_its_weekday(times: dict[str, Any], day: int) -> bool:
    """Valid from the first day to the last, both included."""
    begun = times["validFrom"] is None or day >= day_of(times["validFrom"])
    ended = times["validUntil"] is not None and day > day_of(times["validUntil"])
    return WEEKDAYS[date.fromordinal(FIRST_DAY + day).weekday()] == times["weekday"] and begun and not ended


def opening(times: dict[str, Any], day: int, zone: str) -> range:
    """A1: `end <= start` runs past midnight, 00:00 as end is the midnight that closes the day."""
    start, end = time_of(times["start"]), time_of(times["end"])
    closing_day = day + 1 if end <= start else day
    return range(
        minutes_meant(day * DAY + start, zone)[0],
        minutes_meant(closing_day * DAY + end, zone)[-1],
    )


def minutes_meant(wall: int, zone: str) -> list[int]:
    """A1: the minutes at which the clocks show it, two in a repeated hour; where they skip it, the first one after the gap."""
    shown = minutes_by_wall(wall // DAY, zone).get(wall)
    return shown or [next(at for at in range(wall - FARTHEST, wall + FARTHEST) if wall_at(at, zone) > wall)]


@lru_cache(maxsize=4096)
def minutes_by_wall(day: int, zone: str) -> dict[int, list[int]]:
    """What the clocks show on and around a local day, and at which minutes."""
    found: dict[int, list[int]] = {}
    for at in range(day * DAY - FARTHEST, (day + 1) * DAY + FARTHEST):
        found.setdefault(wall_at(at, zone), []).append(at)
    return found


@lru_cache(maxsize=4096)
def first_minute_of_day(day: int, zone: str) -> int:
    return next(at for at in range(day * DAY - FARTHEST, (day + 1) * DAY + FARTHEST) if local_day(at, zone) == day)


def local_day(at: int, zone: str) -> int:
    return wall_at(at, zone) // DAY


def wall_at(at: int, zone: str) -> int:
    """What the clocks of a zone show at a minute."""
    return walls(at // DAY, zone)[at % DAY]


@lru_cache(maxsize=4096)
def walls(utc_day: int, zone: str) -> list[int]:
    """What the clocks show at each minute of one UTC day."""
    clocks, begin = zone_of(zone), utc_day * DAY
    shown = [datetime.fromtimestamp(at * 60, clocks) for at in range(begin, begin + DAY)]
    return [(wall.toordinal() - FIRST_DAY) * DAY + wall.hour * 60 + wall.minute for wall in shown]


@cache
def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def range_of(span: dict[str, str]) -> range:
    return range(minute(span["start"]), minute(span["end"]))


def minute(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // MINUTE


def minute_up(text: str) -> int:
    """Rounded up to a whole minute."""
    return -((EPOCH - datetime.fromisoformat(text)) // MINUTE)


def day_of(text: str) -> int:
    return date.fromisoformat(text).toordinal() - FIRST_DAY


def time_of(text: str) -> int:
    hours, minutes, _ = text.split(":")
    return int(hours) * 60 + int(minutes)


def text_of(at: int) -> str:
    return (EPOCH + at * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ")
