"""Random documents over our own schema: what lists completed at once say is what the ordinary way says, byte for byte."""

from random import Random
from typing import Any

import pytest
from graphql import Executor, validate
from slotgraph_tests_schema_random_documents import Documents, answer, parsed

from slotgraph.core.policy import Anonymous
from slotgraph.schema.build import build
from slotgraph.schema.list_completion import ListExecutor
from slotgraph.schema.types.slots import Slot

ROOTS = ["slots", "overview", "company", "viewer", "bookings", "providers"]
ARGUMENTS = {"slots": "(input: $input)", "overview": "(input: $days)", "company": '(slug: "demo")'}
VARIABLES = "$input: SlotSearchInput! $days: OverviewInput!"
DOCUMENTS = 6


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("who", ["owner", "stranger"])
async def test_our_schema_answers_the_same(face: Any, who: str, seed: int) -> None:
    await face.world.link("anna", face.event("2027-03-02 10:00", "2027-03-02 11:30"))
    actor = face.world.owner if who == "owner" else Anonymous()
    schema, random = build().graphql, Random(seed)
    variables = {"input": face.search(), "days": {"from": "2027-03-01", "until": "2027-03-03"}}
    asked = 0
    while asked < DOCUMENTS:
        document = Documents(schema, random, arguments=ARGUMENTS).document(ROOTS, VARIABLES)
        complaints = [one.message for one in validate(schema, parsed(document)) if "never used" not in one.message]
        if complaints:
            # Members of a union may have fields of one name and different types.
            assert all("conflict" in message for message in complaints), complaints
            continue
        ordinary = await answer(schema, document, face.context(actor), Executor, **variables)
        at_once = await answer(schema, document, face.context(actor), ListExecutor, **variables)
        assert at_once == ordinary, document
        asked += 1


async def test_slots_are_listed_without_an_object_each(face: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand slots are as many small dicts, and nothing else."""
    query = "query ($input: SlotSearchInput!) { slots(input: $input) { slots { start end } days { slots { start } } } }"
    expected = await face.ask(query, input=face.search())

    def refused(*_arguments: Any, **_named: Any) -> None:
        raise AssertionError("an object was made")

    monkeypatch.setattr(Slot, "__init__", refused)
    assert await face.ask(query, input=face.search()) == expected
    assert len(expected["slots"]["slots"]) > 10
