"""Notices: told when the change is committed, to every process on the database, and again to look at everything after a gap."""

import asyncio

import pytest
from slotgraph_tests_core_store_shop import company_row
from sqlalchemy import insert

from slotgraph.core import tables
from slotgraph.core.errors import DatabaseUnreachable
from slotgraph.core.records import BookingChangeKind
from slotgraph.core.store.database import Database
from slotgraph.core.store.notices import (
    CHANNEL,
    BookingChanged,
    Notices,
    Resynchronise,
    SupportShutOut,
    keep_listening,
    publish,
)

SHUT = SupportShutOut("c" * 32)
CHANGED = [BookingChanged("c" * 32, "b" * 32, kind) for kind in BookingChangeKind]
LISTENERS = "SELECT pid FROM pg_stat_activity WHERE query = %(listen)s AND datname = %(name)s"


class Ear:
    """What was heard."""

    def __init__(self, notices):
        self.heard = []
        self._news = asyncio.Event()
        notices.subscribe(self._told)

    def _told(self, notice):
        self.heard.append(notice)
        self._news.set()

    async def hears(self, notice, *, keep=False):
        """Wait until the notice was heard; forget all that was, unless told to keep it."""
        async with asyncio.timeout(20):
            while notice not in self.heard:
                self._news.clear()
                await self._news.wait()
        if not keep:
            self.heard.clear()


@pytest.fixture
async def listening(address):
    """Two processes' worth of databases that listen, and an ear in each."""
    databases = [await Database.open(address) for _ in range(2)]
    ears = [Ear(database.notices) for database in databases]
    async with databases[0].listening(), databases[1].listening():
        if databases[0].is_shared:
            for ear in ears:
                await ear.hears(Resynchronise())
        yield databases, ears
    for database in databases:
        await database.close()


async def test_a_notice_is_told_when_its_transaction_is_committed_and_not_before(listening):
    (database, _), (ear, _) = listening
    async with database.write() as connection:
        await publish(connection, SHUT)
        await connection.execute(insert(tables.company).values(**company_row()))
        assert ear.heard == []
    await ear.hears(SHUT)


async def test_a_notice_of_what_was_rolled_back_is_never_told(listening):
    (database, _), (ear, _) = listening

    async def fail():
        async with database.write() as connection:
            await publish(connection, SupportShutOut("0" * 32))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with database.write() as connection:
        await publish(connection, SHUT)
    heard = ear.heard
    await ear.hears(SHUT)
    assert SupportShutOut("0" * 32) not in heard


async def test_equal_notices_of_one_transaction_are_one_and_others_keep_their_order(listening):
    (database, _), (ear, _) = listening
    async with database.write() as connection:
        for notice in [*CHANGED, *CHANGED, SHUT]:
            await publish(connection, notice)
    await ear.hears(SHUT, keep=True)
    assert ear.heard == [*CHANGED, SHUT]


async def test_whoever_unsubscribed_is_told_no_more():
    notices = Notices()
    first, second = Ear(notices), Ear(notices)
    notices.unsubscribe(first._told)
    notices.deliver(SHUT)
    assert (first.heard, second.heard) == ([], [SHUT])


@pytest.mark.postgresql
async def test_every_process_on_the_database_hears_it(listening):
    (database, _), ears = listening
    async with database.write() as connection:
        await publish(connection, SHUT)
    for ear in ears:
        await ear.hears(SHUT)


@pytest.mark.postgresql
async def test_after_a_gap_everything_is_to_be_looked_at_and_notices_are_heard_again(listening, cluster, address):
    (database, _), (ear, _) = listening
    known = {"listen": f"LISTEN {CHANNEL}", "name": address.partition("?")[0].rpartition("/")[2]}
    gone = cluster.run(LISTENERS, known)
    assert len(gone) == 2
    for (pid,) in gone:
        cluster.run("SELECT pg_terminate_backend(%(pid)s, 5000)", {"pid": pid})
    await ear.hears(Resynchronise())
    async with database.write() as connection:
        await publish(connection, SHUT)
    await ear.hears(SHUT)


@pytest.mark.postgresql
async def test_whoever_stops_listening_leaves_no_connection(database, cluster, address):
    known = {"listen": f"LISTEN {CHANNEL}", "name": address.partition("?")[0].rpartition("/")[2]}
    ear = Ear(database.notices)
    async with database.listening():
        await ear.hears(Resynchronise())
        assert len(cluster.run(LISTENERS, known)) == 1
    async with asyncio.timeout(10):
        while cluster.run(LISTENERS, known):
            await asyncio.sleep(0.01)


async def test_what_another_release_says_may_mean_anything():
    payloads = [
        "",
        '{"kind": "unheard of"}',
        "no JSON",
        "[]",
        '{"kind": "support_shut_out"}',
        '{"kind": "booking_changed", "company_id": "x", "booking_id": "y", "change": "UNHEARD_OF"}',
        '{"kind": "booking_changed", "company_id": "x", "change": "MOVED"}',
        '{"kind": "support_shut_out", "company_id": "x"}',
    ]

    async def listen():
        for payload in payloads:
            yield payload
        await asyncio.Event().wait()

    notices = Notices()
    ear = Ear(notices)
    task = asyncio.create_task(keep_listening(listen, notices))
    heard = ear.heard
    await ear.hears(SupportShutOut("x"), keep=True)
    assert heard == [Resynchronise()] * 7 + [SupportShutOut("x")]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_server_that_is_gone_is_tried_again_and_again_ever_more_seldom(caplog):
    begun, enough = [], asyncio.Event()

    async def listen():
        begun.append(asyncio.get_running_loop().time())
        if len(begun) == 6:
            enough.set()
        if begun:
            raise DatabaseUnreachable
        yield ""

    task = asyncio.create_task(keep_listening(listen, Notices(), first_pause=0.005))
    await asyncio.wait_for(enough.wait(), 20)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert begun[5] - begun[4] > begun[1] - begun[0]
    assert "not heard" in caplog.text
