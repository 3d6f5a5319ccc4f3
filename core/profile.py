"""The company profile and its switch that shuts support out (rule T3)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields

from slotgraph.core.clock import is_zone_name
from slotgraph.core.customers import is_locale, text_faults
from slotgraph.core.gate import Gate
from slotgraph.core.grids import GridAnchor
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.core.problems import InvalidField, InvalidInput, NotFound
from slotgraph.core.records import Company, SupportCaseEnd
from slotgraph.core.slots import INTERVALS
from slotgraph.core.store import cases, companies
from slotgraph.core.values import OMITTED, Omitted

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
SLUG_FORM = "1 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit."

Given = dict[str, str | int | bool | GridAnchor]


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """Change of a company profile; what is OMITTED stays."""

    name: str | Omitted = OMITTED
    slug: str | Omitted = OMITTED
    time_zone: str | Omitted = OMITTED
    locale: str | Omitted = OMITTED
    booking_interval_minutes: int | Omitted = OMITTED
    grid_anchor: GridAnchor | Omitted = OMITTED
    exclude_support: bool | Omitted = OMITTED

    def given(self) -> Given:
        """The fields that were given, by column."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not OMITTED}


UpdateProfileResult = Company | InvalidInput | NotFound


class Profiles:
    """Changes company profiles."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def update(self, operation: Operation, company_id: str, change: ProfileChange) -> UpdateProfileResult:
        """Change a profile. With `exclude_support`, support has no access any more when this returns."""
        if not await operation.permits(Action.CHANGE_COMPANY, company_id):
            return NotFound(("input", "company"))
        given = change.given()
        faults = tuple(_faults(given))
        if faults:
            return InvalidInput(faults)
        if given:
            refusal = await self._store(operation, company_id, given)
            if refusal is not None:
                return refusal
        operation.forget_directory(company_id)
        directory = await operation.directory(company_id)
        return directory.company if directory else NotFound(("input", "company"))

    async def _store(self, operation: Operation, company_id: str, given: Given) -> InvalidInput | None:
        """Commit behind the gate: answers to support that were on their way out are gone before this is acknowledged."""
        async with self._gate.exclusive(company_id), operation.database.write() as connection:
            if "slug" in given:
                other = await companies.company_by_slug(connection, str(given["slug"]))
                if other is not None and other.id != company_id:
                    return InvalidInput((InvalidField(("input", "slug"), "this name is taken."),))
            await companies.update_company(connection, company_id, **given)
            if given.get("exclude_support") is True:
                now = operation.clock.now()
                await cases.end_cases(connection, company_id, by=SupportCaseEnd.EXCLUDED, at=now)
        return None


def is_slug(text: str) -> bool:
    """Whether a text may be a company's name in addresses."""
    return _SLUG.fullmatch(text) is not None


def _faults(given: Given) -> Iterator[InvalidField]:
    if "name" in given:
        yield from text_faults(("input", "name"), str(given["name"]), longest=200)
    if "slug" in given and not is_slug(str(given["slug"])):
        yield InvalidField(("input", "slug"), SLUG_FORM)
    if "time_zone" in given and not is_zone_name(str(given["time_zone"])):
        yield InvalidField(("input", "timeZone"), "this is no IANA time zone, for example Europe/Zurich.")
    if "locale" in given and not is_locale(str(given["locale"])):
        yield InvalidField(("input", "locale"), "this is no language tag, for example de or en-GB.")
    if "booking_interval_minutes" in given and given["booking_interval_minutes"] not in INTERVALS:
        choices = ", ".join(str(minutes) for minutes in INTERVALS)
        yield InvalidField(("input", "bookingIntervalMinutes"), f"must be one of {choices}.")
