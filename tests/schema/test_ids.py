"""Global ids: one spelling each, and nothing but what they say."""

import base64

import pytest

from slotgraph.core.errors import BadInput
from slotgraph.schema import ids

COMPANY, THING = "a" * 32, "0123456789abcdef" * 2


def spelled(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_id_says_kind_company_and_thing() -> None:
    text = ids.encode("Employee", COMPANY, THING)
    assert ids.read(text) == ("Employee", COMPANY, THING)
    assert ids.decode(text, "Employee", path=("id",)).id == THING
    assert "=" not in text


def test_company_carries_itself() -> None:
    assert ids.read(ids.encode("Company", COMPANY)) == ("Company", COMPANY, COMPANY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "é",
        "\x00",
        "A" * 10_000,
        spelled("Employee"),
        spelled(f"Employee:{COMPANY}"),
        spelled(f"Employee:{COMPANY}:{THING}:more"),
        spelled(f"Employee:{COMPANY}:{THING.upper()}"),
        spelled(f"Employee:{COMPANY}:{THING[:-1]}"),
        spelled(f"employee:{COMPANY}:{THING}"),
        spelled(f"Employee:{COMPANY}:{THING}\n"),
        ids.encode("Employee", COMPANY, THING) + "=",
        ids.encode("Employee", COMPANY, THING) + "\n",
        " " + ids.encode("Employee", COMPANY, THING),
    ],
)
def test_what_is_no_id_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(BadInput) as raised:
        ids.decode(text, "Employee", path=("input", "employee"))
    assert raised.value.path == ("input", "employee")
    assert str(raised.value) == "input.employee: this is no id of an Employee."


def test_id_of_another_kind_is_refused() -> None:
    with pytest.raises(BadInput):
        ids.decode(ids.encode("Service", COMPANY, THING), "Employee", path=("id",))


def test_last_bits_that_say_nothing_make_no_second_spelling() -> None:
    text = ids.encode("Company", COMPANY)
    twin = text[:-1] + chr(ord(text[-1]) + 1)
    assert base64.urlsafe_b64decode(twin + "==") == base64.urlsafe_b64decode(text + "==")
    assert ids.read(twin) is None


def test_wrong_item_of_a_list_is_named_by_its_place() -> None:
    with pytest.raises(BadInput) as raised:
        ids.decode_all([ids.encode("Employee", COMPANY, THING), "x"], "Employee", path=("employees",))
    assert raised.value.path == ("employees", "1")


def test_thing_of_another_company_is_nobodys() -> None:
    named = ids.GlobalId("Employee", COMPANY, THING)
    assert ids.within(named, COMPANY) == THING
    assert ids.within(named, "b" * 32) == ids.NOBODY
