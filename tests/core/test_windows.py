"""Windows as callers name them: typed refusals at the ends of time (rule S4)."""

from datetime import datetime, timedelta

import pytest

from slotgraph.core.errors import BadInput


async def test_a_window_before_all_years_is_refused_by_name(world):
    with pytest.raises(BadInput, match="1900 to 2999") as refused:
        await world.search("1899-12-31 00:00", "1900-01-02 00:00")
    assert refused.value.path == ("input", "from")


async def test_a_window_in_the_year_9999_is_refused_by_name(world):
    with pytest.raises(BadInput, match="1900 to 2999") as refused:
        await world.search("9999-12-30 00:00", "9999-12-31 23:00")
    assert refused.value.path == ("input", "from")


@pytest.mark.parametrize("start", ["1900-01-02 00:00", "1969-12-31 00:00", "2999-12-30 00:00"])
async def test_at_the_ends_there_is_simply_no_slot(world, start):
    end = datetime.fromisoformat(start) + timedelta(days=1)
    found = await world.search(start, f"{end:%Y-%m-%d %H:%M}", time_zone="Pacific/Apia")
    assert (found.slots, found.complete) == ([], True)
    assert {day.complete for day in found.days} == {True}


async def test_starts_far_off_are_refused_by_name(world):
    with pytest.raises(BadInput) as refused:
        await world.explain("9999-12-31 23:00")
    assert refused.value.path == ("input", "slot", "start")
