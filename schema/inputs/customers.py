"""Customers as members name them."""

from slotgraph.schema.guard import input_type, leaf
from slotgraph.schema.scalars import EmailAddress


@input_type("Customer to erase.")
class EraseCustomerInput:
    """Whom."""

    email: EmailAddress = leaf("Address they booked with.")
