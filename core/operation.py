"""One operation of one actor: who asks, how support stands with each company reached, and the company's directory, read once.

Use cases ask `permits` here; the table that answers is in `policy`.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field

from slotgraph.core.clock import Clock
from slotgraph.core.errors import SupportExcluded
from slotgraph.core.policy import Action, Actor, Facts, Support, SupportStanding, permits
from slotgraph.core.slugs import is_slug
from slotgraph.core.store import cases, companies
from slotgraph.core.store.database import Database
from slotgraph.core.store.directory import Directory, directory_of


@dataclass(eq=False)
class Operation:
    """Carries the actor through one operation. `client` is a short name of the caller's program, for sessions.

    `source` is the network address they come from, for budgets; empty if there is none.
    """

    actor: Actor
    database: Database
    clock: Clock
    client: str = ""
    source: str = ""
    standings_seen: defaultdict[str, set[SupportStanding]] = field(default_factory=lambda: defaultdict(set))
    """Each company an agent's operation reached, and how support stood with it whenever that was read (rule T3)."""
    _standings: dict[str, SupportStanding] = field(default_factory=dict)
    _directories: dict[str, Directory | None] = field(default_factory=dict)
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Resolvers run side by side: the first reads, the others wait for it."""

    async def directory(self, company_id: str) -> Directory | None:
        """The company with its employees and services; read once per operation."""
        if company_id not in self._directories:
            async with self._reading:
                return await self._read_directory(company_id)
        return self._directories[company_id]

    async def _read_directory(self, company_id: str) -> Directory | None:
        # Whoever waited finds it read.
        if company_id not in self._directories:
            async with self.database.read() as connection:
                self._directories[company_id] = await directory_of(connection, company_id)
        return self._directories[company_id]

    async def company_id_of_slug(self, slug: str) -> str | None:
        """The id of the company with this public name; a text that cannot be one is not even looked for."""
        if not is_slug(slug):
            return None
        async with self.database.read() as connection:
            company = await companies.company_by_slug(connection, slug)
        return company.id if company else None

    def forget_directory(self, company_id: str) -> None:
        """Read the company anew next time: after a change."""
        self._directories.pop(company_id, None)

    async def standing(self, company_id: str) -> SupportStanding:
        """How support stands with a company; anything but NONE only for an agent."""
        if not isinstance(self.actor, Support):
            return SupportStanding.NONE
        if company_id not in self._standings:
            async with self._reading:
                if company_id not in self._standings:
                    standing = await self._read_standing(company_id, self.actor)
                    self.standings_seen[company_id].add(standing)
                    self._standings[company_id] = standing
                return self._standings[company_id]
        return self._standings[company_id]

    async def _read_standing(self, company_id: str, agent: Support) -> SupportStanding:
        async with self.database.read() as connection:
            company = await companies.company_by_id(connection, company_id)
            if company is None:
                return SupportStanding.NONE
            if company.exclude_support:
                excluded = await cases.was_excluded_under_case(connection, company_id, agent.user_id)
                return SupportStanding.EXCLUDED if excluded else SupportStanding.NONE
            open_cases = await cases.open_cases(connection, now=self.clock.now(), company_id=company_id)
        if not open_cases:
            return SupportStanding.NONE
        if any(case.customer_data_granted for case in open_cases):
            return SupportStanding.OPEN_WITH_CUSTOMER_DATA
        return SupportStanding.OPEN

    def recheck(self) -> None:
        """Read support's standing anew from here on: after every await on a provider (rule T3)."""
        self._standings.clear()

    async def facts(
        self, company_id: str | None, *, employee_id: str | None = None, booking_id: str | None = None
    ) -> Facts:
        """The facts about something of a company, for the policy table."""
        standing = SupportStanding.NONE if company_id is None else await self.standing(company_id)
        return Facts(company_id, employee_id, booking_id, support=standing)

    async def permits(
        self,
        action: Action,
        company_id: str | None = None,
        *,
        employee_id: str | None = None,
        booking_id: str | None = None,
    ) -> bool:
        """Whether the actor may do this to something of a company. Raises SupportExcluded for an agent shut out under a case."""
        facts = await self.facts(company_id, employee_id=employee_id, booking_id=booking_id)
        return self._answer(action, facts)

    def permits_as_read(
        self,
        action: Action,
        company_id: str | None = None,
        *,
        employee_id: str | None = None,
        booking_id: str | None = None,
    ) -> bool | None:
        """The answer of `permits` without waiting; None if support's standing has to be read for it first."""
        standing = SupportStanding.NONE
        if company_id is not None and isinstance(self.actor, Support):
            if company_id not in self._standings:
                return None
            standing = self._standings[company_id]
        return self._answer(action, Facts(company_id, employee_id, booking_id, support=standing))

    def _answer(self, action: Action, facts: Facts) -> bool:
        if facts.support is SupportStanding.EXCLUDED:
            raise SupportExcluded
        return permits(action, self.actor, facts)
