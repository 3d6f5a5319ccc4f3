"""A toy schema whose lists hold all kinds of plain fields, and values for them: ordinary ones and such that make trouble."""

import asyncio
import enum
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from types import SimpleNamespace
from typing import Any, cast

import strawberry
from hypothesis import strategies as st

from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, Member, Role
from slotgraph.core.store.database import Database
from slotgraph.core.testing import FixedClock
from slotgraph.schema.build import build_from
from slotgraph.schema.guard import On, Subject, interface_type, leaf, object_type, resolved
from slotgraph.schema.rows import Rows
from slotgraph.schema.scalars import Minute, TimeZone

COMPANY = "c" * 32
OWNER = Member(COMPANY, "m", "u", "owner@example.org", Role.OWNER)


def operation(actor: Any) -> Operation:
    return Operation(actor, cast(Database, None), FixedClock(datetime(2027, 3, 1, tzinfo=UTC)))


class Later:
    """A value that has to be awaited, as often as one likes."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __await__(self) -> Iterator[Any]:
        yield from asyncio.sleep(0).__await__()
        return self._value


@strawberry.enum
class Mood(enum.Enum):
    GOOD = "GOOD"
    BAD = "BAD"


@interface_type("Has a name.")
class Named:
    name: str = leaf("Name.")


@object_type(Action.READ_SCHEMA_SHAPE, "With an interface.")
class Cat(Named):
    lives: int = leaf("Lives.")


@object_type(Action.READ_SCHEMA_SHAPE, "Plain, inside another.")
class Inner:
    id: strawberry.ID = leaf("Id.")
    note: str | None = leaf("Note.")
    child: "Inner | None" = leaf("One more.")


@object_type(Action.READ_SCHEMA_SHAPE, "Of all kinds of plain fields.")
class Thing:
    subject: strawberry.Private[Any] = None
    record: strawberry.Private[Any] = None

    text: str = leaf("Text.")
    maybe_text: str | None = leaf("Text or null.")
    number: int = leaf("Number.")
    size: float | None = leaf("Size.")
    flag: bool = leaf("Flag.")
    mood: Mood = leaf("Mood.")
    at: datetime = leaf("Instant.")
    minute: Minute = leaf("Minute.")
    day: date | None = leaf("Day.")
    clock: time = leaf("Time.")
    zone: TimeZone = leaf("Zone.")
    tags: list[str | None] | None = leaf("Tags.")
    grid: list[list[int]] = leaf("Numbers.")
    inner: Inner = leaf("An object.")
    maybe: Inner | None = leaf("An object or null.")
    many: list[Inner] = leaf("Objects.")
    few: list[Inner | None] | None = leaf("Objects or nulls.")

    @resolved(Action.READ_SCHEMA_SHAPE, "Of all with the same text.", on=On.INPUT, same_for="text")
    def fellows(self, info: strawberry.Info[Any, None]) -> list[Cat]:
        info.context.asked.append(self.text)
        if self.text == "nonsense":
            raise ValueError(self.text)
        return [Cat(name=self.text, lives=9)]

    @resolved(Action.READ_TOKENS, "For admins, of all with the same text.", same_for="text")
    def treasury(self) -> "list[Treasure] | None":
        return [Treasure(subject=self.subject, text="gold")]


@object_type(Action.READ_SCHEMA_SHAPE, "With fewer fields than a thing.")
class Mistaken:
    subject: strawberry.Private[Any] = None
    record: strawberry.Private[Any] = None

    flag: bool = leaf("Flag.")


@object_type(Action.READ_SCHEMA_SHAPE, "With fields that are worked out.")
class Mixed:
    subject: strawberry.Private[Any] = None
    number: int = leaf("Number.")

    @resolved(Action.READ_SCHEMA_SHAPE, "Worked out.")
    def double(self) -> int:
        return self.number * 2

    @resolved(Action.READ_SCHEMA_SHAPE, "Worked out later.")
    async def later(self) -> int | None:
        return self.number

    @resolved(Action.READ_SCHEMA_SHAPE, "Does not work.")
    def broken(self) -> int | None:
        raise ValueError("broken")

    @resolved(Action.READ_TOKENS, "For admins.", on=On.ACTOR)
    def secret(self) -> str | None:
        return "gold"

    @resolved(Action.READ_TOKENS, "For admins, never null.", on=On.ACTOR)
    def strict(self) -> str:
        return "gold"


@object_type(Action.READ_TOKENS, "For admins.")
class Treasure:
    subject: strawberry.Private[Subject]
    record: strawberry.Private[Any] = None
    text: str = leaf("Text.")


@object_type(Action.READ_SCHEMA_SHAPE, "With the same interface.")
class Dog(Named):
    @resolved(Action.READ_SCHEMA_SHAPE, "Its bark.")
    def bark(self) -> str:
        return "wow"


@object_type(Action.READ_SCHEMA_SHAPE, "Roots: what the request's context holds.")
class Query:
    @resolved(Action.READ_SCHEMA_SHAPE, "Things.", on=On.INPUT)
    def things(self, info: strawberry.Info[Any, None]) -> list[Thing] | None:
        return info.context.things  # type: ignore[no-any-return]

    @resolved(Action.READ_SCHEMA_SHAPE, "Things or nulls.", on=On.INPUT)
    def maybe_things(self, info: strawberry.Info[Any, None]) -> list[Thing | None] | None:
        return info.context.things  # type: ignore[no-any-return]

    @resolved(Action.READ_SCHEMA_SHAPE, "Lists of things.", on=On.INPUT)
    async def nested(self, info: strawberry.Info[Any, None]) -> list[list[Thing] | None] | None:
        return [info.context.things, None, list(reversed(info.context.things))]

    @resolved(Action.READ_SCHEMA_SHAPE, "Records as things.", on=On.INPUT, type_=list[Thing] | None)
    def records(self, info: strawberry.Info[Any, None]) -> Any:
        return Rows(Thing, info.context.subject, info.context.records)

    @resolved(Action.READ_SCHEMA_SHAPE, "Careless.", on=On.INPUT)
    def treasures(self, info: strawberry.Info[Any, None]) -> list[Treasure] | None:
        return [Treasure(subject=info.context.subject, text="gold") for _ in range(3)]

    @resolved(Action.READ_SCHEMA_SHAPE, "Careless with records.", on=On.INPUT, type_=list[Treasure] | None)
    def treasure_records(self, info: strawberry.Info[Any, None]) -> Any:
        return Rows(Treasure, info.context.subject, [SimpleNamespace(text="gold")])

    @resolved(Action.READ_SCHEMA_SHAPE, "Records of another type.", on=On.INPUT, type_=list[Thing] | None)
    def wrong_records(self, info: strawberry.Info[Any, None]) -> Any:
        return Rows(Mistaken, info.context.subject, info.context.records)

    @resolved(Action.READ_SCHEMA_SHAPE, "Mixed ones.", on=On.INPUT)
    def mixed(self) -> list[Mixed] | None:
        found = [Mixed(number=number) for number in range(3)]
        for one in found:
            vars(one)["secret"] = "gold"  # beside the resolver, where only a way around the lock finds it
        return found

    @resolved(Action.READ_SCHEMA_SHAPE, "Instants.", on=On.INPUT)
    def instants(self, info: strawberry.Info[Any, None]) -> list[datetime | None] | None:
        return [one.at for one in info.context.things]

    @resolved(Action.READ_SCHEMA_SHAPE, "Moods.", on=On.INPUT)
    def moods(self, info: strawberry.Info[Any, None]) -> list[Mood] | None:
        return [one.mood for one in info.context.things]

    @resolved(Action.READ_SCHEMA_SHAPE, "Numbers.", on=On.INPUT)
    def numbers(self, info: strawberry.Info[Any, None]) -> list[int]:
        return [one.number for one in info.context.things]

    @resolved(Action.READ_SCHEMA_SHAPE, "Named ones.", on=On.INPUT)
    def named(self) -> list[Named] | None:
        return [Cat(name="Tom", lives=9), Dog(name="Rex"), Cat(name="Kit", lives=7)]

    @resolved(Action.READ_SCHEMA_SHAPE, "Cats.", on=On.INPUT)
    def cats(self) -> list[Cat] | None:
        return [Cat(name="Tom", lives=9), Cat(name="Kit", lives=7)]

    @resolved(Action.READ_SCHEMA_SHAPE, "One that says it is a dog.", on=On.INPUT)
    def disguised(self) -> list[Cat | None] | None:
        return [Cat(name="Tom", lives=9), strawberry.cast(Dog, Cat(name="Rex", lives=1))]


TOY = build_from(Query, types=(Cat, Dog, Mistaken)).graphql
ROOTS = list(cast(Any, TOY.query_type).fields)


def inners(depth: int = 2) -> st.SearchStrategy[Inner]:
    child = inners(depth - 1) | st.none() if depth else st.none()
    return st.builds(Inner, id=st.just("x"), note=st.none() | st.text(max_size=3), child=child)


class LaterText(str):
    """Text that has to be awaited."""

    def __await__(self) -> Iterator[Any]:
        yield from asyncio.sleep(0).__await__()
        return "later"


class Lookalike(Exception):
    """An error that has all an object has."""

    id, note, child = "x", None, None


PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=4),
    "maybe_text": st.none() | st.text(max_size=4),
    "number": st.integers(-(2**31), 2**31 - 1),
    "size": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "flag": st.booleans(),
    "mood": st.sampled_from(Mood),
    "at": st.datetimes(timezones=st.just(UTC)),
    "minute": st.integers(0, 10**8),
    "day": st.none() | st.dates(),
    "clock": st.times().map(lambda found: found.replace(microsecond=0)),
    "zone": st.sampled_from(["UTC", "Europe/Zurich"]),
    "tags": st.none() | st.lists(st.none() | st.text(max_size=2), max_size=3),
    "grid": st.lists(st.lists(st.integers(0, 9), max_size=2), max_size=2),
    "inner": inners(),
    "maybe": st.none() | inners(),
    "many": st.lists(inners(1), max_size=3),
    "few": st.none() | st.lists(st.none() | inners(1), max_size=3),
}
TROUBLES = st.sampled_from(
    [
        *(
            None,
            ValueError("an error"),
            Later("later"),
            Later(None),
            Later(ValueError("later")),
            LaterText("x"),
            7,
            2**40,
        ),
        *(True, 1.5, float("nan"), "7", "nonsense", datetime(2027, 1, 1), [None], [Later("x")], (1, 2), Inner, object),
        *(Mood.GOOD, Cat(name="Tom", lives=9), strawberry.UNSET, [ValueError("x")], b"bytes", {"a": 1}),
    ]
)


@st.composite
def things(draw: st.DrawFn, *, trouble: bool) -> list[Any]:
    """Things, one of them with one odd value if there is to be trouble."""
    found: list[Any] = draw(st.lists(st.builds(Thing, **PLAIN), min_size=1, max_size=4))
    if trouble:
        at = draw(st.integers(0, len(found) - 1))
        if draw(st.integers(0, 7)) == 0:
            found[at] = draw(TROUBLES)
        else:
            setattr(found[at], draw(st.sampled_from(sorted(PLAIN))), draw(TROUBLES))
    return found


def thing(**odd: Any) -> Thing:
    plain: dict[str, Any] = {
        "text": "t", "maybe_text": None, "number": 1, "size": None, "flag": True, "mood": Mood.GOOD,
        "at": datetime(2027, 1, 1, tzinfo=UTC), "minute": 1, "day": None, "clock": time(9), "zone": "UTC",
        "tags": None, "grid": [], "inner": Inner(id=strawberry.ID("x"), note=None, child=None), "maybe": None,
        "many": [], "few": None,
    }  # fmt: skip
    return Thing(**plain | odd)


class Toy:
    """Stands for the context."""

    def __init__(self, found: list[Any], actor: Any = OWNER) -> None:
        self.operation = operation(actor)
        self.subject = Subject(self.operation, COMPANY)
        self.things = found
        self.records = [one for one in found if isinstance(one, Thing)]
        self.asked: list[str] = []
        for one in self.records:
            one.subject = self.subject
