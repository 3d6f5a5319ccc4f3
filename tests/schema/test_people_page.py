"""docs/administration.md, what it says of people: its examples are valid, and its numbers those of the code."""

import re
from pathlib import Path

from graphql import parse, validate

from slotgraph.core.people import codes, invitations, password_reset, password_rules, sessions, tries
from slotgraph.schema.build import build

DOCS = Path(__file__).parents[2] / "docs"
PEOPLE = (DOCS / "administration.md").read_text(encoding="utf-8").partition("## People\n")[2].partition("\n## ")[0]


def test_the_examples_are_valid() -> None:
    examples = re.findall(r"```graphql\n(.*?)```", PEOPLE, re.DOTALL)
    shown = [f"{{ {found} }}" for found in re.findall(r"`(viewer \{.*?\})`", PEOPLE)]
    assert len(examples) == 2
    assert len(shown) == 1
    for text in examples + shown:
        assert validate(build().graphql, parse(text)) == []


def test_the_numbers_are_those_of_the_code() -> None:
    assert f"has {password_rules.SHORTEST} to {password_rules.LONGEST} characters" in PEOPLE
    assert f"at most {invitations.MAX_OPEN} open ones" in PEOPLE
    assert (invitations.VALID_FOR.days, sessions.MAX_SESSIONS, codes.RECOVERY_CODES, tries.ALLOWED) == (7, 100, 10, 5)
    for words in ("for seven days", "A hundred sessions", "ten recovery codes", "After five wrong codes"):
        assert words in PEOPLE
    operating = (DOCS / "operating.md").read_text(encoding="utf-8")
    assert f"good once and for {password_reset.VALID_MINUTES} minutes" in operating
