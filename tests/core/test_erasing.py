"""One customer's data: found by their address, and erased by it (rule F4)."""

import uuid
from dataclasses import replace

import pytest
from sqlalchemy import event

from slotgraph.core import tables
from slotgraph.core.booking.making import BookingConfirmed
from slotgraph.core.customers import CustomerForm
from slotgraph.core.erasing import CustomerErased
from slotgraph.core.policy import Anonymous, Permission, Role, Token
from slotgraph.core.problems import InvalidInput, NotFound
from slotgraph.core.records import BookingState
from slotgraph.core.store import bookings
from slotgraph.core.store.bookings import BookingFilter

PERSONAL = [
    *("customer_name", "customer_email", "customer_email_key", "customer_phone", "customer_locale"),
    *("customer_time_zone", "note", "cancel_reason"),
]
MIA = CustomerForm("Mia Muster", "Mia@Example.org", "+41 79 123", "fr", "Asia/Tokyo")
OTHER = CustomerForm("Somebody", "somebody@example.org")


async def erase(world, email="mia@example.org", actor=None):
    return await world.do.erasing.erase(world.as_(actor or world.owner), email)


async def found(world, email, **more):
    return await world.do.booking_desk.bookings(
        world.as_(world.owner), world.company_id, which=BookingFilter(customer_email=email), **({"first": 50} | more)
    )


def personal(row):
    return {name: getattr(row, name) for name in PERSONAL}


async def test_erasing_takes_everything_personal_and_leaves_the_bookings(world):
    await world.link("anna")
    first = (await world.book("2027-03-02 09:00", employee="anna", customer=MIA, note="mine")).booking
    second = (await world.book("2027-03-02 10:00", employee="anna", customer=MIA)).booking
    other = (await world.book("2027-03-02 11:00", employee="anna", customer=OTHER, note="theirs")).booking
    await world.cancel(second, actor=world.owner, reason="ill")
    before = {row.id: row for row in await world.rows(tables.booking)}
    assert await erase(world, "MIA@example.ORG") == CustomerErased(2)
    after = {row.id: row for row in await world.rows(tables.booking)}
    for booking in (first, second):
        assert set(personal(after[booking.id]).values()) == {None}
        kept = set(before[booking.id]._mapping) - set(PERSONAL)
        assert all(getattr(after[booking.id], name) == getattr(before[booking.id], name) for name in kept)
    assert after[other.id] == before[other.id]
    assert after[second.id].state == BookingState.CANCELLED.value
    assert await erase(world) == CustomerErased(0)


async def test_no_column_of_a_booking_is_forgotten(world):
    """A new column is either the booking's own, or named here and erased."""
    own = {"company_id", "id", "service_id", "start_minute", "end_minute", "state"}
    own |= {"cancellation_limit_hours", "generation", "created_at"}
    assert {column.name for column in tables.booking.c} == own | set(PERSONAL)


async def test_what_stands_outside_already_stays_there(world):
    await world.link("anna")
    await world.book(employee="anna", customer=MIA)
    before = world.calendars.entries("annas")
    assert await erase(world) == CustomerErased(1)
    await world.joined.writer.sweep()
    assert world.calendars.entries("annas") == before
    assert await world.entry_states() == ["WRITTEN"]


async def test_a_repeated_call_gets_the_booking_without_its_customer(world):
    """Rule K2: the first success again, rendered anew."""
    request = world.request(employee="anna", customer=MIA, note="mine")
    first = await world.do.bookings.book(world.as_(), request)
    await erase(world)
    again = await world.do.bookings.book(world.as_(), request)
    assert isinstance(again, BookingConfirmed)
    assert again.manage_token == first.manage_token
    assert again.booking == replace(first.booking, customer=None, note=None)
    assert await found(world, "mia@example.org") == []


async def test_an_erased_booking_can_still_be_cancelled_by_its_customer(world):
    confirmed = await world.book("2027-03-03 09:00", employee="anna", customer=MIA)
    await erase(world)
    seen = await world.cancel(confirmed.manage_token)
    assert (seen.booking.state, seen.booking.customer) == (BookingState.CANCELLED, None)


async def test_only_admins_erase_and_only_in_their_own_company(world):
    await world.book(employee="anna", customer=MIA)
    foreigner = replace(world.owner, company_id=await world.add_company("other"))
    token = Token(world.company_id, "t", frozenset(Permission))
    for actor in (world.member("staff"), Anonymous(), world.agent, token):
        assert await erase(world, actor=actor) == NotFound(("input",))
    assert await erase(world, actor=foreigner) == CustomerErased(0)
    assert len(await found(world, "mia@example.org")) == 1
    assert await erase(world, actor=world.member("admin", Role.ADMIN)) == CustomerErased(1)


@pytest.mark.parametrize("email", ["", "mia", "mia@example.org\n", "%@%", "mia@example.org, you@example.org"])
async def test_what_is_no_address_is_refused(world, email):
    refused = await erase(world, email)
    assert isinstance(refused, InvalidInput)
    assert refused.fields[0].path == ("input", "email")


async def test_addresses_are_no_patterns(world):
    await world.book(employee="anna", customer=MIA)
    for pattern in ("%@example.org", "mia_@example.org", "___@example.org"):
        assert await erase(world, pattern) == CustomerErased(0)


async def test_letters_beyond_ascii_are_compared_without_regard_to_case_too(world):
    form = replace(MIA, email="MÜLLER@Example.org")
    await world.book(employee="anna", customer=form)
    assert len(await found(world, "müller@example.org")) == 1
    assert await erase(world, "Müller@EXAMPLE.org") == CustomerErased(1)
    assert await found(world, "müller@example.org") == []


async def test_the_export_comes_page_by_page_in_order_of_start(world):
    for text in ("11:00", "09:00", "10:00"):
        await world.book(f"2027-03-02 {text}", employee="anna", customer=MIA)
        await world.book(f"2027-03-02 {text}", employee="ben", customer=OTHER)
    seen, after = [], None
    while page := await found(world, "mia@example.ORG", first=2, after=after):
        seen += [world.shown(one.span.start) for one in page]
        assert {one.customer.name for one in page} == {"Mia Muster"}
        after = (page[-1].span.start, page[-1].id)
    assert seen == ["09:00", "10:00", "11:00"]


async def plans(world, ask):
    """How the database goes about the statements of a piece of work, as it says itself."""
    asked = []
    async with world.database.read() as connection:
        engine = connection.sync_connection.engine

        def note(_connection, _cursor, statement, parameters, _context, _many):
            if statement.startswith("SELECT"):
                asked.append((statement, parameters))

        event.listen(engine, "before_cursor_execute", note)
        try:
            await ask(connection)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        explain = "EXPLAIN QUERY PLAN"
        if connection.dialect.name == "postgresql":
            # Of a few rows it reads all, whatever else there is.
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            await connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
            await connection.exec_driver_sql("SET LOCAL enable_sort = off")
            explain = "EXPLAIN"
        answers = [await connection.exec_driver_sql(f"{explain} {text}", values) for text, values in asked]
        return ["\n".join(str(row) for row in answer) for answer in answers]


async def test_a_customer_is_found_by_an_index_in_order_without_sorting(world):
    which = BookingFilter(customer_email="mia@example.org")
    booking = await world.book(customer=MIA)
    assert isinstance(booking, BookingConfirmed)
    for after in (None, (0, uuid.uuid4().hex)):

        async def ask(connection, after=after):
            await bookings.bookings_page(connection, world.company_id, which=which, first=50, after=after)

        plan = (await plans(world, ask))[0]
        assert "ix_booking_customer" in plan
        assert "SCAN" not in plan
        assert "B-TREE" not in plan
        assert "Sort" not in plan
