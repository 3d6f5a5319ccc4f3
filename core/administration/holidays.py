"""Filling in holidays: each a whole day off of the whole company. Which days are holidays where is not known here."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from slotgraph.core.administration.bounds import MAX_ABSENCES
from slotgraph.core.availability import DaysOff
from slotgraph.core.errors import BadInput
from slotgraph.core.records import Absence
from slotgraph.core.store import companies, schedule
from slotgraph.core.store.database import Database, Transaction
from slotgraph.core.store.locks import lock_company, lock_everybody


@dataclass(frozen=True, slots=True, order=True)
class Holiday:
    """A day and what it is called, which becomes the note of the absence."""

    day: date
    name: str


@dataclass(frozen=True, slots=True)
class FilledIn:
    """What was added, and what was there already; both by day."""

    added: tuple[Holiday, ...]
    there: tuple[Holiday, ...]


async def fill_in(database: Database, slug: str, holidays: Iterable[Holiday], *, dry_run: bool = False) -> FilledIn:
    """Add what is not there yet, or with `dry_run` only say what that would be. Other absences are left alone. Raises BadInput."""
    wanted = sorted(set(holidays))
    if dry_run:
        async with database.read() as connection:
            return await _compared(connection, await _company_id(connection, slug), wanted)
    async with database.write() as connection:
        company_id = await _company_id(connection, slug)
        await lock_company(connection, company_id)
        await lock_everybody(connection, company_id)
        found = await _compared(connection, company_id, wanted)
        for one in found.added:
            times = DaysOff(one.day, one.day)
            await schedule.insert_absence(connection, Absence(company_id, uuid.uuid4().hex, None, one.name, times))
    return found


async def _company_id(connection: Transaction, slug: str) -> str:
    company = await companies.company_by_slug(connection, slug)
    if company is None:
        raise BadInput(("company",), f"there is no company {slug!r}.")
    return company.id


async def _compared(connection: Transaction, company_id: str, wanted: Iterable[Holiday]) -> FilledIn:
    """Those that are missing, and those that are there: a whole day off of the company with the very name."""
    listed = await schedule.absences_of(connection, company_id, ())
    days_off = {(one.times, one.note) for one in listed}
    there = tuple(one for one in wanted if (DaysOff(one.day, one.day), one.name) in days_off)
    added = tuple(one for one in wanted if one not in there)
    if len(listed) + len(added) > MAX_ABSENCES:
        raise BadInput(
            ("company",), f"a company has at most {MAX_ABSENCES} absences of its own; there are {len(listed)}."
        )
    return FilledIn(added, there)
