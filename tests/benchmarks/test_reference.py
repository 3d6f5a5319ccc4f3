"""What speed is measured against is right: the slot job in C, and the engine on the same workloads (DESIGN section 9)."""

from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

import pytest

from benchmarks import engine, workloads
from benchmarks.reference import NoCompiler, Reference, compiled
from slotgraph.core.availability import Times, Weekly
from slotgraph.core.clock import local_days

WRITTEN_DOWN = ("W1", "W2", "W3")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    try:
        return compiled(tmp_path_factory.mktemp("reference"))
    except NoCompiler as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("name", WRITTEN_DOWN)
def test_c_finds_the_expected_starts(library, name):
    workload = workloads.read(name)
    starts, takers = Reference(library, workload).call()
    assert starts == workloads.expected_starts(name)
    assert workload.expected == workloads.Expected(len(starts), sum(takers), workloads.digest(starts))


@pytest.mark.parametrize("name", WRITTEN_DOWN)
def test_the_engine_finds_the_expected_starts(name):
    workload = workloads.read(name)
    found = engine.starts_and_takers(workload)
    assert engine.starts(workload) == [at for at, _ in found] == workloads.expected_starts(name)
    assert sum(len(who) for _, who in found) == workload.expected.pairs


def test_of_a_generated_workload_all_find_what_is_there_minute_by_minute(library):
    workload = workloads.generated("small", employees=3, days=10, busy=70, seed=1)
    starts, takers = Reference(library, workload).call()
    found = engine.starts_and_takers(workload)
    assert [(at, len(who)) for at, who in found] == list(zip(starts, takers, strict=True))
    for employee, slow in enumerate(workloads.minute_by_minute(workload, range(3))):
        assert slow
        assert [at for at, who in found if employee in who] == slow


def test_the_same_seed_generates_the_same_workload():
    sizes = {"employees": 2, "days": 10, "busy": 20}
    first, again, other = (workloads.generated("small", **sizes, seed=seed) for seed in (1, 1, 2))
    assert first.busy == again.busy
    assert first.busy != other.busy


@pytest.mark.parametrize("days", [("2027-03-24", "2027-04-06"), ("2027-10-27", "2027-11-09")])
@pytest.mark.parametrize("zone", ["Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "America/Santiago"])
@pytest.mark.parametrize(
    "times",
    [(time(2, 15), time(3, 45)), (time(1, 30), time(2, 20)), (time(22), time(1, 45)), (time(0), time(0, 50))],
    ids=lambda times: f"{times[0]:%H%M}-{times[1]:%H%M}",
)
def test_c_reads_wall_times_at_a_clock_change_as_the_engine_does(library, days, zone, times):
    """Rule A1: gaps, hours that come twice, openings past midnight."""
    tz = ZoneInfo(zone)
    workload = replace(
        workloads.generated("night", employees=2, days=1, busy=5, seed=1),
        tz=tz,
        window=local_days(*map(date.fromisoformat, days), tz),
        rules=[Weekly(Times(*times), weekday) for weekday in range(7)],
        interval=10,
    )
    assert Reference(library, workload).call()[0] == engine.starts(workload) != []
