"""What a check found."""

from dataclasses import dataclass
from enum import Enum

from slotgraph.core.errors import SlotGraphError


class State(Enum):
    """OK needs nothing, WARN wants a look, FAIL keeps SlotGraph from working or from being safe."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor: of what, how it is, a sentence, and what to do unless all is well."""

    name: str
    state: State
    sentence: str
    cure: str | None = None


def ok(name: str, sentence: str) -> Finding:
    """All is well."""
    return Finding(name, State.OK, sentence)


def warn(name: str, sentence: str, *, cure: str) -> Finding:
    """It works, and somebody should look."""
    return Finding(name, State.WARN, sentence, cure)


def fail(name: str, sentence: str, *, cure: str) -> Finding:
    """It does not work, or is not safe."""
    return Finding(name, State.FAIL, sentence, cure)


def failed(name: str, error: SlotGraphError, *, cure: str) -> Finding:
    """A failure that an error of ours tells: the fact and, behind a semicolon, what to do; else `cure` is."""
    fact, _, hint = str(error).partition("; ")
    return fail(name, fact if fact.endswith(".") else f"{fact}.", cure=f"{hint[0].upper()}{hint[1:]}" if hint else cure)
