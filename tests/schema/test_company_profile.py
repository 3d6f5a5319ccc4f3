"""The rest of the company profile at the face: templates, retention, origins, each with its bounds (rules K7, F4)."""

import json
import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from slotgraph.core.entry_templates import DESCRIPTION_TEMPLATE, PLACEHOLDERS, TITLE_TEMPLATE
from slotgraph.core.policy import Role

PAGE = (Path(__file__).parents[2] / "docs" / "administration.md").read_text(encoding="utf-8")
INTERNAL = "holdMinutes customerDataDays entryTitleTemplate entryDescriptionTemplate allowedOrigins"
UPDATE = f"""mutation ($input: UpdateCompanyProfileInput!) {{ updateCompanyProfile(input: $input) {{
  __typename ... on Company {{ internal {{ {INTERNAL} }} }}
  ... on InvalidInput {{ fields {{ path message }} }} ... on NotFound {{ path }} }} }}"""
HOUSE = {
    "holdMinutes": 10,
    "customerDataDays": 180,
    "entryTitleTemplate": "{service}: {customer}",
    "entryDescriptionTemplate": "{customer}\n{email}\n{phone}\n\n{note}\n\nBooked with {company}.",
    "allowedOrigins": [],
}


async def update(face: Any, actor: Any = None, **given: Any) -> Any:
    answer = await face.ask(UPDATE, actor or face.world.owner, input=given)
    return answer["updateCompanyProfile"]


async def test_the_house_s_own_is_shown_until_it_is_changed(face: Any) -> None:
    query = f'{{ company(slug: "demo") {{ internal {{ {INTERNAL} }} }} }}'
    assert (await face.ask(query, face.world.member("staff")))["company"]["internal"] == HOUSE
    given = {
        "holdMinutes": 5,
        "customerDataDays": 30,
        "entryTitleTemplate": "{service}",
        "entryDescriptionTemplate": "{manageLink}",
        "allowedOrigins": ["https://WWW.example.org/", "http://localhost:3000"],
    }
    kept = given | {"allowedOrigins": ["https://www.example.org", "http://localhost:3000"]}
    assert await update(face, **given) == {"__typename": "Company", "internal": kept}
    assert (await update(face, holdMinutes=6))["internal"] == kept | {"holdMinutes": 6}
    assert (await face.ask(query))["company"]["internal"] is None


@pytest.mark.parametrize(
    ("given", "path"),
    [
        *(({"holdMinutes": wrong}, ["holdMinutes"]) for wrong in (0, 31, -5, None)),
        *(({"customerDataDays": wrong}, ["customerDataDays"]) for wrong in (0, 3651, None)),
        *(({"entryTitleTemplate": wrong}, ["entryTitleTemplate"]) for wrong in ("", "{a}", "{", "a\nb", None)),
        ({"entryDescriptionTemplate": "{customer.__class__}"}, ["entryDescriptionTemplate"]),
        ({"entryDescriptionTemplate": None}, ["entryDescriptionTemplate"]),
        ({"allowedOrigins": ["https://a.example", "http://b.example"]}, ["allowedOrigins", "1"]),
        ({"allowedOrigins": [f"https://{at}.example" for at in range(21)]}, ["allowedOrigins"]),
        ({"allowedOrigins": None}, ["allowedOrigins"]),
    ],
)
async def test_what_is_out_of_bounds_is_data_with_its_path(face: Any, given: dict[str, Any], path: list[str]) -> None:
    answer = await update(face, **given)
    assert answer["__typename"] == "InvalidInput"
    (field,) = answer["fields"]
    assert field["path"] == ["input", *path]
    assert field["message"]


async def test_what_is_no_url_is_refused_without_being_repeated(face: Any) -> None:
    error = await face.error(UPDATE, face.world.owner, input={"allowedOrigins": ["javascript:alert(1)"]})
    assert error.extensions["code"] == "BAD_USER_INPUT"
    assert "https://www.example.org" in error.message
    assert "javascript" not in error.message


ERASE = """mutation ($email: EmailAddress!) { eraseCustomer(input: { email: $email }) {
  __typename ... on CustomerErased { count } ... on InvalidInput { fields { path } } } }"""
EXPORT = """query ($email: EmailAddress!, $after: String) { bookings(filter: { customerEmail: $email }, first: 1, after: $after) {
  nodes { customer { name email phone locale timeZone } note } pageInfo { hasNextPage endCursor } } }"""


async def test_a_customer_s_data_is_handed_out_and_erased(face: Any) -> None:
    """Rule F4: the export is the filter of `bookings`, page by page."""
    owner = face.world.owner
    await face.booked(note="Short")
    await face.booked(start="2027-03-02T10:00:00+01:00")
    nodes, after = [], None
    while True:
        page = (await face.ask(EXPORT, owner, email="MIA@example.org", after=after))["bookings"]
        nodes += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    mia = {"name": "Mia Muster", "email": "mia@example.org", "phone": None}
    assert [node["customer"] for node in nodes] == [mia | {"locale": "de", "timeZone": "Europe/Zurich"}] * 2
    assert [node["note"] for node in nodes] == ["Short", None]
    assert (await face.ask(ERASE, owner, email="Mia@Example.org"))["eraseCustomer"]["count"] == 2
    assert (await face.ask(EXPORT, owner, email="mia@example.org"))["bookings"]["nodes"] == []
    left = (await face.ask("{ bookings { nodes { customer { name } note } } }", owner))["bookings"]["nodes"]
    assert left == [{"customer": None, "note": None}] * 2


async def test_only_admins_erase(face: Any) -> None:
    await face.booked()
    for actor, code in (
        (None, "UNAUTHENTICATED"),
        (face.world.member("staff"), "FORBIDDEN"),
        (face.world.agent, "FORBIDDEN"),
    ):
        error = await face.error(ERASE, actor, email="mia@example.org")
        assert error.extensions["code"] == code
    admin = face.world.member("admin", Role.ADMIN)
    assert (await face.ask(ERASE, admin, email="mia@example.org"))["eraseCustomer"] == {
        "__typename": "CustomerErased",
        "count": 1,
    }


async def test_a_member_passes_over_the_grid_and_others_are_told_they_may_not(face: Any) -> None:
    """Rule K8."""
    odd = face.booking(start="2027-03-02T09:07:00+01:00", override=["GRID", "GRID"])
    refused = (await face.ask(face.BOOK, input=odd))["book"]
    assert refused["__typename"] == "InvalidInput"
    assert [field["path"] for field in refused["fields"]] == [["input", "override"]]
    made = (await face.ask(face.BOOK, face.world.member("staff"), input=odd))["book"]
    assert made["__typename"] == "BookingConfirmed"
    again = (await face.ask(face.BOOK, face.world.member("staff"), input=odd | {"override": ["GRID"]}))["book"]
    assert again["booking"]["id"] == made["booking"]["id"]
    none = face.booking(start="2027-03-02T10:00:00+01:00", override=[])
    assert (await face.ask(face.BOOK, input=none))["book"]["__typename"] == "BookingConfirmed"


async def test_the_examples_of_the_page_answer_what_it_says(face: Any) -> None:
    """docs/administration.md: company profile, customers' data, booking for somebody."""
    await face.booked()
    known = {"key": str(uuid.uuid4()), "cut": face.id("Service", "cut"), "anna": face.id("Employee", "anna")}
    titles = ("Company profile and templates", "Customers' data", "Booking for somebody on the phone")
    sections = [PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0] for title in titles]
    examples = re.findall(r"```graphql\n(.*?)```(?:\s+```json\n(.*?)```)?", "\n".join(sections), re.DOTALL)
    assert len(examples) == 4
    for query, said in examples:
        named = {name: known[name] for name in re.findall(r"\$(\w+): ID!", query)}
        answer = await face.ask(query, face.world.owner, **named)
        assert not said or answer == json.loads(said), query


def test_the_page_names_the_house_s_own_texts_and_every_placeholder() -> None:
    assert f"```\n{DESCRIPTION_TEMPLATE}\n```" in PAGE
    assert f"`{TITLE_TEMPLATE}`" in PAGE
    assert all(f"`{{{name}}}`" in PAGE for name in PLACEHOLDERS)
