"""Nasty values in every place of every operation where a value can stand: a typed answer each time, and nothing nasty is kept."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from slotgraph_tests_schema_made_requests import places
from slotgraph_tests_schema_two_companies import Twins

from slotgraph.core import tables
from slotgraph.core.errors import ErrorCode
from slotgraph.schema.build import build

TEXTS = (
    "",
    " ",
    "\x00",
    "zero\x00inside",
    "line\x1bfeed\x07",
    "right\u202eleft",
    "half\ud800a pair",
    "a\u2028b",
    "x" * 100_000,
    "<script>alert(1)</script>",
    "{service.__class__}",
    "%s%n",
    "'; DROP TABLE booking; --",
)
VALUES: dict[str, tuple[Any, ...]] = {
    "String": TEXTS,
    "Secret": (*TEXTS, "sg_" + "0" * 32 + "_" + "A" * 43),
    "ID": (*TEXTS[2:4], *TEXTS[6:10], "é", "Q29tcGFueTp4Onk"),
    "Int": (-(2**31), -1, 0, 1, 2**31 - 1),
    "DateTime": ("1900-01-01T00:00:00Z", "2999-12-31T23:59:59Z", "2027-03-02T09:00:30.5Z", "2027-03-02T09:00:00"),
    "Date": ("1900-01-01", "2999-12-31", "2027-02-29", "0001-01-01"),
    "LocalTime": ("00:00:00", "23:59:00", "24:00:00", "09:00:30"),
    "TimeZone": (*TEXTS, "Etc/GMT+14", "../../etc/passwd", "posixrules", "Factory"),
    "EmailAddress": (*TEXTS, "a@b.cc", "A\u0300@example.org", "x" * 64 + "@" + "y" * 180 + ".org", "a@b@c.org"),
    "Locale": (*TEXTS, "de-" + "x-" * 20, "xx"),
    "URL": (*TEXTS, "javascript:alert(1)", "http://example.org", "https://user:pw@example.org", "https://[::1"),
    "Boolean": (False,),
}
PLACES = list(places(build().graphql))
NOT_KEPT = ("\x00", "\x1b", "\u202e", "\u2028")


def test_every_scalar_is_thought_of() -> None:
    assert {place.scalar for place in PLACES} <= VALUES.keys()


def sentences(answer: Any) -> Iterator[str]:
    """What is said to people in an answer."""
    if isinstance(answer, dict):
        yield from (value for key, value in answer.items() if key.endswith("message") and isinstance(value, str))
        for value in answer.values():
            yield from sentences(value)
    elif isinstance(answer, list):
        for value in answer:
            yield from sentences(value)


async def stored(twins: Twins) -> str:
    """All texts in all tables."""
    rows = [row for table in tables.metadata.sorted_tables for row in await twins.world.rows(table)]
    return "\n".join(value for row in rows for value in row if isinstance(value, str))


@pytest.mark.parametrize("root", ["Query", "Mutation"])
async def test_nasty_values_get_a_typed_answer_and_are_not_kept(twins: Twins, root: str) -> None:
    actor, wrong = twins.actor("owner"), []
    for place in [place for place in PLACES if place.kind == root]:
        for value in VALUES[place.scalar]:
            answer = orjson.loads(await twins.answer(place, value, actor))
            codes = {error.get("extensions", {}).get("code") for error in answer["errors"]}
            repeated = isinstance(value, str) and "<" in value and any(value in said for said in sentences(answer))
            if repeated or not codes <= KNOWN_CODES:
                wrong.append(f"{place} = {value!r:.40}: {orjson.dumps(answer).decode()[:300]}")
    assert wrong == []
    kept = await stored(twins)
    assert [nasty for nasty in NOT_KEPT if nasty in kept] == []


KNOWN_CODES = {code.value for code in ErrorCode} - {ErrorCode.INTERNAL.value}
