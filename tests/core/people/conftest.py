"""People of the company `demo`, who log in, and an authenticator app of our own that computes codes by RFC 6238."""

import base64
import hashlib
import hmac
import struct
from urllib.parse import parse_qs, urlsplit

import pytest

from slotgraph.core import tables
from slotgraph.core.founding import create_agent, create_member
from slotgraph.core.people.members import MemberChange
from slotgraph.core.people.second_factor import TotpConfirmed
from slotgraph.core.people.sessions import LoggedIn
from slotgraph.core.policy import Role
from slotgraph.core.values import Secret
from slotgraph.server.joining import join

PASSWORD = Secret("a good password")


class App:
    """An authenticator app that has scanned an otpauth address."""

    def __init__(self, uri):
        (text,) = parse_qs(urlsplit(uri.reveal()).query)["secret"]
        self._secret = base64.b32decode(text)

    def code(self, now, *, steps=0):
        """The code of the step an instant lies in, or of one so many steps later."""
        counter = struct.pack(">Q", int(now.timestamp()) // 30 + steps)
        digest = hmac.new(self._secret, counter, hashlib.sha1).digest()
        at = digest[-1] & 15
        return Secret(f"{(int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF) % 10**6:06}")


class People:
    """Makes logins and uses them. `do` are the use cases, `actors` tells who is who."""

    PASSWORD = PASSWORD

    def __init__(self, world, joined):
        self.world = world
        self.do = joined.use_cases
        self.actors = joined.actors

    def requiring(self):
        """The same people, where owners and agents must have a second factor."""
        return People(self.world, join(self.world.joined.parts, second_factor_required=True))

    async def add(self, email, role=Role.STAFF, *, company="demo", password=PASSWORD, employee=None, passwords=None):
        """A login with its place in a company."""
        return await create_member(
            self.world.database,
            passwords or self.world.passwords,
            email,
            password=password,
            company=company,
            role=role,
            employee_id=employee and self.world.id_of(employee),
            now=self.world.clock.now(),
        )

    async def add_agent(self, email="agent@slotgraph.example", password=PASSWORD):
        return await create_agent(
            self.world.database, self.world.passwords, email, password=password, now=self.world.clock.now()
        )

    async def login(self, email="owner@demo.example", password=PASSWORD, code=None):
        return await self.do.sessions.login(self.world.as_(), email, password, code)

    async def logged_in(self, email, password=PASSWORD):
        """The actor and the session of somebody who has just logged in."""
        begun = await self.login(email, password)
        assert isinstance(begun, LoggedIn), begun
        return begun.actor, begun.session

    async def who(self, session):
        return await self.actors.of_session(self.world.database, session.reveal(), now=self.world.clock.now())

    async def enrol(self, actor, session=None):
        """Set a second factor up and confirm it: the app, and the recovery codes."""
        set_up = await self.do.second_factors.set_up(self.world.as_(actor), PASSWORD)
        app = App(set_up.uri)
        code = app.code(self.world.clock.now())
        confirmed = await self.do.second_factors.confirm(self.world.as_(actor), code, session=session)
        assert isinstance(confirmed, TotpConfirmed)
        return app, confirmed.recovery_codes

    async def update(self, actor, member, **change):
        request = MemberChange(member.company_id, member.id, **change)
        return await self.do.members.update(self.world.as_(actor), request)

    async def remove(self, actor, member):
        return await self.do.members.remove(self.world.as_(actor), member.company_id, member.id)

    async def roles(self):
        """The role of each member, by the part of their address before the @."""
        rows = await self.world.rows(tables.member)
        emails = {row.id: row.email for row in await self.world.rows(tables.user)}
        return {emails[row.user_id].partition("@")[0]: row.role for row in rows}


@pytest.fixture
def people(world):
    return People(world, world.joined)


@pytest.fixture
def app():
    """Makes an authenticator app of an otpauth address."""
    return App


@pytest.fixture
async def owner(people):
    """The owner's login, tied to Anna."""
    return await people.add("owner@demo.example", Role.OWNER, employee="anna")
