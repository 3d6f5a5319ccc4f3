"""What a client reads when the disk under the database is full; the proof for every change: tests/reliability/test_disk_full.py."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from slotgraph_tests_reliability_disks import disk_of
from slotgraph_tests_reliability_state import is_postgresql, rows
from sqlalchemy import Connection, event

from slotgraph.core.administration import services
from slotgraph.core.administration.services import ServiceForm
from slotgraph.core.errors import SettingError

UPSERT = """mutation($input: UpsertServiceInput!) { upsertService(input: $input) {
  __typename ... on Service { name } } }"""
LONG = {"name": "Wash", "durationMinutes": 15, "description": "Warm water. " * 400}
"""More than fits into what is left of any page."""

MASKED = "Something went wrong on our side."


@pytest.fixture
def full_disk(site: Any) -> Callable[[], AbstractContextManager[None]]:
    """Inside there is no room for another page of the database."""
    if is_postgresql(site.world.address):
        return lambda: disk_of(site.world.address).room_for(0)
    engine = site.world.database.engines.writers.sync_engine

    def no_more_pages(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # it never makes a file smaller than it is

    def as_many_as_wanted(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")

    @contextmanager
    def full() -> Iterator[None]:
        event.listen(engine, "begin", no_more_pages)
        yield
        event.remove(engine, "begin", no_more_pages)
        event.listen(engine, "begin", as_many_as_wanted)

    return full


async def test_a_full_disk_is_masked_for_clients_named_in_the_log_and_over_as_soon_as_there_is_room(
    site: Any, full_disk: Callable[[], AbstractContextManager[None]], caplog: pytest.LogCaptureFixture
) -> None:
    owner = await site.member()
    before = rows(site.world.address)
    with full_disk(), caplog.at_level(logging.ERROR, "slotgraph"):
        response = await owner.send(UPSERT, input=LONG)
    answer = response.json()
    (error,) = answer["errors"]
    assert (response.status_code, answer["data"], error["message"]) == (200, None, MASKED)
    assert error["extensions"] | {"correlationId": ""} == {"code": "INTERNAL", "correlationId": ""}
    (line,) = [
        record.getMessage()
        for record in caplog.records
        if error["extensions"]["correlationId"] in record.msg % record.args
    ]
    assert line.startswith("SettingError in ")
    assert rows(site.world.address) == before
    assert await owner.ask(UPSERT, input=LONG) == {"upsertService": {"__typename": "Service", "name": "Wash"}}


async def test_the_operator_is_told_in_one_sentence(
    site: Any, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    form = ServiceForm("Wash", 15, description=LONG["description"])
    with full_disk(), pytest.raises(SettingError, match=r"^There is no room left on the disk .*\.$"):
        await services.upsert(site.world.as_(site.world.owner), site.world.company_id, form)
