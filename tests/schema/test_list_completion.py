"""Lists completed at once are what the ordinary way makes of them, byte for byte, errors and paths included (DESIGN.md section 9)."""

from datetime import datetime
from random import Random
from typing import Any

import orjson
import pytest
import strawberry
from graphql import Executor, GraphQLSchema, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slotgraph_tests_schema_random_documents import Documents, answer, objects, parsed
from slotgraph_tests_schema_toy_lists import (
    OWNER,
    PLAIN,
    ROOTS,
    TOY,
    Inner,
    Later,
    LaterText,
    Lookalike,
    Toy,
    thing,
    things,
)

from slotgraph.core.policy import Anonymous
from slotgraph.schema.build import build
from slotgraph.schema.guard import Attribute
from slotgraph.schema.list_completion import ListExecutor


async def same(document: str, context: Any) -> bytes:
    ordinary = await answer(TOY, document, context, Executor)
    assert await answer(TOY, document, context, ListExecutor) == ordinary, document
    return ordinary


EVERY = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@EVERY
@given(st.randoms(use_true_random=False), things(trouble=False))
async def test_plain_lists_are_what_the_ordinary_way_makes_of_them(random: Random, found: list[Any]) -> None:
    document = Documents(TOY, random).document(ROOTS)
    assert validate(TOY, parsed(document)) == []
    await same(document, Toy(found))


@EVERY
@given(st.randoms(use_true_random=False), things(trouble=True))
async def test_trouble_in_a_list_is_reported_as_the_ordinary_way_reports_it(random: Random, found: list[Any]) -> None:
    await same(Documents(TOY, random).document(ROOTS), Toy(found))


EVERYTHING = """{ things { text maybeText number size flag mood at minute day clock zone tags grid
  inner { id note } maybe { id } many { id } few { id } } }"""


@pytest.mark.parametrize(
    "odd",
    [
        *(None, ValueError("an error"), Later("7"), Later(None), LaterText("x"), Lookalike(), 2**40),
        datetime(2027, 1, 1),
    ],
)
@pytest.mark.parametrize("field", sorted(PLAIN))
async def test_each_field_with_each_trouble(field: str, odd: Any) -> None:
    await same(EVERYTHING, Toy([thing(), thing(**{field: odd}), thing()]))


async def test_null_where_there_may_be_none_is_an_error_with_its_path() -> None:
    found = orjson.loads(await same("{ maybeThings { number a: text } }", Toy([thing(), thing(text=None)])))
    assert found["data"] == {"maybeThings": [{"number": 1, "a": "t"}, None]}
    assert [error["path"] for error in found["errors"]] == [["maybeThings", 1, "a"]]


async def test_records_of_another_type_are_no_shortcut() -> None:
    assert b'"wrongRecords":null' in await same("{ wrongRecords { text } }", Toy([thing()]))


async def test_what_records_share_is_asked_for_once() -> None:
    context = Toy([thing(text="a"), thing(text="b"), thing(text="a")])
    document = "{ records { text fellows { name ... on Cat { lives } } } }"
    await answer(TOY, document, context, ListExecutor)
    assert context.asked == ["a", "b"]
    await same(document, context)
    await same(document, Toy([thing(text="a"), thing(text="nonsense"), thing(text="a")]))
    stranger = Toy([thing(), thing()], Anonymous())
    assert b"gold" not in await same("{ records { fellows { name } treasury { text } } }", stranger)
    assert b"gold" in await same("{ records { treasury { text } } things { treasury { text } } }", Toy([thing()]))


async def test_object_that_says_it_is_another_is_believed() -> None:
    assert b"Expected value of type 'Cat'" in await same("{ disguised { name } }", Toy([thing()]))


@pytest.mark.parametrize(
    ("document", "odd", "noted"),
    [
        ("{ things { text } }", {"text": None}, []),  # NotPlain
        ("{ things { number } }", {"number": 2**40}, []),  # GraphQLError
        ("{ records { treasury { text } } }", {}, []),  # a refusal is an answer like any other
        ("{ things { at } }", {"at": datetime(2027, 1, 1)}, ["ValueError"]),
        ("{ records { fellows { name } } }", {"text": "nonsense"}, ["ValueError"]),
    ],
)
async def test_only_what_nobody_expects_in_a_list_is_logged_by_its_kind(
    document: str, odd: dict[str, Any], noted: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Decision 0001: no message, no value."""
    context = Toy([thing(**odd)], Anonymous())
    ordinary = await answer(TOY, document, context, Executor)
    caplog.clear()
    assert await answer(TOY, document, context, ListExecutor) == ordinary
    logged = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [record.getMessage().split()[0] for record in logged] == noted
    assert all(record.name == "slotgraph.schema" and record.exc_info is None for record in logged)
    assert "nonsense" not in caplog.text
    assert "without its zone" not in caplog.text


async def test_variables_of_one_request_say_nothing_about_another() -> None:
    document = "query ($yes: Boolean!) { things { text @skip(if: $yes) number @include(if: $yes) } }"
    for flag, expected in ((True, {"number": 1}), (False, {"text": "t"}), (True, {"number": 1})):
        found = await answer(TOY, document, Toy([thing()]), ListExecutor, yes=flag)
        assert orjson.loads(found)["data"]["things"] == [expected]


@pytest.mark.parametrize("actor", [OWNER, Anonymous()])
async def test_what_is_locked_is_shown_to_nobody_else_in_lists_either(actor: Any) -> None:
    """Rule T5: what has a lock goes through it, and so does the type of what a careless resolver gives back."""
    context = Toy([thing()], actor)
    found = orjson.loads(await same("{ mixed { number secret } treasures { text } treasureRecords { text } }", context))
    assert (b"gold" in orjson.dumps(found)) is (actor is OWNER)
    await same("{ mixed { number strict } }", context)


@pytest.mark.parametrize("schema", [TOY, build().graphql], ids=["toy", "ours"])
def test_plain_is_just_what_has_no_resolver_of_its_own(schema: GraphQLSchema) -> None:
    for type_ in objects(schema):
        for name, field in type_.fields.items():
            declared = field.extensions["strawberry-definition"]
            assert (type(field.resolve) is Attribute) is declared.is_basic_field, f"{type_}.{name}"


@pytest.mark.parametrize(
    "query",
    [
        "{ things { text at minute inner { id child { id } } many { note } grid } }",
        "{ records { __typename a: text b: text ... on Thing { day } ...F } } fragment F on Thing { clock }",
        "{ numbers moods instants }",
    ],
)
async def test_plain_lists_do_without_the_ordinary_way(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    context = Toy([thing(), thing(many=[Inner(id=strawberry.ID("y"), note="n", child=None)])])
    ordinary = await same(query, context)

    def refused(*_arguments: Any) -> Any:
        raise AssertionError("an item went the ordinary way")

    monkeypatch.setattr(Executor, "complete_list_item_value", refused)
    assert await answer(TOY, query, context, ListExecutor) == ordinary
