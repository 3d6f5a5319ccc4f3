"""Which calendar entry is tried again."""

import strawberry

from slotgraph.schema import ids
from slotgraph.schema.guard import input_type, leaf


@input_type("Calendar entry to try again.")
class RetryCalendarEntryInput:
    """One entry."""

    entry: strawberry.ID = leaf("Which.")

    def read(self) -> ids.GlobalId:
        """The entry meant. Raises BadInput."""
        return ids.decode(self.entry, "CalendarEntry", path=("input", "entry"))
