"""docs/plugins.md: every hook and method is described, and the plugin shown there works."""

import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from slotgraph.core.clock import minute_from_instant
from slotgraph.core.plugin import (
    Account,
    Answer,
    AnswerMalformed,
    AskedCalendar,
    BusyAnswer,
    Deadline,
    Hooks,
    Offload,
    Provider,
    Span,
    instant_from_minute,
)
from slotgraph.core.registry import Registry
from slotgraph.core.testing import FixedClock

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text()
NOON = 29_000_000


class Board:
    """The whiteboard's server, on the transport's side."""

    body = b"[]"

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        deadline: Deadline,
        max_bytes: int | None = None,
        idempotent: bool = True,
    ) -> Answer:
        assert (method, url.partition("/taken/")[0]) == ("GET", "https://board.example")
        return Answer(200, {}, self.body, url)


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """The plugin of the page, installed as its entry point says and found by the registry."""
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "slotgraph_whiteboard.py").write_text(example)
    monkeypatch.syspath_prepend(tmp_path)
    registry = Registry()
    registry.load(EntryPoint("whiteboard", "slotgraph_whiteboard", "slotgraph.plugins"))
    assert [plugin.skipped for plugin in registry.plugins] == [None]
    found = registry.provider("whiteboard")
    assert found is not None
    return found


@pytest.fixture
def account(board: Board) -> Account:
    async def save(credentials: Mapping[str, str]) -> None:
        raise AssertionError

    deadline = Deadline(FixedClock(instant_from_minute(NOON)), 8.0)
    return Account({"address": "https://board.example"}, board, deadline, Offload(), save)


@pytest.fixture
def board() -> Board:
    return Board()


async def busy(provider: Provider, account: Account) -> list[Span]:
    answer = (await provider.busy(account, [AskedCalendar("wall", "Europe/Berlin")], Span(NOON, NOON + 1440)))["wall"]
    assert isinstance(answer, BusyAnswer)
    return [busy.span for busy in answer.busy]


async def test_example_reads_busy_time(provider: Provider, account: Account, board: Board) -> None:
    board.body = b'[["2027-03-02T10:00:30Z", "2027-03-02T11:00:00+00:00"], ["2027-03-01T09:00Z", "2027-03-01T09:00Z"]]'
    start = minute_from_instant(datetime.fromisoformat("2027-03-02T10:00Z"))
    assert await busy(provider, account) == [Span(start, start + 60)]


@pytest.mark.parametrize("body", [b"<html>", b"{}1", b'[["noon", "one"]]', b'[["2027-03-02T10:00Z"]]', b"[1]"])
async def test_example_never_takes_nonsense_for_free(
    provider: Provider, account: Account, board: Board, body: bytes
) -> None:
    board.body = body
    with pytest.raises(AnswerMalformed):
        await busy(provider, account)


async def test_example_can_be_linked(provider: Provider, account: Account) -> None:
    assert (await provider.open(account)).granted == provider.purposes
    assert [calendar.id for calendar in await provider.calendars(account)] == ["wall"]


def members(contract: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(contract, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("name", members(Hooks))
def test_every_hook_is_described(name: str) -> None:
    assert f"### {name}\n\n`{name}(" in PAGE


@pytest.mark.parametrize("name", members(Provider))
def test_every_method_is_described_with_its_arguments(name: str) -> None:
    arguments = [argument for argument in inspect.signature(getattr(Provider, name)).parameters if argument != "self"]
    assert f"### {name}\n\n`{name}({', '.join(arguments)})`" in PAGE


@pytest.mark.parametrize("name", list(Provider.__annotations__))
def test_every_attribute_is_described(name: str) -> None:
    assert f"- `{name}`: " in PAGE


@pytest.mark.parametrize("heading", re.findall(r"^### (\w+)$", PAGE, re.MULTILINE))
def test_nothing_is_described_that_does_not_exist(heading: str) -> None:
    assert heading in [*members(Hooks), *members(Provider)]
