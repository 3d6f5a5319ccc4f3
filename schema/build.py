"""Builds the schema, once, and prints it. Fails when an action is missing (rule T5)."""

from functools import cache

from graphql import GraphQLSchema, print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter

from slotgraph.core.errors import ErrorCode
from slotgraph.schema.calling import make_inputs
from slotgraph.schema.errors import Schema
from slotgraph.schema.guard import enforce
from slotgraph.schema.list_completion import ListExecutor
from slotgraph.schema.mutations.root import Mutation
from slotgraph.schema.queries import Query
from slotgraph.schema.scalars import SCALARS
from slotgraph.schema.types.overview import ExternalEvent, OverviewAbsence, OverviewAvailability, OverviewBooking
from slotgraph.schema.types.schedule import DatedAvailability, WeeklyAvailability

DESCRIPTION = """Turns the calendars people already keep into bookable time, without keeping what stands in them.
Ids are opaque and global. from..to are instants, the end excluded; from..until are days, the last one included. Every duration carries its
unit in its name. Expect new fields, enum values and union members at any time; what is to go is deprecated first.
Expected failures are data: each mutation answers with a union whose failures implement Problem; select `... on Problem { message }` last,
so that a failure added later is shown too. Everything else is in `errors[]` with `extensions.code`, one of ErrorCode.
A query root is null only together with an error (or where "no such thing" is an answer), so that one refusal never wipes its neighbours.
A field you may not call is not in the schema you see; a thing you may not see looks as if it were not there."""

_IMPLEMENTATIONS = (
    WeeklyAvailability,
    DatedAvailability,
    ExternalEvent,
    OverviewBooking,
    OverviewAbsence,
    OverviewAvailability,
)
"""Types that are reached through their interface only."""


class _Names(NameConverter):
    """camelCase; an underscore at the end is for Python only."""

    def apply_naming_config(self, name: str) -> str:
        return super().apply_naming_config(name.rstrip("_"))


@cache
def build() -> Schema:
    """The schema with its locks on. Raises MissingAction."""
    return build_from(Query, Mutation, types=(*_IMPLEMENTATIONS, ErrorCode))


def build_from(query: type, mutation: type | None = None, *, types: tuple[type, ...] = ()) -> Schema:
    """A schema from these roots, with its locks on. Raises MissingAction."""
    config = StrawberryConfig(name_converter=_Names(), scalar_map=SCALARS)
    schema = Schema(query=query, mutation=mutation, types=types, config=config, execution_context_class=ListExecutor)
    schema.graphql.description = DESCRIPTION
    make_inputs(schema.graphql)
    enforce(schema.graphql)
    return schema


def sdl() -> str:
    """The schema in the schema definition language, types by name: the same text for the same schema."""
    schema = build().graphql
    by_name = {type_.name: type_ for type_ in schema.type_map.values()}
    in_order = ["Query", "Mutation", *sorted(by_name.keys() - {"Query", "Mutation"})]
    printed = GraphQLSchema(
        query=schema.query_type,
        mutation=schema.mutation_type,
        types=[by_name[name] for name in in_order if not name.startswith("__")],
        directives=schema.directives,
        description=schema.description,
    )
    printed.type_map = {name: by_name[name] for name in in_order if name in by_name}
    return print_schema(printed) + "\n"
