"""Support cases and the log of accesses."""

from sqlalchemy import Boolean, Column, Index, String, Table, Text

from slotgraph.core.columns import Instant, Json
from slotgraph.core.tables.keys import Id, company_key, metadata, own_key

support_case = Table(
    "support_case",
    metadata,
    company_key(),
    own_key(),
    Column("reason", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", String(16)),
    Column("customer_data_granted", Boolean, nullable=False),
    Index("ix_support_case_opened", "company_id", "opened_at", "id"),
)

access_log = Table(
    "access_log",
    metadata,
    company_key(),
    own_key(),
    Column("at", Instant, nullable=False),
    Column("agent_id", Id, nullable=False),
    Column("agent", String(254), nullable=False),
    Column("case_id", Id),
    Column("refused", Boolean, nullable=False),
    Column("operation_name", String(200)),
    Column("fields", Json, nullable=False),
    Column("range_start", Instant),
    Column("range_end", Instant),
    Index("ix_access_log_at", "company_id", "at", "id"),
)
