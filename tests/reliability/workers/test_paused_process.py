"""Two `slotgraph worker` on one PostgreSQL: one stands still in mid-write until another took over, and goes on (rule K3)."""

import asyncio

import aiohttp
import pytest
from slotgraph_tests_reliability_load_fault_proxy import Fault
from slotgraph_tests_reliability_load_replicas import Replicas
from slotgraph_tests_reliability_load_shop import BUSY, shop_at
from slotgraph_tests_reliability_load_standing import wishes_left

WORKER = ("-P", "-m", "slotgraph.server.demo.tethered", "slotgraph.server", "worker")
BOOK = """mutation($key: ID!, $slot: SlotChoice!) {
  book(input: {idempotencyKey: $key, slot: $slot, customer: {name: "Mia Muster", email: "mia@example.org"}}) {
    __typename } }"""


async def booked(shop):
    """A booking that could not be written at once."""
    slot = {
        "service": shop.services["Wax"],
        "start": shop.starts(shop.days[0])[0].isoformat(),
        "employees": {"employee": next(iter(shop.employees.values()))},
    }
    variables = {"key": "6f1c3a52-5f0f-4a3c-9d52-6c1f6a1b2c3d", "slot": slot}
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {shop.token}"}) as session,
        session.post(shop.replicas[0].url, json={"query": BOOK, "variables": variables}) as answer,
    ):
        told = await answer.json(content_type=None)
    assert told == {"data": {"book": {"__typename": "BookingConfirmed"}}}, told


async def until(so, said):
    for _ in range(600):
        if so():
            return
        await asyncio.sleep(0.05)
    pytest.fail(said())


@pytest.mark.postgresql
async def test_a_worker_that_stood_still_while_it_wrote_does_not_write_twice(new_database, tmp_path):
    """What its lease guards is the real clock's: this takes as long as one."""
    address = new_database("empty")
    async with shop_at(address, tmp_path, employees=1, days=1, worker="apart") as shop:
        shop.proxy.spoil(1.0, faults=[Fault.FAILED], methods=["PUT"])
        await booked(shop)
        assert wishes_left(address) == 1
        shop.proxy.spoil(1.0, faults=[Fault.SLOW], methods=["PUT"])
        folder = tmp_path / "workers"
        folder.mkdir()
        settings = {"key_file": str(tmp_path / "slotgraph.key"), "log_level": "info"}
        with Replicas(address, folder, count=2, command=WORKER, **settings) as workers:
            workers[0].spawn()
            await until(lambda: shop.proxy.counts[Fault.SLOW] == 1, workers.said)
            workers[0].pause()
            shop.proxy.behave()
            workers[1].spawn()
            await until(lambda: wishes_left(address) == 0, workers.said)
            workers[0].resume()
            await until(lambda: "entry" in workers[0].said(), workers.said)
            await until(lambda: wishes_left(address) == 0, workers.said)
            workers.stop()
            assert all("ended" in one.said() for one in (workers[0], workers[1]))
        (events,) = shop.outside().values()
        assert len([event for event in events if not event.uid.startswith(tuple(BUSY))]) == 1
        assert shop.proxy.counts[Fault.SLOW] == 1
