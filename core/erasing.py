"""Erasing the data of one customer by their address (rule F4): the bookings stay, without it.

What was written into calendars outside stays there.
"""

from dataclasses import dataclass

from slotgraph.core.customers import is_email
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, Member
from slotgraph.core.problems import InvalidField, InvalidInput, NotFound
from slotgraph.core.store import forgetting


@dataclass(frozen=True, slots=True)
class CustomerErased:
    """From how many bookings a customer was erased."""

    count: int


class Erasing:
    """Erases customers."""

    async def erase(self, operation: Operation, email: str) -> CustomerErased | InvalidInput | NotFound:
        """Erase whoever booked with this address, compared without regard to case, from all bookings of the member's company."""
        actor = operation.actor
        if not isinstance(actor, Member) or not await operation.permits(Action.ERASE_CUSTOMER, actor.company_id):
            return NotFound(("input",))
        if not is_email(email):
            return InvalidInput((InvalidField(("input", "email"), "this is no e-mail address."),))
        async with operation.database.write() as connection:
            return CustomerErased(await forgetting.erase_customer(connection, actor.company_id, email))
