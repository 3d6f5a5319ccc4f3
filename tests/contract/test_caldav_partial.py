"""The CalDAV connector keeps the contract on a server that honours partial reads: exact, and no title travels."""

import re
from dataclasses import replace
from datetime import datetime

import pytest

from slotgraph.core.plugin import Answer, Precision, ReadMode, Transport
from slotgraph.core.testing.contract import ProviderContract
from slotgraph.core.testing.faults import Fault
from slotgraph.core.testing.outside import OutsideEvent
from slotgraph.core.testing.seed import busy_in

EVENT = OutsideEvent(datetime(2027, 3, 23, 9), datetime(2027, 3, 23, 10))


class CuttingTransport:
    """Makes a real server send only the event properties asked for, as Cyrus 3.6 does: it asks for all, and cuts the answer."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    async def request(self, method: str, url: str, *, body: bytes | None = None, **options: object) -> Answer:
        whole = re.sub(rb"(<C:calendar-data)>.*</C:calendar-data>", rb"\1/>", body or b"", flags=re.DOTALL)
        answer = await self._inner.request(method, url, body=whole, **options)
        wanted = re.findall(rb'<C:prop name="([^"]+)"/>', body or b"")
        return replace(answer, body=_cut(answer.body, wanted)) if wanted else answer


def _cut(body: bytes, wanted: list[bytes]) -> bytes:
    unfolded = re.sub(rb"(?:&#13;|\r)?\n[ \t]", b"", body)
    kept = re.compile(rb"(?:" + b"|".join(wanted) + rb")[;:]")
    return re.sub(
        rb"(BEGIN:VEVENT)(.*?)(END:VEVENT)",
        lambda match: b"\n".join([match[1], *filter(kept.match, match[2].split(b"\n")), match[3]]),
        unfolded,
        flags=re.DOTALL,
    )


class TestCalDavWithPartialReads(ProviderContract):
    # What a fault becomes does not depend on the rung, but for answers that are cut short.
    faults = (Fault.NOT_FOUND, Fault.TRUNCATED, Fault.EMPTY)

    @pytest.fixture
    async def seed(self, xandikos, caldav_seed):
        async with caldav_seed(xandikos, "carol@caldav.example") as seed:
            seed.account = replace(seed.account, transport=CuttingTransport(seed.account.transport))
            yield seed

    async def test_every_way_to_read_is_exact(self, seed):
        await seed.put(seed.calendar_id, EVENT)
        answers = await busy_in(seed, ReadMode)
        assert {answer.precision for answer in answers.values()} == {Precision.EXACT}

    async def test_linking_says_that_no_title_travels(self, seed):
        await seed.put(seed.calendar_id, EVENT)
        found = {calendar.id: calendar for calendar in await seed.provider.calendars(seed.account)}
        assert not found[seed.calendar_id].titles_on_wire
        assert found[seed.calendar_id].flags["ladder"] == "partial"
