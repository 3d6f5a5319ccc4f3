"""Each scenario's text, read and expanded by the connector alone, blocks what is expected (rules B1-B3, S7)."""

from html import escape

import pytest
from slotgraph_tests_scenarios_scenario import OWNER, Block, Scenario, scenarios

from slotgraph.core.plugin import AnswerMalformed
from slotgraph.plugins.caldav.answers import Question, read_events

URL = "http://calendar.example/carol/work/"
DAY = 1440
SCENARIOS = scenarios()
READABLE = [scenario for scenario in SCENARIOS if isinstance(scenario.exact, tuple)]


def answer_with(resources: list[bytes]) -> bytes:
    """A calendar-query's answer with these resources."""
    responses = "".join(
        f"<D:response><D:href>{number}.ics</D:href><D:propstat><D:prop><C:calendar-data>"
        f"{escape(text.decode()).replace(chr(13), '&#13;')}</C:calendar-data></D:prop></D:propstat></D:response>"
        for number, text in enumerate(resources)
    )
    return f'<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{responses}</D:multistatus>'.encode()


def blocks(scenario: Scenario, window: tuple[int, int]) -> tuple[Block, ...]:
    """What the connector makes of the scenario's text, by start and end."""
    question = Question(
        url=URL,
        window=window,
        zone=scenario.zone.key,
        titles=False,
        addresses=frozenset({f"mailto:{OWNER}"}),
        left_out=frozenset(),
        steps=250_000,
    )
    rows = read_events((answer_with(scenario.resources()),), question)
    return tuple(sorted(Block(row.start, row.end, row.status) for row in rows))


@pytest.mark.parametrize("scenario", READABLE, ids=lambda scenario: scenario.name)
def test_content_blocks_what_is_expected(scenario: Scenario) -> None:
    assert scenario.shown(blocks(scenario, scenario.window)) == scenario.shown(scenario.exact)


@pytest.mark.parametrize("scenario", READABLE, ids=lambda scenario: scenario.name)
def test_days_asked_one_by_one_say_the_same_as_the_whole_window(scenario: Scenario) -> None:
    first, last = scenario.window
    found = {block for start in range(first, last, DAY) for block in blocks(scenario, (start, min(start + DAY, last)))}
    assert scenario.shown(tuple(sorted(found))) == scenario.shown(tuple(sorted(set(scenario.exact))))


@pytest.mark.parametrize(
    "scenario", [one for one in SCENARIOS if one.exact == "UNVERIFIED MALFORMED"], ids=lambda scenario: scenario.name
)
def test_b4_content_that_cannot_be_read_is_no_free_time(scenario: Scenario) -> None:
    with pytest.raises(AnswerMalformed):
        blocks(scenario, scenario.window)
