"""docs/administration.md: its examples about employees, services and schedules are asked, and answer what stands there."""

import json
import re
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parents[2] / "docs" / "administration.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("## Employees, services, schedules") : PAGE.index("## Holidays")]
EXAMPLES = re.findall(r"```graphql\n(.*?)```\s+```json\n(.*?)```", SECTION, re.DOTALL)


async def test_examples_answer_what_the_page_says(face: Any) -> None:
    await face.booked()
    known = {
        "cut": face.id("Service", "cut"),
        "anna": face.id("Employee", "anna"),
        "booked": face.id("Employee", "anna"),
    }
    listed = '{ company(slug: "demo") { employees { id name } } }'
    assert len(EXAMPLES) == SECTION.count("```graphql") == 5
    for query, answer in EXAMPLES:
        named = {name: known[name] for name in re.findall(r"\$(\w+): ID!", query)}
        assert await face.ask(query, face.world.owner, **named) == json.loads(answer), query
        people = (await face.ask(listed, face.world.owner))["company"]["employees"]
        known |= {one["name"].casefold(): one["id"] for one in people}


async def test_every_bound_of_the_page_is_one_of_the_code(face: Any) -> None:
    rows = dict(re.findall(r"^\| `(\w+)`(?:, `\w+`)? \| (\d+ to \d+)", SECTION, re.MULTILINE))
    assert set(rows) == {
        "durationMinutes",
        "bufferBeforeMinutes",
        "minimumNoticeMinutes",
        "horizonDays",
        "cancellationLimitHours",
    }
    query = """mutation ($i: UpsertServiceInput!) { upsertService(input: $i) { ... on InvalidInput { fields { path message } } } }"""
    for field, bounds in rows.items():
        least, most = (int(number) for number in bounds.split(" to "))
        for number, is_wrong in ((least - 1, True), (least, False), (most, False), (most + 1, True)):
            given = {"name": "Cut", "durationMinutes": 30} | {field: number}
            answer = (await face.ask(query, face.world.owner, i=given))["upsertService"]
            assert bool(answer) == is_wrong, (field, number)
