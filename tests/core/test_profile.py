"""The company profile: who changes it, what is refused, and what stays."""

from dataclasses import replace

import pytest

from slotgraph.core.grids import GridAnchor
from slotgraph.core.policy import Anonymous, Permission, Role, Token
from slotgraph.core.problems import InvalidInput, NotFound
from slotgraph.core.profile import ProfileChange, is_slug
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
