"""Scenarios for hypothesis, with a taste for what goes wrong: clock changes, midnight, spans that just touch, odd anchors.

Plain data in the shape of docs/vectors/README.md. Nothing here knows what the answer is.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

Json = dict[str, Any]
Draw = st.DrawFn
Window = tuple[datetime, datetime]
Places = st.SearchStrategy[datetime]

CHANGES = {
    "Europe/Zurich": ["2027-03-28", "2027-10-31", "2026-03-29", "2025-10-26"],
    "America/New_York": ["2027-03-14", "2027-11-07", "2025-03-09", "2025-11-02"],
    "Australia/Lord_Howe": ["2027-04-04", "2027-10-03", "2025-04-06", "2025-10-05"],
    "America/St_Johns": ["2027-03-14", "2027-11-07", "2010-03-14", "2012-11-04"],
    "Asia/Kathmandu": ["2027-06-15", "1986-01-01"],
    "Pacific/Apia": ["2011-12-30", "2011-12-31", "2011-09-24", "2020-04-05", "2020-09-27"],
    "Africa/Casablanca": ["2024-03-10", "2024-04-14", "2025-02-23", "2025-04-06"],
    "Pacific/Auckland": ["2027-04-04", "2027-09-26", "2025-04-06"],
    "UTC": ["2027-01-01", "2028-02-29"],
    "America/Havana": ["2024-03-10", "2024-11-03", "2025-11-02"],
    "Africa/Cairo": ["2024-04-26", "2024-11-01", "2025-04-25", "2025-10-31"],
}
"""Days on or around which the clocks of a zone change; in the last two the hour next to midnight does. Quiet days where they never do."""

ZONES = sorted(CHANGES)
changes_of = {zone: st.sampled_from(days) for zone, days in CHANGES.items()}
INTERVALS = [5, 10, 15, 20, 30, 45, 60, 90, 120]
WEEKDAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
DAY = 24 * 60
# fmt: off
AROUND_CHANGES = [0, 1, 15, 30, 45, 60, 75, 90, 105, 119, 120, 121, 135, 150, 165, 179, 180, 195, 210, 240, 1380, 1395, 1410, 1439]
# fmt: on
"""Minutes of the day near which clocks are changed, and near midnight."""

often = st.sampled_from([True, True, True, False])
seldom = st.sampled_from([False] * 5 + [True])
evenly = st.booleans()
zone_names = st.sampled_from(ZONES)
intervals = st.sampled_from(INTERVALS)
own_intervals = st.sampled_from([None, None, *INTERVALS])
grid_anchors = st.sampled_from(["AVAILABILITY_START", "AVAILABILITY_START", "CLOCK"])
ways = st.sampled_from(["employee", "employee", "anyOf", "together"])
head_counts = st.sampled_from([2, 2, 2, 3, 1])
begins = st.sampled_from([-DAY, -600, -60, 0, 60, 120]) | st.integers(-DAY, 240)
lengths = st.sampled_from([360, 720, DAY, DAY, 2 * DAY, 2 * DAY, 3 * DAY, 4 * DAY]) | st.integers(144, 2 * DAY)
odd_seconds = st.sampled_from([0] * 8 + [1, 30, 59])
any_seconds = st.sampled_from([0, 1, 59])
durations = st.sampled_from([5, 15, 20, 30, 30, 45, 60, 60, 90, 120, 180]) | st.integers(1, 240)
buffers = st.sampled_from([0, 0, 0, 5, 10, 15, 30]) | st.integers(0, 90)
notices = st.sampled_from([0, 0, 0, 1, 60, DAY]) | st.integers(0, 2 * DAY)
horizons = st.sampled_from([60, 60, 60, 365, 365, 365, 9, 4, 2, 1, 0])
an_hour = st.integers(0, 60)
two_days = st.integers(0, 2 * DAY)
cuts = st.sampled_from(["none", "none", "none", "notice", "horizon"])
opening_counts = st.sampled_from([2, 2, 2, 2, 3, 3, 3, 3, 1, 1, 0])
opening_lengths = st.sampled_from([15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 480, 480, 600, 900, DAY - 30, DAY])
clock_minutes = (
    st.sampled_from(AROUND_CHANGES)
    | st.integers(24, 72).map(lambda quarter: quarter * 15)
    | st.sampled_from([547, 433, 787, 1057])
    | st.integers(0, DAY - 1)
)
near_days = st.sampled_from([0, 0, 1, 1, 2, -1])
first_valid = st.sampled_from([0, 0, -1, -7, 1])
last_valid = st.sampled_from([0, 0, 1, 7, -1])
joints = st.sampled_from([0, 0, -5, -7, -30, 1])
nudges = st.sampled_from([0, 0, 0, 1, -1, 5, -5, 15, -15, 30, -30])
span_lengths = st.sampled_from([0, 1, 5, 15, 30, 60, 60]) | st.integers(1, 240)
reaches = st.sampled_from(["at", "after", "after", "before", "before", "anywhere"])
steps = st.integers(0, 6)
slips = st.sampled_from([0, 0, -1, 1])
far = st.integers(-120, 600)
span_counts = st.sampled_from([0, 0, 1, 1, 2, 3])
kinds_of_span = st.sampled_from(["busy", "busy", "blocked", "blocked", "held", "unverified"])


def clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}:00"


def text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def span(start: datetime, minutes: int) -> Json:
    return {"start": text(start), "end": text(start + timedelta(minutes=minutes))}


@st.composite
def scenarios(draw: Draw, zone: str | None = None) -> Json:
    """Anything a slot search can be asked, near a clock change of `zone` (any zone if None)."""
    zone = zone or draw(zone_names)
    window = begin, end = a_window(draw, zone)
    service, interval = a_service(draw), draw(intervals)
    step = service["bookingIntervalMinutes"] or interval
    way = draw(ways)
    ids = ["anna"] if way == "employee" else ["anna", "ben", "cleo"][: draw(head_counts)]
    zones = [zone] + [zone if draw(often) else draw(zone_names) for _ in ids[1:]]
    pattern = openings(draw, window, zone, service) if way == "together" else []
    employees = [
        an_employee(draw, name, its, pattern, service=service, step=step, window=window)
        for name, its in zip(ids, zones, strict=True)
    ]
    if draw(seldom):
        employees.append(an_employee(draw, "dora", zone, [], service=service, step=step, window=window))
    places = st.sampled_from(
        [place for one in employees for place in edges(one["availabilities"], one["timeZone"], *window)]
    )
    return {
        "company": {
            "timeZone": zone if draw(evenly) else draw(zone_names),
            "bookingIntervalMinutes": interval,
            "gridAnchor": draw(grid_anchors),
        },
        "service": service,
        "employees": employees,
        "companyAbsences": [days_or_range_off(draw, begin, zone)] if draw(seldom) else [],
        "choice": {way: ids[0] if way == "employee" else ids},
        "now": a_now(draw, begin, places, service, step),
        "window": {"from": text(begin), "to": text(end)},
    }


def a_window(draw: Draw, zone: str) -> Window:
    """0.1 to 4 days over or near a change; some begin or end in the very hours around it, some not on a whole minute."""
    change = date.fromisoformat(draw(changes_of[zone]))
    midnight = datetime.combine(change, time(), ZoneInfo(zone)).astimezone(UTC)
    begin = midnight + timedelta(minutes=draw(begins))
    end = begin + timedelta(minutes=draw(lengths))
    return begin + timedelta(seconds=draw(odd_seconds)), end + timedelta(seconds=draw(odd_seconds))


def a_service(draw: Draw) -> Json:
    return {
        "durationMinutes": draw(durations),
        "bufferBeforeMinutes": draw(buffers),
        "bufferAfterMinutes": draw(buffers),
        "minimumNoticeMinutes": draw(notices),
        "horizonDays": draw(horizons),
        "bookingIntervalMinutes": draw(own_intervals),
    }


def a_now(draw: Draw, begin: datetime, places: Places, service: Json, step: int) -> str:
    """Mostly so that the window begins after the notice; else where notice or horizon cuts it in two."""
    cut, seconds = draw(cuts), timedelta(seconds=draw(odd_seconds))
    if cut == "horizon":
        return text(begin - timedelta(days=service["horizonDays"]) + timedelta(minutes=draw(two_days)) + seconds)
    earliest = begin - timedelta(minutes=draw(an_hour))
    if cut == "notice":
        earliest = draw(places) + timedelta(minutes=draw(steps) * step + draw(slips))
        seconds = timedelta(seconds=draw(any_seconds))
    return text(earliest - timedelta(minutes=service["minimumNoticeMinutes"]) + seconds)


def an_employee(
    draw: Draw, name: str, zone: str, pattern: list[Json], *, service: Json, step: int, window: Window
) -> Json:
    own = openings(draw, window, zone, service) if not pattern or draw(seldom) else []
    places = st.sampled_from(edges(pattern + own, zone, *window))
    spans: dict[str, list[Json]] = {"blocked": [], "held": [], "busy": [], "unverified": []}
    for _ in range(draw(span_counts)):
        spans[draw(kinds_of_span)].append(a_span(draw, places, service, step))
    absences = [] if draw(often) else [{"range": a_span(draw, places, service, step)}]
    if draw(seldom):
        absences.append(days_or_range_off(draw, window[0], zone))
    return {"id": name, "timeZone": zone, "availabilities": pattern + own, "absences": absences, **spans}


def openings(draw: Draw, window: Window, zone: str, service: Json) -> list[Json]:
    """Some openings near the window, and what adjoins or overlaps them."""
    begin, end = (instant.astimezone(ZoneInfo(zone)) for instant in window)
    found = []
    for _ in range(draw(opening_counts)):
        day, start, length = begin.date() + timedelta(days=draw(near_days)), draw(clock_minutes), draw(opening_lengths)
        if not draw(seldom) and not begin <= datetime.combine(day, time(*divmod(start, 60)), ZoneInfo(zone)) < end:
            near = begin + timedelta(minutes=draw(st.integers(-60, 240)))
            day, start = near.date(), near.hour * 60 + near.minute
        if draw(evenly):
            length = min(max(length, 2 * service["durationMinutes"]), DAY)
        elif draw(seldom):
            length = max(1, service["durationMinutes"] + draw(nudges))
        found.append(written(draw, day, start, length))
        if draw(evenly):
            meets = start + length + draw(joints)
            found.append(written(draw, day + timedelta(days=meets // DAY), meets % DAY, draw(opening_lengths)))
    return found


def written(draw: Draw, day: date, start: int, length: int) -> Json:
    """An opening of this day, written as one of its weekday or of its date."""
    times = {"start": clock(start), "end": clock(start + length)}
    if draw(evenly):
        return {"dated": {"date": day.isoformat(), **times}}
    since = day + timedelta(days=draw(first_valid)) if draw(seldom) else None
    until = day + timedelta(days=draw(last_valid)) if draw(seldom) else None
    bounds = {"validFrom": since and since.isoformat(), "validUntil": until and until.isoformat()}
    return {"weekly": {"weekday": WEEKDAYS[day.weekday()], **times, **bounds}}


def edges(availabilities: list[Json], zone: str, begin: datetime, end: datetime) -> list[datetime]:
    """Where the openings begin (twice) and end as written, near the window; and the window's own ends."""
    found = [begin.replace(second=0), end.replace(second=0)]
    day = begin.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    while day <= end.date():
        for availability in availabilities:
            (times,) = availability.values()
            if day.isoformat() == times.get("date") or WEEKDAYS[day.weekday()] == times.get("weekday"):
                for name in ("start", "start", "end"):
                    at = datetime.combine(day, time.fromisoformat(times[name]), ZoneInfo(zone))
                    if begin - timedelta(hours=2) <= at <= end:
                        found.append(at.astimezone(UTC))
        day += timedelta(days=1)
    return found


def a_span(draw: Draw, places: Places, service: Json, step: int) -> Json:
    """Near an edge, often so that the blocked span of some slot on the grid just meets it, or misses it by a minute."""
    at, length, reach = draw(places), draw(span_lengths), draw(reaches)
    if reach == "at":
        return span(at + timedelta(minutes=draw(nudges)), length)
    if reach == "anywhere":
        return span(at + timedelta(minutes=draw(far)), length)
    slot = at + timedelta(minutes=draw(steps) * step + draw(slips))
    if reach == "before":
        return span(slot - timedelta(minutes=service["bufferBeforeMinutes"] + length), length)
    return span(slot + timedelta(minutes=service["durationMinutes"] + service["bufferAfterMinutes"]), length)


def days_or_range_off(draw: Draw, begin: datetime, zone: str) -> Json:
    """Whole days, mostly beside what is asked; or a range."""
    if draw(seldom):
        return {"range": span(begin.replace(second=0), draw(st.integers(1, DAY)))}
    first = begin.astimezone(ZoneInfo(zone)).date() + timedelta(days=draw(st.sampled_from([-1, 1, 2, 0, 3, -2])))
    last = first + timedelta(days=draw(st.sampled_from([0, 0, 1])))
    return {"days": {"from": first.isoformat(), "until": last.isoformat()}}
