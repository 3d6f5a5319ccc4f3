"""Runs one GraphQL request: parse, validate, execute within a deadline. Knows no HTTP."""

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from inspect import isawaitable
from typing import Any, NamedTuple

from graphql import (
    DocumentNode,
    GraphQLError,
    NoSchemaIntrospectionCustomRule,
    parse,
    specified_rules,
    validate,
)
from graphql import execute as execute_document
from strawberry.execution import optimized_is_awaitable

from slotgraph.core.errors import DeadlineExceeded, ErrorCode
from slotgraph.schema.context import Context
from slotgraph.schema.errors import Schema, extensions_of, request_errors, shown_errors
from slotgraph.schema.limits import EXECUTION_SECONDS, MAX_COMMENTS, MAX_TOKENS, REMEMBERED_DOCUMENTS

_RULES = tuple(specified_rules)
_RULES_WITHOUT_INTROSPECTION = (*_RULES, NoSchemaIntrospectionCustomRule)


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """What became of a request. One that was not executed has errors without `data` (GraphQL over HTTP)."""

    data: dict[str, Any] | None
    errors: list[GraphQLError] | None
    was_executed: bool


class Prepared(NamedTuple):
    """A document, or why there is none to execute."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...]


async def execute(
    schema: Schema,
    *,
    query: str,
    variables: dict[str, Any] | None,
    operation_name: str | None,
    context: Context,
    may_introspect: bool,
    seconds: float = EXECUTION_SECONDS,
) -> ExecutionResult:
    """Run a request. Those who may not introspect learn nothing of the schema from its errors."""
    document, errors = prepare(schema, query, may_introspect=may_introspect)
    if document is None:
        return ExecutionResult(None, request_errors(errors, may_introspect=may_introspect), was_executed=False)
    result = execute_document(
        schema.graphql,
        document,
        context_value=context,
        variable_values=variables,
        operation_name=operation_name,
        executor_class=schema.execution_context_class,
        is_awaitable=optimized_is_awaitable,  # type: ignore[arg-type]
        hide_suggestions=not may_introspect,
    )
    if isawaitable(result):
        try:
            async with asyncio.timeout(seconds):
                result = await result
        except TimeoutError:
            late = DeadlineExceeded()
            return ExecutionResult(None, [GraphQLError(str(late), extensions=extensions_of(late))], was_executed=True)
    # Without data and without a path, nothing was run: the variables or the operation's name made no sense.
    was_executed = result.data is not None or any(error.path is not None for error in result.errors or ())
    if not was_executed:
        return ExecutionResult(None, request_errors(result.errors or (), may_introspect=may_introspect), was_executed)
    return ExecutionResult(result.data, shown_errors(result.errors), was_executed)


def prepare(schema: Schema, query: str, *, may_introspect: bool) -> Prepared:
    """Parse and validate. Documents without literals in quotes are remembered; those with may hold a secret."""
    if '"' in query:
        return _prepared(schema, query, may_introspect)
    return _remembered(schema, query, may_introspect)


def _prepared(schema: Schema, query: str, may_introspect: bool) -> Prepared:
    try:
        document = parse(query, max_lexical_tokens=MAX_TOKENS, max_comments=MAX_COMMENTS)
    except GraphQLError as error:
        return Prepared(None, (_too_costly(error) or error,))
    rules = _RULES if may_introspect else _RULES_WITHOUT_INTROSPECTION
    errors = validate(schema.graphql, document, rules, hide_suggestions=not may_introspect)
    return Prepared(None if errors else document, tuple(errors))


_remembered = lru_cache(maxsize=REMEMBERED_DOCUMENTS)(_prepared)


def _too_costly(error: GraphQLError) -> GraphQLError | None:
    if "Document contains more than" not in error.message:
        return None
    message = f"A document has at most {MAX_TOKENS} tokens and {MAX_COMMENTS} comments."
    return GraphQLError(message, extensions={"code": ErrorCode.QUERY_TOO_COSTLY.value})
