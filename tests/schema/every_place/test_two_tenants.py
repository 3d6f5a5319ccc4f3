"""Two companies in one database: an id of the other one answers, byte for byte, as one that nobody has (rule T5)."""

import uuid
from collections.abc import Iterator

import pytest
from slotgraph_tests_schema_made_requests import KINDS, Place, places_of_ids
from slotgraph_tests_schema_two_companies import Twins

from slotgraph.schema import ids
from slotgraph.schema.build import build
from slotgraph.schema.types.by_id import _KINDS

PUBLIC = {"SlotSearchInput.service", "FirstFreeInput.service", "SlotChoice.service"}
"""What everybody may name but support: services of any company are public. A member of another company is a stranger there."""

PUBLIC_KINDS = {"Company", "Service"}
"""What `node` and `nodes` show to everybody but support: the public profile. Their employee is an inactive one."""

PLACES = list(places_of_ids(build().graphql))
ENDINGS = ("cancel", "close", "delete", "erase", "logout", "remove", "revoke", "unlink")
"""What mutations begin with after which a thing can be asked for no more."""

ACTORS = ("owner", "staff", "token", "stranger", "agent")


def test_every_place_of_an_id_is_thought_of() -> None:
    unknown = [str(place) for place in PLACES if place.name not in KINDS and place.name.rpartition(".")[2] not in KINDS]
    assert unknown == []
    assert {kind for place in PLACES for kind in place.of} - {"*"} <= set(_KINDS)


def nobodys(kind: str, theirs: str, own_company: str) -> Iterator[str]:
    """Ids that nobody has: of a company that is not there, of the other company, and theirs taken for one's own."""
    named, chance = ids.read(theirs), uuid.uuid5(uuid.NAMESPACE_OID, kind).hex
    assert named is not None
    yield ids.encode(kind, chance, chance)
    if kind != "Company":
        yield ids.encode(kind, named.company_id, chance)
        yield ids.encode(kind, own_company, named.id)


def places_for(actor: str) -> Iterator[tuple[Place, str]]:
    """Each place and kind of id that is nobody else's business; what is public is support's business only in a case."""
    for place in PLACES:
        for kind in _KINDS if place.of == ("*",) else place.of:
            public = place.name in PUBLIC or (place.of == ("*",) and kind in PUBLIC_KINDS)
            if actor == "agent" or not public:
                yield place, kind


@pytest.mark.parametrize("name", ACTORS)
async def test_an_id_of_another_company_answers_as_one_that_nobody_has(twins: Twins, name: str) -> None:
    actor, before = twins.actor(name), await twins.rows_of_the_other()
    differing = [
        f"{place} with {kind}"
        for place, kind in places_for(name)
        for answer in [await twins.answer(place, twins.theirs[kind], actor)]
        for other in nobodys(kind, twins.theirs[kind], twins.world.company_id)
        if await twins.answer(place, other, actor) != answer
    ]
    assert differing == []
    assert await twins.rows_of_the_other() == before


async def test_the_ids_are_good_ones(twins: Twins) -> None:
    """The same documents say more to those whose ids they are: else the test above would compare nothing with nothing."""
    owner = twins.actor("owner")
    telling = {
        str(place)
        for place, kind in sorted(places_for("agent"), key=lambda pair: pair[0].field.startswith(ENDINGS))
        for nobody in [next(nobodys(kind, twins.theirs[kind], twins.world.company_id))]
        if await twins.answer(place, twins.own[kind], owner) != await twins.answer(place, nobody, owner)
    }
    assert {str(place) for place in PLACES} - telling == set()
