"""Rows: a list of typed objects over records."""

from types import SimpleNamespace
from typing import Any

import strawberry

from slotgraph.core.policy import Action
from slotgraph.schema.guard import leaf, object_type
from slotgraph.schema.rows import Rows


@object_type(Action.READ_SCHEMA_SHAPE, "A name.")
class Named:
    subject: strawberry.Private[Any]
    record: strawberry.Private[Any]
    shared: strawberry.Private[str]
    text: str = leaf("Text.")


def test_rows_are_a_list_of_their_kind() -> None:
    records, subject = [SimpleNamespace(text="a"), SimpleNamespace(text="b")], object()
    rows: Rows[Named] = Rows(Named, subject, records, shared="all")  # type: ignore[arg-type]
    assert len(rows) == 2
    assert [one.text for one in rows] == [rows[0].text, rows[1].text] == ["a", "b"]
    assert [one.text for one in rows[1:]] == ["b"]
    assert {type(one) for one in rows} == {Named}
    assert rows[0].subject is subject
    assert rows[0].record is records[0]
    assert rows[0].shared == "all"
