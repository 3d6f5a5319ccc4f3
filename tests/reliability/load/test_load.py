"""Rules K1-K4 under load over HTTP: no overlap, nothing acknowledged lost, one event outside per attendance, no refusal without reason."""

from pathlib import Path

import pytest
from slotgraph_tests_databases import engine_of
from slotgraph_tests_reliability_load_checker import check
from slotgraph_tests_reliability_load_crowd import Crowd
from slotgraph_tests_reliability_load_fault_proxy import Fault
from slotgraph_tests_reliability_load_shop import shop_at
from sqlalchemy import text

FEW = {"sqlite": 1000, "postgresql": 2000}
MANY = 20_000
UNSAFE = 120
REPLICAS = {"sqlite": 1, "postgresql": 2}
PER_DAY = 2000
"""How many attempts share a day of the shop."""

READING = [*(2 * [fault for fault in Fault if fault is not Fault.LATE]), Fault.SLOW]
"""What befalls all calls."""

WRITING = [Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.RESET_AFTER, Fault.TRUNCATED, Fault.FAILED, Fault.LATE]
"""What befalls those that write or remove an event, the harder to answer for the more often."""

WRITES = ("PUT", "DELETE")
UNSAFE_SERVE = ("-P", str(Path(__file__).with_name("unsafe_serve.py")))
WITHOUT_CONSTRAINT = {
    "postgresql": ["ALTER TABLE block DROP CONSTRAINT block_overlaps"],
    "sqlite": ["DROP TRIGGER block_no_overlap_insert", "DROP TRIGGER block_no_overlap_update"],
}


@pytest.fixture
def kind(request):
    return request.config.getoption("--database")


def faults(proxy, *, periods):
    """Calendars fail for the middle of each of so many parts of the load."""

    def fail():
        proxy.spoil(0.12, faults=READING)
        proxy.spoil(0.35, faults=WRITING, methods=WRITES)

    parts = range(periods)
    return {(part + 0.2) / periods: fail for part in parts} | {(part + 0.7) / periods: proxy.behave for part in parts}


async def what_became(shop, crowd, *, periods):
    """Let them come, calendars failing now and then, and wait until all is written; what the checker found, and the whole story."""
    await crowd.come(at=faults(shop.proxy, periods=periods))
    seconds = await shop.until_written()
    findings = check(crowd.history, shop.stored(), shop.outside(), shop.facts())
    spoilt = ", ".join(f"{fault.value} {count}" for fault, count in sorted(shop.proxy.counts.items(), key=str))
    story = f"{len(crowd.history)} attempts; outbox empty after {seconds:.1f} s; spoilt: {spoilt or 'nothing'}"
    return findings, f"{story}\n{findings}"


@pytest.mark.parametrize(
    "long", [pytest.param(False, id="short"), pytest.param(True, id="long", marks=pytest.mark.soak)]
)
async def test_nothing_is_lost_doubled_or_refused_without_reason(
    new_database, tmp_path, kind, long, attempts, seed, show
):
    count = attempts(MANY if long else FEW[kind], long=long)
    days = 2 + count // PER_DAY
    async with shop_at(new_database("empty"), tmp_path, replicas=REPLICAS[kind], days=days, seed=seed) as shop:
        crowd = Crowd(shop, count, seed=seed)
        findings, story = await what_became(shop, crowd, periods=5 if long else 1)
        show(story)
        shop.replicas.stop()
    assert findings.total == 0, story
    assert "Traceback" not in shop.replicas.said()


async def test_a_build_without_constraint_and_locks_overlaps(new_database, tmp_path, kind, show):
    """The proof that the test above can fail."""
    replicas = {"replicas": REPLICAS[kind], "command": UNSAFE_SERVE}
    async with shop_at(new_database("empty"), tmp_path, employees=2, days=2, **replicas) as shop:
        engine = engine_of(shop.address)
        with engine.begin() as connection:
            for statement in WITHOUT_CONSTRAINT[kind]:
                connection.execute(text(statement))
        crowd = Crowd(shop, UNSAFE)
        findings, story = await what_became(shop, crowd, periods=0)
        show(story)
    assert findings.counts["overlaps"] > 0
