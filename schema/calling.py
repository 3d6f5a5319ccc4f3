"""How a resolver is called: with what graphql-core has read of the arguments, inputs already made. Strawberry would walk them again."""

from collections.abc import Callable
from dataclasses import MISSING
from typing import Any

import strawberry
from graphql import GraphQLField, GraphQLInputObjectType, GraphQLResolveInfo, GraphQLSchema
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

_DEFINITION = "strawberry-definition"


def make_inputs(schema: GraphQLSchema) -> None:
    """Let graphql-core make our input objects, and check @oneOf: it names the field, Strawberry's own check does not."""
    for type_ in schema.type_map.values():
        definition = type_.extensions.get(_DEFINITION)
        if isinstance(type_, GraphQLInputObjectType) and isinstance(definition, StrawberryObjectDefinition):
            type_.is_one_of = definition.is_one_of
            type_.out_type = _maker(type_, definition)  # type: ignore[method-assign, assignment]


def _maker(type_: GraphQLInputObjectType, definition: StrawberryObjectDefinition) -> Callable[[dict[str, Any]], Any]:
    names = {name: field.extensions[_DEFINITION].python_name for name, field in type_.fields.items()}
    # What may be left out and has no default is null.
    absent = {
        field.python_name: None
        for field in definition.fields
        if field.default is MISSING and field.default_factory is MISSING
    }
    return lambda given: definition.origin(**absent | {names[name]: value for name, value in given.items()})


def caller(field: GraphQLField, declared: StrawberryField) -> Callable[..., Any]:
    """Calls the resolver of a field as graphql-core calls: with the source, its own info, and the arguments by their names."""
    resolver = declared.base_resolver
    assert resolver is not None
    function: Callable[..., Any] = resolver.wrapped_func  # type: ignore[assignment]
    names = {name: argument.extensions[_DEFINITION].python_name for name, argument in field.args.items()}
    info_name = resolver.info_parameter.name if resolver.info_parameter else None

    def called(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        given = {names[name]: value for name, value in arguments.items()}
        if info_name is not None:
            given[info_name] = strawberry.Info(_raw_info=info, _field=declared)
        return function(source, **given)

    return called
