"""What a server sends in the place of a calendar is never read as an empty calendar (rule B4), and nothing of it stays (rule F1)."""

import importlib
import pkgutil

import pytest

from slotgraph.core.plugin import AnswerMalformed
from slotgraph.plugins import caldav
from slotgraph.plugins.caldav.answers import Question, read_events, read_freebusy, read_probe
from slotgraph.plugins.caldav.properties import read_member_paths

URL = "https://calendar.example.org/work/"
WINDOW = (30_006_720, 30_008_160)  # 2027-01-20 in UTC
TIMES = "DTSTART:20270120T100000Z\nDTEND:20270120T110000Z"


def question(**more) -> Question:
    asked = Question(URL, WINDOW, "Europe/Zurich", False, frozenset(), frozenset(), 10_000)
    return asked._replace(**more)


def answered(text: str) -> bytes:
    data = text.replace("&", "&amp;").replace("<", "&lt;")
    return (
        '<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:response><D:href>/work/a.ics</D:href>'
        f"<D:propstat><D:prop><C:calendar-data>{data}</C:calendar-data></D:prop>"
        "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>"
    ).encode()


def event(*lines: str) -> str:
    return "\n".join(("BEGIN:VCALENDAR", "BEGIN:VEVENT", "UID:one", *lines, "END:VEVENT", "END:VCALENDAR"))


def freebusy(*lines: str) -> bytes:
    bounds = ("DTSTART:20270101T000000Z", "DTEND:20270201T000000Z")
    framed = ("BEGIN:VCALENDAR", "BEGIN:VFREEBUSY", *bounds, *lines, "END:VFREEBUSY", "END:VCALENDAR", "")
    return "\r\n".join(framed).encode()


def test_the_example_itself_blocks() -> None:
    assert len(read_events((answered(event(TIMES)),), question())) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Service Unavailable",
        "<html>please log in</html>",
        f"BEGIN:VEVENT\nUID:one\n{TIMES}\nEND:VEVENT",
        f"BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VEVENT\nUID:one\n{TIMES}\nEND:VEVENT",
    ],
)
def test_an_event_that_is_no_icalendar_object_fails_its_calendar(text: str) -> None:
    with pytest.raises(AnswerMalformed):
        read_events((answered(text),), question())


def test_a_free_busy_line_that_cannot_be_read_fails_its_calendar() -> None:
    with pytest.raises(AnswerMalformed):
        read_freebusy(freebusy('FREEBUSY;X-WITH="open:20270120T100000Z/PT1H'), question())


def test_a_free_busy_answer_without_time_and_period_says_nothing() -> None:
    silent = b"BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\nEND:VFREEBUSY\r\nEND:VCALENDAR\r\n"
    with pytest.raises(AnswerMalformed):
        read_freebusy(silent, question())
    assert read_freebusy(freebusy(), question()) == ()


def test_an_event_whose_class_cannot_be_read_is_private() -> None:
    (row,) = read_events((answered(event(TIMES, 'CLASS;X="open:CONFIDENTIAL')),), question(titles=True))
    assert row.private


def test_nothing_a_calendar_says_is_kept_in_a_cache() -> None:
    modules = [
        importlib.import_module(f"{caldav.__name__}.{one.name}") for one in pkgutil.iter_modules(caldav.__path__)
    ]
    cached = {name: value for module in modules for name, value in vars(module).items() if hasattr(value, "cache_info")}
    assert cached.keys() <= {"_pattern", "zone", "urlsplit"}, "the names of our properties, and of zones there are"
    for read in (
        lambda body: read_events((body,), question()),
        lambda body: read_probe(body, URL),
        lambda body: read_member_paths(body, URL),
    ):
        read(answered(event(TIMES)))
        assert cached["urlsplit"].cache_info().currsize == 0, "the addresses of events"
