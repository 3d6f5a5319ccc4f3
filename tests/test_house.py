"""The rules of the house that no other tool checks: names on disk, sizes, and what may stand in which file."""

import ast
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from slotgraph_tests_house_source import HOUSE, PROJECT, ROOMS, ROOT, lower_layers, names_in, path_of, tree, uses

HOUSE_CORE = sorted((ROOT / "core").rglob("*.py"))
EVERYTHING = sorted(
    {*HOUSE, ROOT / "conftest.py"}
    | {file for room in ("tests", "tools", "benchmarks", "examples") for file in (ROOT / room).rglob("*.py")}
)

LINES_PER_FUNCTION = 60
LINES_PER_FILE = 400

BROAD_CATCHES = {
    "core/calendar_entries/worker.py": "the outbox worker's loop",
    "core/calendar_entries/writer.py": "a wish that breaks us is put off: whoever made it has committed already",
    "core/store/notices.py": "the trouble of one subscriber is its own",
    "core/registry.py": "the plugin wall: a guest's import may raise anything",
    "core/wall.py": "the plugin wall: a guest's call may raise anything",
    "core/offload.py": "the plugin wall: what a guest offloads may raise anything",
    "core/offload_worker.py": "the worker's loop",
    "schema/list_completion.py": "what goes wrong in a list is noted, met again, and reported, the ordinary way",
    "server/app.py": "the app's edge",
    "server/doctor/diagnosis.py": "a check of the doctor may meet anything",
    "server/rounds.py": "the rounds' loop",
}
WALL_CLOCK = {
    *("datetime.now", "datetime.utcnow", "datetime.today", "date.today"),
    *("time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime"),
}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv", "os.path.expandvars"}
IMPORT_BY_NAME = {"importlib.import_module", "importlib.__import__", "builtins.__import__", "__import__"}


def uses_outside(allowed: str, names: set[str]) -> list[str]:
    return [f"{path_of(file)} {use}" for file in HOUSE if path_of(file) != allowed for use in uses(tree(file), names)]


def test_package_list_equals_the_folders_on_disk() -> None:
    folders = {path_of(file.parent) for file in HOUSE if file.name == "__init__.py"}
    listed = PROJECT["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted("slotgraph." + folder.replace("/", ".") for folder in folders)


def test_every_python_file_is_in_a_package() -> None:
    assert [path_of(file) for file in HOUSE if not (file.parent / "__init__.py").exists()] == []


@pytest.mark.parametrize("room", ROOMS)
def test_room_is_mapped_typed_and_linked(room: str) -> None:
    setuptools = PROJECT["tool"]["setuptools"]
    assert setuptools["package-dir"][f"slotgraph.{room}"] == room
    assert "py.typed" in setuptools["package-data"][f"slotgraph.{room}"]
    assert (ROOT / room / "py.typed").is_file()
    link = ROOT / ".typecheck" / "slotgraph" / room
    assert link.is_symlink()
    assert link.readlink() == Path("../..") / room
    assert f"slotgraph.{room}" in PROJECT["tool"]["mypy"]["packages"]
    assert f"slotgraph.{room}" in PROJECT["tool"]["importlinter"]["root_packages"]


def modules_of_core(names: Iterable[str]) -> set[str]:
    prefix = "slotgraph.core."
    return {name.removeprefix(prefix).partition(".")[0] for name in names if name.startswith(prefix)}


def test_listed_layers_of_core_import_no_use_case() -> None:
    """What is not listed in the layers contract is a use case. Something lower belongs into the list."""
    use_cases = {(file.relative_to(ROOT / "core")).parts[0].removesuffix(".py") for file in HOUSE_CORE} - lower_layers()
    for file in HOUSE_CORE:
        layer = file.relative_to(ROOT / "core").parts[0].removesuffix(".py")
        if layer in lower_layers():
            assert modules_of_core(name for name, _ in names_in(tree(file))) & use_cases == set(), path_of(file)


def test_slotgraph_itself_is_a_namespace() -> None:
    assert not (ROOT / "__init__.py").exists()
    assert not (ROOT / "slotgraph").exists()


@pytest.mark.parametrize("file", HOUSE, ids=path_of)
def test_module_says_what_it_is_for(file: Path) -> None:
    assert ast.get_docstring(tree(file)), f"{path_of(file)} has no docstring"


@pytest.mark.parametrize("file", EVERYTHING, ids=path_of)
def test_functions_and_files_are_short(file: Path) -> None:
    assert file.read_text().count("\n") <= LINES_PER_FILE, "too many lines"
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno + 1 <= LINES_PER_FUNCTION, node.name


def test_only_settings_read_the_environment() -> None:
    assert uses_outside("server/settings/reading.py", ENVIRONMENT) == []


def test_only_the_clock_reads_the_wall_clock() -> None:
    assert uses_outside("core/clock.py", WALL_CLOCK) == []


def test_only_the_registry_imports_by_name() -> None:
    """Anywhere else it would get around the import contracts."""
    assert uses_outside("core/registry.py", IMPORT_BY_NAME) == []


def test_only_overview_imports_the_title_source() -> None:
    imports = [
        path_of(file) for file in HOUSE for name, _ in names_in(tree(file)) if name.rpartition(".")[2] == "TitleSource"
    ]
    assert set(imports) <= {"core/overview.py", "core/titles.py"}


def is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(name is None or ast.unparse(name) in {"Exception", "BaseException"} for name in names)


def raises_on(handler: ast.ExceptHandler) -> bool:
    """Whether it only cleans up: what was caught goes on."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def broad_catches(module: ast.Module) -> list[int]:
    handlers = [node for node in ast.walk(module) if isinstance(node, ast.ExceptHandler)]
    return [handler.lineno for handler in handlers if is_broad(handler) and not raises_on(handler)]


def test_everything_is_caught_at_the_walls_only() -> None:
    found = {path_of(file) for file in HOUSE if broad_catches(tree(file))}
    assert sorted(found - BROAD_CATCHES.keys()) == []


def silent_catches(module: ast.Module) -> list[int]:
    """Where everything is caught and nothing is made of it."""
    handlers = [node for node in ast.walk(module) if isinstance(node, ast.ExceptHandler) and is_broad(node)]
    silent = [one.lineno for one in handlers if all(is_nothing(statement) for statement in one.body)]
    return silent + [
        node.lineno
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("suppress")
        and any(ast.unparse(argument) in {"Exception", "BaseException"} for argument in node.args)
    ]


def is_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass | ast.Continue) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def test_nothing_swallows_whatever_comes() -> None:
    """At the walls too: what was caught is at least noted, by its kind (decision 0001)."""
    assert [f"{path_of(file)} {line}" for file in HOUSE for line in silent_catches(tree(file))] == []


@pytest.mark.parametrize(
    ("source", "check", "is_found"),
    [
        ("import os\nos.environ['A']", lambda module: uses(module, ENVIRONMENT), True),
        ("from os import environ as e\ne['A']", lambda module: uses(module, ENVIRONMENT), True),
        ("import os as o\no.getenv('A')", lambda module: uses(module, ENVIRONMENT), True),
        ("import os\nos.path.join('environ')", lambda module: uses(module, ENVIRONMENT), False),
        ("import datetime\ndatetime.datetime.now()", lambda module: uses(module, WALL_CLOCK), True),
        ("from datetime import datetime as d\nd.now()", lambda module: uses(module, WALL_CLOCK), True),
        ("from time import time\ntime()", lambda module: uses(module, WALL_CLOCK), True),
        ("clock.now()\nimport time\ntime.monotonic()", lambda module: uses(module, WALL_CLOCK), False),
        ("import importlib\nimportlib.import_module('a')", lambda module: uses(module, IMPORT_BY_NAME), True),
        ("__import__('a')", lambda module: uses(module, IMPORT_BY_NAME), True),
        ("try: a()\nexcept Exception: pass", broad_catches, True),
        ("try: a()\nexcept (ValueError, BaseException): pass", broad_catches, True),
        ("try: a()\nexcept: pass", broad_catches, True),
        ("try: a()\nexcept BaseException:\n b()\n raise", broad_catches, False),
        ("try: a()\nexcept ValueError: pass", broad_catches, False),
        ("try: a()\nexcept dns.DNSException: pass", broad_catches, False),
        ("try: a()\nexcept Exception: pass", silent_catches, True),
        ("for a in b:\n try: a()\n except: continue", silent_catches, True),
        ("try: a()\nexcept (ValueError, Exception):\n 'no matter'\n ...", silent_catches, True),
        ("with contextlib.suppress(Exception): a()", silent_catches, True),
        ("try: a()\nexcept Exception as e: log(e)", silent_catches, False),
        ("try: a()\nexcept ValueError: pass", silent_catches, False),
    ],
)
def test_these_rules_find_what_they_look_for(
    source: str, check: Callable[[ast.Module], list[object]], is_found: bool
) -> None:
    assert bool(check(ast.parse(source))) is is_found
