"""What an agent's operation can reach, read from the document before anything is executed: for the access log (rule T4).

Names of fields, companies and days only: no titles, and no other values of arguments.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    ValueNode,
    get_named_type,
    get_nullable_type,
    get_operation_ast,
    value_from_ast_untyped,
)

from slotgraph.core.derived_token import claim_from_text
from slotgraph.schema import ids
from slotgraph.schema.errors import Schema
from slotgraph.schema.execute import prepare
from slotgraph.schema.scalars import SCALARS, ValueRefused

_STARTS = frozenset({"from"})
_ENDS = frozenset({"to", "until"})
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reach:
    """What an operation can reach. Too much rather than too little: what is skipped by a directive counts.

    `fields` are Type.field, each once; days count in UTC.
    """

    company_ids: frozenset[str] = frozenset()
    slugs: frozenset[str] = frozenset()
    lists_open_cases: bool = False
    fields: tuple[str, ...] = ()
    range_start: datetime | None = None
    range_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Selected:
    """A field that is asked for: on which type, and with which arguments, variables filled in."""

    parent: GraphQLNamedType
    name: str
    arguments: Mapping[str, Any]

    @property
    def place(self) -> str:
        return f"{self.parent.name}.{self.name}"


def reach_of(schema: Schema, *, query: str, variables: Mapping[str, Any] | None, operation_name: str | None) -> Reach:
    """What a request can reach; nothing if it will not be executed."""
    document = prepare(schema, query, may_introspect=True).document
    operation = get_operation_ast(document, operation_name) if document else None
    if document is None or operation is None:
        return Reach()
    given = _with_defaults(operation, variables or {})
    selected = list(_selected(schema.graphql, document, operation, given))
    starts, ends = _days(selected)
    return Reach(
        company_ids=frozenset(_companies(selected)),
        slugs=frozenset(_slugs(selected)),
        lists_open_cases=any(field.place == "Query.supportCases" for field in selected),
        fields=tuple(dict.fromkeys(field.place for field in selected)),
        range_start=min(starts, default=None),
        range_end=max(ends, default=None),
    )


def _with_defaults(operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> dict[str, Any]:
    given = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }
    return given | dict(variables)


def _selected(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, given: Mapping[str, Any]
) -> Iterator[_Selected]:
    """The fields of an operation, each fragment followed once: the work is linear in the document."""
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    assert root is not None
    open_sets: list[tuple[SelectionSetNode, GraphQLNamedType]] = [(operation.selection_set, root)]
    followed: set[str] = set()
    while open_sets:
        selection_set, parent = open_sets.pop()
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                yield from _field(node, parent, given, open_sets)
            elif isinstance(node, InlineFragmentNode):
                open_sets.append((node.selection_set, _condition(schema, node, parent)))
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in followed:
                followed.add(node.name.value)
                fragment = fragments[node.name.value]
                open_sets.append((fragment.selection_set, _condition(schema, fragment, parent)))


def _field(
    node: FieldNode,
    parent: GraphQLNamedType,
    given: Mapping[str, Any],
    open_sets: list[tuple[SelectionSetNode, GraphQLNamedType]],
) -> Iterator[_Selected]:
    """A field, unless it is one every type has; what is selected below it goes to the open sets."""
    definition = getattr(parent, "fields", {}).get(node.name.value)
    if definition is None:
        return
    arguments = {one.name.value: _plain(one.value, given) for one in node.arguments or ()}
    yield _Selected(parent, node.name.value, arguments)
    if node.selection_set is not None:
        open_sets.append((node.selection_set, get_named_type(definition.type)))


def _condition(
    schema: GraphQLSchema, node: InlineFragmentNode | FragmentDefinitionNode, parent: GraphQLNamedType
) -> GraphQLNamedType:
    found = schema.get_type(node.type_condition.name.value) if node.type_condition else None
    return found or parent


def _plain(node: ValueNode, given: Mapping[str, Any]) -> Any:
    value = value_from_ast_untyped(node, dict(given))
    return None if value is Undefined else value


def _companies(selected: list[_Selected]) -> Iterator[str]:
    """The companies that global ids and derived tokens carry, wherever they stand."""
    for field in selected:
        for text in _texts([*field.arguments.values()]):
            named = ids.read(text) or claim_from_text(text)
            if named is not None:
                yield named.company_id


def _texts(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _slugs(selected: list[_Selected]) -> Iterator[str]:
    for field in selected:
        slug = field.arguments.get("slug")
        if field.place == "Query.company" and isinstance(slug, str):
            yield slug


def _days(selected: list[_Selected]) -> tuple[list[datetime], list[datetime]]:
    """The starts and ends of all ranges that are named."""
    starts: list[datetime] = []
    ends: list[datetime] = []
    for field in selected:
        declared = field.parent.fields[field.name].args  # type: ignore[attr-defined]
        for name, type_, value in _leaves(
            (name, declared[name].type, value) for name, value in field.arguments.items()
        ):
            if name in _STARTS:
                starts += _instant(type_, value, whole_day=False)
            elif name in _ENDS:
                ends += _instant(type_, value, whole_day=True)
    return starts, ends


def _leaves(values: Iterable[tuple[str, Any, Any]]) -> Iterator[tuple[str, GraphQLNamedType, Any]]:
    """The values inside of input objects, with their names and types. Lists hold no ranges."""
    for name, type_, value in values:
        inner = get_nullable_type(type_)
        if isinstance(inner, GraphQLInputObjectType) and isinstance(value, dict):
            known = inner.fields
            yield from _leaves((key, known[key].type, one) for key, one in value.items() if key in known)
        elif not isinstance(inner, GraphQLList | GraphQLInputObjectType):
            yield name, inner, value


def _instant(type_: GraphQLNamedType, value: Any, *, whole_day: bool) -> Iterator[datetime]:
    """The instant a value means; the end of a day, if it is the last one that counts."""
    parse = {"DateTime": SCALARS[datetime].parse_value, "Date": SCALARS[date].parse_value}.get(type_.name)
    if parse is None or value is None:
        return
    try:
        read = parse(value)
    except ValueRefused:
        return
    if isinstance(read, datetime):
        yield read
    else:
        yield datetime.combine(read, time(), tzinfo=UTC) + (_DAY if whole_day else timedelta())
