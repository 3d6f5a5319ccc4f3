"""Makes the tables of docs/busy.md from the known errors in expected.toml: `.venv/bin/python tests/scenarios/page.py` writes them anew."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

try:
    from slotgraph_tests_scenarios_scenario import SERVERS, Block, KnownError, Outcome, Scenario, scenarios
except ModuleNotFoundError:  # run by hand
    from scenario import SERVERS, Block, KnownError, Outcome, Scenario, scenarios

PAGE = Path(__file__).parents[2] / "docs" / "busy.md"
MARK = "<!-- From here on: tests/scenarios/page.py, out of tests/scenarios/expected.toml -->\n"
MISSES, MOVES, GUESSES, MORE, KIND, SILENT, REFUSES = (
    "misses busy time",
    "moves it",
    "guesses",
    "blocks more",
    "another kind",
    "no answer",
    "not stored",
)
HEADINGS = {
    "Busy time is missed or stands elsewhere": (MISSES, MOVES, GUESSES),
    "Free time is blocked, or as another kind": (MORE, KIND),
    "The calendar gives no answer, so nothing in it is free": (SILENT,),
    "Not even stored": (REFUSES,),
}
NAMES_SHOWN = 3


def tables() -> str:
    """The tables, the worst first; what happens for the same reason is one row."""
    rows: dict[str, dict[str, list[str]]] = {}
    seen: dict[str, dict[str, None]] = {}
    for scenario in scenarios():
        for server, error in scenario.errors.items():
            cell = rows.setdefault(error.why, {}).setdefault(server, [])
            cell.extend(effect for effect in effects(scenario, error) if effect not in cell)
            seen.setdefault(error.why, {})[scenario.name] = None
    text = ""
    for heading in HEADINGS:
        text += f"\n### {heading}\n\n{head()}"
        for why, cells in rows.items():
            if worst(cells) == heading:
                told = " | ".join(", ".join(cells.get(server, ["–"])) for server in SERVERS)
                text += f"| {why} | {told} | {names(list(seen[why]))} |\n"
    return text


def head() -> str:
    """The head of a table, with the versions that were tried."""
    servers = " | ".join(f"{server.capitalize()} {version(server)}" for server in SERVERS)
    return f"| what happens | {servers} | contents |\n|---|---|---|---|\n"


def worst(cells: dict[str, list[str]]) -> str:
    """The heading of the worst that happens."""
    happening = {effect.removeprefix("exact read ") for effects_there in cells.values() for effect in effects_there}
    return next(heading for heading, words in HEADINGS.items() if happening & set(words))


def names(found: list[str]) -> str:
    """The first scenarios' names, and how many more there are."""
    more = f" and {len(found) - NAMES_SHOWN} more" if len(found) > NAMES_SHOWN else ""
    return ", ".join(f"`{name}`" for name in found[:NAMES_SHOWN]) + more


def effects(scenario: Scenario, error: KnownError) -> Iterator[str]:
    """What a known error does to a search."""
    if error.refused is not None:
        yield REFUSES
    right = scenario.in_window(scenario.exact)
    if error.server is not None:
        yield effect(right, error.server)
    if error.exact is not None:
        yield f"exact read {effect(right, scenario.in_window(error.exact))}"


def effect(right: Outcome, told: Outcome) -> str:
    """In a few words, how an outcome differs from the right one."""
    if isinstance(told, str):
        return SILENT
    if isinstance(right, str):
        return GUESSES
    missed, more = minutes(right) - minutes(told), minutes(told) - minutes(right)
    if missed:
        return MOVES if more else MISSES
    return MORE if more else KIND


def minutes(blocks: tuple[Block, ...]) -> set[int]:
    """Every minute that is blocked."""
    return {minute for block in blocks for minute in range(block.start, block.end)}


def page() -> str:
    """The whole page: what stands above the mark by hand, then the tables."""
    written, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    return written + mark + tables()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
