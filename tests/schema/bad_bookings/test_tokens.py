"""Tokens with one bit flipped: each is answered as one that nobody ever gave (rules K2, K5)."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from slotgraph_tests_schema_bad_bookings_desk import Desk

pytestmark = pytest.mark.sqlite  # every bit of many tokens; what a token is good for no database decides
TOKEN_BYTES = 64


def token(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def flipped(text: str, *, step: int) -> Iterator[str]:
    """The token with one bit flipped, for each of its bits, or for every so many."""
    raw = base64.urlsafe_b64decode(text + "==")
    assert len(raw) == TOKEN_BYTES
    for bit in range(0, 8 * TOKEN_BYTES, step):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        yield token(bytes(changed))


def respelt(text: str) -> Iterator[str]:
    """The same bytes in another spelling: the last character's spare bits, padding, other alphabet, blanks."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = alphabet.index(text[-1])
    yield from (text[:-1] + alphabet[spare ^ bits] for bits in range(1, 16))
    yield from (text + "==", text + " ", " " + text, text[:40] + "\n" + text[40:], text.swapcase(), text[:-1])


EACH_BIT = ("cancelBooking", "releaseHold")
"""One mutation for each kind of token; the others every seventh bit."""
ASKED = {
    "cancelBooking": ("manage", "booking.manageToken", "NotFound"),
    "rescheduleBooking": ("manage", "booking.manageToken", "NotFound"),
    "book": ("hold", "holdToken", "InvalidInput"),
    "releaseHold": ("hold", "holdToken", "HoldReleased"),
}


@pytest.mark.parametrize("mutation", ASKED)
async def test_a_token_with_one_bit_flipped_is_as_unknown_as_any(desk: Desk, mutation: str) -> None:
    kind, place, expected = ASKED[mutation]
    before, asked = await desk.rows(), desk.asked_to_write()

    async def answer(text: str) -> Any:
        wrong = desk.with_wrong(mutation, place, text)
        if mutation == "book":
            wrong["slot"]["start"] = "2027-03-02T12:00:00+01:00"
        return await desk.answer(mutation, wrong)

    unknown = await answer(token(bytes(range(TOKEN_BYTES))))
    assert unknown["__typename"] == expected
    assert unknown.get("released", False) is False
    good, step = desk.tokens[kind], 1 if mutation in EACH_BIT else 7
    assert [text for text in flipped(good, step=step) if await answer(text) != unknown] == []
    for text in respelt(good):
        given = await answer(text)
        assert given == unknown or given["__typename"] == "InvalidInput", given
    assert (await desk.rows(), desk.asked_to_write()) == (before, asked)
    opened = await answer(good)
    assert opened["__typename"] != expected or opened["released"] is True


async def test_a_manage_token_opens_its_own_booking_only(desk: Desk) -> None:
    """The codes of two tokens are no good with each other's ids, within a company and across companies."""
    before = await desk.rows()
    manage, rival, hold = (
        base64.urlsafe_b64decode(desk.tokens[name] + "==") for name in ("manage", "rival's manage", "hold")
    )
    mixed = [
        rival[:16] + manage[16:],
        manage[:16] + rival[16:],
        manage[:32] + rival[32:],
        rival[:32] + manage[32:],
        manage[:32] + hold[32:],
    ]
    for raw in mixed:
        answer = await desk.answer("cancelBooking", desk.with_wrong("cancelBooking", "booking.manageToken", token(raw)))
        assert answer == {"__typename": "NotFound", "path": ["input", "booking"]}
    assert await desk.rows() == before
