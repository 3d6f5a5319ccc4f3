"""A disk that is full in the middle of a change: a typed error, nothing half done, and the change goes on as soon as there is room."""

import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from slotgraph_tests_reliability_mutations import CHANGES
from slotgraph_tests_reliability_state import faults, is_postgresql, rows
from slotgraph_tests_servers_postgresql_process import user
from sqlalchemy import text

from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.errors import SettingError

Whole = Callable[[str], tuple[list[str], list[list[str]]]]


@pytest.mark.parametrize("name", CHANGES)
def test_a_full_disk_undoes_a_change_wherever_it_stops_it(
    name: str, zygote: Any, new_company: Callable[[], str], known: dict[str, str], whole: Whole
) -> None:
    """Attempt after attempt has room for one write more, in one process; only what is committed stays."""
    change, address = CHANGES[name], new_company()
    _, states = whole(name)
    told = zygote.told("cramped", address=address, name=name, known=known)
    *failed, last = told["attempts"]
    assert failed
    for attempt in failed:
        (error,) = attempt["errors"]
        assert error["code"] == "INTERNAL"
        assert any(line.startswith("SettingError") for line in attempt["said"]), attempt["said"]
        assert attempt["rows"] in states[: change.commits]
    assert failed[0]["rows"] == states[0]
    assert last["gave"] == change.gives
    assert told["rows"] == rows(address) == states[-1]
    assert is_postgresql(address) or faults(address) == []


def test_a_build_that_commits_statement_by_statement_is_caught(
    zygote: Any, new_company: Callable[[], str], known: dict[str, str]
) -> None:
    """Else the proof above would prove nothing."""
    address = new_company()
    before = rows(address)
    told = zygote.told("cramped", address=address, name="removeMember", known=known, naive=True)
    assert [attempt for attempt in told["attempts"][:-1] if attempt["rows"] != before]


@pytest.mark.postgresql
async def test_a_server_whose_disk_is_full_is_named_in_one_sentence(world: Any) -> None:
    """For real: the system lets the server's process write half a page and no more, into a table that is still empty."""
    before = rows(world.address)
    async with world.database.write() as connection:
        process = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()

    def let_it_write(size: int | str) -> None:
        subprocess.run(["prlimit", "--pid", str(process), f"--fsize={size}:"], check=True, **user())

    let_it_write(4096)
    with pytest.raises(SettingError, match="no room left on the disk") as refusal:
        await world.book(employee="anna")
    assert getattr(refusal.value.__cause__, "orig", None).sqlstate == "53100"
    assert rows(world.address) == before
    let_it_write("unlimited")
    assert isinstance(await world.book(employee="anna"), BookingConfirmed)
