"""What the tokenizer lets through, and that nothing else becomes a value."""

import pytest

from slotgraph.core.plugin import AnswerTooLarge
from slotgraph.plugins.caldav.tokenizer import BROKEN, MAX_LINE, TIME_PROPERTIES, Component, tokenized

ME = frozenset({"mailto:me@home.example"})
FULL = """BEGIN:VCALENDAR
VERSION:2.0
X-WR-CALNAME:canary-calendar
BEGIN:VEVENT
UID:one
DTSTART;TZID=Europe/Berlin:20270301T090000
DURATION:PT1H
SUMMARY;LANGUAGE=en:canary-title
DESCRIPTION:canary text\\nover
  two lines
LOCATION:canary-place
ORGANIZER;CN=canary-name:mailto:boss@home.example
ATTENDEE;CN="canary; name";PARTSTAT=ACCEPTED:mailto:other@home.example
ATTENDEE;CN=canary-me;PARTSTAT=declined:MAILTO:Me@home.example
X-CANARY:canary
CATEGORIES:canary
BEGIN:VALARM
DESCRIPTION:canary-alarm
DURATION:PT9H
TRIGGER:-PT5M
END:VALARM
END:VEVENT
BEGIN:VTODO
SUMMARY:canary-task
DTSTART:20270301T090000Z
END:VTODO
END:VCALENDAR
""".replace("\n", "\r\n")


def _everything(components: tuple[Component, ...] | list[Component]) -> str:
    """All text that became a value."""
    texts = [f"{line.name} {dict(line.parameters)} {line.value}" for part in components for line in part.lines]
    return "\n".join([*texts, *(_everything(part.parts) for part in components)])


def _event(text: str, **options: object) -> Component:
    return tokenized(text, **options)[0].parts[0]


def test_only_allowed_properties_become_values() -> None:
    text = _everything(tokenized(FULL, addresses=ME))
    assert "canary" not in text
    assert "other@home.example" not in text


def test_title_becomes_a_value_only_when_titles_are_asked_for() -> None:
    assert _event(FULL, titles=True).line("SUMMARY").value == "canary-title"
    assert _everything(tokenized(FULL, titles=True)).count("canary") == 1


def test_alarms_duration_is_not_the_events() -> None:
    assert [line.value for line in _event(FULL).lines_named("DURATION")] == ["PT1H"]


def test_own_attendee_is_reduced_to_the_answer() -> None:
    (own,) = _event(FULL, addresses=ME).lines_named("ATTENDEE")
    assert (dict(own.parameters), own.value) == ({"PARTSTAT": "DECLINED"}, "")


def test_without_an_own_address_no_attendee_is_kept() -> None:
    assert _event(FULL).lines_named("ATTENDEE") == []


def test_attendee_is_own_by_its_email_parameter_too() -> None:
    text = FULL.replace("ATTENDEE;CN=canary-me", "ATTENDEE;EMAIL=me@home.example").replace("MAILTO:Me@", "urn:")
    assert _event(text, addresses=ME).lines_named("ATTENDEE")[0].parameters == {"PARTSTAT": "DECLINED"}


def test_folded_lines_are_joined_even_inside_a_name() -> None:
    text = FULL.replace("DTSTART;TZID=Eur", "DTST\r\n ART;TZID=E\r\n\tur")
    assert _event(text).line("DTSTART").parameters == {"TZID": "Europe/Berlin"}


@pytest.mark.parametrize("name", [*TIME_PROPERTIES, "dtstart", "Rrule"])
def test_names_are_known_in_any_case(name: str) -> None:
    event = _event(f"BEGIN:VCALENDAR\nbegin:vevent\n{name}:x\nEnd:Vevent\nEND:VCALENDAR\n")
    assert [line.name for line in event.lines] == [name.upper()]


def test_broken_line_stays_with_a_value_that_means_nothing() -> None:
    event = _event('BEGIN:VCALENDAR\nBEGIN:VEVENT\nRRULE;X="open:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n')
    assert event.line("RRULE").value == BROKEN


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n",
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\n",
        "END:VCALENDAR\n",
        "BEGIN:VCALENDAR\nBEGIN:VALARM\nEND:VEVENT\nEND:VCALENDAR\n",
    ],
)
def test_wrong_nesting_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        tokenized(text)


def test_endless_line_is_refused_unless_nobody_reads_it() -> None:
    with pytest.raises(AnswerTooLarge):
        tokenized(FULL.replace("UID:one", f"UID:{'x' * (MAX_LINE + 10)}"))
    assert len(tokenized(FULL.replace("canary text", "x" * (MAX_LINE + 10)))) == 1


def test_endless_title_is_cut() -> None:
    event = _event(FULL.replace("canary-title", "x" * 3_000_000), titles=True)
    assert len(event.line("SUMMARY").value) == 4_000


def test_too_many_components_are_refused() -> None:
    with pytest.raises(AnswerTooLarge):
        tokenized("BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\nEND:VEVENT\n" * 50_001 + "END:VCALENDAR\n")


def test_kept_lines_are_not_printed() -> None:
    assert "canary" not in repr(tokenized(FULL, titles=True))
