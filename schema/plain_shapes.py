"""What a selection comes to where it is plain: leaves, lists and objects whose fields are attributes; and the code that makes it.

A shape holds nothing of a request: no alias, no variable, no value. So what is compiled for one request serves all that ask alike.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import EnumMeta
from functools import lru_cache
from itertools import count
from typing import Any

from graphql import GraphQLBoolean, GraphQLID, GraphQLLeafType, GraphQLScalarType, GraphQLString

from slotgraph.core.values import Secret
from slotgraph.schema.scalars import date_time_text, minute_texts

REMEMBERED_SHAPES = 512

Completion = Callable[[Iterable[Any], tuple[str, ...], tuple[Callable[[Any], Any], ...]], list[Any]]
"""Makes the answer of a list from its items, the response keys of what is selected, and what gives records their shared values, in order.

Raises NotPlain, and what leaves raise.
"""


class NotPlain(Exception):
    """A value that the ordinary way must look at: null where there may be none, an error, something to be awaited."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar or enum."""

    type: GraphQLLeafType
    nullable: bool


@dataclass(frozen=True, slots=True)
class Listed:
    """A list."""

    item: "Leaf | Listed | Plain"
    nullable: bool


@dataclass(frozen=True, slots=True)
class Plain:
    """An object of just this class: each selected field by its attribute's name, `__typename` by the type's name and no shape."""

    kind: type
    fields: tuple[tuple[str, "Shape | None"], ...]
    nullable: bool
    is_type_of: Callable[[Any, Any], Any] | None = None
    """Asked besides."""


@dataclass(frozen=True, slots=True)
class Common:
    """A value that records share. How it is come by is handed in."""


Shape = Leaf | Listed | Plain | Common

_SAME = ((GraphQLString, "str"), (GraphQLID, "str"), (GraphQLBoolean, "bool"))
"""Leaves that answer values of just this class as they are."""
_KINDS = frozenset({str, int, float, bool, datetime, date, time, Secret})
_SHOWN = frozenset({str, int, float, bool})


@lru_cache(maxsize=REMEMBERED_SHAPES)
def completion(item: Leaf | Listed | Plain, *, of_records: bool) -> Completion:
    """The code for a list of this item. With `of_records` the list holds records that stand for objects of the item's kind."""
    writer = _Writer()
    body = writer.comprehension("items", item, of_records=of_records)
    unpacked = [
        f"    {', '.join(names)}, = {given}"
        for names, given in ((writer.keys, "keys"), (writer.common, "common"))
        if names
    ]
    lines = ["def complete(items, keys, common):", *unpacked, f"    return {body}"]
    # Its words are ours and the attributes' names in our classes; what clients and types are called is handed in.
    exec(compile("\n".join(lines), "<completion>", "exec"), writer.names)  # noqa: S102 - see above
    complete: Completion = writer.names["complete"]
    return complete


class _Writer:
    """Writes expressions, and collects what they name."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"trouble": _trouble, "texts": minute_texts}
        self.keys: list[str] = []
        self.common: list[str] = []
        self._numbers = count()

    def comprehension(self, items: str, item: Leaf | Listed | Plain, *, of_records: bool = False) -> str:
        """All items of a list."""
        each = f"i{next(self._numbers)}"
        made = self._object(each, item) if of_records and isinstance(item, Plain) else self._value(each, item)
        return f"[{made} for {each} in {items}]"

    def _object(self, name: str, shape: Plain) -> str:
        # A leaf under a thousand names is compiled, and made, once.
        named = Counter(one for one in shape.fields if isinstance(one[1], Leaf))
        made = {one: f"r{next(self._numbers)}" for one, times in named.items() if times > 1}
        written: set[str] = set()
        return "{" + ", ".join(self._field(name, *one, made.get(one), written) for one in shape.fields) + "}"

    def _field(self, name: str, attribute: str, shape: Shape | None, made: str | None, written: set[str]) -> str:
        key = f"k{len(self.keys)}"
        self.keys.append(key)
        if shape is None:
            return f"{key}: {self._named(attribute)}"
        if isinstance(shape, Common):
            self.common.append(f"c{len(self.common)}")
            return f"{key}: {self.common[-1]}({name})"
        if made in written:
            return f"{key}: {made}"
        value = self._value(f"{name}.{attribute}", shape)
        if made is None:
            return f"{key}: {value}"
        written.add(made)
        return f"{key}: ({made} := {value})"

    def _value(self, source: str, shape: Leaf | Listed | Plain) -> str:
        """The answer for a value, which is looked up once."""
        if isinstance(shape, Leaf):
            return self._leaf(source, shape)
        value = f"v{next(self._numbers)}"
        if isinstance(shape, Listed):
            made, kind = self.comprehension(value, shape.item), "list"
        else:
            made, kind = self._object(value, shape), self._named(shape.kind)
            if shape.is_type_of is not None:
                kind += f" and {self._named(shape.is_type_of)}({value}, None) is True"
        if shape.nullable:
            return f"(None if ({value} := {source}) is None else {made} if type({value}) is {kind} else trouble())"
        return f"({made} if type({value} := {source}) is {kind} else trouble())"

    def _leaf(self, source: str, shape: Leaf) -> str:
        value, checked = f"v{next(self._numbers)}", self._named(_checked(shape.type, nullable=shape.nullable))
        for type_, kind in _SAME:
            if shape.type is type_:
                return f"({value} if type({value} := {source}) is {kind} else {checked}({value}))"
        if _is_date_time(shape.type):
            return f"(texts[{value}] if type({value} := {source}) is int else {checked}({value}))"
        return f"{checked}({source})"

    def _named(self, what: Any) -> str:
        name = f"n{next(self._numbers)}"
        self.names[name] = what
        return name


def _is_date_time(type_: GraphQLLeafType) -> bool:
    return isinstance(type_, GraphQLScalarType) and type_.coerce_output_value is date_time_text


def _checked(type_: GraphQLLeafType, *, nullable: bool) -> Callable[[Any], Any]:
    """What answers a leaf as its type does, and refuses all that is not an ordinary value."""
    coerce: Callable[[Any], Any] = type_.coerce_output_value

    def leaf(value: Any) -> Any:
        kind = type(value)
        if kind not in _KINDS and type(kind) is not EnumMeta:
            if value is None and nullable:
                return None
            raise NotPlain
        coerced = coerce(value)
        if type(coerced) not in _SHOWN:
            raise NotPlain
        return coerced

    return leaf


def _trouble() -> None:
    raise NotPlain
