"""The desk that nonsense is handed to."""

from typing import Any

import pytest
from slotgraph_tests_schema_bad_bookings_desk import Desk


@pytest.fixture
async def desk(face: Any) -> Desk:
    """See desk.py."""
    made = Desk(face)
    await made.stock()
    return made
