"""A hold on its way to become a booking: what it spares whoever has its token, and the UPDATE by which it does (rules K1, S4).

A hold that is over is as good as none. Nobody but its own booking gets past its blocks.
"""

from collections.abc import Iterator
from dataclasses import replace

from slotgraph.core.booking.attempts import Attempt
from slotgraph.core.booking.holding import NO_TOKEN
from slotgraph.core.candidates import EmployeeChoice
from slotgraph.core.errors import BadInput, SpanTaken
from slotgraph.core.hold_token import read, verify
from slotgraph.core.judging import BookingOverride
from slotgraph.core.problems import InvalidField
from slotgraph.core.records import Booking, Hold
from slotgraph.core.store import blocks, holds
from slotgraph.core.store.blocks import NOTHING, Own
from slotgraph.core.store.database import Transaction
from slotgraph.core.values import Secret

_PATH = ("input", "holdToken")
_JUDGED_WHEN_HELD = (BookingOverride.NOTICE, BookingOverride.GRID)


def token_faults(token: Secret) -> Iterator[InvalidField]:
    """What is wrong with a text that cannot be a hold token."""
    if read(token.reveal()) is None:
        yield InvalidField(_PATH, NO_TOKEN)


async def from_hold(attempt: Attempt, token: Secret, choice: EmployeeChoice, *, manage_key: bytes) -> Attempt:
    """The attempt with what the token's hold spares it, for those alone whose time is held; unchanged if the hold is over.

    Raises BadInput for a token that is none, and for one of another slot or of employees who were not asked for.
    """
    named = read(token.reveal())
    if named is None or not verify(manage_key, token.reveal()) or named.company_id != attempt.company_id:
        raise BadInput(_PATH, NO_TOKEN)
    async with attempt.operation.database.read() as connection:
        hold = await holds.hold_by_id(connection, *named)
        standing = await blocks.employees_of_hold(connection, *named)
    if hold is None or not hold.is_live(attempt.operation.clock.now()) or standing != set(hold.employee_ids):
        return attempt
    if (hold.service_id, hold.span.start) != (attempt.who.service.id, attempt.start):
        raise BadInput(_PATH, "this token is of another slot; hold this one, or leave the token out.")
    if not _fits(hold, choice):
        raise BadInput(_PATH, "this token holds the time of other employees; name those, or leave the token out.")
    kept = [one for one in attempt.who.employees if one.id in hold.employee_ids]
    if len(kept) < len(hold.employee_ids):
        return attempt
    overrides = {*attempt.passed_over, *_JUDGED_WHEN_HELD}
    return replace(
        attempt,
        who=replace(attempt.who, employees=kept),
        passed_over=tuple(rule for rule in BookingOverride if rule in overrides),
        own=Own(hold_id=hold.id),
    )


def _fits(hold: Hold, choice: EmployeeChoice) -> bool:
    """Whether whose time is held is who was asked for: all of those wanted together, one of the others."""
    if choice.together is not None:
        return set(choice.together) == set(hold.employee_ids)
    named = choice.any_of if choice.employee is None else (choice.employee,)
    return len(hold.employee_ids) == 1 and (named is None or hold.employee_ids[0] in named)


async def unless_over(connection: Transaction, attempt: Attempt, *, otherwise: tuple[BookingOverride, ...]) -> Attempt:
    """The attempt, in a transaction that has locked its employees; without its hold if that was booked, given back or taken away.

    A hold that has merely lapsed since the call began, and that nobody has taken yet, is still its own. `otherwise` are the rules
    that are passed over without a hold.
    """
    hold_id = attempt.own.hold_id
    if hold_id is None:
        return attempt
    standing = await blocks.employees_of_hold(connection, attempt.company_id, hold_id)
    if standing == {one.id for one in attempt.who.employees}:
        return attempt
    return replace(attempt, own=NOTHING, passed_over=otherwise)


async def promote(connection: Transaction, attempt: Attempt, booking: Booking, hold_id: str) -> None:
    """Let the blocks of a hold be the booking's, with the buffers of now, and the hold be over. Raises SpanTaken."""
    promoted = await blocks.promote_hold(
        connection, booking.company_id, hold_id, booking_id=booking.id, span=attempt.blocked
    )
    if promoted != len(booking.employee_ids):
        raise SpanTaken
    await holds.end_hold(connection, booking.company_id, hold_id, at=booking.created_at)
