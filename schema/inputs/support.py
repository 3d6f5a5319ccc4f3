"""Opening and closing support cases."""

import strawberry

from slotgraph.schema.guard import input_type, leaf


@input_type("A new support case.")
class OpenSupportCaseInput:
    """Why, and how long."""

    company: strawberry.ID | None = leaf("Company; omit for your own.")
    reason: str = leaf("What support shall look at.")
    hours: int = strawberry.field(description="Length in hours, 1 to 72.", default=24)
    grant_customer_data: bool = strawberry.field(description="Let agents see customers' contact data.", default=False)


@input_type("Support case to close.")
class CloseSupportCaseInput:
    """A case."""

    case: strawberry.ID = leaf("Which.")
