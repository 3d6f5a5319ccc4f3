"""The demo's zone definitions agree with the zone database."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from slotgraph.server.demo.vtimezone import _OBSERVANCES, vtimezone


@pytest.mark.parametrize("tzid", _OBSERVANCES)
def test_definition_agrees_with_the_zone_database_on_every_day(tzid):
    defined, real = vtimezone(tzid).to_tz(lookup_tzid=False), ZoneInfo(tzid)
    noons = [datetime(2026, 1, 1, 12) + timedelta(days=day) for day in range(4 * 366)]
    assert [noon.replace(tzinfo=defined).utcoffset() for noon in noons] == [
        noon.replace(tzinfo=real).utcoffset() for noon in noons
    ]
