"""What is kept no longer than it has to be (rule F4)."""

import asyncio
import logging
import uuid
from datetime import timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.clock import minute_from_instant
from slotgraph.core.customers import CustomerForm
from slotgraph.core.profile import ProfileChange
from slotgraph.core.retention import Retention

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
MIA = CustomerForm("Mia Muster", "mia@example.org", "+41 79 123")


async def insert(world, table, **values):
    async with world.database.write() as connection:
        await connection.execute(table.insert().values(**values))


async def names(world):
    """The customers that are still there, by the start of their booking."""
    rows = sorted(await world.rows(tables.booking), key=lambda row: row.start_minute)
    return [row.customer_name for row in rows]


async def keep(world, days):
    await world.do.profiles.update(world.as_(world.owner), world.company_id, ProfileChange(customer_data_days=days))


async def test_customers_are_erased_days_after_the_end_of_their_booking(world):
    await keep(world, 7)
    for text in ("2027-03-02 09:00", "2027-03-02 09:30", "2027-03-05 09:00"):
        assert isinstance(await world.book(text, employee="anna", customer=MIA, note="mine"), BookingConfirmed)
    world.clock.advance(world.at("2027-03-09 09:30") - world.clock.now())
    assert await names(world) == ["Mia Muster"] * 3
    await world.joined.retention.sweep()
    assert await names(world) == ["Mia Muster"] * 3  # seven days, and not a minute more
    world.clock.advance(MINUTE)
    await world.joined.retention.sweep()
    assert await names(world) == [None, "Mia Muster", "Mia Muster"]
    world.clock.advance(30 * DAY)
    await world.joined.retention.sweep()
    assert await names(world) == [None] * 3
    assert {(row.note, row.customer_email_key, row.state) for row in await world.rows(tables.booking)} == {
        (None, None, "CONFIRMED")
    }


async def test_of_cancelled_bookings_the_customer_and_the_reason_go_too(world):
    confirmed = await world.book(employee="anna", customer=MIA)
    await world.cancel(confirmed.booking, actor=world.owner, reason="Mia is ill")
    later = await world.book(employee="anna", customer=MIA)
    await world.do.erasing.erase(world.as_(world.owner), MIA.email)
    await world.cancel(later.booking, actor=world.owner, reason="Mia said so")
    world.clock.advance(182 * DAY)
    await world.joined.retention.sweep()
    assert await names(world) == [None, None]
    assert {row.cancel_reason for row in await world.rows(tables.booking)} == {None}


async def test_each_company_has_its_own_days(world):
    await keep(world, 1)
    await world.add_company("other")
    await world.add_employee("cleo", company="other")
    await world.add_service("wash", employees=("cleo",), company="other")
    await world.book(employee="anna", customer=MIA)
    other = await world.book(
        employee="cleo", service="wash", company_id=world.id_of("other"), customer=CustomerForm("Ola", "o@example.org")
    )
    assert isinstance(other, BookingConfirmed)
    world.clock.advance(5 * DAY)
    await world.joined.retention.sweep()
    assert sorted(map(str, await names(world))) == ["None", "Ola"]


async def test_what_has_lapsed_is_cleared_away_and_nothing_else(world):
    member = await world.add_login(world.owner)
    now, mine = world.clock.now(), {"company_id": world.company_id}
    for text, at in (("old", now), ("new", now + MINUTE)):
        token = {"token_hash": text, "user_id": member.user_id, "expires_at": at}
        client = {"started_at": now, "last_used_at": now, "client": "tests"}
        await insert(world, tables.session, **token, **client)
        await insert(world, tables.password_reset, **token)
        link = {"provider": "memory", "purposes": []}
        await insert(world, tables.link_attempt, **mine, **token, **link)
        invited = {"email": f"{text}@example.org", "role": "STAFF", "created_at": now, "expires_at": at}
        await insert(world, tables.invitation, **mine, id=uuid.uuid4().hex, token_hash=text, **invited)
        key = {"actor_scope": "anonymous", "mutation": "book", "key": text}
        result = {"input_hash": "h", "result_type": "BookingConfirmed", "result_id": "r", "created_at": at - DAY}
        await insert(world, tables.idempotency, **mine, **key, **result)
    await world.hold("anna", "2027-03-02 09:00", "2027-03-02 09:30", expires_at=now - DAY)
    await world.hold("anna", "2027-03-02 10:00", "2027-03-02 10:30", expires_at=now - DAY + MINUTE)
    assert await world.joined.retention.sweep() == 6
    for table in (tables.session, tables.password_reset, tables.link_attempt, tables.invitation):
        assert [row.token_hash for row in await world.rows(table)] == ["new"], table.name
    assert [row.key for row in await world.rows(tables.idempotency)] == ["new"]
    assert [row.start_minute for row in await world.rows(tables.block)] == [world.minute("2027-03-02 10:00")]


async def test_what_bookings_block_is_never_cleared_away(world):
    await world.book(employee="anna")
    world.clock.advance(400 * DAY)
    await world.joined.retention.sweep()
    assert len(await world.rows(tables.block)) == 1


async def past_bookings(world, count):
    """Bookings of the year before last, straight into their table."""
    start = minute_from_instant(world.clock.now()) - 600 * 1440
    one = {"company_id": world.company_id, "service_id": world.id_of("cut"), "state": "CONFIRMED", "generation": 0}
    one |= {"cancellation_limit_hours": 0, "created_at": world.clock.now(), "note": "mine"}
    one |= {"customer_name": "Mia", "customer_email": "m@example.org", "customer_email_key": "m@example.org"}
    rows = [
        one | {"id": uuid.uuid4().hex, "start_minute": start + at, "end_minute": start + at + 1} for at in range(count)
    ]
    async with world.database.write() as connection:
        await connection.execute(tables.booking.insert(), rows)


@pytest.mark.parametrize(("count", "at_once"), [(7, 3), (6, 3), (1, 3)])
async def test_much_is_done_in_portions_and_all_of_it(world, count, at_once):
    await past_bookings(world, count)
    retention = Retention(world.database, world.clock, at_once=at_once)
    assert await retention.sweep() == count
    assert await names(world) == [None] * count
    assert await retention.sweep() == 0


class Portions:
    """A database that counts its write transactions."""

    def __init__(self, database):
        self._database = database
        self.read = database.read
        self.written = 0

    def write(self):
        self.written += 1
        return self._database.write()


async def test_no_transaction_takes_more_than_a_portion(world):
    few = Portions(world.database)
    await Retention(few, world.clock).sweep()
    await past_bookings(world, 7)
    many = Portions(world.database)
    await Retention(many, world.clock, at_once=3).sweep()
    assert many.written == few.written + 2


async def test_two_processes_at_once_do_not_disturb_each_other(world, caplog):
    await past_bookings(world, 40)
    async with asyncio.timeout(20):
        swept = await asyncio.gather(*(Retention(world.database, world.clock, at_once=3).sweep() for _ in range(4)))
    assert sum(swept) <= 40
    await world.joined.retention.sweep()
    assert await names(world) == [None] * 40
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.postgresql
async def test_a_row_that_somebody_is_at_is_passed_over(world):
    await past_bookings(world, 3)
    mine = (await world.rows(tables.booking))[0]
    async with world.database.write() as connection:
        b = tables.booking.c
        await connection.execute(tables.booking.update().where(b.id == mine.id).values(generation=1))
        async with asyncio.timeout(5):
            assert await world.joined.retention.sweep() == 2
    assert await world.joined.retention.sweep() == 1
