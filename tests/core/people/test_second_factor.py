"""Second factors: begun, confirmed, asked for at login, and removed."""

import asyncio
from datetime import timedelta

import pytest

from slotgraph.core import tables
from slotgraph.core.errors import Forbidden, SealBroken, Unauthenticated
from slotgraph.core.people.codes import new_recovery_code, recovery_code_hash
from slotgraph.core.people.second_factor import TotpConfirmed, TotpSetup
from slotgraph.core.people.sessions import LoggedIn
from slotgraph.core.policy import Anonymous, Member, Permission, Role, Token
from slotgraph.core.problems import InvalidInput, LoginRefused, SecondFactorRequired, SecretRefused
from slotgraph.core.store import users
from slotgraph.core.values import Secret

EMAIL = "owner@demo.example"
WRONG = Secret("wrong")


@pytest.fixture
async def enrolled(world, people, owner):
    """The owner with a second factor: the actor, the app and the recovery codes. The app's next code is good."""
    actor, session = await people.logged_in(EMAIL)
    app, recovery_codes = await people.enrol(actor, session)
    world.clock.advance(timedelta(seconds=30))
    return actor, app, recovery_codes


async def stored(world):
    (row,) = await world.rows(tables.user)
    return row


async def test_a_second_factor_counts_after_its_first_code_not_before(world, people, owner, app):
    actor, _ = await people.logged_in(EMAIL)
    operation = world.as_(actor)
    set_up = await people.do.second_factors.set_up(operation, people.PASSWORD)
    assert isinstance(set_up, TotpSetup)
    assert set_up.uri.reveal().startswith("otpauth://totp/SlotGraph:owner%40demo.example?")
    assert not await people.do.second_factors.is_on(operation)
    assert isinstance(await people.login(), LoggedIn)
    code = app(set_up.uri).code(world.clock.now())
    confirmed = await people.do.second_factors.confirm(operation, code, session=None)
    assert isinstance(confirmed, TotpConfirmed)
    assert await people.do.second_factors.is_on(operation)
    assert await people.login() == SecondFactorRequired()


async def test_a_code_is_asked_for_behind_the_right_password_only(world, people, enrolled):
    _, app, _ = enrolled
    code = app.code(world.clock.now())
    assert await people.login(password=WRONG) == LoginRefused()
    assert await people.login(password=WRONG, code=code) == LoginRefused()
    assert await people.login() == SecondFactorRequired()
    assert isinstance(await people.login(code=Secret("000000")), LoginRefused)
    assert isinstance(await people.login(code=Secret("")), LoginRefused)
    assert isinstance(await people.login(code=code), LoggedIn)


async def test_whoever_has_no_second_factor_needs_no_code_and_may_give_one(people, owner):
    assert isinstance(await people.login(code=Secret("123456")), LoggedIn)


@pytest.mark.parametrize(("steps", "is_good"), [(-2, False), (-1, False), (0, True), (1, True), (2, False)])
async def test_the_steps_beside_the_current_one_are_good_too_but_for_those_taken(
    people, enrolled, world, steps, is_good
):
    """The step before is the one that confirmed the second factor."""
    _, app, _ = enrolled
    result = await people.login(code=app.code(world.clock.now(), steps=steps))
    assert isinstance(result, LoggedIn) is is_good


async def test_a_code_is_good_once(world, people, enrolled):
    _, app, _ = enrolled
    code = app.code(world.clock.now())
    assert isinstance(await people.login(code=code), LoggedIn)
    assert isinstance(await people.login(code=code), LoginRefused)
    world.clock.advance(timedelta(seconds=30))
    assert isinstance(await people.login(code=code), LoginRefused)
    assert isinstance(await people.login(code=app.code(world.clock.now())), LoggedIn)


@pytest.mark.parametrize("kind", ["app", "recovery"])
async def test_of_those_who_come_with_one_code_at_a_time_one_gets_in(world, people, enrolled, kind):
    _, app, recovery_codes = enrolled
    code = app.code(world.clock.now()) if kind == "app" else recovery_codes[3]
    results = await asyncio.gather(*(people.login(code=code) for _ in range(5)))
    assert [isinstance(result, LoggedIn) for result in results].count(True) == 1


async def test_a_code_that_lets_nobody_in_is_not_used_up(world, people, enrolled):
    """What was taken goes back with the transaction."""
    _, app, _ = enrolled
    code = app.code(world.clock.now())
    real = people.do.sessions.begin

    async def broken(*_arguments):
        raise RuntimeError("the disk")

    people.do.sessions.begin = broken
    with pytest.raises(RuntimeError):
        await people.login(code=code)
    people.do.sessions.begin = real
    assert isinstance(await people.login(code=code), LoggedIn)


# Recovery codes


async def test_ten_recovery_codes_are_each_good_once_however_they_are_typed(world, people, enrolled):
    _, _, codes = enrolled
    assert len({code.reveal() for code in codes}) == 10
    typed = [
        codes[0].reveal(),
        codes[1].reveal().upper(),
        codes[2].reveal().replace("-", " "),
        f" {codes[3].reveal()}\n",
    ]
    for text in typed:
        assert isinstance(await people.login(code=Secret(text)), LoggedIn)
        assert isinstance(await people.login(code=Secret(text)), LoginRefused)
    assert len(await world.rows(tables.recovery_code)) == 6


async def test_only_the_hashes_of_recovery_codes_are_stored(world, enrolled):
    _, _, codes = enrolled
    rows = str(await world.rows(tables.recovery_code))
    assert [code for code in codes if code.reveal() in rows or code.reveal().replace("-", "") in rows] == []


async def test_a_recovery_code_of_somebody_else_is_no_good(world, people, enrolled):
    _, _, codes = enrolled
    await people.add("admin@demo.example", Role.ADMIN)
    admin, session = await people.logged_in("admin@demo.example")
    await people.enrol(admin, session)
    assert isinstance(await people.login("admin@demo.example", code=codes[0]), LoginRefused)
    assert isinstance(await people.login(code=codes[0]), LoggedIn)


def test_recovery_codes_hold_a_hundred_bits_in_letters_that_are_not_mistaken():
    codes = [new_recovery_code() for _ in range(200)]
    assert len(set(codes)) == 200
    letters = set("".join(codes)) - {"-"}
    assert len(letters) == 32
    assert not letters & set("ilou")
    assert {len(code) for code in codes} == {23}
    assert recovery_code_hash(codes[0]) != recovery_code_hash(codes[1])


# Wrong codes


async def test_after_five_wrong_codes_even_the_right_one_is_not_looked_at(world, people, enrolled):
    _, app, codes = enrolled
    for _ in range(5):
        assert isinstance(await people.login(code=Secret("000000")), LoginRefused)
    assert isinstance(await people.login(code=app.code(world.clock.now())), LoginRefused)
    assert isinstance(await people.login(code=codes[0]), LoginRefused)
    world.clock.advance(timedelta(minutes=15))
    assert isinstance(await people.login(code=app.code(world.clock.now())), LoggedIn)
    assert isinstance(await people.login(code=codes[0]), LoggedIn)  # it was not used up either


async def test_wrong_passwords_use_up_no_tries_at_the_code(world, people, enrolled):
    _, app, _ = enrolled
    for _ in range(6):
        await people.login(password=WRONG, code=Secret("000000"))
    assert isinstance(await people.login(code=app.code(world.clock.now())), LoggedIn)


async def test_wrong_codes_are_counted_wherever_they_are_tried(world, people, enrolled):
    actor, app, _ = enrolled
    for _ in range(5):
        await people.login(code=Secret("000000"))
    removal = await people.do.second_factors.remove(world.as_(actor), people.PASSWORD, app.code(world.clock.now()))
    assert removal == SecretRefused()


async def test_a_right_password_wins_no_tries_at_the_code(world, people, enrolled):
    actor, app, _ = enrolled
    for _ in range(5):
        assert await people.do.second_factors.remove(world.as_(actor), people.PASSWORD, Secret("000000"))
    with pytest.raises(Forbidden):
        await people.do.second_factors.set_up(world.as_(actor), people.PASSWORD)
    removal = await people.do.second_factors.remove(world.as_(actor), people.PASSWORD, app.code(world.clock.now()))
    assert removal == SecretRefused()


async def test_passwords_inside_a_session_are_not_guessed_by_asking_often_either(world, people, owner):
    actor, _ = await people.logged_in(EMAIL)
    for _ in range(5):
        assert await people.do.second_factors.set_up(world.as_(actor), WRONG) == LoginRefused()
    assert await people.do.second_factors.set_up(world.as_(actor), people.PASSWORD) == LoginRefused()
    assert isinstance(await people.login(), LoggedIn)
    world.clock.advance(timedelta(minutes=15))
    assert isinstance(await people.do.second_factors.set_up(world.as_(actor), people.PASSWORD), TotpSetup)


async def test_the_first_code_is_not_guessed_by_asking_often(world, people, owner, app):
    actor, _ = await people.logged_in(EMAIL)
    set_up = await people.do.second_factors.set_up(world.as_(actor), people.PASSWORD)
    for _ in range(5):
        refused = await people.do.second_factors.confirm(world.as_(actor), Secret("000000"), session=None)
        assert refused == SecretRefused()
    code = app(set_up.uri).code(world.clock.now())
    assert await people.do.second_factors.confirm(world.as_(actor), code, session=None) == SecretRefused()


# Setting up, confirming, removing


async def test_the_secret_lies_sealed_and_opens_for_its_user_only(world, people, enrolled, app):
    row = await stored(world)
    async with world.database.read() as connection:
        assert await users.sealing_keys(connection) == ["k1"] == [row.totp_key_id]
    await people.add("admin@demo.example", Role.ADMIN)
    values = {
        "totp_key_id": row.totp_key_id,
        "totp_sealed": row.totp_sealed,
        "totp_confirmed_at": row.totp_confirmed_at,
    }
    admin = next(one for one in await world.rows(tables.user) if one.email == "admin@demo.example")
    await world.change(tables.user, admin.id, **values)
    with pytest.raises(SealBroken):
        await people.login("admin@demo.example", code=Secret("000000"))


async def test_a_wrong_password_sets_nothing_up(world, people, owner):
    actor, _ = await people.logged_in(EMAIL)
    assert await people.do.second_factors.set_up(world.as_(actor), WRONG) == LoginRefused()
    assert (await stored(world)).totp_sealed is None


async def test_beginning_anew_forgets_what_was_begun_and_is_refused_once_it_is_on(world, people, owner, app):
    actor, _ = await people.logged_in(EMAIL)
    desk, operation = people.do.second_factors, world.as_(actor)
    first, second = [await desk.set_up(operation, people.PASSWORD) for _ in range(2)]
    old, new = app(first.uri).code(world.clock.now()), app(second.uri).code(world.clock.now())
    assert await desk.confirm(operation, old, session=None) == SecretRefused()
    assert isinstance(await desk.confirm(operation, new, session=None), TotpConfirmed)
    with pytest.raises(Forbidden):
        await desk.set_up(operation, people.PASSWORD)
    world.clock.advance(timedelta(seconds=30))
    assert isinstance(await people.login(code=app(second.uri).code(world.clock.now())), LoggedIn)


async def test_there_is_nothing_to_confirm_unless_it_was_begun_and_once_it_is_on(world, people, enrolled):
    actor, app, codes = enrolled
    await people.add("admin@demo.example", Role.ADMIN)
    admin, _ = await people.logged_in("admin@demo.example")
    for who in (admin, actor):
        confirmed = await people.do.second_factors.confirm(world.as_(who), app.code(world.clock.now()), session=None)
        assert confirmed == SecretRefused()
    assert isinstance(await people.login(code=codes[0]), LoggedIn)


async def test_of_two_who_confirm_at_a_time_one_gets_recovery_codes_and_they_are_good(world, people, owner, app):
    actor, _ = await people.logged_in(EMAIL)
    set_up = await people.do.second_factors.set_up(world.as_(actor), people.PASSWORD)
    code = app(set_up.uri).code(world.clock.now())
    results = await asyncio.gather(
        *(people.do.second_factors.confirm(world.as_(actor), code, session=None) for _ in range(3))
    )
    (confirmed,) = [result for result in results if isinstance(result, TotpConfirmed)]
    assert isinstance(await people.login(code=confirmed.recovery_codes[9]), LoggedIn)


async def test_confirming_ends_the_sessions_that_were_begun_without_it(people, owner):
    """Else whoever knows the password and waits has, a moment later, a session that proved nothing and can do everything."""
    actor, session = await people.logged_in(EMAIL)
    _, another = await people.logged_in(EMAIL)
    await people.enrol(actor, session)
    assert await people.who(session) == actor
    assert await people.who(another) == Anonymous()


async def test_removing_takes_password_and_code(world, people, enrolled):
    actor, _, codes = enrolled
    desk, operation = people.do.second_factors, world.as_(actor)
    assert await desk.remove(operation, WRONG, codes[0]) == LoginRefused()
    assert await desk.remove(operation, people.PASSWORD, Secret("000000")) == SecretRefused()
    assert await desk.is_on(operation)
    assert await desk.remove(operation, people.PASSWORD, codes[0]) is None
    assert not await desk.is_on(operation)
    assert isinstance(await people.login(), LoggedIn)
    assert await world.rows(tables.recovery_code) == []
    row = await stored(world)
    assert (row.totp_key_id, row.totp_sealed, row.totp_confirmed_at, row.totp_last_step) == (None,) * 4


async def test_removing_what_is_not_there_says_so_and_costs_no_tries(world, people, owner):
    actor, _ = await people.logged_in(EMAIL)
    for _ in range(6):
        refused = await people.do.second_factors.remove(world.as_(actor), people.PASSWORD, Secret("000000"))
        assert isinstance(refused, InvalidInput)
    assert "no second factor" in refused.message


async def test_programs_and_strangers_have_none(world, people):
    desk = people.do.second_factors
    token = world.as_(Token(world.company_id, "t", frozenset(Permission)))
    for operation, error in ((world.as_(), Unauthenticated), (token, Forbidden)):
        assert not await desk.is_on(operation)
        with pytest.raises(error):
            await desk.set_up(operation, people.PASSWORD)
        with pytest.raises(error):
            await desk.confirm(operation, WRONG, session=None)
        with pytest.raises(error):
            await desk.remove(operation, people.PASSWORD, WRONG)


async def test_nothing_of_it_is_printed(enrolled):
    _, _, codes = enrolled
    printed = repr((TotpSetup(Secret("otpauth://x")), TotpConfirmed(codes)))
    assert "otpauth" not in printed
    assert codes[0].reveal() not in printed


async def test_a_member_without_a_place_any_more_cannot_set_one_up(world, people, owner):
    actor, _ = await people.logged_in(EMAIL)
    gone = Member(actor.company_id, actor.id, world.id_of("nobody"), actor.email, actor.role)
    assert await people.do.second_factors.set_up(world.as_(gone), people.PASSWORD) == LoginRefused()
    assert await people.do.second_factors.confirm(world.as_(gone), WRONG, session=None) == SecretRefused()
