"""A process that is killed in the middle of a change leaves all of it or nothing, and nothing that stands in anybody's way."""

from collections.abc import Callable
from signal import SIGKILL
from typing import Any

import pytest
from slotgraph_tests_reliability_mutations import CHANGES
from slotgraph_tests_reliability_points import COMMIT, COMMITTED, WRITES
from slotgraph_tests_reliability_state import rows, rows_after_a_crash

from slotgraph.schema.build import build

Whole = Callable[[str], tuple[list[str], list[list[str]]]]


def test_every_mutation_is_cut_off() -> None:
    mutation = build().graphql.mutation_type
    assert mutation is not None
    assert set(mutation.fields) <= {name.partition(" ")[0] for name in CHANGES}
    assert all(change.why for change in CHANGES.values() if change.commits > 1)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_that_is_killed_at_any_point_is_made_or_not(
    name: str,
    zygote: Any,
    new_company: Callable[[], str],
    known: dict[str, str],
    whole: Whole,
    left: Callable[[str], None],
) -> None:
    """Killed before each statement that is no mere SELECT, before each commit, and behind it; in steps after the first, around the commit.

    Done again where it was cut off, it comes to the very same end.
    """
    change = CHANGES[name]
    points, states = whole(name)

    def cut_off(address: str, number: int) -> int:
        """Kill a change at a point; how many commits it got to."""
        killed = zygote.ask("change", address=address, name=name, known=known, deadly=number)
        assert killed["ended"] == -SIGKILL, killed
        left(address)
        commits: int = points[:number].count(COMMITTED)
        assert rows_after_a_crash(address) == states[commits], f"{number}: {points[number - 1]}"
        return commits

    def completed(address: str) -> None:
        again = zygote.told("change", address=address, name=name, known=known, later=True)
        assert again["gave"] == change.gives, again
        assert rows(address) == states[-1]

    first, address = points.index(COMMITTED) + 1, new_company()
    for number in range(1, first):
        if not points[number - 1].startswith("SELECT"):
            cut_off(address, number)
    completed(address)
    for number in range(first, len(points) + 1):
        if points[number - 1] in (COMMIT, COMMITTED):
            address = new_company()
            commits = cut_off(address, number)
            if points[number - 1] == COMMITTED and commits < change.commits:
                completed(address)


@pytest.mark.parametrize("name", ["removeMember", "confirmTotp", "unlinkAccount"])
def test_a_build_that_commits_statement_by_statement_is_caught(
    name: str, zygote: Any, new_company: Callable[[], str], known: dict[str, str], left: Callable[[str], None]
) -> None:
    """Else the proof above would prove nothing."""
    address = new_company()
    before = rows(address)
    whole = zygote.told("change", address=address, name=name, known=known, naive=True)
    assert whole["gave"] == CHANGES[name].gives
    found = []
    for number, point in enumerate(whole["points"], 1):
        if point.startswith(WRITES) or point == COMMIT:
            address = new_company()
            zygote.ask("change", address=address, name=name, known=known, deadly=number, naive=True)
            left(address)
            found.append(rows_after_a_crash(address))
    assert [one for one in found if one not in (before, whole["states"][-1])]
