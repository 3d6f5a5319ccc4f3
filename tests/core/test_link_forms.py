"""Checking a filled link form: faults name their field and never repeat a value."""

import pytest

from slotgraph.core.link_forms import FilledField, credentials_from_form, form_faults
from slotgraph.core.values import (
    FieldKind,
    LinkField,
    Secret,
)


def form(**values):
    return [FilledField(name, Secret(value)) for name, value in values.items()]


EVERY_KIND = (
    LinkField("url", "Address", FieldKind.URL),
    LinkField("mail", "Mail", FieldKind.EMAIL, required=False),
    LinkField("port", "Port", FieldKind.INTEGER, required=False, initial="443"),
    LinkField("tls", "TLS", FieldKind.BOOLEAN, required=False),
    LinkField("kind", "Kind", FieldKind.CHOICE, required=False, options=(("a", "A"), ("b", "B"))),
    LinkField("secret", "Secret", FieldKind.SECRET),
)
SOUND = {"url": "https://dav.example.org/", "secret": " with spaces "}


@pytest.mark.parametrize(
    ("values", "places"),
    [
        (SOUND, []),
        ({**SOUND, "mail": "", "port": " "}, []),
        ({"url": SOUND["url"]}, ["form"]),
        ({**SOUND, "secret": ""}, ["form.1.value"]),
        ({**SOUND, "url": "dav.example.org"}, ["form.0.value"]),
        ({**SOUND, "url": "file:///etc/passwd"}, ["form.0.value"]),
        ({**SOUND, "url": "https://[::1"}, ["form.0.value"]),
        ({**SOUND, "url": "https://a.example/\nHost: b"}, ["form.0.value"]),
        ({**SOUND, "mail": "anna"}, ["form.2.value"]),
        ({**SOUND, "port": "--5"}, ["form.2.value"]),
        ({**SOUND, "port": "५"}, ["form.2.value"]),
        ({**SOUND, "tls": "yes"}, ["form.2.value"]),
        ({**SOUND, "kind": "c"}, ["form.2.value"]),
        ({**SOUND, "other": "CANARY"}, ["form.2.name"]),
        ({**SOUND, "secret": "CANARY" * 400}, ["form.1.value"]),
        ({**SOUND, "secret": "CANARY\x00"}, ["form.1.value"]),
    ],
)
def test_faults_of_a_form_name_their_field_and_never_repeat_a_value(values, places):
    faults = list(form_faults(("form",), EVERY_KIND, form(**values)))
    assert [".".join(fault.path) for fault in faults] == places
    for value in values.values():
        assert value.strip() == "" or all(value.strip() not in fault.message.split() for fault in faults)
    assert "CANARY" not in str(faults)


def test_a_field_filled_twice_is_a_fault():
    twice = [*form(**SOUND), *form(secret="CANARY")]
    (fault,) = form_faults(("form",), EVERY_KIND, twice)
    assert fault.path == ("form", "2", "name")


def test_what_is_left_out_is_filled_with_its_initial_value_and_secrets_stay_as_they_are():
    assert credentials_from_form(EVERY_KIND, form(**SOUND)) == {**SOUND, "port": "443"}
