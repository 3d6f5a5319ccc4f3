"""The slot job as a search does it: rules, a zone and busy spans in, the sorted starts out, and who can take each."""

from collections.abc import Sequence

from benchmarks.workloads import Workload
from slotgraph.core.availability import openings
from slotgraph.core.slots import Day, Shape, offered
from slotgraph.core.starts import Frame, Starts, union
from slotgraph.core.values import Span


def starts(workload: Workload) -> list[int]:
    """The starts of any of the employees, sorted, each once (rule S5)."""
    frame, sets = _offered(workload)
    return union(frame, sets).listed()


def starts_and_takers(workload: Workload) -> list[tuple[int, tuple[int, ...]]]:
    """The same, each with the numbers of the employees that can take it."""
    frame, sets = _offered(workload)
    return [
        (start, tuple(employee for employee, own in enumerate(sets) if start in own))
        for start in union(frame, sets).listed()
    ]


def _offered(workload: Workload) -> tuple[Frame, list[Starts]]:
    frame = Frame(workload.window, workload.interval)
    shape = Shape(workload.duration, before=0, after=0, interval=workload.interval)
    return frame, [_of_one(workload, busy, shape, frame) for busy in workload.busy]


def _of_one(workload: Workload, busy: Sequence[Span], shape: Shape, frame: Frame) -> Starts:
    open_ = openings(workload.rules, workload.tz, workload.window)
    day = Day(open_, absent=(), blocked=busy)
    return offered(day, shape, workload.window, grid=open_, frame=frame)
