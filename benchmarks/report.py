"""The table `make bench` prints: one row for each figure, with its target and whether it was met."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """A figure; without a target it is there to be known."""

    what: str
    figure: float
    unit: str
    target: float | None = None
    note: str = ""

    @property
    def is_missed(self) -> bool:
        """Whether there is a target, and the figure is above it."""
        return self.target is not None and self.figure > self.target

    @property
    def verdict(self) -> str:
        """One word."""
        if self.target is None:
            return ""
        return "MISSED" if self.is_missed else "met"


def rows(found: Mapping[str, Any]) -> list[Row]:
    """A row for each figure of the parts that were measured."""
    makers = {"slots": _slots, "fanout": _fan_out, "loop": _loop, "booking": _booking, "graphql": _graphql}
    return [row for part, make in makers.items() if part in found for row in make(found[part])]


def _slots(found: Mapping[str, Any]) -> Iterator[Row]:
    for name, one in found.items():
        target = one["target"]
        ours, takers = f"{one['ms']:.3g} ms", f"{one['ms_takers']:.3g} ms with who can take each"
        c, from_python = f"{one['c_ms']:.3g} ms", f"{one['ctypes_ms']:.3g} ms"
        note = f"{_quartiles(one['ratio_c_quartiles'])}; {ours} to {from_python}"
        yield Row(f"slots {name}, to C through ctypes", one["ratio_c"], "x", target, note)
        note = f"{_quartiles(one['ratio_c_alone_quartiles'])}; {ours} to {c}"
        yield Row(f"slots {name}, to C alone", one["ratio_c_alone"], "x", note=note)
        yield Row(f"slots {name} with takers, to C through ctypes", one["ratio_c_takers"], "x", note=takers)
        yield Row(f"slots {name} with takers, to C alone", one["ratio_c_alone_takers"], "x", note=takers)


def _fan_out(found: Mapping[str, Any]) -> Iterator[Row]:
    note = f"{_quartiles(found['ratio_quartiles'])}; {found['ms']:.0f} ms"
    yield Row("search, to its slowest account", found["ratio"], "x", found["target"], note)
    yield Row("calls of a search on 3 accounts", found["calls"], "", found["calls_target"])
    yield Row("calls of 20 identical searches at once", found["calls_at_once"], "", found["calls_target"])


def _loop(found: Mapping[str, Any]) -> Iterator[Row]:
    for count, one in found["employees"].items():
        note = f"mostly {one['median_hold_ms']:.1f} ms, by the wall clock {one['wall_ms']:.1f} to {one['worst_wall_ms']:.1f} ms"
        note += f"; the search takes {one['search_ms']:.0f} ms, {one['complete']} of {one['searches']} were complete in time"
        yield Row(f"event loop held, employees: {count}", one["hold_ms"], "ms", found["target"], note)


def _booking(found: Mapping[str, Any]) -> Iterator[Row]:
    kinds = {
        "accepted": "booking accepted, to the bare INSERT",
        "accepted_and_written": "booking accepted and written outside, to the bare INSERT",
        "refused": "booking refused, to the refused INSERT",
        "accepted_at_once": "bookings accepted many at once, to as many bare INSERTs",
    }
    for database, one in found.items():
        for kind, what in kinds.items():
            ratio = one[kind]
            note = f"{_quartiles((ratio['low'], ratio['high']))}; {ratio['ms']:.2f} ms"
            yield Row(f"{database}: {what}", ratio["ratio"], "x", note=note)
        note = f"a bare INSERT takes {one['insert_ms']:.2f} ms"
        yield Row(f"{database}: bookings a second, many at once", one["per_second_at_once"], "", note=note)


def _graphql(found: Mapping[str, Any]) -> Iterator[Row]:
    for name, one in found.items():
        if isinstance(one, Mapping) and "ratio" in one:
            note = f"{one['microseconds'] / 1000:.2f} ms of CPU a request"
            if "ratio_to_text" in one:
                note += f"; {one['ratio_to_text']:.3g} x to ready-made text"
            yield Row(f"GraphQL {name}, to bare Starlette", one["ratio"], "x", found["targets"].get(name), note)


def _quartiles(low_and_high: Sequence[float]) -> str:
    low, high = low_and_high
    return f"half of them {low:.3g} to {high:.3g}"


def table(listed: Sequence[Row]) -> str:
    """The rows, ready to print."""
    lines = [("", "figure", "target", "", "")]
    for row in listed:
        target = "" if row.target is None else f"{row.target:g} {row.unit}".strip()
        lines.append((row.what, f"{row.figure:.3g} {row.unit}".strip(), target, row.verdict, row.note))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    texts = [
        f"{what:<{widths[0]}}  {figure:>{widths[1]}}  {target:>{widths[2]}}  {verdict:<{widths[3]}}  {note}".rstrip()
        for what, figure, target, verdict, note in lines
    ]
    return "\n".join(["", *texts, ""])


def described(machine: Mapping[str, Any]) -> str:
    """The machine in a line, for comparing it with others."""
    measured = machine["calibration"]
    c = "no C" if measured["c_ns"] is None else f"C {measured['c_ns']:.2f} ns"
    return (
        f"Python {machine['python']} on {machine['system']}, {machine['cpus']} CPUs; "
        f"a round of xorshift: Python {measured['python_ns']:.0f} ns, {c}"
    )
