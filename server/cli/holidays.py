"""`slotgraph holidays`: fills in the public holidays of a country or a part of it, as the library `holidays` knows them."""

import difflib
from collections.abc import Collection, Iterator
from types import ModuleType

import click

from slotgraph.core.administration.holidays import Holiday, fill_in
from slotgraph.core.clock import SystemClock
from slotgraph.core.errors import BadInput, SettingError
from slotgraph.server.cli.console import opened, run, settings_of

YEARS_AHEAD = 5


@click.command()
@click.argument("company")
@click.option("--country", required=True, help="ISO 3166 code, for example CH.")
@click.option("--subdivision", help="Code of the canton, state or region, for example ZH; omit for the whole country.")
@click.option(
    "--year", "years", type=int, multiple=True, help="Which year; may be repeated. This and the next if omitted."
)
@click.option("--language", help="What the days are called in, for example de; the country's own if omitted.")
@click.option("--dry-run", is_flag=True, help="Only show what would be added.")
@click.pass_context
def holidays(
    context: click.Context,
    company: str,
    country: str,
    subdivision: str | None,
    years: tuple[int, ...],
    language: str | None,
    dry_run: bool,
) -> None:
    """Fill in holidays as absences of the whole company. COMPANY is its name in addresses.

    What is there already is not added again, and other absences are left alone.
    """
    wanted = tuple(_holidays(_library(), country.upper(), subdivision, years=_checked(years), language=language))
    settings = settings_of(context)

    async def fill() -> None:
        async with opened(settings) as joined:
            found = await fill_in(joined.parts.database, company, wanted, dry_run=dry_run)
        for one in found.there:
            click.echo(f"{one.day}  {one.name} (was there)")
        for one in found.added:
            click.echo(f"{one.day}  {one.name}")
        verb = "would be added" if dry_run else "added"
        click.echo(f"{len(found.added)} {verb}, {len(found.there)} there already.")

    run(fill())


def _library() -> ModuleType:
    try:
        import holidays as library
    except ModuleNotFoundError as error:
        raise SettingError("Holidays need an extra: pip install slotgraph[holidays].") from error
    return library


def _checked(years: Collection[int]) -> list[int]:
    """The years asked for, or this and the next. Raises BadInput."""
    this = SystemClock().now().year
    last = this + YEARS_AHEAD
    for year in years:
        if not this <= year <= last:
            raise BadInput(("year",), f"between {this} and {last}.")
    return sorted(set(years)) or [this, this + 1]


def _holidays(
    library: ModuleType, country: str, subdivision: str | None, *, years: Collection[int], language: str | None
) -> Iterator[Holiday]:
    """The days of these years, each with its name. Raises BadInput that says what there is."""
    countries = library.list_supported_countries(include_aliases=True)
    _require("country", country, countries)
    if subdivision is not None:
        _require("subdivision", subdivision, countries[country])
    if language is not None:
        _require("language", language, library.list_localized_countries(include_aliases=True).get(country, ()))
    found = library.country_holidays(country, subdiv=subdivision, years=years, language=language)
    return (Holiday(day, name) for day, name in found.items() if day.year in years)


def _require(option: str, given: str, there: Collection[str]) -> None:
    """Raise BadInput if something is not there, naming what comes close, or all if nothing does."""
    if given in there:
        return
    if not there:
        raise BadInput((option,), "there is nothing to choose from for this country; leave it out.")
    near = difflib.get_close_matches(given, there, n=8, cutoff=0.3)
    raise BadInput((option,), f"there is no {given}; there is {', '.join(near or sorted(there))}.")
