import asyncio
import gc
import os
import signal
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest
import pytest_asyncio

from slotgraph.core.clock import SystemClock
from slotgraph.core.errors import (
    AnswerMalformed,
    AnswerTooLarge,
    PluginFailed,
    ProviderThrottled,
    ProviderTimeout,
)
from slotgraph.core.offload import INLINE_BYTES, Offload
from slotgraph.core.transport import Deadline

LARGE = INLINE_BYTES + 1


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import offload_jobs

    return offload_jobs


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[Offload]:
    offload = Offload(workers=2)
    yield offload
    await offload.close()
    assert children() == set()


def soon(seconds: float = 10) -> Deadline:
    return Deadline(SystemClock(), seconds)


def children() -> set[int]:
    """Ids of this process's children, zombies included."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def until_gone(pid: int, seconds: float = 3) -> None:
    async with asyncio.timeout(seconds):
        while is_running(pid):
            await asyncio.sleep(0.01)


async def test_small_input_runs_here_and_starts_no_process(pool: Offload, jobs: ModuleType) -> None:
    assert await pool.run(jobs.pid, b"x", deadline=soon(), weight=INLINE_BYTES) == os.getpid()
    assert children() == set()


async def test_large_input_runs_in_a_worker_that_is_used_again(pool: Offload, jobs: ModuleType) -> None:
    first = await pool.run(jobs.pid, b"x", deadline=soon(), weight=LARGE)
    assert first != os.getpid()
    assert await pool.run(jobs.pid, b"x", deadline=soon(), weight=LARGE) == first
    assert children() == {first}


async def test_arguments_and_results_keep_their_types(pool: Offload, jobs: ModuleType) -> None:
    got = await pool.run(jobs.spans, 3, deadline=soon(), weight=LARGE)
    assert got == ((0, 30), (1, 31), (2, 32))


async def test_job_over_the_deadline_is_killed_and_replaced(pool: Offload, jobs: ModuleType) -> None:
    first = await pool.run(jobs.pid, deadline=soon(), weight=LARGE)
    start = time.monotonic()
    with pytest.raises(ProviderTimeout):
        await pool.run(jobs.burn, deadline=soon(0.3), weight=LARGE)
    assert time.monotonic() - start < 0.55
    await until_gone(first)
    assert await pool.run(jobs.pid, deadline=soon(), weight=LARGE) not in {first, os.getpid()}


async def test_waiting_for_a_free_worker_counts_against_the_deadline(pool: Offload, jobs: ModuleType) -> None:
    busy = [asyncio.create_task(pool.run(jobs.sleep, 5, deadline=soon(1), weight=LARGE)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(ProviderTimeout):
        await pool.run(jobs.pid, deadline=soon(0.2), weight=LARGE)
    outcomes = await asyncio.gather(*busy, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ProviderTimeout, ProviderTimeout]


async def test_passed_deadline_starts_nothing(pool: Offload, jobs: ModuleType) -> None:
    for weight in (1, LARGE):
        with pytest.raises(ProviderTimeout):
            await pool.run(jobs.pid, deadline=soon(0), weight=weight)
    assert children() == set()


async def test_cancelling_the_waiter_kills_the_worker(pool: Offload, jobs: ModuleType) -> None:
    worker = await pool.run(jobs.pid, deadline=soon(), weight=LARGE)
    waiter = asyncio.create_task(pool.run(jobs.burn, deadline=soon(60), weight=LARGE))
    await asyncio.sleep(0.05)
    waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    await until_gone(worker)


@pytest.mark.parametrize("weight", [1, LARGE])
async def test_provider_failure_travels_with_class_message_and_facts(
    pool: Offload, jobs: ModuleType, weight: int
) -> None:
    with pytest.raises(AnswerMalformed, match="no multistatus"):
        await pool.run(jobs.malformed, "no multistatus", deadline=soon(), weight=weight)
    with pytest.raises(ProviderThrottled) as refused:
        await pool.run(jobs.throttled, 7, deadline=soon(), weight=weight)
    assert refused.value.retry_after == 7


@pytest.mark.parametrize("weight", [1, LARGE])
async def test_foreign_exception_loses_its_message(pool: Offload, jobs: ModuleType, weight: int) -> None:
    with pytest.raises(PluginFailed) as failure:
        await pool.run(jobs.value_error, "dentist", deadline=soon(), weight=weight)
    assert "ValueError" in str(failure.value)
    assert "dentist" not in str(failure.value)
    assert failure.value.__suppress_context__ or failure.value.__context__ is None


async def test_failure_that_cannot_be_unpickled_is_a_plugin_failure(pool: Offload, jobs: ModuleType) -> None:
    with pytest.raises(PluginFailed):
        await pool.run(jobs.guest_failure, deadline=soon(), weight=LARGE)


@pytest.mark.parametrize(("job", "expected"), [("end_by_kernel", AnswerTooLarge), ("eat_memory", AnswerTooLarge)])
async def test_worker_out_of_memory_is_too_large(
    pool: Offload, jobs: ModuleType, job: str, expected: type[Exception]
) -> None:
    worker = await pool.run(jobs.pid, deadline=soon(), weight=LARGE)
    with pytest.raises(expected):
        await pool.run(getattr(jobs, job), deadline=soon(), weight=LARGE)
    assert await pool.run(jobs.pid, deadline=soon(), weight=LARGE) != worker


async def test_worker_that_ends_itself_is_a_plugin_failure(pool: Offload, jobs: ModuleType) -> None:
    for status in (0, 3):
        with pytest.raises(PluginFailed):
            await pool.run(jobs.end, status, deadline=soon(), weight=LARGE)


async def test_worker_that_died_idle_costs_nobody_a_call(pool: Offload, jobs: ModuleType) -> None:
    worker = await pool.run(jobs.pid, deadline=soon(), weight=LARGE)
    os.kill(worker, signal.SIGKILL)
    await until_gone(worker)
    while worker in children() or any(one.is_alive for one in pool._idle):
        await asyncio.sleep(0.01)
    assert await pool.run(jobs.pid, deadline=soon(), weight=LARGE) != worker


async def test_long_tuple_comes_back_whole_and_in_order(pool: Offload, jobs: ModuleType) -> None:
    for count in (0, 999, 1000, 1001, 54_321):
        assert await pool.run(jobs.spans, count, deadline=soon(), weight=LARGE) == jobs.spans(count)


async def test_result_over_the_cap_is_too_large(pool: Offload, jobs: ModuleType) -> None:
    for job, size in ((jobs.spans, 1_000_000), (jobs.text, 300_000)):
        with pytest.raises(AnswerTooLarge):
            await pool.run(job, size, deadline=soon(), weight=LARGE)


async def test_what_a_job_prints_goes_nowhere(
    pool: Offload, jobs: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await pool.run(jobs.print_noise, "dentist", deadline=soon(), weight=LARGE) == "fine"
    assert capfd.readouterr() == ("", "")


async def test_interrupt_does_not_end_a_worker(pool: Offload, jobs: ModuleType) -> None:
    assert await pool.run(jobs.interrupt_me, deadline=soon(), weight=LARGE) == "still here"


async def test_close_ends_workers_at_work_and_idle_ones(jobs: ModuleType) -> None:
    offload = Offload(workers=2)
    idle = await offload.run(jobs.pid, deadline=soon(), weight=LARGE)
    waiters = [asyncio.create_task(offload.run(jobs.burn, deadline=soon(60), weight=LARGE)) for _ in range(3)]
    await asyncio.sleep(0.3)
    assert len(children()) == 2
    await offload.close()
    outcomes = await asyncio.gather(*waiters, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [PluginFailed] * 3
    assert children() == set()
    assert not is_running(idle)
    with pytest.raises(PluginFailed):
        await offload.run(jobs.pid, deadline=soon(), weight=LARGE)
    gc.collect()


class Watch:
    """Measures the longest turn of the loop: by its own processor time, which a busy machine does not stretch, and by the wall."""

    def __init__(self) -> None:
        self.busy = self.wall = 0.0

    async def __aenter__(self) -> "Watch":
        self._task = asyncio.create_task(self._tick())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            busy, wall = time.thread_time(), time.monotonic()
            await asyncio.sleep(0.001)
            self.busy = max(self.busy, time.thread_time() - busy)
            self.wall = max(self.wall, time.monotonic() - wall)


async def test_loop_goes_on_while_a_long_job_and_a_large_input_are_worked_on(pool: Offload, jobs: ModuleType) -> None:
    data = b"x" * (8 * 1024 * 1024)
    async with Watch() as watch:
        burning = asyncio.create_task(pool.run(jobs.burn, deadline=soon(1), weight=LARGE))
        assert await pool.run(jobs.length, data, deadline=soon(), weight=len(data)) == len(data)
        assert len(await pool.run(jobs.spans, 30_000, deadline=soon(), weight=LARGE)) == 30_000
        with pytest.raises(ProviderTimeout):
            await burning
    assert watch.busy < 0.02
    assert watch.wall < 0.2  # waiting for the job in the loop would have taken the whole second


async def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    parent = tmp_path / "parent.py"
    parent.write_text(
        textwrap.dedent(
            """
            import asyncio, os, sys, time
            from slotgraph.core.clock import SystemClock
            from slotgraph.core.offload import Offload
            from slotgraph.core.transport import Deadline

            async def main():
                offload = Offload(workers=2)
                idle = await offload.run(os.getpid, deadline=Deadline(SystemClock(), 10), weight=1 << 20)
                busy = asyncio.create_task(offload.run(time.sleep, 60, deadline=Deadline(SystemClock(), 0.5), weight=1 << 20))
                await asyncio.sleep(0.05)
                other = await offload.run(os.getpid, deadline=Deadline(SystemClock(), 10), weight=1 << 20)
                print(idle, other, flush=True)
                await asyncio.sleep(60)

            asyncio.run(main())
            """
        )
    )
    process = await asyncio.create_subprocess_exec(sys.executable, str(parent), stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    workers = [int(word) for word in (await process.stdout.readline()).split()]
    assert len(set(workers)) == 2
    assert all(is_running(worker) for worker in workers)
    process.kill()
    await process.wait()
    for worker in workers:
        await until_gone(worker, 4)
