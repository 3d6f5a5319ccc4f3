"""The mutation root: what can be changed, in the order in which the schema shows it. Expected failures are data."""

from slotgraph.core.policy import Action
from slotgraph.schema.guard import object_type
from slotgraph.schema.mutations import (
    access,
    accounts,
    bookings,
    calendar_entries,
    company,
    customers,
    employees,
    holds,
    members,
    moves,
    schedule,
    second_factor,
    support,
    tokens,
)


@object_type(
    Action.READ_SCHEMA_SHAPE,
    "Everything that can be changed. Where there is an `idempotencyKey`, a repeated call with the same key and input gets"
    " the first success again for 24 hours.",
)
class Mutation:
    """The changes."""

    login = access.login
    logout = access.logout
    reset_password = access.reset_password
    set_up_totp = second_factor.set_up_totp
    confirm_totp = second_factor.confirm_totp
    remove_totp = second_factor.remove_totp
    invite_member = members.invite_member
    accept_invitation = members.accept_invitation
    update_member = members.update_member
    remove_member = members.remove_member
    create_token = tokens.create_token
    revoke_token = tokens.revoke_token
    update_company_profile = company.update_company_profile
    upsert_employee = employees.upsert_employee
    delete_employee = employees.delete_employee
    upsert_service = employees.upsert_service
    delete_service = employees.delete_service
    upsert_availability = schedule.upsert_availability
    delete_availability = schedule.delete_availability
    upsert_absence = schedule.upsert_absence
    delete_absence = schedule.delete_absence
    link_account = accounts.link_account
    complete_link = accounts.complete_link
    relink_account = accounts.relink_account
    unlink_account = accounts.unlink_account
    check_account = accounts.check_account
    update_calendar = accounts.update_calendar
    hold_slot = holds.hold_slot
    release_hold = holds.release_hold
    book = bookings.book
    reschedule_booking = moves.reschedule_booking
    cancel_booking = bookings.cancel_booking
    retry_calendar_entry = calendar_entries.retry_calendar_entry
    erase_customer = customers.erase_customer
    open_support_case = support.open_support_case
    close_support_case = support.close_support_case
