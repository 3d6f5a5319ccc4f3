"""Errors as clients see them: coded, masked, and without values."""

import logging
from typing import Any

import pytest
from graphql import GraphQLError

from slotgraph.core.errors import (
    BadInput,
    DeadlineExceeded,
    Forbidden,
    KeyMissing,
    SettingError,
    SupportExcluded,
    UnknownObject,
)
from slotgraph.schema.build import build
from slotgraph.schema.errors import REFUSED, request_errors, shown, without_values
from slotgraph.schema.execute import prepare


def located(error: Exception) -> GraphQLError:
    return GraphQLError(str(error), path=["slots"], original_error=error)


@pytest.mark.parametrize(
    ("error", "extensions"),
    [
        (BadInput(("input", "to"), "no."), {"code": "BAD_USER_INPUT", "field": ["input", "to"]}),
        (UnknownObject(("input", "service")), {"code": "NOT_FOUND", "field": ["input", "service"]}),
        (Forbidden("You may not."), {"code": "FORBIDDEN"}),
        (SupportExcluded(), {"code": "SUPPORT_EXCLUDED"}),
        (DeadlineExceeded(), {"code": "DEADLINE"}),
    ],
)
def test_error_of_ours_keeps_its_sentence_and_facts(error: Exception, extensions: dict[str, Any]) -> None:
    formatted = shown(located(error)).formatted
    assert formatted == {"message": str(error), "path": ["slots"], "extensions": extensions}


@pytest.mark.parametrize(
    "error", [RuntimeError("hunter2"), KeyMissing("k1"), SettingError("/secret/path"), TypeError("x")]
)
def test_everything_else_is_masked_and_logged_by_class_alone(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        formatted = shown(located(error)).formatted
    assert formatted["message"] == "Something went wrong on our side."
    code, correlation_id = formatted["extensions"].values()
    assert code == "INTERNAL"
    assert len(correlation_id) == 32
    assert correlation_id in caplog.text
    assert type(error).__name__ in caplog.text
    assert str(error) not in caplog.text.replace(correlation_id, "").replace(type(error).__name__, "")


def test_strawberry_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    build().process_errors([GraphQLError("query with hunter2")], None)
    assert caplog.text == ""


def messages(query: str, *, may_introspect: bool = True) -> list[str]:
    found = prepare(build(), query, may_introspect=may_introspect).errors
    return [error.message for error in request_errors(found, may_introspect=may_introspect)]


@pytest.mark.parametrize(
    "query",
    [
        'mutation { login(input: { email: "a@example.org", password "hunter2" }) { __typename } }',
        'mutation { login(input: { email: "a@example.org", password: "hunter2" } "hunter2") { __typename } }',
        'mutation { login(input: { password: "hunter2" }) { __typename } }',
        'mutation { login(input: { email: "a@example.org", password: "hunter2", pin: "hunter2" }) { __typename } }',
        'mutation { login(input: "hunter2") { __typename } }',
        'mutation { login(input: { email: "hunter2", password: ["hunter2"] }) { __typename } }',
        'mutation { createToken(input: { name: "x", scopes: "hunter2" }) { __typename } }',
        '{ slots(input: { deadlineMs: "hunter2" }) { complete } }',
        '{ booking(by: { manageToken: "hunter2", id: "hunter2" }) { id } }',
        '{ booking(by: { manageToken: """hunter2""" id "hunter2" }) { id } }',
    ],
)
def test_values_are_not_repeated_by_errors_of_the_document(query: str) -> None:
    found = messages(query)
    assert found
    assert "hunter2" not in " ".join(found)


async def test_values_are_not_repeated_by_errors_of_the_variables(face: Any) -> None:
    query = "mutation ($input: LoginInput!) { login(input: $input) { __typename } }"
    for value in (
        {"password": "hunter2"},
        {"email": "a@example.org", "password": ["hunter2"]},
        {"email": "hunter2", "password": "x"},
        {"email": "a@example.org", "password": "hunter2", "hunter": "hunter2"},
        "hunter2",
    ):
        result = await face.run(query, input=value)
        assert not result.was_executed
        assert result.errors
        assert result.errors[0].extensions == {"code": "BAD_USER_INPUT"}
        assert "hunter2" not in str([error.formatted for error in result.errors])


async def test_wrong_value_is_explained_to_everybody_and_wrong_words_to_nobody_outside(face: Any) -> None:
    query = 'query ($from: DateTime!) { slots(input: { service: "x", from: $from, to: $from }) { complete } }'
    for may in (True, False):
        result = await face.run(query, may_introspect=may, **{"from": "2027-03-02T09:00:00"})
        (error,) = result.errors
        assert error.message.startswith("Variable '$from' has invalid value: DateTime must be RFC 3339 with an offset")
        assert error.message.endswith("the offset is missing.")
    (literal,) = messages(
        '{ slots(input: { service: "x", from: "2027-03-02", to: "2027-03-02" }) { complete } }', may_introspect=False
    )[:1]
    assert literal.endswith("the offset is missing.")
    missing = await face.run(query, may_introspect=False)
    assert [error.formatted for error in missing.errors] == [
        {"message": REFUSED, "extensions": {"code": "BAD_USER_INPUT"}}
    ]


def test_one_of_is_checked_and_named() -> None:
    (none,) = messages("{ booking(by: {}) { id } }")
    assert "BookingRef" in none


async def test_one_of_is_checked_in_variables(face: Any) -> None:
    query = "query ($by: BookingRef!) { booking(by: $by) { id } }"
    for by in ({}, {"id": "x", "manageToken": "y"}, {"id": None}):
        result = await face.run(query, by=by)
        assert not result.was_executed
        assert "BookingRef" in result.errors[0].message
    for given in ({}, {"t": None}):
        error = await face.error("query ($t: Secret) { booking(by: { manageToken: $t }) { id } }", **given)
        assert (error.path, error.extensions) == (["booking"], {"code": "BAD_USER_INPUT"})


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("Int cannot represent non-integer value: 'hunter2'", "Int cannot represent non-integer value."),
        ('Syntax Error: Expected Name, found String "hunter2".', "Syntax Error: Expected Name."),
        ('Syntax Error: Unexpected String "hunter2".', "Syntax Error: Unexpected String."),
        ("Value 'hunter2' does not exist in 'Weekday' enum.", "This value does not exist in 'Weekday' enum."),
        ("Cannot query field 'x' on type 'Query'.", "Cannot query field 'x' on type 'Query'."),
    ],
)
def test_message_loses_its_value_and_nothing_else(message: str, kept: str) -> None:
    assert without_values(message) == kept
