"""The CalDAV connector keeps the contract on Radicale, which ignores partial reads: free-busy-query, or whole events."""

from datetime import datetime

import pytest

from slotgraph.core.plugin import Entry, Precision, ReadMode
from slotgraph.core.testing.cases import instants
from slotgraph.core.testing.contract import ProviderContract
from slotgraph.core.testing.outside import OutsideEvent
from slotgraph.core.testing.seed import busy, busy_in

ENTRY = Entry(instants("03-23T09:00", "03-23T10:00"), "Europe/Zurich", "Haircut", "")


class TestCalDavOnRadicale(ProviderContract):
    read_modes = tuple(ReadMode)

    @pytest.fixture
    async def seed(self, radicale, caldav_seed):
        async with caldav_seed(radicale, "carol@caldav.example") as seed:
            yield seed

    async def test_b6_entry_is_told_apart_whichever_way_it_is_read(self, seed, mode):
        reference = await seed.provider.write(seed.account, seed.calendar_id, ENTRY, "key")
        assert (await busy(seed, mode, frozenset({reference}))).busy == ()

    async def test_each_way_to_read_is_as_precise_as_it_says(self, seed):
        await seed.put(seed.calendar_id, OutsideEvent(datetime(2027, 3, 23, 9), datetime(2027, 3, 23, 10)))
        precisions = {mode: answer.precision for mode, answer in (await busy_in(seed, ReadMode)).items()}
        assert precisions == {
            ReadMode.AUTO: Precision.SERVER,
            ReadMode.EXACT: Precision.EXACT,
            ReadMode.FREE_BUSY_ONLY: Precision.SERVER,
        }
