"""The demo: a company beside a real CalDAV server, on loopback. Ctrl-C ends both; a second run finds the data of the first."""

import json
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from slotgraph.core.clock import Clock
from slotgraph.core.founding import check_password
from slotgraph.core.store.serve_lock import ServeLock
from slotgraph.schema.ids import encode
from slotgraph.server.app import create_app
from slotgraph.server.demo.calendars import USERS
from slotgraph.server.demo.company import OWNER, STAFF, SUPPORT, DemoIds, demo_ids, found_demo, set_passwords
from slotgraph.server.demo.folder import (
    CALENDARS,
    DATABASE,
    DemoState,
    forget,
    is_founded,
    load_state,
    made_up_password,
    note_founded,
    prepare,
    save_state,
)
from slotgraph.server.demo.process import HOST
from slotgraph.server.demo.radicale import RadicaleServer
from slotgraph.server.demo.seeding import seed
from slotgraph.server.joining import Joined
from slotgraph.server.opening import opened
from slotgraph.server.serving import bound_socket, serve_app
from slotgraph.server.settings import Settings

FIRST_QUERY = """query FirstSlots($input: SlotSearchInput!) {
  slots(input: $input) {
    days { date complete slots { start end employees { name } } }
    complete
    sources { state cause }
  }
}
"""


async def run_demo(*, port: int, password: str | None, reset: bool, folder: Path, clock: Clock) -> None:
    """Serve the demo until a signal comes. Raises SettingError with one clear sentence."""
    if password is not None:
        check_password(password)
    prepare(folder)
    with ServeLock(folder / DATABASE), bound_socket(HOST, port) as listening:
        forget(folder, everything=reset)
        state = _state(folder, password)
        save_state(folder, state)
        settings = _settings(folder, port)
        radicale = RadicaleServer(folder / CALENDARS, port=state.calendar_port, users=state.calendar_passwords)
        async with radicale:
            click.echo(f"Calendar server (Radicale) is up at {radicale.url}")
            await seed(radicale, clock.now().date())
            async with opened(settings) as joined:
                ids = await _company(joined, radicale, state, clock, folder=folder)
                request = first_request(ids, clock.now())
                _tell(settings, radicale, state, request)
                app = create_app(joined, settings, first_request=request)
                await serve_app(app, listening, trusted_proxies=settings.trusted_proxies)
    click.echo("The demo has stopped; its data is kept. `make run RESET=1` starts over.")


def _state(folder: Path, password: str | None) -> DemoState:
    """What the last run left, or something new. A given password wins."""
    state = load_state(folder)
    if state is None:
        calendar_passwords = {user.login: made_up_password() for user in USERS}
        state = DemoState(_free_port(), calendar_passwords, password or made_up_password())
    return replace(state, password=password) if password else state


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def _settings(folder: Path, port: int) -> Settings:
    """The demo's own settings; the environment has no say, so that it can do no harm to another installation."""
    return Settings(
        data_folder=str(folder.absolute()),
        host=HOST,
        port=port,
        development=True,
        allow_private_addresses=(f"{HOST}/32",),
        allow_http_calendars=True,
        log_level="warning",
    )


async def _company(
    joined: Joined, radicale: RadicaleServer, state: DemoState, clock: Clock, *, folder: Path
) -> DemoIds:
    """The demo company: made in the first run, found in the next."""
    if not is_founded(folder):
        await found_demo(
            joined,
            calendar_url=radicale.url,
            calendar_passwords=state.calendar_passwords,
            password=state.password,
            today=clock.now().date(),
        )
        note_founded(folder)
    else:
        await set_passwords(joined, state.password)
    ids = await demo_ids(joined)
    assert ids is not None
    return ids


def first_request(ids: DemoIds, now: datetime) -> dict[str, object]:
    """A first query with its variables: the slots of the next seven days."""
    start = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    window = {"from": _written(start), "to": _written(start + timedelta(days=7))}
    service = encode("Service", ids.company_id, ids.service_id)
    return {"query": FIRST_QUERY, "variables": {"input": {"service": service, **window}}}


def _written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _tell(settings: Settings, radicale: RadicaleServer, state: DemoState, request: dict[str, object]) -> None:
    """Print the addresses, the logins and a first query to paste."""
    calendars = [f"{radicale.url}{login}/" for login in state.calendar_passwords]
    body = json.dumps({"query": " ".join(FIRST_QUERY.split()), "variables": request["variables"]})
    lines: Sequence[str] = (
        "",
        f"SlotGraph demo   {settings.public_url}/graphql",
        f"GraphiQL         {settings.public_url}/graphiql/   (begins with the first query)",
        f"Calendars        {' '.join(calendars)}",
        f"                 logins: {', '.join(f'{name} {word}' for name, word in state.calendar_passwords.items())}",
        f"Logins           {OWNER}, {STAFF} (she is Anna), {SUPPORT}",
        f"Password         {state.password}",
        "",
        "A first query to paste:",
        "",
        f"curl -s {settings.public_url}/graphql -H 'Content-Type: application/json' -d '{body}'",
        "",
        "Ctrl-C stops everything.",
    )
    click.echo("\n".join(lines))
