"""Linked accounts and their calendars."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, LargeBinary, String, Table, Text

from slotgraph.core.columns import Instant, Json
from slotgraph.core.tables.keys import Id, company_key, metadata, own_key, reference

account = Table(
    "account",
    metadata,
    company_key(),
    own_key(),
    Column("employee_id", Id),
    Column("provider", String(64), nullable=False),
    Column("label", String(320), nullable=False),
    Column("granted", Json, nullable=False),
    Column("capabilities", Json, nullable=False),
    Column("key_id", String(32), nullable=False),
    Column("sealed_credentials", LargeBinary, nullable=False),
    Column("last_success_at", Instant),
    Column("last_failure_at", Instant),
    Column("last_cause", String(32)),
    Column("failing", Boolean, nullable=False, default=False),
    reference("employee", "employee_id"),
)

calendar = Table(
    "calendar",
    metadata,
    company_key(),
    own_key(),
    Column("account_id", Id, nullable=False),
    Column("employee_id", Id),
    Column("provider_calendar_id", Text, nullable=False),
    Column("name", String(320), nullable=False),
    Column("time_zone", String(64)),
    Column("writable", Boolean, nullable=False),
    Column("is_primary", Boolean, nullable=False),
    Column("checked", Boolean, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("status_policy", Json, nullable=False),
    Column("ignore_unverified_until", Date),
    Column("read_mode", String(16), nullable=False),
    Column("titles_on_wire", Boolean, nullable=False),
    Column("flags", Json, nullable=False),
    Column("last_success_at", Instant),
    Column("last_failure_at", Instant),
    Column("last_cause", String(32)),
    Column("failing", Boolean, nullable=False, default=False),
    reference("account", "account_id", ondelete="CASCADE"),
    reference("employee", "employee_id"),
    Index("ix_calendar_employee", "company_id", "employee_id"),
    Index("ix_calendar_account", "company_id", "account_id"),
)

link_attempt = Table(
    "link_attempt",
    metadata,
    company_key(),
    Column("token_hash", String(64), primary_key=True),
    Column("provider", String(64), nullable=False),
    Column("employee_id", Id),
    Column("user_id", Id, ForeignKey("user.id"), nullable=False),
    Column("purposes", Json, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("account_id", Id),
)
