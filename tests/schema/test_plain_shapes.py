"""What is made of a shape: leaves as their types answer them, and a refusal where the ordinary way has to look."""

from typing import Any

import pytest
from graphql import GraphQLInt, GraphQLScalarType, GraphQLString, Undefined

from slotgraph.schema.plain_shapes import Leaf, NotPlain, Plain, completion


class Named:
    def __init__(self, name: Any) -> None:
        self.name = name


def odd(answer: Any) -> GraphQLScalarType:
    return GraphQLScalarType("Odd", coerce_output_value=lambda value: answer)


def test_response_keys_are_handed_in() -> None:
    shape = Plain(Named, (("name", Leaf(GraphQLString, False)), ("Named", None)), False)
    complete = completion(shape, of_records=False)
    assert complete([Named("a")], ("x", "y"), ()) == [{"x": "a", "y": "Named"}]
    assert complete([Named("b")], ("u", "v"), ()) == [{"u": "b", "v": "Named"}]
    assert completion(shape, of_records=False) is complete


@pytest.mark.parametrize("answer", [None, Undefined, [], {}, object()])
def test_scalar_that_answers_what_is_no_plain_value_is_refused(answer: Any) -> None:
    with pytest.raises(NotPlain):
        completion(Leaf(odd(answer), True), of_records=False)([1], (), ())


def test_null_is_refused_where_there_may_be_none() -> None:
    assert completion(Leaf(GraphQLInt, True), of_records=False)([1, None], (), ()) == [1, None]
    with pytest.raises(NotPlain):
        completion(Leaf(GraphQLInt, False), of_records=False)([1, None], (), ())


def test_leaf_under_many_names_is_made_once() -> None:
    """A document of thousands of aliases must not hold the event loop while its completion is compiled."""
    asked: list[str] = []

    def coerce(value: str) -> str:
        asked.append(value)
        return value

    scalar = GraphQLScalarType("Counted", coerce_output_value=coerce)
    shape = Plain(Named, (("name", Leaf(scalar, False)),) * 3 + (("name", Leaf(GraphQLString, False)),), False)
    complete = completion(shape, of_records=False)
    assert complete([Named("a"), Named("b")], ("x", "y", "z", "s"), ()) == [
        dict.fromkeys("xyzs", "a"),
        dict.fromkeys("xyzs", "b"),
    ]
    assert asked == ["a", "b"]


def test_error_of_a_scalar_goes_on() -> None:
    with pytest.raises(Exception, match="32-bit"):
        completion(Leaf(GraphQLInt, False), of_records=False)([2**40], (), ())
