"""What each mutation answers with: its success, or one of its expected failures."""

from typing import Annotated, Union

import strawberry

from slotgraph.core.values import Secret
from slotgraph.schema.guard import leaf, object_type
from slotgraph.schema.types.accounts import Account, Calendar, FormLink
from slotgraph.schema.types.bookings import Booking
from slotgraph.schema.types.companies import Company
from slotgraph.schema.types.problems import (
    SHAPE,
    CalendarNotWritable,
    CalendarUnverified,
    InvalidInput,
    KeyReused,
    LinkRefused,
    LoginRefused,
    NotFound,
    SecretRefused,
    SlotNotOffered,
    SlotTaken,
    SupportIsExcluded,
    TooLate,
)
from slotgraph.schema.types.support import SupportCase
from slotgraph.schema.types.tokens import ApiToken
from slotgraph.schema.types.viewers import Viewer


@object_type(SHAPE, "A booking that stands. Its calendar entry may still be on its way.")
class BookingConfirmed:
    """Success of book."""

    booking: Booking = leaf("The booking.")
    manage_token: Secret = leaf(
        "Lets the customer see, move and cancel it. Put it behind the # of an address, never into a path or query."
    )


@object_type(SHAPE, "Something is gone.")
class Deleted:
    """Success of a deletion."""

    id: strawberry.ID = leaf("Id it had: drop it from caches.")


@object_type(SHAPE, "An API token, just made.")
class TokenCreated:
    """Success of createToken."""

    token: ApiToken = leaf("The token.")
    secret: Secret = leaf("The secret, shown now and never again.")


@object_type(SHAPE, "Fill in a form.")
class FormRequired:
    """Success of linkAccount."""

    form: FormLink = leaf("The form, the same as in `providers`.")
    link_token: Secret = leaf("Hand it to completeLink with the values.")


LoginResult = Annotated[
    Viewer | LoginRefused | InvalidInput, strawberry.union("LoginResult", description="You, logged in, or why not.")
]
LogoutResult = Annotated[
    Union[Viewer],  # noqa: UP007 - a union of one, so far
    strawberry.union("LogoutResult", description="You, as you are now."),
]
CreateTokenResult = Annotated[
    TokenCreated | InvalidInput, strawberry.union("CreateTokenResult", description="The token with its secret.")
]
RevokeTokenResult = Annotated[
    Deleted | NotFound, strawberry.union("RevokeTokenResult", description="What was revoked.")
]
UpdateCompanyProfileResult = Annotated[
    Company | InvalidInput | NotFound,
    strawberry.union("UpdateCompanyProfileResult", description="The company as it is now."),
]
LinkAccountResult = Annotated[
    FormRequired | InvalidInput | NotFound, strawberry.union("LinkAccountResult", description="What to do next.")
]
CompleteLinkResult = Annotated[
    Account | LinkRefused | SecretRefused | InvalidInput,
    strawberry.union("CompleteLinkResult", description="The linked account with its calendars."),
]
UpdateCalendarResult = Annotated[
    Calendar | CalendarNotWritable | InvalidInput | NotFound,
    strawberry.union("UpdateCalendarResult", description="The calendar as it is now."),
]
BookResult = Annotated[
    BookingConfirmed | SlotTaken | SlotNotOffered | CalendarUnverified | InvalidInput | NotFound | KeyReused,
    strawberry.union("BookResult", description="The booking, or why not."),
]
CancelBookingResult = Annotated[
    Booking | TooLate | InvalidInput | NotFound | KeyReused,
    strawberry.union("CancelBookingResult", description="The booking as it is now, or why not."),
]
OpenSupportCaseResult = Annotated[
    SupportCase | SupportIsExcluded | InvalidInput | NotFound,
    strawberry.union("OpenSupportCaseResult", description="The case."),
]
CloseSupportCaseResult = Annotated[
    SupportCase | NotFound, strawberry.union("CloseSupportCaseResult", description="The case as it is now.")
]
