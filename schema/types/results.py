"""What mutations answer with when they succeed, where it is no object that is there anyway."""

import strawberry

from slotgraph.core.values import Secret
from slotgraph.schema.guard import leaf, object_type
from slotgraph.schema.types.accounts import FormLink
from slotgraph.schema.types.bookings import Booking
from slotgraph.schema.types.holds import Hold
from slotgraph.schema.types.problems import SHAPE
from slotgraph.schema.types.tokens import ApiToken


@object_type(SHAPE, "A booking that stands. Its calendar entry may still be on its way.")
class BookingConfirmed:
    """Success of book."""

    booking: Booking = leaf("The booking.")
    manage_token: Secret = leaf(
        "Lets the customer see, move and cancel it. Put it behind the # of an address, never into a path or query."
    )


@object_type(SHAPE, "A slot that is kept.")
class SlotHeld:
    """Success of holdSlot."""

    hold: Hold = leaf("The hold.")
    hold_token: Secret = leaf("Lets book use it and releaseHold end it.")


@object_type(SHAPE, "The slot is free again.")
class HoldReleased:
    """Success of releaseHold."""

    released: bool = leaf("Whether there was a hold to give back.")


@object_type(SHAPE, "Something is gone.")
class Deleted:
    """Success of a deletion."""

    id: strawberry.ID = leaf("Id it had: drop it from caches.")


@object_type(SHAPE, "An API token, just made.")
class TokenCreated:
    """Success of createToken."""

    token: ApiToken = leaf("The token.")
    secret: Secret = leaf("The secret, shown now and never again.")


@object_type(SHAPE, "A second factor to be confirmed.")
class TotpSetup:
    """Success of setUpTotp."""

    uri: Secret = leaf("otpauth address for a QR code, shown now and never again.")


@object_type(SHAPE, "A second factor that is on.")
class TotpConfirmed:
    """Success of confirmTotp."""

    recovery_codes: list[Secret] = leaf("Codes for the day the phone is lost, each good once.")


@object_type(SHAPE, "Fill in a form.")
class FormRequired:
    """Success of linkAccount and relinkAccount."""

    form: FormLink = leaf("The form, the same as in `providers`.")
    link_token: Secret = leaf("Hand it to completeLink with the values.")


@object_type(SHAPE, "An account is unlinked.")
class AccountUnlinked:
    """Success of unlinkAccount."""

    id: strawberry.ID = leaf("Id it had.")
    entries_left: int = leaf("Upcoming calendar entries of ours that stay outside, no longer kept up to date.")


@object_type(SHAPE, "A customer's data is gone.")
class CustomerErased:
    """Success of eraseCustomer."""

    count: int = leaf("Bookings it was erased from.")
