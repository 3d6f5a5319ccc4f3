"""The tables of the one database, for SQLite and PostgreSQL. Shapes only: statements live in `store`.

Keys of company-owned tables start with `company_id`, so that the database can be sharded by company; GLOBAL_TABLES names the others.
Ids are 32 hexadecimal digits; instants are aware and in UTC; `*_minute` columns are whole minutes since the epoch.
"""

from slotgraph.core.tables.bookings import (
    BLOCK_OVERLAPS,
    attendance,
    block,
    booking,
    calendar_entry,
    hold,
    idempotency,
    outbox,
)
from slotgraph.core.tables.calendars import account, calendar, link_attempt
from slotgraph.core.tables.companies import company, employee, service, service_employee
from slotgraph.core.tables.keys import metadata
from slotgraph.core.tables.people import api_token, invitation, member, password_reset, recovery_code, session, user
from slotgraph.core.tables.schedule import absence, availability
from slotgraph.core.tables.support import access_log, support_case

__all__ = [
    "BLOCK_OVERLAPS",
    "GLOBAL_TABLES",
    "absence",
    "access_log",
    "account",
    "api_token",
    "attendance",
    "availability",
    "block",
    "booking",
    "calendar",
    "calendar_entry",
    "company",
    "employee",
    "hold",
    "idempotency",
    "invitation",
    "link_attempt",
    "member",
    "metadata",
    "outbox",
    "password_reset",
    "recovery_code",
    "service",
    "service_employee",
    "session",
    "support_case",
    "user",
]

GLOBAL_TABLES = frozenset({"company", "user", "session", "recovery_code", "password_reset"})
"""Tables that belong to no company; sessions carry the company they act in, the others are of one user."""
