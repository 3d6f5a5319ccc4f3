"""What a token with one scope reaches from its company inwards: no more than that scope says (rule T5)."""

from datetime import date

import pytest

from slotgraph.core.availability import DaysOff
from slotgraph.core.policy import Permission, Token

INSIDE = """{ viewer { company {
  internal { absences { id } accounts { label } }
  employees { internal { calendars { name } availabilities { start } absences { note times { __typename } } } } } } }"""


async def seen(face, scope):
    """The words of an answer that are not null, empty or structure."""
    world = face.world
    await world.take_off("anna", DaysOff(date(2027, 3, 4), date(2027, 3, 5)), note="canary-note")
    await world.link("anna", name="canary-login")
    token = Token(world.company_id, world.id_of("token"), frozenset({scope}))
    return str(await face.ask(INSIDE, token))


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (Permission.READ_ACCOUNTS, {"canary-login"}),
        (Permission.READ_SCHEDULE, {"canary-note", "AbsenceDays", "09:00"}),
        (Permission.READ_OVERVIEW, {"AbsenceDays", "09:00"}),
        (Permission.READ_BOOKINGS, set()),
        (Permission.SEARCH_SLOTS, set()),
        (Permission.BOOK, set()),
    ],
)
async def test_a_token_reaches_what_its_one_scope_says(face, scope, words):
    answer = await seen(face, scope)
    assert {word for word in ("canary-login", "canary-note", "AbsenceDays", "09:00") if word in answer} == words
