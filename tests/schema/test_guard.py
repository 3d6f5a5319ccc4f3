"""The second lock, on a toy schema: what lacks an action is not built, and what is not permitted does not get through."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
import strawberry
from graphql import ExecutionResult, execute, parse

from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, Actor, Anonymous, Customer, Member, Role, Support, SupportStanding
from slotgraph.core.store.database import Database
from slotgraph.core.testing import FixedClock
from slotgraph.schema.build import build_from
from slotgraph.schema.guard import MissingAction, On, Subject, leaf, object_type, resolved

COMPANY = "c" * 32
OWNER = Member(COMPANY, "m", "u", "owner@example.org", Role.OWNER)
STAFF = Member(COMPANY, "n", "v", "staff@example.org", Role.STAFF, employee_id="anna")


def operation(actor: Actor) -> Operation:
    return Operation(actor, cast(Database, None), FixedClock(datetime(2027, 3, 1, tzinfo=UTC)))


class Toy:
    """Stands for the context."""

    def __init__(self, actor: Actor) -> None:
        self.operation = operation(actor)


@object_type(Action.READ_TOKENS, "A thing of admins.")
class Treasure:
    subject: strawberry.Private[Subject]
    name: str = leaf("Its name.")


@object_type(Action.READ_PUBLIC_PROFILE, "A chest.")
class Chest:
    subject: strawberry.Private[Subject]

    @resolved(Action.READ_TOKENS, "For admins.")
    def secret(self) -> str | None:
        return "gold"

    @resolved(Action.READ_TOKENS, "For admins, never null.")
    def strict(self) -> str:
        return "gold"

    @resolved(Action.READ_ACCOUNT, "For the holder.")
    async def held(self) -> str | None:
        return "gold"

    @resolved(Action.READ_PUBLIC_PROFILE, "Careless: anybody may ask, but what comes back is for admins.")
    def careless(self) -> list[Treasure] | None:
        return [Treasure(subject=self.subject, name="gold"), Treasure(subject=self.subject, name="silver")]

    @resolved(Action.READ_PUBLIC_PROFILE, "The same, later.")
    async def careless_later(self) -> Treasure | None:
        return Treasure(subject=self.subject, name="gold")


@object_type(Action.READ_SUPPORT_CASE, "What outlives.", outlives_exclusion=True)
class Ended:
    subject: strawberry.Private[Subject]
    open: bool = leaf("Whether.")


@object_type(Action.READ_SCHEMA_SHAPE, "Roots.")
class Query:
    @resolved(Action.READ_SCHEMA_SHAPE, "A chest.", on=On.INPUT)
    def chest(self, info: strawberry.Info[Any, None], employee: str = "") -> Chest | None:
        return Chest(subject=Subject(info.context.operation, COMPANY, employee or None))

    @resolved(Action.READ_SCHEMA_SHAPE, "A chest through the eyes of a customer.", on=On.INPUT)
    def managed(self) -> Chest | None:
        return Chest(subject=Subject(operation(Customer(COMPANY, "b")), COMPANY))

    @resolved(Action.LIST_OPEN_CASES, "For agents.", on=On.ACTOR)
    def cases(self) -> list[str] | None:
        return ["case"]

    @resolved(Action.READ_SCHEMA_SHAPE, "An ended case.", on=On.INPUT)
    def ended(self, info: strawberry.Info[Any, None]) -> Ended | None:
        return Ended(subject=Subject(info.context.operation, COMPANY), open=False)


SCHEMA = build_from(Query)


async def run(query: str, actor: Actor, standing: SupportStanding | None = None) -> ExecutionResult:
    context = Toy(actor)
    if standing is not None:
        context.operation._standings[COMPANY] = standing
    result = execute(SCHEMA.graphql, parse(query), context_value=context)
    return result if isinstance(result, ExecutionResult) else await result


async def test_nullable_field_is_null_for_those_who_may_not() -> None:
    query = "{ chest { secret } }"
    assert (await run(query, OWNER)).data == {"chest": {"secret": "gold"}}
    assert await run(query, STAFF) == ExecutionResult({"chest": {"secret": None}}, None)
    assert await run(query, Anonymous()) == ExecutionResult({"chest": {"secret": None}}, None)


async def test_field_that_cannot_be_null_is_an_error() -> None:
    result = await run("{ chest { strict } }", STAFF)
    assert result.data == {"chest": None}
    assert result.errors is not None
    assert type(result.errors[0].original_error).__name__ == "Forbidden"


async def test_facts_of_the_source_count() -> None:
    query = '{ mine: chest(employee: "anna") { held } other: chest(employee: "ben") { held } }'
    assert (await run(query, STAFF)).data == {"mine": {"held": "gold"}, "other": {"held": None}}


async def test_what_a_careless_resolver_gives_back_is_stopped_by_its_type() -> None:
    query = "{ chest { careless { name } carelessLater { name } } }"
    assert (await run(query, STAFF)).data == {"chest": {"careless": None, "carelessLater": None}}
    allowed = await run(query, OWNER)
    assert allowed.data == {
        "chest": {"careless": [{"name": "gold"}, {"name": "silver"}], "carelessLater": {"name": "gold"}}
    }


async def test_object_seen_by_a_customer_is_judged_by_the_customers_rights() -> None:
    assert (await run("{ managed { secret held } }", OWNER)).data == {"managed": {"secret": None, "held": None}}


async def test_root_refuses_with_an_error_even_where_null_is_allowed() -> None:
    for actor, error in ((Anonymous(), "Unauthenticated"), (OWNER, "Forbidden")):
        result = await run("{ cases }", actor)
        assert result.data == {"cases": None}
        assert result.errors is not None
        assert type(result.errors[0].original_error).__name__ == error
    assert (await run("{ cases }", Support("a", "agent@example.org"))).data == {"cases": ["case"]}


async def test_exclusion_is_an_error_except_for_what_outlives_it() -> None:
    agent = Support("a", "agent@example.org")
    result = await run("{ chest { secret } ended { open } }", agent, SupportStanding.EXCLUDED)
    assert result.data == {"chest": None, "ended": {"open": False}}
    assert result.errors is not None
    assert [type(error.original_error).__name__ for error in result.errors] == ["SupportExcluded"]


def test_types_and_resolvers_without_an_action_are_listed_and_nothing_is_built() -> None:
    @strawberry.type(description="Naked.")
    class Naked:
        name: str = leaf("Covered by its type.")

        @strawberry.field(description="No action.")
        def bare(self) -> str:
            return ""

    @object_type(Action.READ_SCHEMA_SHAPE, "Roots.")
    class Roots:
        @resolved(Action.READ_SCHEMA_SHAPE, "Fine.")
        def naked(self) -> Naked:
            return Naked(name="")

        @strawberry.field(description="No action.")
        def forgotten(self) -> str:
            return ""

    with pytest.raises(MissingAction, match=r"^no action is declared on Naked, Naked\.bare, Roots\.forgotten; see"):
        build_from(Roots)


def test_action_is_not_inherited_from_a_type_above() -> None:
    @strawberry.type(description="A subclass that declares nothing.")
    class Heir(Treasure):
        pass

    @object_type(Action.READ_SCHEMA_SHAPE, "Roots.")
    class Roots:
        @resolved(Action.READ_SCHEMA_SHAPE, "Fine.")
        def heir(self) -> Heir | None:
            return None

    with pytest.raises(MissingAction, match="Heir"):
        build_from(Roots)


def test_objects_do_not_print_what_they_hold() -> None:
    assert repr(Treasure(subject=Subject(operation(OWNER)), name="gold")) == "<Treasure>"
