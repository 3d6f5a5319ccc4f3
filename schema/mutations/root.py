"""The mutation root: what can be changed, in the order in which the schema shows it. Expected failures are data."""

from slotgraph.core.policy import Action
from slotgraph.schema.guard import object_type
from slotgraph.schema.mutations import access, accounts, bookings, company, support, tokens


@object_type(
    Action.READ_SCHEMA_SHAPE,
    "Everything that can be changed. Where there is an `idempotencyKey`, a repeated call with the same key and input gets"
    " the first success again for 24 hours.",
)
class Mutation:
    """The changes."""

    login = access.login
    logout = access.logout
    create_token = tokens.create_token
    revoke_token = tokens.revoke_token
    update_company_profile = company.update_company_profile
    link_account = accounts.link_account
    complete_link = accounts.complete_link
    update_calendar = accounts.update_calendar
    book = bookings.book
    cancel_booking = bookings.cancel_booking
    open_support_case = support.open_support_case
    close_support_case = support.close_support_case
