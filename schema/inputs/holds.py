"""What is held, and given back."""

import strawberry

from slotgraph.core.booking.holding import HoldRequest
from slotgraph.core.values import Secret
from slotgraph.schema.guard import input_type, leaf
from slotgraph.schema.inputs.choices import KEY, SlotChoice, choice_of, service_ref


@input_type("Slot to hold.")
class HoldSlotInput:
    """A hold to be."""

    idempotency_key: strawberry.ID = leaf(KEY)
    slot: SlotChoice = leaf("The slot.")

    def read(self) -> HoldRequest:
        """The hold meant. Raises BadInput."""
        path = ("input", "slot")
        service = service_ref(self.slot.service, path=path)
        return HoldRequest(
            idempotency_key=self.idempotency_key,
            service=service,
            start=self.slot.start,
            employees=choice_of(self.slot.employees, service.company_id, path=path),
        )


@input_type("Hold to give back.")
class ReleaseHoldInput:
    """A hold that is not wanted."""

    hold_token: Secret = leaf("Token from holdSlot.")
