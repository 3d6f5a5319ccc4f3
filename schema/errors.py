"""Errors as clients see them: always a code, never an internal of ours, nothing logged but names of classes."""

import logging
import re
import uuid
from collections.abc import Iterable
from traceback import extract_tb
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSchema
from strawberry.types import ExecutionContext

from slotgraph.core.errors import BadInput, ErrorCode, SlotGraphError, UnknownObject
from slotgraph.schema.scalars import ValueRefused

_log = logging.getLogger("slotgraph.schema")

REFUSED = "This is no valid request to this API."
"""What every request error reads to those who may not read the schema: which of their words exist is not told."""

_MASKED = "Something went wrong on our side."


class Schema(strawberry.Schema):
    """Strawberry's schema, without its log: it would write whole queries, and passwords in them."""

    @property
    def graphql(self) -> GraphQLSchema:
        """The schema as graphql-core has it."""
        return self._schema

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing: `shown` does."""


def shown_errors(errors: Iterable[GraphQLError] | None) -> list[GraphQLError] | None:
    """The errors of fields as clients may see them."""
    return [shown(error) for error in errors] if errors else None


def request_errors(errors: Iterable[GraphQLError], *, may_introspect: bool) -> list[GraphQLError]:
    """The errors of a request that was not executed."""
    found = [request_error(error, may_introspect=may_introspect) for error in errors]
    if may_introspect:
        return found
    # How many there are would tell which words exist, as well as the words would.
    return [error for error in found if error.message != REFUSED] or found[:1]


def request_error(error: GraphQLError, *, may_introspect: bool) -> GraphQLError:
    """An error of the request itself: its text, its variables. What stood in them is not repeated."""
    extensions = {"code": (error.extensions or {}).get("code", ErrorCode.BAD_USER_INPUT.value)}
    if not may_introspect and not _is_about_a_value(error) and extensions["code"] == ErrorCode.BAD_USER_INPUT.value:
        return GraphQLError(REFUSED, extensions=extensions)
    return _placed(without_values(error.message), error, extensions)


def _is_about_a_value(error: BaseException | None) -> bool:
    while isinstance(error, GraphQLError):
        if isinstance(error, ValueRefused):
            return True
        error = error.original_error
    return False


_VALUES = (
    (re.compile(r"[;,.]? ?(found|Found):? .*", re.DOTALL), "."),
    (re.compile(r"(?<!invalid) value: .*", re.DOTALL), " value."),
    (re.compile(r"((?:Block)?String) \".*", re.DOTALL), r"\1."),
    (re.compile(r"Value '.*' does not exist", re.DOTALL), "This value does not exist"),
)


def without_values(message: str) -> str:
    """A message of graphql-core without the value it complains of, which may be or hold a secret."""
    for pattern, replacement in _VALUES:
        message = pattern.sub(replacement, message)
    return message


def shown(error: GraphQLError) -> GraphQLError:
    """An error of a field as clients see it; ours in full, arguments that make no sense, and all others masked."""
    original = error.original_error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    if original is None or isinstance(original, GraphQLError):
        return _placed(without_values(error.message), error, {"code": ErrorCode.BAD_USER_INPUT.value})
    if isinstance(original, SlotGraphError) and original.code is not ErrorCode.INTERNAL:
        return _placed(str(original), error, extensions_of(original))
    return _placed(_MASKED, error, _noted(original))


def extensions_of(error: SlotGraphError) -> dict[str, Any]:
    """The facts of an error of ours."""
    extensions: dict[str, Any] = {"code": error.code.value}
    if isinstance(error, BadInput | UnknownObject):
        extensions["field"] = list(error.path)
    retry_after = getattr(error, "retry_after", None)
    if retry_after is not None:
        extensions["retryAfterSeconds"] = retry_after
    return extensions


def _noted(error: Exception) -> dict[str, Any]:
    """Log that there was a fault, by its class and place alone: its text may hold anything."""
    correlation_id = uuid.uuid4().hex
    frames = extract_tb(error.__traceback__)
    place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "no frame"
    _log.error("%s in %s; correlation id %s", type(error).__name__, place, correlation_id)
    return {"code": ErrorCode.INTERNAL.value, "correlationId": correlation_id}


def _placed(message: str, error: GraphQLError, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
