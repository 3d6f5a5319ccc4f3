"""The one place where the parts are joined: database, vault, registry and transport in, use cases out. Knows no HTTP server."""

from dataclasses import dataclass
from datetime import timedelta

from slotgraph.core.account_checks import AccountChecks
from slotgraph.core.accounts import Accounts
from slotgraph.core.administration.employees import Employees
from slotgraph.core.api_tokens import ApiTokens
from slotgraph.core.asking import MAX_DEADLINE_MS, Asking
from slotgraph.core.booking.cancelling import Cancellations
from slotgraph.core.booking.finding import BookingDesk
from slotgraph.core.booking.holding import Holds
from slotgraph.core.booking.making import Bookings
from slotgraph.core.booking.moving import Moves
from slotgraph.core.calendar_choices import CalendarChoices
from slotgraph.core.calendar_entries.probing import Probing
from slotgraph.core.calendar_entries.retrying import EntryRetries
from slotgraph.core.calendar_entries.worker import Worker
from slotgraph.core.calendar_entries.writer import CalendarWriter
from slotgraph.core.check_budget import CheckBudget
from slotgraph.core.clock import Clock
from slotgraph.core.credentials import SealedCredentials
from slotgraph.core.entry_text import EntryTexts
from slotgraph.core.erasing import Erasing
from slotgraph.core.explaining import Explanations
from slotgraph.core.flights import Flights
from slotgraph.core.freebusy import FreeBusy
from slotgraph.core.gate import Gate, gate_of
from slotgraph.core.health import HealthNotes
from slotgraph.core.linking import Linking
from slotgraph.core.offload import Offload
from slotgraph.core.overview import Overviews
from slotgraph.core.pacing import Pace
from slotgraph.core.passwords import Passwords
from slotgraph.core.people.actors import Actors
from slotgraph.core.people.codes import Codes
from slotgraph.core.people.invitations import InvitationDesk
from slotgraph.core.people.members import MemberDesk
from slotgraph.core.people.password_reset import PasswordResets
from slotgraph.core.people.second_factor import SecondFactors
from slotgraph.core.people.sessions import SessionDesk
from slotgraph.core.people.tries import Tries
from slotgraph.core.profile import Profiles
from slotgraph.core.registry import Registry
from slotgraph.core.retention import Retention
from slotgraph.core.search import Search
from slotgraph.core.shield import Shield
from slotgraph.core.store.database import Database
from slotgraph.core.stranger_budget import StrangerBudget
from slotgraph.core.support import SupportDesk
from slotgraph.core.transport import Transport
from slotgraph.core.vault import Vault
from slotgraph.core.wall import Wall
from slotgraph.schema.context import UseCases


@dataclass(frozen=True, slots=True)
class Parts:
    """What the use cases stand on. Whoever opened them closes them."""

    database: Database
    clock: Clock
    vault: Vault
    registry: Registry
    transport: Transport
    offload: Offload
    passwords: Passwords


@dataclass(frozen=True, slots=True)
class Joined:
    """The use cases, and what the process needs beside them."""

    parts: Parts
    use_cases: UseCases
    actors: Actors
    writer: CalendarWriter
    worker: Worker
    health: HealthNotes
    flights: Flights
    gate: Gate
    retention: Retention
    probing: Probing


def join(
    parts: Parts,
    *,
    session_for: timedelta = timedelta(hours=12),
    stranger_searches_per_minute: int = 120,
    stranger_holds: int = 5,
    public_url: str = "http://localhost:8000",
    second_factor_required: bool = False,
) -> Joined:
    """Join the parts. 0 searches a minute, or 0 holds, are as many as strangers like; `public_url` is where people reach this server.

    `second_factor_required`: owners and support agents without one can do nothing but set one up.
    """
    database, clock, registry = parts.database, parts.clock, parts.registry
    pace, health = Pace(clock), HealthNotes(database)
    wall = _wall(parts, pace)
    flights = Flights(Shield(registry, clock), pace, clock, longest_seconds=MAX_DEADLINE_MS / 1000)
    freebusy = FreeBusy(wall, flights, clock)
    asking = Asking(freebusy, health, StrangerBudget(clock, per_minute=stranger_searches_per_minute))
    manage_key = parts.vault.manage_key()
    actors, codes, code_tries = Actors(second_factor_required=second_factor_required), Codes(parts.vault), Tries(clock)
    sessions = SessionDesk(parts.passwords, codes, actors, code_tries=code_tries, session_for=session_for)
    second_factors = SecondFactors(parts.passwords, codes, actors, code_tries=code_tries, password_tries=Tries(clock))
    texts = EntryTexts(manage_key=manage_key, public_url=public_url)
    writer = CalendarWriter(database, wall, flights, clock, texts)
    desk, gate, accounts = BookingDesk(manage_key=manage_key), gate_of(database), Accounts(wall)
    use_cases = UseCases(
        registry=registry,
        search=Search(asking, pace),
        explanations=Explanations(asking),
        holds=Holds(asking, manage_key=manage_key, per_stranger=stranger_holds),
        bookings=Bookings(asking, writer, manage_key=manage_key),
        booking_desk=desk,
        moves=Moves(desk, asking, writer),
        cancellations=Cancellations(desk, writer),
        entry_retries=EntryRetries(writer),
        overviews=Overviews(wall, flights, health),
        accounts=accounts,
        linking=Linking(wall, parts.vault, registry),
        account_checks=AccountChecks(wall, flights, freebusy, CheckBudget(clock)),
        calendar_choices=CalendarChoices(registry),
        profiles=Profiles(gate),
        employees=Employees(accounts),
        erasing=Erasing(),
        support=SupportDesk(gate),
        sessions=sessions,
        second_factors=second_factors,
        password_resets=PasswordResets(parts.passwords),
        members=MemberDesk(),
        invitations=InvitationDesk(parts.passwords, sessions, actors),
        api_tokens=ApiTokens(),
    )
    worker, retention = Worker(writer, database, clock), Retention(database, clock)
    probing = Probing(database, wall, flights, clock)
    return Joined(parts, use_cases, actors, writer, worker, health, flights, gate, retention, probing)


def _wall(parts: Parts, pace: Pace) -> Wall:
    credentials = SealedCredentials(parts.database, parts.vault)
    return Wall(parts.registry, credentials=credentials, transport=parts.transport, offload=parts.offload, pace=pace)
