"""Support's way through: the access is logged first, and the answer leaves only under a share of each company's lock (T3, T4)."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from slotgraph.core.errors import ErrorCode, SlotGraphError
from slotgraph.core.gate import Gate
from slotgraph.core.operation import Operation
from slotgraph.core.store.database import Database
from slotgraph.core.store.notices import Notice, Notices, SupportShutOut
from slotgraph.core.support import Access, SupportDesk
from slotgraph.schema.reach import Reach

HAND_OVER_SECONDS = 0.25
"""How long the lock may be held to look once more and to hand the answer over; a slower one is dropped (rule T3)."""

TRIES = 3
"""How often an operation is run because support's standing changed under it, before it is refused as a whole."""

_log = logging.getLogger("slotgraph.support_gate")


class Dropped(Exception):
    """An answer could not be handed over in time."""


class SupportRun(Protocol):
    """An agent's request: can be run, and run again, each time with an operation of its own."""

    def operation(self) -> Operation:
        """A fresh operation of the agent: it has read nothing yet."""

    async def response(self, operation: Operation) -> Response:
        """Execute with this operation, and give the finished response."""

    def refused(self, message: str, code: ErrorCode) -> Response:
        """The response that says only this."""

    def failed(self, error: SlotGraphError) -> Response:
        """The response to a request that could not be answered."""


class SupportGate:
    """Logs the operations of agents and gates their answers."""

    def __init__(self, desk: SupportDesk, gate: Gate, notices: Notices) -> None:
        self._desk = desk
        self._gate = gate
        self._leaving: set[Leaving] = set()
        notices.subscribe(self._told)

    def _told(self, notice: Notice) -> None:
        """Let the operations that a notice may be about look at support's standing while they run."""
        for leaving in self._leaving:
            if not isinstance(notice, SupportShutOut) or notice.company_id in leaving.companies:
                leaving.hint.set()

    async def made(self, leaving: "Leaving") -> frozenset[str]:
        """Run an operation; the companies because of which it was given up half-way."""
        self._leaving.add(leaving)
        try:
            return await leaving.made()
        finally:
            self._leaving.discard(leaving)

    def admit(self, run: SupportRun, reach: Reach, operation_name: str | None) -> "GatedResponse":
        """The response that logs the access, runs the operation, and looks once more as it leaves."""
        return GatedResponse(self, run, reach, operation_name)

    async def log(
        self, operation: Operation, company_ids: Iterable[str], reach: Reach, operation_name: str | None
    ) -> frozenset[str]:
        """Log the access to these companies, and commit; the companies the agent is let into by it."""
        access = Access(operation_name, reach.fields, reach.range_start, reach.range_end)
        return await self._desk.log_access(operation, company_ids, access)

    async def companies(self, operation: Operation, reach: Reach) -> frozenset[str]:
        """The companies a document reaches: by global ids, by slugs, and those with an open case."""
        found = set(reach.company_ids)
        if reach.lists_open_cases:
            found |= {case.company_id for case in await self._desk.open_cases(operation)}
        for slug in reach.slugs:
            company_id = await operation.company_id_of_slug(slug)
            if company_id is not None:
                found.add(company_id)
        return frozenset(found)

    async def hand_over(self, leaving: "Leaving", scope: Scope, receive: Receive, send: Send) -> frozenset[str]:
        """Hand the bytes over under the lock, unless support's standing is not what they were made under.

        Returns the companies where it is not; then nothing was handed over. Raises Dropped for what is too slow.
        """
        async with self._gate.shared(leaving.companies) as database:
            try:
                async with asyncio.timeout(HAND_OVER_SECONDS):
                    changed = await leaving.changed(database)
                    if not changed:
                        await leaving.response(scope, receive, send)
                    return changed
            except TimeoutError as error:
                raise Dropped from error


class Leaving:
    """An answer at the gate, the operation that made it, and what the access log says of it."""

    def __init__(self, run: SupportRun, companies: frozenset[str], let_in: frozenset[str]) -> None:
        self._run = run
        self._operation = run.operation()
        self._named = companies
        self._let_in = let_in
        self.response = Response()
        self.hint = asyncio.Event()
        """Set when support's standing may have changed."""

    async def made(self) -> frozenset[str]:
        """Run the operation; after a hint look whether it still makes sense. The companies because of which it does not."""
        running = asyncio.create_task(self._run.response(self._operation))
        try:
            while await _first(running, self.hint):
                self.hint.clear()
                if changed := await self.changed(self._operation.database):
                    return changed
            self.response = await running
            return frozenset()
        finally:
            running.cancel()
            await asyncio.wait([running])

    @property
    def companies(self) -> frozenset[str]:
        """The companies the document names, and those the operation came upon while it ran."""
        return self._named | self._operation.standings_seen.keys()

    async def changed(self, database: Database) -> frozenset[str]:
        """The companies where the standing is now another than any the operation saw, or than the log tells."""
        now, seen = replace(self._run.operation(), database=database), self._operation.standings_seen
        changed = set()
        for company_id in sorted(self.companies):
            standing = await now.standing(company_id)
            is_logged = standing.is_open == (company_id in self._let_in)
            if not is_logged or not seen.get(company_id, set()) <= {standing}:
                changed.add(company_id)
        return frozenset(changed)


async def _first(running: asyncio.Task[Response], hint: asyncio.Event) -> bool:
    """Wait for the end of a task or a hint; whether it is a hint alone."""
    hinted = asyncio.create_task(hint.wait())
    try:
        await asyncio.wait([running, hinted], return_when=asyncio.FIRST_COMPLETED)
    finally:
        hinted.cancel()
    return not running.done()


class GatedResponse(Response):
    """Logs, runs and hands over an operation of an agent when it is sent."""

    def __init__(self, gate: SupportGate, run: SupportRun, reach: Reach, operation_name: str | None) -> None:
        super().__init__()
        self._gate = gate
        self._run = run
        self._reach = reach
        self._operation_name = operation_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, or why there is none. What the client takes too slowly is dropped."""
        try:
            if await self._answered(scope, receive, send):
                return
            instead = self._run.refused(
                "Support's access changed while this was answered; ask again.", ErrorCode.FORBIDDEN
            )
        except SlotGraphError as error:
            instead = self._run.failed(error)
        except Dropped:
            _log.warning("an answer to support was dropped: it could not be handed over in time")
            return
        await instead(scope, receive, send)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Run until an answer leaves under the standing it was made under; False if it never does."""
        operation = self._run.operation()
        companies = to_log = await self._gate.companies(operation, self._reach)
        let_in: frozenset[str] = frozenset()
        for _ in range(TRIES):
            let_in = let_in - to_log | await self._gate.log(operation, to_log, self._reach, self._operation_name)
            leaving = Leaving(self._run, companies, let_in)
            to_log = await self._gate.made(leaving)
            if not to_log:
                to_log = await self._gate.hand_over(leaving, scope, receive, send)
            if not to_log:
                return True
            companies = leaving.companies
        return False
