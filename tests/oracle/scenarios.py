"""Short ways to write a scenario down. The shape is the one of docs/vectors/README.md; what is not said is the plainest there is."""

from typing import Any

Json = dict[str, Any]

ZONE = "Europe/Zurich"
MONDAY = "2027-03-01"
"""An ordinary Monday; Zurich is at +01:00."""
NOW = "2027-02-28T12:00:00Z"


def asked(
    *employees: Json,
    zone: str = ZONE,
    anchor: str = "AVAILABILITY_START",
    interval: int = 60,
    closed: list[Json] | None = None,
    way: str = "employee",
    now: str = NOW,
    window: tuple[str, str] = (f"{MONDAY}T00:00", "2027-03-02T00:00"),
    **service: int,
) -> Json:
    """A search for a service of an hour without buffers; `service` says what else it is."""
    ids = [employee["id"] for employee in employees]
    return {
        "company": {"timeZone": zone, "bookingIntervalMinutes": interval, "gridAnchor": anchor},
        "service": {
            "durationMinutes": service.get("duration", 60),
            "bufferBeforeMinutes": service.get("before", 0),
            "bufferAfterMinutes": service.get("after", 0),
            "minimumNoticeMinutes": service.get("notice", 0),
            "horizonDays": service.get("horizon", 60),
            "bookingIntervalMinutes": service.get("own_interval"),
        },
        "employees": list(employees),
        "companyAbsences": closed or [],
        "choice": {way: ids[0] if way == "employee" else ids},
        "now": now,
        "window": {"from": instant(window[0]), "to": instant(window[1])},
    }


def person(*availabilities: Json, name: str = "anna", zone: str = ZONE, **kinds: list[Json]) -> Json:
    """An employee; `kinds` are absences, blocked, held, busy, unverified."""
    empty: Json = {"absences": [], "blocked": [], "held": [], "busy": [], "unverified": []}
    return {"id": name, "timeZone": zone, "availabilities": list(availabilities), **empty, **kinds}


def weekly(weekday: str, start: str, end: str, since: str | None = None, until: str | None = None) -> Json:
    times = {"start": f"{start}:00", "end": f"{end}:00"}
    return {"weekly": {"weekday": weekday, **times, "validFrom": since, "validUntil": until}}


def dated(start: str, end: str, date: str = MONDAY) -> Json:
    return {"dated": {"date": date, "start": f"{start}:00", "end": f"{end}:00"}}


def days(first: str, last: str | None = None) -> Json:
    return {"days": {"from": first, "until": last or first}}


def time_off(start: str, end: str) -> Json:
    return {"range": span(start, end)}


def span(start: str, end: str) -> Json:
    """From an instant to an instant or to a time on the same day, all in UTC; a time alone is on the Monday."""
    start = start if "T" in start else f"{MONDAY}T{start}"
    return {"start": instant(start), "end": instant(end if "T" in end else f"{start[:11]}{end}")}


def instant(text: str) -> str:
    return f"{text}:00Z" if len(text) == len("2027-03-01T09:00") else f"{text}Z"
