"""The expected times beside those of recurring-ical-events, which shares no code with us; where it errs, expected.toml says why."""

from datetime import UTC, date, datetime, timedelta
from itertools import chain

import pytest
from icalendar import Calendar, Event
from recurring_ical_events import of
from slotgraph_tests_scenarios_scenario import Block, Scenario, scenarios

# icalendar tells whoever lets it guess the zone behind a vendor's prefix; that guess is what we ask it for.
pytestmark = pytest.mark.filterwarnings("ignore::icalendar.error.GloballyUniqueTZIDGuessed")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
READABLE = [scenario for scenario in scenarios() if isinstance(scenario.exact, tuple)]


def opinion(scenario: Scenario) -> list[tuple[int, int]]:
    """When events block, by recurring-ical-events and the two words of the standard that make an event free."""
    first, last = (EPOCH + timedelta(minutes=minute) for minute in scenario.window)
    around = first - timedelta(days=3), last + timedelta(days=3)
    calendars = [Calendar.from_ical(resource) for resource in scenario.resources()]
    found = chain.from_iterable(of(calendar).between(*around) for calendar in calendars)
    spans = (span(event, scenario) for event in found if is_blocking(event))
    return sorted(
        one for one in spans if one[0] < one[1] and one[0] < scenario.window[1] and one[1] > scenario.window[0]
    )


def is_blocking(event: Event) -> bool:
    return event.get("STATUS", "").upper() != "CANCELLED" and event.get("TRANSP", "").upper() != "TRANSPARENT"


def span(event: Event, scenario: Scenario) -> tuple[int, int]:
    """Start and end, rounded outward; days and floating times in the employee's zone."""
    start, end = (instant(event[name].dt, scenario) for name in ("DTSTART", "DTEND"))
    return (start - EPOCH) // timedelta(minutes=1), -((EPOCH - end) // timedelta(minutes=1))


def instant(at: date, scenario: Scenario) -> datetime:
    wall = at if isinstance(at, datetime) else datetime.combine(at, datetime.min.time())
    return (wall if wall.tzinfo else wall.replace(tzinfo=scenario.zone)).astimezone(UTC)


def cases(*, agreeing: bool) -> list[Scenario]:
    return [scenario for scenario in READABLE if (scenario.second_opinion is None) is agreeing]


@pytest.mark.parametrize("scenario", cases(agreeing=True), ids=lambda scenario: scenario.name)
def test_second_opinion_agrees(scenario: Scenario) -> None:
    assert shown(scenario, opinion(scenario)) == shown(scenario, [block[:2] for block in scenario.exact])


@pytest.mark.parametrize("scenario", cases(agreeing=False), ids=lambda scenario: scenario.name)
def test_second_opinion_still_errs_where_we_say_so(scenario: Scenario) -> None:
    try:
        found = opinion(scenario)
    except Exception:  # noqa: BLE001 - it fails in many ways, and that is what is said of it
        return
    assert shown(scenario, found) != shown(scenario, [block[:2] for block in scenario.exact])


def shown(scenario: Scenario, spans: list[tuple[int, int]]) -> object:
    return scenario.shown(tuple(Block(*one, "BUSY") for one in sorted(spans)))
