"""The CalDAV provider: the contract's methods, each a few lines over discovery, listing, reading and writing. No wire format."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from slotgraph.core.plugin import (
    Account,
    AskedCalendar,
    BusyAnswer,
    BusyStatus,
    Clock,
    Entry,
    FieldKind,
    FoundCalendar,
    Gone,
    Limits,
    LinkField,
    OAuthLink,
    Opened,
    PasswordLink,
    Present,
    Provider,
    ProviderFailure,
    Purpose,
    Reference,
    Span,
    SystemClock,
    TitlesAnswer,
    Unverified,
    hookimpl,
)
from slotgraph.plugins.caldav.client import CalDavClient
from slotgraph.plugins.caldav.discovery import Lookup, dns_lookup
from slotgraph.plugins.caldav.ladder import SENTENCES
from slotgraph.plugins.caldav.listing import Listing, listing_of
from slotgraph.plugins.caldav.reading import Reader
from slotgraph.plugins.caldav.writing import Writer

Result = TypeVar("Result")

FIELDS = (
    LinkField(
        "url",
        "Address of the calendar server",
        help="As the server's help gives it for CalDAV; often the domain or the e-mail address is enough.",
    ),
    LinkField("username", "User name"),
    LinkField(
        "password",
        "Password",
        FieldKind.SECRET,
        help="Where the server knows passwords for single programs, make one for this.",
    ),
)


class CalDavProvider:
    """Calendars on any server that speaks RFC 4791."""

    name = "caldav"
    title = "CalDAV"
    purposes = frozenset(Purpose)
    sees = frozenset(BusyStatus)
    link: PasswordLink | OAuthLink = PasswordLink(FIELDS)
    limits = Limits(calendars_per_call=50, days_per_call=62, concurrency=4, calls_per_minute=600)

    def __init__(self, *, clock: Clock | None = None, lookup: Lookup = dns_lookup) -> None:
        self._clock = clock or SystemClock()
        self._lookup = lookup

    async def open(self, account: Account) -> Opened:
        """Find the calendars with these credentials, and say how this server can be read."""
        listing = await self._listing(account)
        granted = {Purpose.BUSY, Purpose.TITLES}
        if any(calendar.writable for calendar in listing.calendars):
            granted.add(Purpose.WRITE)
        sentences = (sentence for rung, sentence in SENTENCES.items() if rung in listing.rungs)
        return Opened(_label(account), frozenset(granted), tuple(sentences))

    async def close(self, account: Account) -> None:
        """A password cannot be handed back."""

    async def calendars(self, account: Account) -> Sequence[FoundCalendar]:
        """The calendars for events of the login's homes; their ids are their URLs."""
        return (await self._listing(account)).calendars

    async def busy(
        self,
        account: Account,
        calendars: Sequence[AskedCalendar],
        window: Span,
        except_: frozenset[Reference] = frozenset(),
    ) -> Mapping[str, BusyAnswer | Unverified]:
        """When each calendar blocks, read on its rung of the ladder."""
        return await self._each(account, calendars, window, lambda reader: reader.busy(except_))

    async def titles(
        self,
        account: Account,
        calendars: Sequence[AskedCalendar],
        window: Span,
        except_: frozenset[Reference] = frozenset(),
    ) -> Mapping[str, TitlesAnswer | Unverified]:
        """What stands in each calendar and blocks."""
        return await self._each(account, calendars, window, lambda reader: reader.titles(except_))

    async def write(self, account: Account, calendar_id: str, entry: Entry, key: str) -> Reference:
        """Create the entry under a UID made of the key."""
        return await _writer(account, calendar_id).write(entry, key, stamp=self._clock.now())

    async def move(self, account: Account, reference: Reference, entry: Entry, key: str) -> Reference:
        """Write the entry anew at its address; the key is not needed, for the same entry may be written twice."""
        return await _writer(account, reference.calendar_id).move(reference, entry, stamp=self._clock.now())

    async def remove(self, account: Account, reference: Reference, key: str) -> None:
        """Remove the entry; one that is already gone is fine."""
        await _writer(account, reference.calendar_id).remove(reference)

    async def probe(self, account: Account, reference: Reference) -> Present | Gone | Unverified:
        """Whether the entry stands, and where."""
        return await _writer(account, reference.calendar_id).probe(reference)

    async def _listing(self, account: Account) -> Listing:
        return await listing_of(account, now=self._clock.now(), lookup=self._lookup)

    async def _each(
        self,
        account: Account,
        calendars: Sequence[AskedCalendar],
        window: Span,
        read: Callable[[Reader], Awaitable[Result]],
    ) -> dict[str, Result | Unverified]:
        """Read the calendars side by side, at most as many requests at a time as the limits say; one's failure is its own."""
        lanes = asyncio.Semaphore(self.limits.concurrency)

        async def one(calendar: AskedCalendar) -> Result | Unverified:
            try:
                client = CalDavClient(account, calendar.id, lanes=lanes)
                return await read(Reader(account, client, calendar, window))
            except ProviderFailure as failure:
                return failure.unverified()

        async with asyncio.TaskGroup() as tasks:
            running = {calendar.id: tasks.create_task(one(calendar)) for calendar in calendars}
        return {calendar_id: task.result() for calendar_id, task in running.items()}


def _writer(account: Account, calendar_id: str) -> Writer:
    return Writer(CalDavClient(account, calendar_id), calendar_id)


def _label(account: Account) -> str:
    given = account.credentials.get("url", "").strip()
    host = urlsplit(given if "://" in given else f"//{given}").hostname or given
    return f"{account.credentials.get('username', '')} at {host}"


@hookimpl
def register_providers() -> list[Provider]:
    """The one provider of this plugin."""
    return [CalDavProvider()]
