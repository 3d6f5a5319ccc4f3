"""Random valid documents over a schema: aliases, merged duplicates, fragments of both kinds, directives of both kinds, `__typename`."""

from collections.abc import Mapping
from functools import lru_cache
from inspect import isawaitable
from random import Random
from typing import Any

import orjson
from graphql import (
    Executor,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    execute,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
    is_required_argument,
    parse,
)
from strawberry.execution import optimized_is_awaitable

_USED = "__typename @include(if: $yes) __typename @skip(if: $no)"

FLAGS = {"yes": True, "no": False}
"""The variables of directives."""


class Documents:
    """Makes documents. `arguments` are those of root fields that need some; `never` are fields, as Type.field, to leave out."""

    def __init__(
        self,
        schema: GraphQLSchema,
        random: Random,
        *,
        arguments: Mapping[str, str] | None = None,
        never: frozenset[str] = frozenset(),
    ) -> None:
        self._schema = schema
        self._random = random
        self._arguments = arguments or {}
        self._never = never
        self._fragments: list[str] = []

    def document(self, roots: list[str], variables: str = "", *, depth: int = 4) -> str:
        """A query of some of these roots."""
        query = self._schema.query_type
        assert query is not None
        chosen = self._random.sample(roots, self._random.randint(1, min(3, len(roots))))
        body = " ".join(self._field(name, query.fields[name], depth, self._arguments.get(name, "")) for name in chosen)
        return f"query ($yes: Boolean!, $no: Boolean! {variables}) {{ {body} {_USED} }} " + " ".join(self._fragments)

    def _selection(self, type_: Any, depth: int) -> str:
        parts = [self._part(type_, depth) for _ in range(self._random.randint(1, 4))]
        # Something stays, whatever the directives leave out.
        return "{ " + " ".join([*parts, "__typename"]) + " }"

    def _part(self, type_: Any, depth: int) -> str:
        match self._random.randrange(10):
            case 0:
                return f"{self._random.choice(['', 'a_type: '])}__typename{self._directive()}"
            case 1 | 2:
                on = self._random.choice(["", f" on {self._condition(type_)}"])
                inner = self._condition_type(on) or type_
                return f"...{on}{self._directive()} {self._selection(inner, depth)}"
            case 3:
                inner = self._schema.type_map[self._condition(type_)]
                name = f"F{len(self._fragments)}"
                self._fragments.append("")
                self._fragments[int(name[1:])] = f"fragment {name} on {inner.name} {self._selection(inner, depth)}"
                return f"...{name}{self._directive()}"
            case _:
                fields = self._fields(type_, depth)
                return self._field(*self._random.choice(fields), depth) if fields else "__typename"

    def _condition(self, type_: Any) -> str:
        if is_abstract_type(type_) and self._random.random() < 0.7:
            return self._random.choice(sorted(one.name for one in self._schema.get_possible_types(type_)))
        return str(type_.name)

    def _condition_type(self, on: str) -> Any:
        return self._schema.type_map[on.removeprefix(" on ")] if on else None

    def _fields(self, type_: Any, depth: int) -> list[tuple[str, GraphQLField]]:
        return [
            (name, field)
            for name, field in getattr(type_, "fields", {}).items()
            if (depth > 0 or is_leaf_type(get_named_type(field.type)))
            and f"{type_.name}.{name}" not in self._never
            and not any(is_required_argument(argument) for argument in field.args.values())
        ]

    def _field(self, name: str, field: GraphQLField, depth: int, arguments: str = "") -> str:
        inner = get_named_type(field.type)
        # One alias never means two fields, so that all merges.
        alias = self._random.choice(["", "", f"a_{name}: ", f"b_{name}: "])
        selection = self._selection(inner, depth - 1) if is_composite_type(inner) else ""
        return f"{alias}{name}{arguments}{self._directive()} {selection}"

    def _directive(self) -> str:
        if self._random.random() < 0.75:
            return ""
        condition = self._random.choice(["true", "false", "$yes", "$no"])
        return f" @{self._random.choice(['skip', 'include'])}(if: {condition})"


def objects(schema: GraphQLSchema) -> list[GraphQLObjectType]:
    """The object types of a schema, its own ones left out."""
    return [
        type_
        for name, type_ in schema.type_map.items()
        if isinstance(type_, GraphQLObjectType) and not name.startswith("__")
    ]


parsed = lru_cache(parse)
"""Documents are remembered, as those of real requests are."""


async def answer(
    schema: GraphQLSchema, document: str, context: Any, executor: type[Executor[Any]], **more: Any
) -> bytes:
    """What goes over the wire of an execution, errors and paths as graphql-core has them."""
    outcome = execute(
        schema,
        parsed(document),
        context_value=context,
        variable_values=FLAGS | more,
        executor_class=executor,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
    )
    result = await outcome if isawaitable(outcome) else outcome
    errors = [error.formatted for error in result.errors or ()]
    return orjson.dumps({"data": result.data, "errors": errors}, option=orjson.OPT_PASSTHROUGH_SUBCLASS, default=str)
