"""Opening an installation by its settings: migrate, load keys, open database and transport; and closing it again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

from slotgraph.core.addresses import AddressPolicy
from slotgraph.core.clock import SystemClock
from slotgraph.core.offload import Offload
from slotgraph.core.passwords import Passwords
from slotgraph.core.registry import Registry
from slotgraph.core.store import accounts, companies, users
from slotgraph.core.store.database import Database
from slotgraph.core.store.migrate import migrate
from slotgraph.core.transport import HttpTransport
from slotgraph.core.vault import Vault
from slotgraph.server.joining import Joined, Parts, join
from slotgraph.server.settings import Settings, database_password


@asynccontextmanager
async def opened(settings: Settings, *, registry: Registry | None = None) -> AsyncIterator[Joined]:
    """An installation, ready to serve. Raises SettingError with one clear sentence."""
    password = database_password(settings)
    await asyncio.to_thread(migrate, settings.database_url, password=password)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        database = await Database.open(settings.database_url, password=password, pool=settings.database_pool)
        stack.push_async_callback(database.close)
        async with database.read() as connection:
            key_ids = [*await accounts.sealing_keys(connection), *await users.sealing_keys(connection)]
            in_use = bool(key_ids) or await companies.is_any_founded(connection)
        # The key file also holds the secret of the customers' links: a new one would kill them all, sealed rows or not.
        vault = await asyncio.to_thread(Vault.load_or_create, settings.key_path, in_use=in_use)
        vault.require(key_ids)
        policy = AddressPolicy(allowed_networks=settings.allowed_networks, allow_http=settings.allow_http_calendars)
        transport = HttpTransport(clock, policy)
        stack.push_async_callback(transport.close)
        offload = Offload()
        stack.push_async_callback(offload.close)
        passwords = Passwords()
        stack.callback(passwords.close)
        found = registry if registry is not None else await asyncio.to_thread(Registry.discover)
        parts = Parts(database, clock, vault, found, transport, offload, passwords)
        joined = join(
            parts,
            session_for=timedelta(hours=settings.session_hours),
            stranger_searches_per_minute=settings.stranger_searches_per_minute,
            stranger_holds=settings.stranger_holds,
            public_url=settings.public_url,
            second_factor_required=settings.require_second_factor,
        )
        await stack.enter_async_context(database.listening())
        stack.push_async_callback(joined.health.settled)
        stack.push_async_callback(joined.flights.close)
        yield joined
