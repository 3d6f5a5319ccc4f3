"""The company profile: who changes it, what is refused, and what stays."""

from dataclasses import replace

import pytest

from slotgraph.core.entry_templates import DESCRIPTION_TEMPLATE, TITLE_TEMPLATE
from slotgraph.core.grids import GridAnchor
from slotgraph.core.policy import Anonymous, Permission, Role, Token
from slotgraph.core.problems import InvalidInput, NotFound
from slotgraph.core.profile import ProfileChange
from slotgraph.core.slugs import is_slug
from slotgraph.core.values import OMITTED


async def update(world, actor=None, **given):
    return await world.do.profiles.update(world.as_(actor or world.owner), world.company_id, ProfileChange(**given))


async def profile(world):
    return (await world.as_(world.owner).directory(world.company_id)).company


async def test_what_is_given_changes_and_the_rest_stays(world):
    before = await profile(world)
    changed = await update(world, name="Salon", booking_interval_minutes=30)
    assert changed == replace(before, name="Salon", booking_interval_minutes=30) == await profile(world)
    assert await update(world) == changed
    assert (await update(world, slug="salon", time_zone="Asia/Tokyo", locale="ja")).slug == "salon"
    assert await world.as_().company_id_of_slug("salon") == world.company_id
    assert await world.as_().company_id_of_slug("demo") is None


async def test_the_changed_interval_counts_for_the_next_search(world):
    await update(world, booking_interval_minutes=120)
    assert await world.starts() == ["09:00", "11:00", "13:00", "15:00"]


async def test_the_grid_starts_with_the_availability_until_somebody_chooses_the_clock(world):
    """Rule S2."""
    assert (await profile(world)).grid_anchor is GridAnchor.AVAILABILITY_START
    assert (await update(world, grid_anchor=GridAnchor.CLOCK)).grid_anchor is GridAnchor.CLOCK
    assert (await profile(world)).grid_anchor is GridAnchor.CLOCK
    assert (await update(world, name="Salon")).grid_anchor is GridAnchor.CLOCK


async def test_holds_retention_templates_and_origins_begin_with_the_house_s_own_and_change(world):
    """Rules K7, F4."""
    before = await profile(world)
    assert (before.hold_minutes, before.customer_data_days, before.allowed_origins) == (10, 180, ())
    assert (before.entry_title_template, before.entry_description_template) == (TITLE_TEMPLATE, DESCRIPTION_TEMPLATE)
    for minutes, days in ((1, 1), (30, 3650)):
        changed = await update(world, hold_minutes=minutes, customer_data_days=days)
        assert (changed.hold_minutes, changed.customer_data_days) == (minutes, days)
    templates = {"entry_title_template": "{customer}", "entry_description_template": "{manageLink}"}
    assert await update(world, **templates) == replace(changed, **templates) == await profile(world)
    assert (await update(world, entry_description_template="")).entry_description_template == ""


async def test_line_breaks_and_origins_are_kept_in_one_form(world):
    given = ("https://B.example/", "https://a.example:443", "https://b.example")
    changed = await update(world, allowed_origins=given, entry_description_template="{customer}\r\n{email}")
    assert (
        changed.allowed_origins == ("https://b.example", "https://a.example") == (await profile(world)).allowed_origins
    )
    assert changed.entry_description_template == "{customer}\n{email}"
    assert (await update(world, allowed_origins=())).allowed_origins == ()


async def test_a_refused_template_names_the_placeholder_and_those_there_are(world):
    refused = await update(world, entry_description_template="Hello {customer.__class__}")
    (field,) = refused.fields
    assert field.message.startswith("{customer.__class__} is no placeholder here. There are {service}, {customer},")


async def test_only_admins_change_it(world):
    before = await profile(world)
    foreigner = replace(world.owner, company_id=await world.add_company("other"))
    token = Token(world.company_id, "t", frozenset(Permission))
    for actor in (world.member("staff"), foreigner, Anonymous(), world.agent, token):
        assert await update(world, actor, name="Mine") == NotFound(("input", "company"))
    assert await profile(world) == before
    assert (await update(world, world.member("admin", Role.ADMIN), name="Ours")).name == "Ours"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"name": ""}, ("input", "name")),
        ({"name": "a\x1b[31m"}, ("input", "name")),
        ({"slug": "Demo"}, ("input", "slug")),
        ({"slug": "-demo"}, ("input", "slug")),
        ({"slug": "taken"}, ("input", "slug")),
        ({"time_zone": "Zurich"}, ("input", "timeZone")),
        ({"locale": "Deutsch (CH)"}, ("input", "locale")),
        ({"booking_interval_minutes": 25}, ("input", "bookingIntervalMinutes")),
        ({"booking_interval_minutes": 0}, ("input", "bookingIntervalMinutes")),
        ({"hold_minutes": 0}, ("input", "holdMinutes")),
        ({"hold_minutes": 31}, ("input", "holdMinutes")),
        ({"customer_data_days": 0}, ("input", "customerDataDays")),
        ({"customer_data_days": 3651}, ("input", "customerDataDays")),
        ({"entry_title_template": " "}, ("input", "entryTitleTemplate")),
        ({"entry_title_template": "{service}\n{customer}"}, ("input", "entryTitleTemplate")),
        ({"entry_title_template": "{service} \u202e"}, ("input", "entryTitleTemplate")),
        ({"entry_title_template": "a" * 501}, ("input", "entryTitleTemplate")),
        ({"entry_title_template": "{manageLink}"}, ("input", "entryTitleTemplate")),
        ({"entry_title_template": "{customer.__class__}"}, ("input", "entryTitleTemplate")),
        ({"entry_description_template": "{0}"}, ("input", "entryDescriptionTemplate")),
        ({"entry_description_template": "{customer"}, ("input", "entryDescriptionTemplate")),
        ({"entry_description_template": "a\x1b[31m"}, ("input", "entryDescriptionTemplate")),
        ({"entry_description_template": "a" * 4001}, ("input", "entryDescriptionTemplate")),
        ({"allowed_origins": ("https://a.example", "http://a.example")}, ("input", "allowedOrigins", "1")),
        ({"allowed_origins": ("https://a.example/x",)}, ("input", "allowedOrigins", "0")),
        ({"allowed_origins": ("https://a.example",) * 21}, ("input", "allowedOrigins")),
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_changes(world, given, path):
    await world.add_company("taken")
    before = await profile(world)
    refused = await update(world, **({"locale": "fr"} | given))
    assert isinstance(refused, InvalidInput)
    assert [field.path for field in refused.fields] == [path]
    assert await profile(world) == before


async def test_ones_own_slug_is_not_taken(world):
    assert (await update(world, slug="demo")).slug == "demo"


@pytest.mark.parametrize("text", ["a", "a-b", "7", "a" * 63])
def test_what_may_stand_in_an_address(text):
    assert is_slug(text)


@pytest.mark.parametrize("text", ["", "A", "ä", "a-", "-a", "a b", "a\n", "a" * 64])
def test_what_may_not_stand_in_an_address(text):
    assert not is_slug(text)


def test_what_is_omitted_is_not_given():
    assert ProfileChange(name="A", exclude_support=False).given() == {"name": "A", "exclude_support": False}
    assert ProfileChange().given() == {}
    assert ProfileChange().slug is OMITTED
