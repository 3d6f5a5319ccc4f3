"""Who calls whom: resolves a call to the functions of the house it may reach, by imports and by the types that are written down."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

from slotgraph_tests_house_source import Function, functions, imported, module_of, parameters, spelled, tree

HARMLESS_TYPES = frozenset({"AsyncConnection", "Transaction"})
"""What a transaction is called: whatever is awaited of it goes to the database."""

Types = frozenset[str]
NOTHING: Types = frozenset()
DATABASE: Types = frozenset({"the database"})
TAKES_TRANSACTION: Types = frozenset({"what takes a transaction"})
"""Nobody can tell which function it is, but those that are handed a transaction are all looked at."""


@dataclass(frozen=True, eq=False)
class Routine:
    """A function or method."""

    module: str
    name: str
    node: Function

    @property
    def full_name(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def owner(self) -> str:
        return self.full_name.rpartition(".")[0] if "." in self.name else ""


@dataclass
class Code:
    """Some modules of the house, by the names they are imported by."""

    modules: dict[str, ast.Module]
    routines: dict[str, Routine] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    aliases: dict[str, ast.expr] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, module in self.modules.items():
            self.classes |= {f"{name}.{one.name}": one for one in module.body if isinstance(one, ast.ClassDef)}
            self.aliases |= {
                f"{name}.{one.targets[0].id}": one.value
                for one in module.body
                if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name)
            }
            self.routines |= {f"{name}.{one}": Routine(name, one, node) for one, node in functions(module.body)}

    @cached_property
    def attributes(self) -> dict[str, Types]:
        """The types of what objects hold, by class and name."""
        found: dict[str, Types] = {}
        for full_name, node in self.classes.items():
            module = full_name.rpartition(".")[0]
            for one in node.body:
                if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                    found[f"{full_name}.{one.target.id}"] = self.annotated(one.annotation, module)
                elif isinstance(one, ast.FunctionDef) and any("property" in spelled(d) for d in one.decorator_list):
                    found[f"{full_name}.{one.name}"] = self.annotated(one.returns, module)
            begun = self.routines.get(f"{full_name}.__init__")
            if begun is not None:
                found |= dict(self._set_in(begun, full_name))
        return found

    def _set_in(self, begun: Routine, owner: str) -> Iterator[tuple[str, Types]]:
        given = {one.arg: self.annotated(one.annotation, begun.module) for one in parameters(begun.node)}
        for node in ast.walk(begun.node):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute):
                value = node.value
                types = given.get(value.id, NOTHING) if isinstance(value, ast.Name) else NOTHING
                if isinstance(value, ast.Call):
                    types = self.annotated(value.func, begun.module)
                yield f"{owner}.{node.targets[0].attr}", types

    def annotated(self, annotation: ast.expr | None, module: str) -> Types:
        """The classes an annotation names, by full name."""
        match annotation:
            case ast.BinOp(left, ast.BitOr(), right):
                return self.annotated(left, module) | self.annotated(right, module)
            case ast.Constant(str() as text):
                return self.annotated(ast.parse(text, mode="eval").body, module)
            case ast.Name(name) if name in HARMLESS_TYPES:
                return DATABASE
            case ast.Name(name) if f"{module}.{name}" in self.aliases:
                return self.annotated(self.aliases[f"{module}.{name}"], module)
            case ast.Subscript(ast.Name("Callable"), ast.Tuple([ast.List([first, *_]), _])):
                return TAKES_TRANSACTION if self.annotated(first, module) == DATABASE else NOTHING
            case ast.Name() | ast.Attribute():
                meant = self.meant(spelled(annotation), module)
                return frozenset({meant} if "." in meant else ())  # of `object` and the like nothing is known
        return NOTHING

    def meant(self, name: str, module: str) -> str:
        """A name as it is spelled from its own module."""
        first, _, rest = name.partition(".")
        if f"{module}.{first}" in self.classes or f"{module}.{first}" in self.routines:
            return f"{module}.{name}"
        known = imported(self.modules[module]).get(first, first) if module in self.modules else first
        return known + ("." + rest if rest else "")


@dataclass
class Scope:
    """One routine, and what the names in it are."""

    code: Code
    routine: Routine
    locals: dict[str, Types] = field(default_factory=dict)

    def __post_init__(self) -> None:
        node, module = self.routine.node, self.routine.module
        for one in ast.walk(node):
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                self.locals |= {arg.arg: self.code.annotated(arg.annotation, module) for arg in parameters(one)}
        if self.routine.owner:
            self.locals["self"] = self.locals["cls"] = frozenset({self.routine.owner})
        for one in ast.walk(node):
            if isinstance(one, ast.With | ast.AsyncWith):
                for item in one.items:
                    if is_transaction(item.context_expr) and isinstance(item.optional_vars, ast.Name):
                        self.locals[item.optional_vars.id] = DATABASE
            elif isinstance(one, ast.Assign):
                self._assign(one.targets[0], one.value)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.locals[target.id] = self.types(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, its in zip(target.elts, value.elts, strict=False):
                self._assign(one, its)

    def types(self, node: ast.expr) -> Types:
        """The classes an expression may be of; none if that is not written down."""
        match node:
            case ast.Name(name):
                return self.locals.get(name, NOTHING)
            case ast.Attribute(value, name):
                owners = self.types(value)
                return NOTHING.union(*(self.code.attributes.get(f"{owner}.{name}", NOTHING) for owner in owners))
            case ast.Await(value):
                return self.types(value)
            case ast.Call(func):
                made = self.code.meant(spelled(func), self.routine.module)
                if made in self.code.classes:
                    return frozenset({made})
                called = [self.code.routines[one] for one in self.targets(node) if one in self.code.routines]
                return NOTHING.union(*(self.code.annotated(one.node.returns, one.module) for one in called))
        return NOTHING

    def targets(self, call: ast.Call) -> frozenset[str]:
        """The full names of what a call may call; none if nobody can tell."""
        match call.func:
            case ast.Name(name) if name in self.nested:
                return frozenset({self.routine.full_name})
            case ast.Name(name) if name in self.locals:
                return self.locals[name] & TAKES_TRANSACTION
            case ast.Name(name):
                return frozenset({self.code.meant(name, self.routine.module)})
            case ast.Attribute(value, name):
                owners = self.types(value)
                if owners:
                    return frozenset(f"{owner}.{name}" for owner in owners)
                name = spelled(call.func)
                first = name.partition(".")[0]
                is_import = first in _import_names(self.code.modules[self.routine.module])
                known = is_import and first not in self.locals
                return frozenset({self.code.meant(name, self.routine.module)}) if known else NOTHING
        return NOTHING

    @cached_property
    def nested(self) -> frozenset[str]:
        """Functions defined inside: they are a part of it, and whoever calls them may come to anything it calls."""
        inside = (one for one in ast.walk(self.routine.node) if one is not self.routine.node)
        return frozenset(one.name for one in inside if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def _import_names(module: ast.Module) -> frozenset[str]:
    plain = (one for node in ast.walk(module) if isinstance(node, ast.Import) for one in node.names)
    return frozenset(imported(module)) | {(one.asname or one.name).partition(".")[0] for one in plain}


def is_transaction(node: ast.expr) -> bool:
    """Whether an expression begins a transaction: `.read()` or `.write()` of anything."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("read", "write")
        and not node.args
        and not node.keywords
    )


def calls_in(node: ast.AST) -> list[ast.Call]:
    return [one for one in ast.walk(node) if isinstance(one, ast.Call)]


def awaited(node: ast.AST) -> frozenset[ast.Call]:
    return frozenset(
        one.value for one in ast.walk(node) if isinstance(one, ast.Await) and isinstance(one.value, ast.Call)
    )


def modules_of(files: Iterable[Path]) -> dict[str, ast.Module]:
    return {module_of(file): tree(file) for file in files}


def place(routine: Routine, node: ast.AST) -> str:
    return f"{routine.full_name.removeprefix('slotgraph.')}:{getattr(node, 'lineno', 0)}"
