"""Sets of starts as integers: one bit for each step of the booking interval, so that many employees are one OR or AND."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

from slotgraph.core.values import Span


@dataclass(frozen=True, slots=True)
class Frame:
    """The minutes in which starts are looked for. Bit `k` of phase `p` stands for the minute `window.start + p + k * interval`."""

    window: Span
    interval: int

    @property
    def steps(self) -> int:
        """How many bits a phase has at most."""
        return -(-(self.window.end - self.window.start) // self.interval)

    def steps_of(self, grid: Iterable[Span], bounds: Span) -> dict[int, int]:
        """The bits of a grid's steps within `bounds`, by phase. Each span of the grid has its first step where it begins."""
        bits: dict[int, int] = {}
        first, interval = self.window.start, self.interval
        for start, end in grid:
            step, phase = divmod(start - first, interval)
            bits[phase] = bits.get(phase, 0) | ones(step, step - (start - end) // interval)
        for phase in bits:
            low, high = (-((first + phase - bound) // interval) for bound in bounds)
            bits[phase] &= ones(low, min(high, self.steps))
        return bits

    def reached(self, phase: int, spans: Iterable[Span], *, before: int, after: int) -> int:
        """The bits of the steps whose reach `[step - before, step + after)` overlaps a span; empty spans overlap nothing."""
        interval, bits = self.interval, 0
        # Rounding down, so that a quotient is the first step at or after `start - after + 1`, and `end + before`.
        first = self.window.start + phase - interval + 1
        low, high = first + after - 1, first - before
        latest = high + self.steps * interval
        for start, end in spans:
            if low <= start < end <= latest:
                at = (start - low) // interval
                bits |= ((1 << (end - high) // interval - at) - 1) << at
            elif start < end:
                bits |= ones((start - low) // interval, (min(end, latest) - high) // interval)
        return bits


def ones(start: int, end: int) -> int:
    """An integer with the bits `start` to `end - 1` set; the negative ones are left out."""
    start = max(start, 0)
    return (1 << end) - (1 << start) if start < end else 0


@dataclass(frozen=True, slots=True)
class Starts:
    """A set of starts in a frame: the bits by phase."""

    frame: Frame
    bits: Mapping[int, int]

    def __contains__(self, minute: int) -> bool:
        step, phase = divmod(minute - self.frame.window.start, self.frame.interval)
        return step >= 0 and bool(self.bits.get(phase, 0) >> step & 1)

    def __len__(self) -> int:
        return sum(bits.bit_count() for bits in self.bits.values())

    def __iter__(self) -> Iterator[int]:
        return iter(self.listed())

    def listed(self) -> list[int]:
        """The minutes, sorted."""
        minutes: list[int] = []
        for phase, bits in self.bits.items():
            _list(minutes, bits, first=self.frame.window.start + phase, interval=self.frame.interval)
        if len(self.bits) > 1:
            minutes.sort()
        return minutes


def _list(minutes: list[int], bits: int, *, first: int, interval: int) -> None:
    """Add the minute of each bit that is set, run by run: bits are set for hours on end."""
    digits = bin(bits)[:1:-1]
    at = digits.find("1")
    while at >= 0:
        end = digits.find("0", at)
        if end < 0:
            end = len(digits)
        minutes.extend(range(first + at * interval, first + end * interval, interval))
        at = digits.find("1", end)


def union(frame: Frame, sets: Iterable[Starts]) -> Starts:
    """What is in any of some sets of one frame."""
    bits: dict[int, int] = {}
    for starts in sets:
        for phase, more in starts.bits.items():
            bits[phase] = bits.get(phase, 0) | more
    return Starts(frame, bits)


def intersection(frame: Frame, sets: Sequence[Starts]) -> Starts:
    """What is in all of some sets of one frame; nothing if there are none."""
    if not sets:
        return Starts(frame, {})
    phases = reduce(and_, (starts.bits.keys() for starts in sets))
    return Starts(frame, {phase: reduce(and_, (starts.bits[phase] for starts in sets)) for phase in phases})
