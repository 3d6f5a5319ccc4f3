"""What a provider lists becomes calendars: at linking all of them, at linking again the new ones beside those known."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from slotgraph.core.records import Account, Calendar, Health
from slotgraph.core.values import BusyStatus, FoundCalendar, Purpose, ReadMode


def calendars_of(account: Account, found: Sequence[FoundCalendar], *, choose_default: bool) -> list[Calendar]:
    """All calendars count as busy; the primary writable one becomes the default if the employee has none."""
    calendars = [_calendar_of(account, one) for one in found]
    writable = [one for one in calendars if one.writable]
    if not choose_default or not writable:
        return calendars
    default = next((one for one in writable if one.is_primary), writable[0])
    return [replace(one, is_default=one is default) for one in calendars]


def renewed(account: Account, known: Calendar, found: FoundCalendar | None) -> Calendar:
    """A known calendar as its provider lists it now; what was chosen for it is kept.

    A default calendar that cannot be written into any more is none (rule K4). One that is not listed stays as it is.
    """
    if found is not None:
        answered_at = account.health.last_success_at
        known = replace(
            known,
            name=found.name,
            time_zone=found.time_zone,
            writable=found.writable,
            is_primary=found.primary,
            titles_on_wire=found.titles_on_wire,
            flags=dict(found.flags),
            health=replace(known.health, failing=False, last_success_at=answered_at),
        )
    writable = known.writable and Purpose.WRITE in account.granted
    return replace(known, writable=writable, is_default=known.is_default and writable)


def is_another_login(
    account: Account, label: str, *, known: Sequence[Calendar], found: Sequence[FoundCalendar]
) -> bool:
    """Whether a login is not the one that was linked: it lists none of the known calendars, or with none known has another label."""
    if not known:
        return label != account.label
    return {one.provider_calendar_id for one in known}.isdisjoint(one.id for one in found)


def _calendar_of(account: Account, found: FoundCalendar) -> Calendar:
    return Calendar(
        company_id=account.company_id,
        id=uuid.uuid4().hex,
        account_id=account.id,
        employee_id=account.employee_id,
        provider_calendar_id=found.id,
        name=found.name,
        time_zone=found.time_zone,
        writable=found.writable and Purpose.WRITE in account.granted,
        is_primary=found.primary,
        checked=True,
        is_default=False,
        status_policy=frozenset(BusyStatus),
        ignore_unverified_until=None,
        read_mode=ReadMode.AUTO,
        titles_on_wire=found.titles_on_wire,
        flags=dict(found.flags),
        health=Health(last_success_at=account.health.last_success_at),
    )
