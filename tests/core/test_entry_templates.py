"""Templates of what is written outside (rule K7): refused or filled, and what is filled in is never read as a template."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slotgraph.core.entry_templates import (
    DESCRIPTION_TEMPLATE,
    MAX_DESCRIPTION,
    MAX_TITLE,
    PLACEHOLDERS,
    TITLE_PLACEHOLDERS,
    TITLE_TEMPLATE,
    filled_description,
    filled_title,
    parsed,
)
from slotgraph.core.errors import BadInput

FULL = {
    "service": "Cut",
    "customer": "Mia Muster",
    "email": "mia@example.org",
    "phone": "079 1",
    "note": "Short.\n\nPlease.",
    "company": "Demo",
    "employee": "Anna",
    "manageLink": "https://book.example/manage#x",
}
ERASED = FULL | dict.fromkeys(("customer", "email", "phone", "note"), "")


def described(template, **values):
    return filled_description(parsed(template), FULL | values)


def titled(template, **values):
    return filled_title(parsed(template, TITLE_PLACEHOLDERS), FULL | values)


def test_the_house_templates_write_what_they_show():
    assert titled(TITLE_TEMPLATE) == "Cut: Mia Muster"
    assert described(DESCRIPTION_TEMPLATE) == (
        "Mia Muster\nmia@example.org\n079 1\n\nShort.\n\nPlease.\n\nBooked with Demo."
    )


def test_what_was_not_given_leaves_no_blank_line():
    assert described(DESCRIPTION_TEMPLATE, phone="") == (
        "Mia Muster\nmia@example.org\n\nShort.\n\nPlease.\n\nBooked with Demo."
    )
    assert described(DESCRIPTION_TEMPLATE, phone="", note=" ") == "Mia Muster\nmia@example.org\n\nBooked with Demo."
    assert described("{company}\nPhone: {phone}\n{email}", phone="") == "Demo\nmia@example.org"
    assert described("{company}\n\n\n{employee}") == "Demo\n\n\nAnna"  # as it was written


def test_an_erased_customer_leaves_nothing_behind():
    assert filled_title(parsed(TITLE_TEMPLATE), ERASED) == "Cut"
    assert filled_description(parsed(DESCRIPTION_TEMPLATE), ERASED) == "Booked with Demo."
    assert filled_title(parsed("For {customer}"), ERASED) == ""


@pytest.mark.parametrize(
    ("template", "left"),
    [
        ("{customer} – {service}", "Cut"),
        ("{service} ({customer})", "Cut"),
        ("({customer}) {service}", "Cut"),
        ("{service}: {customer}, {employee}", "Cut, Anna"),
        ("{customer}, {email}, {service}", "Cut"),
        ("{service} [{customer}] {employee}", "Cut Anna"),
        ("{employee}: {service}", "Anna: Cut"),
        ("{service}:", "Cut:"),
    ],
)
def test_what_stands_around_an_empty_placeholder_goes_with_it(template, left):
    assert filled_title(parsed(template), ERASED) == left


def test_double_braces_are_braces():
    assert described("{{customer}} {customer} {{{company}}}") == "{customer} Mia Muster {Demo}"


@pytest.mark.parametrize(
    "template",
    [
        "{customer.__class__}",
        "{customer.__class__.__init__.__globals__}",
        "{0}",
        "{}",
        "{x!r}",
        "{customer!r}",
        "{customer:>9999999}",
        "{customer[0]}",
        "{ customer }",
        "{Customer}",
        "{customer\n}",
        "{password}",
    ],
)
def test_what_is_no_placeholder_is_named_with_those_there_are(template):
    with pytest.raises(BadInput) as refused:
        parsed(f"Hello {template}!")
    assert refused.value.reason.startswith(f"{template} is no placeholder")
    assert all(f"{{{name}}}" in refused.value.reason for name in PLACEHOLDERS)


@pytest.mark.parametrize("template", ["{", "}", "a { b", "a } b", "{customer", "customer}", "{{customer}", "{{}"])
def test_a_brace_without_its_other_is_refused(template):
    with pytest.raises(BadInput, match="without its"):
        parsed(template)


def test_a_title_has_no_place_for_the_link():
    parsed("{manageLink}")
    with pytest.raises(BadInput, match="manageLink"):
        parsed("{manageLink}", TITLE_PLACEHOLDERS)


def test_a_long_placeholder_is_not_repeated_whole():
    with pytest.raises(BadInput) as refused:
        parsed("{" + "a" * 4000 + "}")
    assert len(refused.value.reason) < 300


def test_titles_are_one_line_and_shortened_at_a_word():
    assert titled("{note}") == "Short. Please."
    long = titled("{note}", note="word " * 100)
    assert long.endswith("word…")
    assert len(long) <= MAX_TITLE
    assert titled("{note}", note="a" * 200) == "a" * 200
    assert titled("{note}", note="a" * 201) == "a" * 199 + "…"
    assert titled("{note}", note="b " + "a" * 300) == "b " + "a" * 197 + "…"


def test_descriptions_have_an_end():
    text = described("{note}" * 100, note="word " * 400)
    assert 7900 < len(text) <= MAX_DESCRIPTION
    assert text.endswith("word…")


NASTY = st.text(alphabet=st.sampled_from("{}ab:.!( \n") | st.characters(), max_size=20) | st.sampled_from(
    ["{customer}", "{{", "}", "{0}", "{customer.__class__}", "%(x)s", "${company}", "\\1", "{manageLink}"]
)
VALUES = st.fixed_dictionaries(dict.fromkeys(PLACEHOLDERS, NASTY))


@given(VALUES)
def test_what_is_filled_in_is_never_interpreted(values):
    for name in PLACEHOLDERS:
        if values[name].strip():
            assert filled_description(parsed(f"<{{{name}}}>"), values) == f"<{values[name]}>"
    pair = "<{customer}|{note}>"
    if values["customer"].strip() and values["note"].strip():
        assert filled_description(parsed(pair), values) == f"<{values['customer']}|{values['note']}>"


@given(st.text(alphabet=st.sampled_from("{}a: \n"), max_size=12) | NASTY | st.lists(NASTY).map("".join), VALUES)
def test_every_template_is_refused_or_fills(template, values):
    try:
        read = parsed(template)
    except BadInput:
        return
    title, text = filled_title(read, values), filled_description(read, values)
    assert len(title) <= MAX_TITLE
    assert "\n" not in title
    assert len(text) <= MAX_DESCRIPTION
    assert title == title.strip()


@given(st.text(alphabet=st.sampled_from("{}ab")))
def test_what_is_read_is_what_the_standard_library_would_read(template):
    """Literal text and doubled braces mean what they mean in Python; names are ours alone."""
    try:
        read = parsed(template, ("a", "b"))
    except BadInput:
        return
    expected = re.sub(r"\{\{|\}\}|\{([ab])\}", lambda found: "<x>" if found[1] else found[0][0], template)
    assert filled_description(read, {"a": "<x>", "b": "<x>"}) == expected.strip()
