"""Bookings, what they block, and what is written into calendars for them."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, String, Table, Text, false

from slotgraph.core.columns import Instant, Json
from slotgraph.core.tables.keys import Id, Minute, company_key, metadata, own_key, reference

booking = Table(
    "booking",
    metadata,
    company_key(),
    own_key(),
    Column("service_id", Id, nullable=False),
    Column("start_minute", Minute, nullable=False),
    Column("end_minute", Minute, nullable=False),
    Column("state", String(16), nullable=False),
    Column("cancellation_limit_hours", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("customer_name", String(200)),
    Column("customer_email", String(254)),
    Column("customer_phone", String(50)),
    Column("customer_locale", String(35)),
    Column("customer_time_zone", String(64)),
    Column("note", Text),
    Column("cancel_reason", Text),
    Column("created_at", Instant, nullable=False),
    Column("customer_email_key", Text),
    reference("service", "service_id"),
    Index("ix_booking_start", "company_id", "start_minute", "id"),
    Index("ix_booking_customer", "company_id", "customer_email_key", "start_minute", "id"),
)
"""`customer_email_key` is the address in lower case: databases do not agree on what that is."""

_OF_SOMEBODY = booking.c.customer_email_key.is_not(None) | booking.c.cancel_reason.is_not(None)
Index(
    "ix_booking_personal",
    booking.c.company_id,
    booking.c.end_minute,
    sqlite_where=_OF_SOMEBODY,
    postgresql_where=_OF_SOMEBODY,
)

attendance = Table(
    "attendance",
    metadata,
    company_key(),
    Column("booking_id", Id, primary_key=True),
    Column("employee_id", Id, primary_key=True),
    reference("booking", "booking_id"),
    reference("employee", "employee_id"),
    Index("ix_attendance_employee", "company_id", "employee_id"),
)

hold = Table(
    "hold",
    metadata,
    company_key(),
    own_key(),
    Column("service_id", Id, nullable=False),
    Column("start_minute", Minute, nullable=False),
    Column("end_minute", Minute, nullable=False),
    Column("employee_ids", Json, nullable=False),
    Column("source", String(64)),
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("created_at", Instant, nullable=False),
    Index("ix_hold_source", "company_id", "source", "expires_at"),
    Index("ix_hold_created", "company_id", "created_at"),
)
"""A hold is over once it lapsed or ended; it stays for a day, so that whoever asks again is answered the same. `source` is a keyed
hash of where a stranger came from. What a hold keeps free are its blocks."""

block = Table(
    "block",
    metadata,
    company_key(),
    own_key(),
    Column("employee_id", Id, nullable=False),
    Column("start_minute", Minute, nullable=False),
    Column("end_minute", Minute, nullable=False),
    Column("booking_id", Id),
    Column("expires_at", Instant),
    Column("hold_id", Id),
    reference("employee", "employee_id"),
    reference("booking", "booking_id"),
    CheckConstraint("start_minute < end_minute", name="not_empty"),
    CheckConstraint("(booking_id IS NULL) <> (expires_at IS NULL)", name="booking_or_hold"),
    Index("ix_block_span", "company_id", "employee_id", "end_minute", "start_minute"),
    Index("ix_block_booking", "company_id", "booking_id"),
    Index("ix_block_of_hold", "company_id", "hold_id"),
)
Index(
    "ix_block_hold",
    block.c.company_id,
    block.c.expires_at,
    sqlite_where=block.c.expires_at.is_not(None),
    postgresql_where=block.c.expires_at.is_not(None),
)

BLOCK_OVERLAPS = "block_overlaps"
"""What the database says when two blocked spans of one employee would overlap (rule K1)."""

calendar_entry = Table(
    "calendar_entry",
    metadata,
    company_key(),
    own_key(),
    Column("booking_id", Id, nullable=False),
    Column("employee_id", Id, nullable=False),
    Column("calendar_id", Id),
    Column("state", String(16), nullable=False),
    Column("state_at", Instant, nullable=False),
    Column("reference_calendar", Text),
    Column("reference_id", Text),
    Column("reference_etag", Text),
    Column("probed_at", Instant),
    Column("missed_at", Instant),
    reference("booking", "booking_id"),
    reference("calendar", "calendar_id"),
    Index("ix_calendar_entry_booking", "company_id", "booking_id"),
)
Index(
    "ix_calendar_entry_probed",
    calendar_entry.c.probed_at,
    sqlite_where=calendar_entry.c.probed_at.is_not(None),
    postgresql_where=calendar_entry.c.probed_at.is_not(None),
)
"""`probed_at` is when somebody last looked for it outside, null if nobody shall; `missed_at` since when it has not been found."""

outbox = Table(
    "outbox",
    metadata,
    company_key(),
    Column("entry_id", Id, primary_key=True),
    Column("action", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("cause", String(32)),
    Column("next_attempt_at", Instant),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False),
    Column("lease", Integer),
    Column("unsure", Boolean, nullable=False, server_default=false()),
    reference("calendar_entry", "entry_id"),
    Index("ix_outbox_due", "state", "next_attempt_at"),
)

"""`lease` is the fence at which whoever is at it took the row, until `lease_until`."""

idempotency = Table(
    "idempotency",
    metadata,
    company_key(),
    Column("actor_scope", String(80), primary_key=True),
    Column("mutation", String(40), primary_key=True),
    Column("key", String(36), primary_key=True),
    Column("input_hash", String(64), nullable=False),
    Column("result_type", String(40), nullable=False),
    Column("result_id", Id, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index("ix_idempotency_created", "company_id", "created_at"),
)
