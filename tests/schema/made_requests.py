"""Requests made from the schema itself: every operation, with a value in each place where one can stand.

What a value may be is told by its scalar or by its name; a place nothing is known about is an error, so that new fields are thought of.
"""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
)
from graphql.utilities.get_default_value_ast import get_default_value_ast

Path = tuple[str, ...]

KINDS = {
    "company": ("Company",),
    "employee": ("Employee",),
    "employees": ("Employee",),
    "anyOf": ("Employee",),
    "together": ("Employee",),
    "service": ("Service",),
    "services": ("Service",),
    "calendar": ("Calendar",),
    "account": ("Account",),
    "availability": ("WeeklyAvailability", "DatedAvailability"),
    "absence": ("Absence",),
    "token": ("ApiToken",),
    "case": ("SupportCase",),
    "entry": ("CalendarEntry",),
    "member": ("Member",),
    "sessions": ("Session",),
    "BookingRef.id": ("Booking",),
    "RemoveMemberInput.id": ("Member", "Invitation"),
    "UpsertEmployeeInput.id": ("Employee",),
    "UpsertServiceInput.id": ("Service",),
    "UpsertAvailabilityInput.id": ("WeeklyAvailability", "DatedAvailability"),
    "UpsertAbsenceInput.id": ("Absence",),
    "Query.node.id": ("*",),
    "Query.nodes.ids": ("*",),
}
"""What an id is of, by the name of its field; where that says too little, by the type the field is in."""

NO_ID = {"idempotencyKey"}

VALUES: dict[str, Any] = {
    "String": "Some text",
    "Boolean": True,
    "DateTime": "2027-03-02T09:00:00+01:00",
    "Date": "2027-03-02",
    "LocalTime": "09:00:00",
    "TimeZone": "Europe/Zurich",
    "Locale": "de",
    "EmailAddress": "mia@example.org",
    "URL": "https://www.example.org",
    "Secret": "no-such-secret",
}
_KEY = "a key of its own"
NAMED: dict[str, Any] = {
    "idempotencyKey": _KEY,
    "slug": "other",
    "name": "Name",
    "to": "2027-03-03T09:00:00+01:00",
    "expiresAt": "2028-03-02T09:00:00+01:00",
    "until": "2027-03-03",
    "end": "10:00:00",
    "AbsenceRangeInput.end": "2027-03-02T10:00:00+01:00",
    "durationMinutes": 30,
    "hours": 24,
    "first": 50,
    "count": 1,
    "provider": "memory",
}


@dataclass(frozen=True)
class Place:
    """Where a value can stand: the operation's field, the path through its arguments, the field's own name and its scalar."""

    kind: str
    field: str
    path: Path
    name: str
    scalar: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.field}({'.'.join(self.path)})"

    @property
    def of(self) -> tuple[str, ...]:
        """The kinds of things an id in this place is of."""
        return KINDS.get(self.name) or KINDS[self.name.rpartition(".")[2]]


def places_of_ids(schema: GraphQLSchema) -> Iterator[Place]:
    """Every place of every operation where an id of something can stand."""
    return (place for place in places(schema) if place.scalar == "ID" and place.path[-1] not in NO_ID)


def places(schema: GraphQLSchema) -> Iterator[Place]:
    """Every place of every operation where a scalar can stand."""
    for kind, root in (("Query", schema.query_type), ("Mutation", schema.mutation_type)):
        assert root is not None
        for field, definition in root.fields.items():
            for name, argument in definition.args.items():
                for path, where, scalar in _scalars(argument.type, (name,), f"{kind}.{field}.{name}"):
                    yield Place(kind, field, path, where, scalar)


def _scalars(type_: Any, path: Path, where: str) -> Iterator[tuple[Path, str, str]]:
    inner = get_named_type(type_)
    if isinstance(inner, GraphQLScalarType):
        yield path, where, inner.name
    elif isinstance(inner, GraphQLInputObjectType):
        for name, field in inner.fields.items():
            yield from _scalars(field.type, (*path, name), f"{inner.name}.{name}")


class Maker:
    """Makes the variables of an operation: what must be there, and what leads to one place. `own` gives the asker's own ids."""

    def __init__(self, schema: GraphQLSchema, own: dict[str, str]) -> None:
        self._schema = schema
        self._own = own

    def variables(self, place: Place, value: Any) -> dict[str, Any]:
        """Variables with a value in a place."""
        root = self._schema.query_type if place.kind == "Query" else self._schema.mutation_type
        assert root is not None
        made = {}
        for name, argument in root.fields[place.field].args.items():
            rest = place.path[1:] if place.path[0] == name else None
            if rest is not None or _must_be_given(argument):
                made[name] = self._value(argument.type, name, f"{place.kind}.{place.field}.{name}", (rest, value))
        return _with_key(made, f"{place} {value!r}")

    def _value(self, type_: Any, name: str, where: str, aim: tuple[Path | None, Any]) -> Any:
        rest, value = aim
        nullable = get_nullable_type(type_)
        if isinstance(nullable, GraphQLList):
            return [self._value(nullable.of_type, name, where, aim)]
        if isinstance(nullable, GraphQLInputObjectType):
            return self._object(nullable, rest, value)
        if isinstance(nullable, GraphQLEnumType):
            return next(iter(nullable.values))
        if rest == ():
            return value
        if nullable.name == "ID" and name not in NO_ID:
            kind = (KINDS.get(where) or KINDS[name])[0]
            return self._own[kind]
        return NAMED.get(where, NAMED.get(name, VALUES.get(nullable.name, 7)))

    def _object(self, type_: GraphQLInputObjectType, rest: Path | None, value: Any) -> dict[str, Any]:
        made = {}
        for name, field in type_.fields.items():
            on_path = bool(rest) and rest[0] == name
            if type_.is_one_of:
                wanted = on_path or (not rest and name == next(iter(type_.fields)))
            else:
                wanted = on_path or _must_be_given(field)
            if wanted:
                further = rest[1:] if rest and on_path else None
                made[name] = self._value(field.type, name, f"{type_.name}.{name}", (further, value))
        return made


def _with_key(variables: dict[str, Any], intent: str) -> dict[str, Any]:
    """Each intent gets an idempotency key of its own, where one is wanted."""
    given = variables.get("input")
    if isinstance(given, dict) and given.get("idempotencyKey") == _KEY:
        given["idempotencyKey"] = str(uuid.uuid5(uuid.NAMESPACE_OID, intent))
    return variables


def _must_be_given(field: Any) -> bool:
    return isinstance(field.type, GraphQLNonNull) and get_default_value_ast(field) is None


def document(schema: GraphQLSchema, place: Place, given: Iterable[str]) -> str:
    """The operation with these arguments, and everything selected that can be had without going on to other things."""
    root = schema.query_type if place.kind == "Query" else schema.mutation_type
    assert root is not None
    field = root.fields[place.field]
    declared = ", ".join(f"${name}: {field.args[name].type}" for name in given)
    arguments = ", ".join(f"{name}: ${name}" for name in given)
    return f"{place.kind.lower()} ({declared}) {{ {place.field}({arguments}) {_selection(schema, field)} }}"


def _selection(schema: GraphQLSchema, field: GraphQLField) -> str:
    return "{ __typename " + " ".join(_leaves(schema, get_named_type(field.type), deeper=True)) + " }"


def _leaves(schema: GraphQLSchema, type_: GraphQLNamedType, *, deeper: bool) -> Iterator[str]:
    if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
        for member in schema.get_possible_types(type_):
            yield f"... on {member.name} {{ __typename {' '.join(_leaves(schema, member, deeper=deeper))} }}"
    elif isinstance(type_, GraphQLObjectType):
        for name, field in type_.fields.items():
            inner = get_named_type(field.type)
            alias = f"{type_.name}_{name}: {name}"
            if field.args:
                continue
            if isinstance(inner, GraphQLScalarType | GraphQLEnumType):
                yield alias
            elif deeper:
                yield alias + " { __typename " + " ".join(_leaves(schema, inner, deeper=False)) + " }"
