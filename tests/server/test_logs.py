"""Logs: what an entry holds, and what never gets into one."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from slotgraph.core.errors import DeadlineExceeded
from slotgraph.server.logs import configure_logs, correlation, correlation_id

TITLE = "Dentist, root canal"


@pytest.fixture
def entries() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("debug", output_format="json", stream=stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.handlers[:], root.level = before
    structlog.reset_defaults()


Entries = Callable[[], list[dict[str, Any]]]


def test_entry_says_when_who_what_and_how_bad(entries: Entries) -> None:
    structlog.get_logger("slotgraph.server").warning("started", port=8000)
    (entry,) = entries()
    assert entry["event"] == "started"
    assert entry["level"] == "warning"
    assert entry["logger"] == "slotgraph.server"
    assert entry["port"] == 8000
    assert entry["timestamp"].endswith("Z")


def test_everything_logged_inside_bears_the_correlation_id(entries: Entries) -> None:
    with correlation("abc") as name:
        assert name == correlation_id() == "abc"
        structlog.get_logger().info("ours")
        logging.getLogger("somebody.else").info("theirs")
    structlog.get_logger().info("after")
    assert [entry.get("correlation_id") for entry in entries()] == ["abc", "abc", None]
    assert correlation_id() is None


def test_new_correlation_ids_differ() -> None:
    with correlation() as first, correlation() as second:
        assert first != second == correlation_id()


@pytest.mark.parametrize("key", ["query", "variables", "password", "title", "Authorization", "set-cookie"])
def test_forbidden_facts_are_hidden_at_any_depth(entries: Entries, key: str) -> None:
    structlog.get_logger().info("asked", **{key: TITLE}, inner={key: TITLE, "list": [{key: TITLE}]})
    assert TITLE not in json.dumps(entries())
    assert entries()[0]["event"] == "asked"


def test_urls_lose_query_fragment_and_login(entries: Entries) -> None:
    url = "https://me:hunter2@dav.example/cal/?token=hunter2#hunter2"
    structlog.get_logger().info("asked", url=url, urls=[url])
    logging.getLogger("else").info("GET %s failed", url)
    shown = json.dumps(entries())
    assert "hunter2" not in shown
    assert shown.count("https://dav.example/cal/") == 3
    assert entries()[1]["event"].endswith("failed")


def test_exception_is_named_without_its_message(entries: Entries) -> None:
    try:
        try:
            raise ValueError(TITLE)
        except ValueError as err:
            raise KeyError(TITLE) from err
    except KeyError:
        structlog.get_logger().exception("ours")
        logging.getLogger("uvicorn.error").exception("theirs")
    assert TITLE not in json.dumps(entries())
    assert [entry["failure"] for entry in entries()] == ["KeyError <- ValueError"] * 2
    assert "test_exception_is_named" in entries()[0]["frames"][-1]


def test_own_errors_speak_for_themselves(entries: Entries) -> None:
    try:
        raise DeadlineExceeded
    except DeadlineExceeded as err:
        structlog.get_logger().error("refused", exc_info=err)
    assert entries()[0]["failure"] == f"DeadlineExceeded: {DeadlineExceeded()}"


def test_talkative_libraries_are_not_heard() -> None:
    """In a process of its own: pytest gives loggers without propagation a handler, and so keeps Python from printing."""
    script = """if True:
        import logging
        from slotgraph.server.logs import QUIET_LOGGERS, configure_logs
        configure_logs("debug")
        for name in QUIET_LOGGERS:
            for level in (logging.DEBUG, logging.INFO, logging.CRITICAL):
                logging.getLogger(name).log(level, "said by %s", name)
                logging.getLogger(f"{name}.inner").log(level, "said by %s", name)
        logging.getLogger("somebody.else").info("heard")
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "said by" not in done.stdout + done.stderr
    assert "heard" in done.stderr


def test_access_log_says_method_path_and_status_only(entries: Entries) -> None:
    arguments = ("203.0.113.9:5555", "GET", "/graphql?query={title}", "1.1", 200)
    logging.getLogger("uvicorn.access").info('%s - "%s %s HTTP/%s" %d', *arguments)
    assert entries()[0]["event"] == "GET /graphql 200"


def test_forgotten_task_is_reported_without_its_exception(entries: Entries) -> None:
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: <exception=ValueError(%r)>", TITLE)
    assert entries()[0]["event"] == "Task exception was never retrieved"


def test_console_hides_the_same(entries: Entries) -> None:
    stream = io.StringIO()
    configure_logs("info", stream=stream)
    structlog.get_logger().info("asked", query=TITLE)
    assert "asked" in stream.getvalue()
    assert TITLE not in stream.getvalue()


def test_configuring_twice_logs_once(entries: Entries) -> None:
    stream = io.StringIO()
    configure_logs("info", output_format="json", stream=stream)
    configure_logs("info", output_format="json", stream=stream)
    logging.getLogger("else").info("once")
    assert len(stream.getvalue().splitlines()) == 1
