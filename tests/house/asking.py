"""Walks a use case in the order in which it runs: what it reaches in the store before it has been told that the actor may.

Only a yes counts: `if not await operation.permits(...): return` lets those pass who may, and nobody else.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from slotgraph_tests_house_calls import DATABASE, Code, Routine, Scope, place
from slotgraph_tests_house_source import is_private, parameters

ASKS = frozenset(
    {
        "slotgraph.core.operation.Operation.permits",
        "slotgraph.core.operation.Operation.permits_as_read",
        "slotgraph.core.policy.permits",
    }
)
REPOSITORIES = ("slotgraph.core.store.", "slotgraph.core.outbox.", "slotgraph.core.audit.")
READS_FOR_ANYBODY = frozenset(
    {
        "slotgraph.core.operation.Operation.directory",
        "slotgraph.core.operation.Operation.company_id_of_slug",
    }
)
"""They do not ask: whoever calls them has to."""


@dataclass(frozen=True)
class Summary:
    """What a routine reaches before it asks, whether it returns without having asked, and whether it says what was answered."""

    reaches: tuple[str, ...] = ()
    asks: bool = False
    answers: bool = False


@dataclass
class Walker:
    """Summaries of the use cases. `given` take what only somebody who may can have: calling them is reaching the store."""

    code: Code
    given: frozenset[str] = frozenset()
    summaries: dict[str, Summary] = field(default_factory=dict)
    scopes: dict[str, Scope] = field(default_factory=dict)

    def scope(self, name: str) -> Scope:
        if name not in self.scopes:
            self.scopes[name] = Scope(self.code, self.code.routines[name])
        return self.scopes[name]

    def summary(self, name: str) -> Summary:
        if name not in self.summaries:
            self.summaries[name] = Summary()  # of one that calls itself
            self.summaries[name] = _Path(self, self.scope(name)).walked()
        return self.summaries[name]

    def is_reach(self, target: str) -> bool:
        routine = self.code.routines.get(target)
        if routine is None or not isinstance(routine.node, ast.AsyncFunctionDef):
            return False
        if target.startswith(REPOSITORIES):
            return not _is_value(target)
        return target in READS_FOR_ANYBODY or target in self.given or self.is_handed(routine)

    def is_handed(self, routine: Routine) -> bool:
        """Whether others may call it within a transaction of theirs: then it is a part of what they do."""
        takes = (self.code.annotated(one.annotation, routine.module) for one in parameters(routine.node))
        return not is_private(routine.name) and any(types & DATABASE for types in takes)

    def asks_at_all(self, name: str) -> bool:
        """Whether a routine asks anything anywhere, itself or through private ones."""
        scope, seen = self.scope(name), {name}
        waiting = [scope]
        while waiting:
            scope = waiting.pop()
            for call in (one for one in ast.walk(scope.routine.node) if isinstance(one, ast.Call)):
                targets = scope.targets(call)
                if targets & ASKS:
                    return True
                more = {one for one in targets - seen if one in self.code.routines and is_private(one)}
                seen |= more
                waiting += [self.scope(one) for one in more]
        return False


def _is_value(target: str) -> bool:
    """Methods of what repositories give back, and of the database itself: these read nothing."""
    return target.removeprefix("slotgraph.core.").rpartition(".")[0].rpartition(".")[2][:1].isupper()


class _Path:
    """One routine; `asked` is whether a yes has been heard by now."""

    def __init__(self, walker: Walker, scope: Scope) -> None:
        self.walker = walker
        self.scope = scope
        self.reaches: list[str] = []
        self.returns: list[tuple[bool, bool]] = []
        self.answers: dict[str, tuple[bool, bool]] = {}

    def walked(self) -> Summary:
        node = self.scope.routine.node
        end = self.block(node.body, asked=False)
        if end is not None:
            self.returns.append((end, end))
        asks = all(asked for asked, _ in self.returns)
        return Summary(tuple(self.reaches), asks, all(answers for _, answers in self.returns))

    def block(self, body: Iterable[ast.stmt], *, asked: bool) -> bool | None:
        """Whether a yes has been heard when it ends; None if it does not."""
        known: bool | None = asked
        for statement in body:
            if known is None:
                break
            known = self.statement(statement, asked=known)
        return known

    def statement(self, node: ast.stmt, *, asked: bool) -> bool | None:
        match node:
            case ast.Return(value):
                after = asked if value is None else self.expression(value, asked=asked)
                self.returned(value, asked=after)
                return None
            case ast.Raise() | ast.Continue() | ast.Break():
                self.children(node, asked=asked)
                return None
            case ast.If(test, body, orelse):
                after = self.expression(test, asked=asked)
                one = self.block(body, asked=after or self.means_yes(test, True))
                other = self.block(orelse, asked=after or self.means_yes(test, False))
                return _both(one, other)
            case ast.For(_, iterable, body) | ast.AsyncFor(_, iterable, body):
                after = self.expression(iterable, asked=asked)
                self.block(body, asked=after)
                return after
            case ast.While(test, body):
                after = self.expression(test, asked=asked)
                self.block(body, asked=after or self.means_yes(test, True))
                return after
            case ast.With(items, body) | ast.AsyncWith(items, body):
                for item in items:
                    asked = self.expression(item.context_expr, asked=asked)
                return self.block(body, asked=asked)
            case ast.Try(body, handlers, orelse, finalbody):
                tried = self.block(body, asked=asked)
                after = None if tried is None else self.block(orelse, asked=tried)
                for handler in handlers:
                    after = _both(after, self.block(handler.body, asked=asked))
                return None if after is None else self.block(finalbody, asked=after)
            case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
                returns, self.returns = self.returns, []
                self.block(body, asked=asked)
                self.returns = returns
                return asked
            case ast.Match(subject, cases):
                after = self.expression(subject, asked=asked)
                ends = [self.block(case.body, asked=after) for case in cases]
                return (
                    after if all(end is None for end in ends) else min(end for end in (*ends, after) if end is not None)
                )
            case ast.Assign([ast.Name(name)], value):
                found = self.means_yes(value, False), self.means_yes(value, True)
                before = self.answers.get(name, found)
                self.answers[name] = (found[0] and before[0], found[1] and before[1])
        return self.children(node, asked=asked)

    def returned(self, value: ast.expr | None, *, asked: bool) -> None:
        if isinstance(value, ast.IfExp):
            self.returned(value.body, asked=asked or self.means_yes(value.test, True))
            self.returned(value.orelse, asked=asked or self.means_yes(value.test, False))
            return
        refuses = value is None or self.is_refusal(value)
        self.returns.append((asked or refuses, refuses or (value is not None and self.means_yes(value, True))))

    def children(self, node: ast.AST, *, asked: bool) -> bool:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr | ast.keyword | ast.comprehension | ast.FormattedValue):
                asked = self.expression(child, asked=asked)
        return asked

    def expression(self, node: ast.AST, *, asked: bool) -> bool:
        """Note what it reaches; whether a yes has been heard when it is worked out."""
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            for one in node.generators:
                asked = self.expression(one.iter, asked=asked)
                for condition in one.ifs:
                    self.expression(condition, asked=asked)
            elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            for element in elements:
                self.expression(element, asked=asked)
            return asked
        if isinstance(node, ast.BoolOp | ast.IfExp):
            first, *rest = node.values if isinstance(node, ast.BoolOp) else (node.test, node.body, node.orelse)
            asked = self.expression(first, asked=asked)
            for one in rest:
                self.expression(
                    one, asked=asked or self.means_yes(first, not isinstance(getattr(node, "op", None), ast.Or))
                )
            return asked
        if isinstance(node, ast.Call):
            return self.call(node, asked=asked)
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            self.note(node, self.scope.targets(ast.Call(node, [], [])), asked=asked)
        return self.children(node, asked=asked)

    def call(self, node: ast.Call, *, asked: bool) -> bool:
        after = self.children(node.func, asked=asked)
        for one in (*node.args, *node.keywords):
            after = self.expression(one, asked=after)
        targets = self.scope.targets(node)
        self.note(node, targets, asked=after)
        for target in targets - {self.scope.routine.full_name}:
            if _is_use_case(target) and target in self.walker.code.routines and not self.walker.is_reach(target):
                summary = self.walker.summary(target)
                if not after and is_private(target):
                    self.reaches += summary.reaches
                after = after or summary.asks
        return after

    def note(self, node: ast.AST, targets: frozenset[str], *, asked: bool) -> None:
        if not asked and any(self.walker.is_reach(one) for one in targets):
            self.reaches.append(
                f"{place(self.scope.routine, node)} {sorted(targets)[0].removeprefix('slotgraph.core.')}"
            )

    def means_yes(self, node: ast.expr, truth: bool) -> bool:
        """Whether the actor was said yes to if this comes out as `truth`."""
        match node:
            case ast.UnaryOp(ast.Not(), operand):
                return self.means_yes(operand, not truth)
            case ast.BoolOp(operator, values):
                all_decide = isinstance(operator, ast.And) is truth
                found = [self.means_yes(one, truth) for one in values]
                return any(found) if all_decide else all(found)
            case ast.Await(value) | ast.NamedExpr(_, value):
                return self.means_yes(value, truth)
            case ast.Name(name) if name in self.answers:
                return self.answers[name][truth]
            case ast.Call() if truth:
                targets = self.scope.targets(node)
                return bool(targets & ASKS) or any(
                    _is_use_case(one) and one in self.walker.code.routines and self.walker.summary(one).answers
                    for one in targets
                )
        return False

    def is_refusal(self, value: ast.expr) -> bool:
        """Nothing, or what says that there is nothing."""
        match value:
            case ast.Constant(None | False) | ast.List([]) | ast.Tuple([]):
                return True
            case ast.Call(func):
                meant = self.scope.code.meant(ast.unparse(func), self.scope.routine.module)
                return meant.startswith("slotgraph.core.problems.")
        return False


def _is_use_case(target: str) -> bool:
    return target.startswith("slotgraph.core.") and not target.startswith(REPOSITORIES)


def _both(one: bool | None, other: bool | None) -> bool | None:
    if one is None or other is None:
        return other if one is None else one
    return one and other


def public_routines(code: Code, modules: Iterable[str]) -> list[Routine]:
    """What others may call."""
    listed = set(modules)
    return [
        routine
        for routine in code.routines.values()
        if routine.module in listed and not any(is_private(part) for part in routine.name.split("."))
    ]
