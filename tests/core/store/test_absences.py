"""Absences read for a window: none that touches it on anybody's local days is missing, and old ones are left where they are."""

from datetime import date

import pytest
from slotgraph_tests_core_store_shop import COMPANY, EMPLOYEE, OTHER_EMPLOYEE

from slotgraph.core.availability import DaysOff, absent_spans
from slotgraph.core.clock import midnight, zone
from slotgraph.core.records import Absence
from slotgraph.core.store import schedule
from slotgraph.core.values import Span

DAY = date(2027, 3, 2)
START = midnight(DAY, zone("UTC"))
WINDOW = Span(START, START + 60)


async def read(shop, times, *, employee=EMPLOYEE, window=WINDOW):
    async with shop.write() as connection:
        await schedule.insert_absence(connection, Absence(COMPANY, "a" * 32, employee, None, times))
    async with shop.read() as connection:
        return await schedule.absences_of(connection, COMPANY, [EMPLOYEE], window=window)


@pytest.mark.parametrize("name", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Zurich"])
@pytest.mark.parametrize("day", [date(2027, 3, 1), DAY, date(2027, 3, 3)])
async def test_a_day_off_that_touches_the_window_anywhere_is_read(shop, name, day):
    (span,) = absent_spans([DaysOff(day, day)], zone(name))
    touches = span.start < WINDOW.end and span.end > WINDOW.start
    assert not touches or await read(shop, DaysOff(day, day))


@pytest.mark.parametrize(
    ("times", "found"),
    [
        (Span(START - 10, START), False),
        (Span(START - 10, START + 1), True),
        (Span(START + 59, START + 90), True),
        (Span(START + 60, START + 90), False),
        (DaysOff(date(2026, 1, 1), date(2027, 2, 28)), False),
        (DaysOff(date(2026, 1, 1), date(2028, 1, 1)), True),
        (DaysOff(date(2027, 3, 4), date(2027, 3, 9)), False),
    ],
)
async def test_only_what_touches_the_window_is_read(shop, times, found):
    assert bool(await read(shop, times)) == found


async def test_of_all_there_are_those_of_the_company_and_of_whom_is_asked_for(shop):
    assert await read(shop, DaysOff(DAY, DAY), employee=None)


async def test_a_colleagues_is_nobody_elses(shop):
    assert await read(shop, DaysOff(DAY, DAY), employee=OTHER_EMPLOYEE, window=None) == []
