"""Logins that lack what the operator requires."""

from collections.abc import Iterator

from slotgraph.core.store.examining import Examined
from slotgraph.server.doctor.database import Absent
from slotgraph.server.doctor.findings import Finding, ok, warn
from slotgraph.server.settings import Settings

NAME = "second factor"


def check_second_factor(found: Examined | Absent, settings: Settings) -> Iterator[Finding]:
    """How many owners and support agents have no second factor, where they must."""
    if not settings.require_second_factor or not isinstance(found, Examined):
        return
    lacking = found.without_second_factor
    if lacking:
        who = "1 owner or support agent has" if lacking == 1 else f"{lacking} owners and support agents have"
        yield warn(
            NAME,
            f"{who} no second factor.",
            cure="They set one up after their next login (setUpTotp, confirmTotp); until then they can do nothing else.",
        )
    else:
        yield ok(NAME, "Every owner and support agent has one.")
