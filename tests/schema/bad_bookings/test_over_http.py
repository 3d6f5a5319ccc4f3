"""A note of 10 MB, sent over HTTP: refused before it is read, with a typed answer, and nothing is stored."""

import json
from contextlib import AsyncExitStack

from slotgraph_tests_schema_bad_bookings_desk import Desk, document
from slotgraph_tests_server_conftest import Site

from slotgraph.schema.limits import MAX_BODY_BYTES


async def test_a_note_of_ten_megabytes_is_refused_over_http(desk: Desk) -> None:
    before = await desk.rows()
    async with AsyncExitStack() as clients:
        visitor = await Site(desk.face.world, clients).visitor()
        for size, status in ((10_000_000, 413), (MAX_BODY_BYTES - 2000, 200)):
            answer = await visitor.send(document("book"), input=desk.good("book") | {"note": "x" * size})
            assert answer.status_code == status
            body = json.loads(answer.content)
            if status == 413:
                assert str(MAX_BODY_BYTES) in body["errors"][0]["message"]
            else:
                assert body["data"]["book"]["fields"] == [
                    {"path": ["input", "note"], "message": "at most 2000 characters."}
                ]
    assert await desk.rows() == before
