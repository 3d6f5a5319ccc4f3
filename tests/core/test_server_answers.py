"""What a server says of itself reaches people as text, whatever bytes it was made of."""

import orjson
import pytest

from slotgraph.core.answers import sound_failure
from slotgraph.core.errors import AnswerMalformed


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("415 text/html", "415 text/html"),
        ("415 text/\udcff\udcfe", "415 text/"),
        ("Realm\u202e\x1b[31m", "Realm[31m"),
        ("\x00", None),
        (b"text", None),
        (None, None),
    ],
)
def test_only_what_can_be_shown_is_told(answer, shown):
    failure = sound_failure(AnswerMalformed(server_answer=answer))
    assert failure.server_answer == shown
    orjson.dumps(failure.server_answer)
