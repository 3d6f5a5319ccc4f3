"""Companies, their employees and services."""

from sqlalchemy import Boolean, Column, Integer, String, Table, Text

from slotgraph.core.columns import Instant, Json
from slotgraph.core.grids import GridAnchor
from slotgraph.core.tables.keys import Id, company_key, metadata, own_key, reference

company = Table(
    "company",
    metadata,
    Column("id", Id, primary_key=True),
    Column("slug", String(63), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("locale", String(35), nullable=False),
    Column("booking_interval_minutes", Integer, nullable=False),
    Column("exclude_support", Boolean, nullable=False, default=False),
    Column("created_at", Instant, nullable=False),
    Column("grid_anchor", String(32), nullable=False, server_default=GridAnchor.AVAILABILITY_START.value),
    Column("hold_minutes", Integer, nullable=False, server_default="10"),
    Column("customer_data_days", Integer, nullable=False, server_default="180"),
    Column("entry_title_template", Text),
    Column("entry_description_template", Text),
    Column("allowed_origins", Json, nullable=False, server_default="[]"),
)

employee = Table(
    "employee",
    metadata,
    company_key(),
    own_key(),
    Column("name", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("show_appointments", Boolean, nullable=False),
    Column("deleted_at", Instant),
)

service = Table(
    "service",
    metadata,
    company_key(),
    own_key(),
    Column("name", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("duration_minutes", Integer, nullable=False),
    Column("buffer_before_minutes", Integer, nullable=False),
    Column("buffer_after_minutes", Integer, nullable=False),
    Column("minimum_notice_minutes", Integer, nullable=False),
    Column("horizon_days", Integer, nullable=False),
    Column("booking_interval_minutes", Integer),
    Column("cancellation_limit_hours", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("deleted_at", Instant),
)

service_employee = Table(
    "service_employee",
    metadata,
    company_key(),
    Column("service_id", Id, primary_key=True),
    Column("employee_id", Id, primary_key=True),
    reference("service", "service_id", ondelete="CASCADE"),
    reference("employee", "employee_id", ondelete="CASCADE"),
)
