"""Walks through a repository as Python would, on every path at once, and says of each statement that is executed what is wrong with it.

What is not understood is refused: only a statement whose every part is known may be executed. Private functions are walked into where
they are called, with what they are called with; public ones begin with parameters that are given.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from slotgraph_tests_house_source import Function, functions, is_private, parameters
from slotgraph_tests_house_sql_calls import attribute, built, element, imported, method, subscript, with_values
from slotgraph_tests_house_sql_values import (
    Bound,
    Clause,
    Fields,
    Items,
    Plain,
    Query,
    Real,
    Unknown,
    Value,
    compared,
    is_sql,
    merged,
    weakened,
)

EXECUTES = frozenset({"execute", "scalar", "scalars", "stream", "stream_scalars", "exec_driver_sql"})
RAW = "no statement of SQLAlchemy's"
_DEEPEST = 8

Env = dict[str, Value]


@dataclass(frozen=True, order=True)
class Finding:
    """A statement that is executed and should not be: in which public function, on which line, and why."""

    function: str
    line: int
    why: str


@dataclass
class Walk:
    """One walk through a module."""

    source: str
    functions: dict[str, Function] = field(default_factory=dict)
    globals: Env = field(default_factory=dict)
    findings: set[Finding] = field(default_factory=set)
    statements: int = 0
    root: str = "<module>"
    walked: list[str] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    returns: list[Value] = field(default_factory=list)

    def found(self) -> list[Finding]:
        """Walk the module, then each function from its beginning; private ones only if nobody calls them."""
        module = ast.parse(self.source)
        self.functions = dict(functions(module.body))
        self.block([one for one in module.body if not isinstance(one, ast.ClassDef)], self.globals)
        later = []
        for name, function in self.functions.items():
            if is_private(name):
                later.append((name, function))
            else:
                self.begin(name, function)
        for name, function in later:
            if name not in self.reached:
                self.begin(name, function)
        return sorted(self.findings)

    def begin(self, name: str, function: Function) -> None:
        self.root, self.returns = name, []
        self.block(function.body, {one.arg: _given(one) for one in parameters(function)})

    def refuse(self, node: ast.AST, why: str) -> None:
        self.findings.add(Finding(self.root, getattr(node, "lineno", 0), why))

    # Statements: what is known after them, None if nothing goes on there

    def block(self, body: Iterable[ast.stmt], env: Env) -> Env | None:
        known: Env | None = env
        for statement in body:
            if known is None:
                break
            known = self.statement(statement, known)
        return known

    def statement(self, node: ast.stmt, env: Env) -> Env | None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if self.functions.get(node.name) is not node:
                    self.block(node.body, env | {one.arg: Plain() for one in parameters(node)})
                    env[node.name] = Plain()
            case ast.Import() | ast.ImportFrom():
                env |= imported(node)
            case ast.Assign(targets, value):
                found = self.expression(value, env)
                for target in targets:
                    self.assign(target, found, env)
            case ast.AnnAssign(target, _, value):
                self.assign(target, Plain() if value is None else self.expression(value, env), env)
            case ast.AugAssign(target, operator, value):
                combined = self.combined(operator, self.expression(target, env), self.expression(value, env))
                self.assign(target, combined, env)
            case ast.Return(value):
                self.returns.append(Plain() if value is None else self.expression(value, env))
                return None
            case ast.Raise() | ast.Continue() | ast.Break():
                self.children(node, env)
                return None
            case ast.Expr() | ast.Assert() | ast.Pass() | ast.Delete() | ast.ClassDef():
                self.children(node, env)
            case ast.If() | ast.For() | ast.AsyncFor() | ast.While() | ast.Try() | ast.With() | ast.AsyncWith():
                return self.compound(node, env)
            case _:
                self.refuse(node, f"{type(node).__name__.lower()} is not understood")
        return env

    def compound(self, node: ast.stmt, env: Env) -> Env | None:
        match node:
            case ast.If(test, body, orelse):
                self.expression(test, env)
                return _either(self.block(body, dict(env)), self.block(orelse, dict(env)))
            case ast.For(target, iterable, body) | ast.AsyncFor(target, iterable, body):
                over = self.expression(iterable, env)
                if isinstance(over, Items) and len(over.items) > 1:
                    for item in over.items:
                        self.assign(target, item, env)
                        env = _either(env, self.block(body, dict(env))) or env
                    return env
                return self.repeated(target, element(over), body, env)
            case ast.While(test, body):
                self.expression(test, env)
                return self.repeated(None, Plain(), body, env)
            case ast.With(items, body) | ast.AsyncWith(items, body):
                for item in items:
                    value = self.expression(item.context_expr, env)
                    if item.optional_vars is not None:
                        self.assign(item.optional_vars, Plain() if not is_sql(value) else value, env)
                return self.block(body, env)
            case ast.Try(body, handlers, orelse, finalbody):
                tried = self.block(body, dict(env))
                after = None if tried is None else self.block(orelse, dict(tried))
                for handler in handlers:
                    caught = dict(_either(env, tried) or env)
                    if handler.name:
                        caught[handler.name] = Plain()
                    after = _either(after, self.block(handler.body, caught))
                return self.block(finalbody, after) if after is not None else None
        raise AssertionError(node)

    def repeated(self, target: ast.expr | None, item: Value, body: list[ast.stmt], env: Env) -> Env:
        """A loop: not at all, once, or again with what the first time left."""
        for _ in range(2):
            inside = dict(env)
            if target is not None:
                self.assign(target, item, inside)
            env = _either(env, self.block(body, inside)) or env
        return env

    def assign(self, target: ast.expr, value: Value, env: Env) -> None:
        match target:
            case ast.Name(name):
                env[name] = value
            case ast.Tuple(targets) | ast.List(targets):
                known = isinstance(value, Items) and len(value.items) == len(targets)
                for at, one in enumerate(targets):
                    self.assign(one, value.items[at] if known else element(value), env)  # type: ignore[union-attr]
            case ast.Subscript(ast.Name(name), ast.Constant(str() as key)) if isinstance(env.get(name), Fields):
                env[name] = Fields({**env[name].known, key: value})  # type: ignore[union-attr]
            case ast.Subscript(ast.Name(name)) if is_sql(value):
                env[name] = Unknown("SQL was put into it")

    # Expressions

    def children(self, node: ast.AST, env: Env) -> list[Value]:
        return [self.expression(one, env) for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)]

    def expression(self, node: ast.expr, env: Env) -> Value:
        match node:
            case ast.Constant():
                return Plain()
            case ast.Name(name):
                return self.name(name, env)
            case ast.Attribute(value, name):
                return attribute(self.expression(value, env), name)
            case ast.Call():
                return self.call(node, env)
            case ast.Await(value):
                found = self.expression(value, env)
                return Plain() if isinstance(found, Plain | Unknown) else found
            case ast.Starred(value):
                return self.expression(value, env)
            case ast.Compare(left, [ast.Eq()], [right]):
                return compared(self.expression(left, env), self.expression(right, env))
            case ast.Compare() | ast.UnaryOp():
                return weakened(self.children(node, env))
            case ast.BinOp(left, operator, right):
                return self.combined(operator, self.expression(left, env), self.expression(right, env))
            case ast.IfExp(test, body, orelse):
                self.expression(test, env)
                return merged(self.expression(body, env), self.expression(orelse, env))
            case ast.NamedExpr(target, value):
                env[target.id] = self.expression(value, env)
                return env[target.id]
            case ast.List(items) | ast.Tuple(items) | ast.Set(items):
                return Items(tuple(self.spread(items, env)))
            case ast.Dict(keys, values):
                return self.dict(keys, values, env)
            case ast.ListComp(element, generators) | ast.SetComp(element, generators):
                return self.comprehension([element], generators, env)
            case ast.GeneratorExp(element, generators):
                return self.comprehension([element], generators, env)
            case ast.DictComp(key, value, generators):
                made = self.comprehension([key, value], generators, env)
                return Unknown("a dict of SQL") if is_sql(made) else Fields()
            case ast.Subscript(value, ast.Constant(key)):
                return subscript(self.expression(value, env), key)
            case ast.Lambda(arguments, body):
                inside = env | {one.arg: Plain() for one in arguments.args}
                return Unknown("a lambda with SQL") if is_sql(self.expression(body, inside)) else Plain()
        found = self.children(node, env)
        return Unknown(ast.unparse(node)) if any(is_sql(one) for one in found) else Plain()

    def name(self, name: str, env: Env) -> Value:
        if name in env:
            return env[name]
        if name in self.globals:
            return self.globals[name]
        known = name in self.functions or hasattr(builtins, name)
        return Plain() if known or name[0].isupper() or name.startswith("_") else Unknown(f"{name} is not known")

    def spread(self, nodes: Iterable[ast.expr], env: Env) -> Iterator[Value]:
        for node in nodes:
            value = self.expression(node, env)
            if isinstance(node, ast.Starred) and isinstance(value, Items):
                yield from value.items
            else:
                yield value

    def dict(self, keys: list[ast.expr | None], values: list[ast.expr], env: Env) -> Value:
        made: Value = Fields()
        for key, node in zip(keys, values, strict=True):
            value = self.expression(node, env)
            if isinstance(key, ast.Constant):
                value = Fields({str(key.value): value})
            elif key is not None:
                value = Unknown("SQL under a key that is worked out") if is_sql(value) else Fields()
            made = self.combined(ast.BitOr(), made, value)
        return made

    def comprehension(self, elements: list[ast.expr], generators: list[ast.comprehension], env: Env) -> Value:
        inside = dict(env)
        for one in generators:
            self.assign(one.target, element(self.expression(one.iter, inside)), inside)
            for condition in one.ifs:
                self.expression(condition, inside)
        return Items(tuple(self.expression(element, inside) for element in elements))

    def combined(self, operator: ast.operator, left: Value, right: Value) -> Value:
        match operator, left, right:
            case ast.Add(), Items(mine), Items(theirs):
                return Items(mine + theirs)
            case ast.BitOr(), Fields(mine), Fields(theirs):
                return Fields({**mine, **theirs})
            case ast.BitOr(), Plain(), Fields():
                return right
            case ast.BitOr(), Fields(), Plain():  # whatever it holds comes after what was known
                return Unknown("a dict with SQL") if is_sql(left) else Plain()
            case ast.BitAnd(), Clause(), Clause():
                return left.also(right)
        return weakened((left, right))

    # Calls

    def call(self, node: ast.Call, env: Env) -> Value:
        if isinstance(node.func, ast.Attribute) and node.func.attr in EXECUTES and (node.args or node.keywords):
            return self.executed(node, env)
        arguments = list(self.spread(node.args, env))
        named = self.named(node.keywords, env)
        if isinstance(node.func, ast.Name) and node.func.id not in env and node.func.id in self.functions:
            return self.called(node.func.id, arguments, named)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("append", "extend", "update", "insert"):
            changed = self.changed(node.func, arguments, named, env)
            if changed is not None:
                return changed
        what = self.expression(node.func, env)
        if isinstance(what, Bound):
            return method(what, arguments, named)
        if isinstance(what, Real):
            return built(what.what, arguments, named)
        if isinstance(what, Unknown):
            return what
        made = [*arguments, named]
        return Unknown(f"{ast.unparse(node.func)}(...) of SQL") if any(is_sql(one) for one in made) else Plain()

    def named(self, keywords: list[ast.keyword], env: Env) -> Fields:
        made: Value = Fields()
        for one in keywords:
            value = self.expression(one.value, env)
            more: Value = Fields({one.arg: value}) if one.arg is not None else value
            # Python refuses a keyword that is given twice: what is known stays.
            if not (one.arg is None and isinstance(more, Plain)):
                made = self.combined(ast.BitOr(), made, more)
        return made if isinstance(made, Fields) else Fields({"": made})

    def changed(self, func: ast.Attribute, arguments: list[Value], named: Fields, env: Env) -> Value | None:
        """A list or dict that grows."""
        if not isinstance(func.value, ast.Name) or func.value.id not in env:
            return None
        name, before = func.value.id, env[func.value.id]
        match before, func.attr:
            case Items(items), "append":
                env[name] = Items((*items, *arguments))
            case Items(), "extend":
                env[name] = self.combined(ast.Add(), before, arguments[0])
            case Fields(), "update":
                env[name] = self.combined(ast.BitOr(), before, arguments[0] if arguments else named)
            case _:
                return None
        return Plain()

    def called(self, name: str, arguments: list[Value], named: Fields) -> Value:
        """A function of this module: what it gives back, having walked through it."""
        function = self.functions[name]
        if isinstance(function, ast.AsyncFunctionDef) and not is_private(name):
            return Plain()  # walked on its own
        if len(self.walked) > _DEEPEST or name in self.walked:
            return Unknown(f"{name} calls itself")
        self.reached.add(name)
        env: Env = {one.arg: Plain() for one in parameters(function)}
        env |= dict(
            zip([one.arg for one in (*function.args.posonlyargs, *function.args.args)], arguments, strict=False)
        )
        extra = {key: value for key, value in named.known.items() if key not in env}
        env |= {key: value for key, value in named.known.items() if key in env}
        if function.args.kwarg is not None:
            env[function.args.kwarg.arg] = Fields(extra)
        before, self.returns = self.returns, []
        self.walked.append(name)
        if self.block(function.body, env) is not None:
            self.returns.append(Plain())
        self.walked.pop()
        returned, self.returns = self.returns, before
        found = returned[0]
        for value in returned[1:]:
            found = merged(found, value)
        return found

    def executed(self, node: ast.Call, env: Env) -> Value:
        """The one way to the database."""
        statement, *more = list(self.spread(node.args, env)) or [Unknown("no statement")]
        if isinstance(statement, Plain):
            self.refuse(node, f"{ast.unparse(node)}: {RAW}")
            return Plain()
        if not isinstance(statement, Query) or statement.verb == "exists":
            self.refuse(node, f"{ast.unparse(node)}: what is executed is not understood")
            return Plain()
        if more:
            rows = more[0].items if isinstance(more[0], Items) else ()
            found = [with_values(statement, row) for row in rows]
            if statement.verb != "insert" or len(found) != 1 or not isinstance(found[0], Query):
                self.refuse(node, f"{ast.unparse(node)}: its parameters are not understood")
                return Plain()
            statement = found[0]
        self.statements += 1
        if loose := statement.loose():
            self.refuse(node, f"{statement.verb} touches {', '.join(sorted(loose))} of any company")
        if len(statement.companies) > 1:
            self.refuse(node, f"{statement.verb} names several companies: {', '.join(sorted(statement.companies))}")
        return Plain()


def _given(parameter: ast.arg) -> Value:
    may_be_missing = parameter.annotation is not None and "None" in ast.unparse(parameter.annotation)
    return Plain(parameter.arg, is_company=parameter.arg == "company_id" and not may_be_missing)


def _either(one: Env | None, other: Env | None) -> Env | None:
    if one is None or other is None:
        return other if one is None else one
    return {
        name: merged(one[name], other[name]) if name in one and name in other else one.get(name, other.get(name))
        for name in {**one, **other}
    }  # type: ignore[return-value]
