"""The house as text: its files, their syntax trees, and the names used in them. What the rules of the house are asked of."""

import ast
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "schema", "server", "plugins")
HOUSE = sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def path_of(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def module_of(file: Path) -> str:
    """The name a file is imported by."""
    return "slotgraph." + path_of(file).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), filename=str(file))


@cache
def imported(module: ast.Module) -> dict[str, str]:
    """What each name that is imported anywhere in the module stands for, spelled from its module."""
    meant: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            meant |= {found.asname or found.name.partition(".")[0]: found.name for found in node.names if found.asname}
        elif isinstance(node, ast.ImportFrom):
            meant |= {found.asname or found.name: f"{node.module}.{found.name}" for found in node.names}
    return meant


@cache
def names_in(module: ast.Module) -> list[tuple[str, int]]:
    return list(_names_in(module))


def _names_in(module: ast.Module) -> Iterator[tuple[str, int]]:
    """Every dotted name used or imported, spelled from its module whatever it was imported as, with its line."""
    meant = {"__import__": "__import__"} | imported(module)
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{found.name}", node.lineno) for found in node.names)
        elif isinstance(node, ast.Attribute | ast.Name):
            first, _, rest = spelled(node).partition(".")
            yield meant.get(first, first) + ("." + rest if rest else ""), node.lineno


def spelled(node: ast.expr) -> str:
    """A name as it is written."""
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(value, name):
            return f"{spelled(value)}.{name}"
    return ast.unparse(node)


def uses(module: ast.Module, names: set[str]) -> list[str]:
    return [
        f"line {line}: {name}"
        for name, line in names_in(module)
        if any(name == banned or name.endswith("." + banned) for banned in names)
    ]


def lower_layers() -> set[str]:
    """The modules of core below the use cases."""
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    (contract,) = [found for found in contracts if found.get("containers") == ["slotgraph.core"]]
    return {name.strip(" ()") for layer in contract["layers"] for name in layer.split(":")}


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(body: Iterable[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Function]]:
    """All functions by name, methods with their class."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node.body, f"{prefix}{node.name}.")


def is_private(name: str) -> bool:
    return name.rpartition(".")[2].startswith("_")


def parameters(function: Function) -> list[ast.arg]:
    listed = function.args
    more = [one for one in (listed.vararg, listed.kwarg) if one is not None]
    return [*listed.posonlyargs, *listed.args, *listed.kwonlyargs, *more]
