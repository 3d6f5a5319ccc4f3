"""The one place where the parts are joined: database, vault, registry and transport in, use cases out. Knows no HTTP server."""

from dataclasses import dataclass
from datetime import timedelta

from slotgraph.core.access import AccessDesk
from slotgraph.core.accounts import Accounts
from slotgraph.core.asking import MAX_DEADLINE_MS, Asking
from slotgraph.core.booking import Bookings
from slotgraph.core.calendar_choices import CalendarChoices
from slotgraph.core.calendar_writer import CalendarWriter
from slotgraph.core.changing import BookingDesk
from slotgraph.core.clock import Clock
from slotgraph.core.credentials import SealedCredentials
from slotgraph.core.explaining import Explanations
from slotgraph.core.flights import Flights
from slotgraph.core.freebusy import FreeBusy
from slotgraph.core.gate import Gate
from slotgraph.core.health import HealthNotes
from slotgraph.core.offload import Offload
from slotgraph.core.overview import Overviews
from slotgraph.core.pacing import Pace
from slotgraph.core.passwords import Passwords
from slotgraph.core.profile import Profiles
from slotgraph.core.registry import Registry
from slotgraph.core.search import Search
from slotgraph.core.shield import Shield
from slotgraph.core.store.engine import Database
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
    writer: CalendarWriter
    health: HealthNotes
    flights: Flights
    gate: Gate


def join(
    parts: Parts, *, session_for: timedelta = timedelta(hours=12), stranger_searches_per_minute: int = 120
) -> Joined:
    """Join the parts. 0 searches a minute are as many as strangers like."""
    database, clock, registry = parts.database, parts.clock, parts.registry
    credentials = SealedCredentials(database, parts.vault)
    pace = Pace(clock)
    wall = Wall(registry, credentials=credentials, transport=parts.transport, offload=parts.offload, pace=pace)
    health = HealthNotes(database)
    flights = Flights(Shield(registry, clock), pace, clock, longest_seconds=MAX_DEADLINE_MS / 1000)
    strangers = StrangerBudget(clock, per_minute=stranger_searches_per_minute)
    asking = Asking(FreeBusy(wall, flights, clock), health, strangers)
    writer = CalendarWriter(database, wall, clock)
    gate = Gate()
    manage_key = parts.vault.manage_key()
    use_cases = UseCases(
        registry=registry,
        search=Search(asking, pace),
        explanations=Explanations(asking),
        bookings=Bookings(asking, writer, manage_key=manage_key),
        booking_desk=BookingDesk(writer, manage_key=manage_key),
        overviews=Overviews(wall, flights, health),
        accounts=Accounts(wall, parts.vault, registry),
        calendar_choices=CalendarChoices(registry),
        profiles=Profiles(gate),
        support=SupportDesk(gate),
        access=AccessDesk(parts.passwords, session_for=session_for),
    )
    return Joined(parts, use_cases, writer, health, flights, gate)
