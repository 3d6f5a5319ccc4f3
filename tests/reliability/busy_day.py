"""A company in which every mutation has something to do, and the calendars outside, which every process makes anew."""

from datetime import date, time, timedelta

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from slotgraph_tests_core_booking_held import held
from slotgraph_tests_core_links import FIELDS, begin, begin_again, complete
from slotgraph_tests_core_world import NOW, World, id_of

from slotgraph.core import tables
from slotgraph.core.availability import DaysOff, Times, Weekly
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.customers import CustomerForm
from slotgraph.core.errors import AccessForbidden
from slotgraph.core.linking import FormRequired
from slotgraph.core.people.codes import recovery_code_hash
from slotgraph.core.people.invitations import InvitationRequest, Invited
from slotgraph.core.people.password_reset import issue_reset
from slotgraph.core.policy import Member, Permission, Role
from slotgraph.core.records import Absence, Account, Availability
from slotgraph.core.store import schedule, users
from slotgraph.core.support import CaseRequest
from slotgraph.core.values import PasswordLink, Secret
from slotgraph.schema import ids
from slotgraph.schema.types.sessions import session_id

PASSWORD = "correct-horse-battery"
LONG_AGO = NOW - timedelta(days=200)
WITH_LOGINS = {"owner": Role.OWNER, "rita": Role.STAFF, "tess": Role.STAFF, "tom": Role.STAFF, "dora": Role.STAFF}
_SECRET = bytes(range(20))

Known = dict[str, str]
"""What a mutation must name: tokens, codes, and the global ids of what has no name."""


def outside(world: World) -> None:
    """What stands in the calendars, in memory."""
    world.calendars.link = PasswordLink(FIELDS)
    for employee in ("anna", "ben", "carl", "dana"):
        world.calendars.add_calendar(f"{employee}s", login=f"{employee}s")
    for login in ("guest", "studio"):
        world.calendars.add_calendar(f"{login} one", login=login)
        world.calendars.add_calendar(f"{login} two", login=login)


def member(world: World, name: str) -> Member:
    """Somebody of the company."""
    return world.member(name, WITH_LOGINS[name], employee="dana" if name == "dora" else None)


def global_id(kind: str, name: str) -> str:
    """The id of a thing of the company by its name."""
    return ids.encode(kind, id_of("demo"), id_of(name))


async def busy_day(world: World) -> Known:
    """Fill the company; what is long ago comes last, so that nothing of today has cleared it away."""
    outside(world)
    for name in ("carl", "dana"):
        await world.add_employee(name)
    await world.add_service("color", employees=("anna", "ben", "carl", "dana"))
    await world.add_service("wax", employees=("anna", "ben"))
    for name in ("anna", "ben", "carl", "dana"):
        await world.link(name)
    known = await _people(world) | await _schedule(world) | await _accounts(world) | await _bookings(world)
    world.clock.at = LONG_AGO
    await _long_ago(world)
    return known


async def _people(world: World) -> Known:
    hashed = await world.passwords.hash(PASSWORD)
    for name in WITH_LOGINS:
        await world.add_login(member(world, name))
        await world.change(tables.user, id_of(f"u {name}"), password_hash=hashed)
    for name in ("rita", "rita", "dora", "tess"):
        await world.do.sessions.login(world.as_(), f"{name}@demo.example", Secret(PASSWORD))
    owner = world.as_(world.owner)
    async with world.database.write() as connection:
        for name in ("tess", "tom", "dora"):
            sealed = world.vault.seal_secret(_SECRET, "user", id_of(f"u {name}"))
            await users.begin_totp(connection, id_of(f"u {name}"), sealed)
        for name in ("tess", "dora"):
            await users.confirm_totp(connection, id_of(f"u {name}"), step=0, at=NOW)
            codes = [recovery_code_hash(f"{name} {number}") for number in range(3)]
            await users.replace_recovery_codes(connection, id_of(f"u {name}"), codes)
    await world.do.api_tokens.create(owner, "widget", scopes=frozenset({Permission.BOOK}), expires_at=None)
    for reason in ("Calendars do not answer", "Nor do phones"):
        await world.do.support.open_case(owner, CaseRequest(world.company_id, reason, 24, False))
    reset = await issue_reset(world.database, "rita@demo.example", now=NOW)
    invited = await _invited(world, "new@demo.example", employee="ben")
    await _invited(world, "late@demo.example", employee="anna")
    sessions = await world.do.sessions.sessions(world.as_(member(world, "rita")))
    (token,), (case, _) = await world.rows(tables.api_token), await world.rows(tables.support_case)
    return {
        "reset": reset.reveal(),
        "invitation": invited.token.reveal(),
        "session": session_id(sessions[0]),
        "code": TOTP(_SECRET, 6, SHA1(), 30).generate(int(NOW.timestamp())).decode(),
        "token": ids.encode("ApiToken", world.company_id, token.id),
        "case": ids.encode("SupportCase", world.company_id, case.id),
    }


async def _invited(world: World, email: str, *, employee: str) -> Invited:
    request = InvitationRequest(email, Role.STAFF, id_of(employee))
    made = await world.do.invitations.invite(world.as_(world.owner), request)
    assert isinstance(made, Invited), made
    return made


async def _schedule(world: World) -> Known:
    day = date(2027, 3, 10)
    async with world.database.write() as connection:
        for name in ("anna", "carl"):
            await schedule.insert_absence(
                connection, Absence(world.company_id, id_of(f"absence of {name}"), id_of(name), None, DaysOff(day, day))
            )
        saturdays = Weekly(Times(time(9), time(12)), 5)
        opening = Availability(world.company_id, id_of("saturdays"), id_of("anna"), saturdays)
        await schedule.insert_availability(connection, opening)
    return {}


async def _accounts(world: World) -> Known:
    """An account of the company that has lost a calendar and got another one, and links under way."""
    anna = await world.calendar(id_of("calendar annas"))
    listed = await world.do.accounts.accounts(world.as_(world.owner), world.company_id)
    account = next(one for one in listed if one.id == anna.account_id)
    await world.add_calendar("anna two", account, employee="anna", checked=False)
    world.calendars.remove_calendar("studio two")
    begun = await begin(world, world.owner, employee=None)
    studio = await complete(world, world.owner, begun.link_token, login="studio", password=PASSWORD)
    assert isinstance(studio, Account), studio
    outside(world)
    again = await begin_again(world, world.owner, studio)
    new = await begin(world, world.owner, employee=None)
    assert isinstance(new, FormRequired), new
    return {
        "studio": ids.encode("Account", studio.company_id, studio.id),
        "link": new.link_token.reveal(),
        "link again": again.link_token.reveal(),
    }


async def _bookings(world: World) -> Known:
    together = EmployeeChoice(together=(id_of("anna"), id_of("ben")))
    booked = await world.book("2027-03-03 10:00", actor=world.owner, choice=together)
    danas = await world.book("2027-03-03 11:00", employee="dana", service="color", actor=world.owner)
    kept = await held(world, "2027-03-04 10:00", employee="dana", service="color")
    return {
        "booking": ids.encode("Booking", world.company_id, booked.booking.id),
        "booking of dana": ids.encode("Booking", world.company_id, danas.booking.id),
        "hold": kept.hold_token.reveal(),
        "entry": await _failed_entry(world),
    }


async def _failed_entry(world: World) -> str:
    """An entry that was tried for three days, in vain."""
    world.calendars.fail("write", AccessForbidden())
    made = await world.book("2027-03-05 10:00", employee="ben", actor=world.owner)
    world.calendars.heal()
    (entry,) = [one for one in await world.rows(tables.calendar_entry) if one.booking_id == made.booking.id]
    await world.change(tables.calendar_entry, entry.id, state="FAILED")
    async with world.database.write() as connection:
        given_up = tables.outbox.update().where(tables.outbox.c.entry_id == entry.id)
        await connection.execute(given_up.values(state="DEAD", next_attempt_at=None))
    return ids.encode("CalendarEntry", world.company_id, entry.id)


async def _long_ago(world: World) -> None:
    """What is due to be forgotten: a customer, a key, a hold, a session, a reset, an invitation and a link."""
    old = CustomerForm("Olga Old", "olga@example.org")
    booked = await world.book("2026-08-14 09:00", employee="carl", service="color", customer=old, actor=world.owner)
    assert hasattr(booked, "booking"), booked
    await held(world, "2026-08-14 09:00", employee="ben")
    await world.do.sessions.login(world.as_(), "owner@demo.example", Secret(PASSWORD))
    await issue_reset(world.database, "owner@demo.example", now=LONG_AGO)
    await begin(world, world.owner, employee=None)
