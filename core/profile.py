"""The company profile and its switch that shuts support out (rule T3)."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from slotgraph.core.clock import is_zone_name
from slotgraph.core.customers import is_locale, text_faults
from slotgraph.core.entry_templates import PLACEHOLDERS, TITLE_PLACEHOLDERS, parsed
from slotgraph.core.errors import BadInput
from slotgraph.core.gate import Gate
from slotgraph.core.grids import GridAnchor
from slotgraph.core.operation import Operation
from slotgraph.core.origins import origin_of
from slotgraph.core.policy import Action
from slotgraph.core.problems import InvalidField, InvalidInput, NotFound
from slotgraph.core.records import Company, SupportCaseEnd
from slotgraph.core.slots import INTERVALS
from slotgraph.core.slugs import SLUG_FORM, is_slug
from slotgraph.core.store import cases, companies, locks
from slotgraph.core.store.notices import SupportShutOut, publish
from slotgraph.core.values import OMITTED, Omitted

MAX_HOLD_MINUTES = 30
MAX_CUSTOMER_DATA_DAYS = 3650
MAX_TITLE_TEMPLATE = 500
MAX_DESCRIPTION_TEMPLATE = 4000
MAX_ORIGINS = 20

Given = dict[str, str | int | bool | GridAnchor | tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """Change of a company profile; what is OMITTED stays."""

    name: str | Omitted = OMITTED
    slug: str | Omitted = OMITTED
    time_zone: str | Omitted = OMITTED
    locale: str | Omitted = OMITTED
    booking_interval_minutes: int | Omitted = OMITTED
    grid_anchor: GridAnchor | Omitted = OMITTED
    hold_minutes: int | Omitted = OMITTED
    customer_data_days: int | Omitted = OMITTED
    entry_title_template: str | Omitted = OMITTED
    entry_description_template: str | Omitted = OMITTED
    allowed_origins: tuple[str, ...] | Omitted = OMITTED
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
        faults = (*_faults(given), *_template_faults(change), *_origin_faults(change))
        if faults:
            return InvalidInput(faults)
        given |= _in_one_form(change)
        if given:
            refusal = await self._store(operation, company_id, given)
            if refusal is not None:
                return refusal
        operation.forget_directory(company_id)
        directory = await operation.directory(company_id)
        return directory.company if directory else NotFound(("input", "company"))

    async def _store(self, operation: Operation, company_id: str, given: Given) -> InvalidInput | None:
        """Commit behind the gate: answers to support that were on their way out are gone before this is acknowledged."""
        async with self._gate.exclusive(company_id) as connection:
            if "slug" in given:
                await locks.lock_name(connection, "slug", str(given["slug"]))
                other = await companies.company_by_slug(connection, str(given["slug"]))
                if other is not None and other.id != company_id:
                    return InvalidInput((InvalidField(("input", "slug"), "this name is taken."),))
            await companies.update_company(connection, company_id, **given)
            if given.get("exclude_support") is True:
                now = operation.clock.now()
                await cases.end_cases(connection, company_id, by=SupportCaseEnd.EXCLUDED, at=now)
                await publish(connection, SupportShutOut(company_id))
        return None


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
    for name, field, most in (
        ("hold_minutes", "holdMinutes", MAX_HOLD_MINUTES),
        ("customer_data_days", "customerDataDays", MAX_CUSTOMER_DATA_DAYS),
    ):
        if name in given and given[name] not in range(1, most + 1):
            yield InvalidField(("input", field), f"must lie between 1 and {most}.")


def _template_faults(change: ProfileChange) -> Iterator[InvalidField]:
    """What is wrong with the texts that are written into calendars (rule K7). A description may be empty."""
    title, description = change.entry_title_template, change.entry_description_template
    if isinstance(title, str):
        path = ("input", "entryTitleTemplate")
        faults = list(text_faults(path, title, longest=MAX_TITLE_TEMPLATE))
        yield from faults or _placeholder_faults(path, title, TITLE_PLACEHOLDERS)
    if isinstance(description, str) and description.strip():
        path = ("input", "entryDescriptionTemplate")
        faults = list(text_faults(path, description, longest=MAX_DESCRIPTION_TEMPLATE, lines=True))
        yield from faults or _placeholder_faults(path, description, PLACEHOLDERS)


def _placeholder_faults(path: tuple[str, ...], text: str, placeholders: tuple[str, ...]) -> Iterator[InvalidField]:
    try:
        parsed(text, placeholders)
    except BadInput as error:
        yield InvalidField(path, error.reason)


def _origin_faults(change: ProfileChange) -> Iterator[InvalidField]:
    path, origins = ("input", "allowedOrigins"), change.allowed_origins
    if isinstance(origins, Omitted):
        return
    if len(origins) > MAX_ORIGINS:
        yield InvalidField(path, f"at most {MAX_ORIGINS}.")
        return
    for at, text in enumerate(origins):
        try:
            origin_of(text)
        except BadInput as error:
            yield InvalidField((*path, str(at)), error.reason)


def _in_one_form(change: ProfileChange) -> Given:
    """What is stored in another form than it was typed: origins as browsers send them, each once; line breaks of one kind."""
    given: Given = {}
    if isinstance(change.entry_description_template, str):
        given["entry_description_template"] = "\n".join(change.entry_description_template.splitlines())
    if not isinstance(change.allowed_origins, Omitted):
        given["allowed_origins"] = tuple(dict.fromkeys(origin_of(text) for text in change.allowed_origins))
    return given
