"""Availabilities and absences."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, Table, Text, Time

from slotgraph.core.tables.keys import Id, Minute, company_key, metadata, own_key, reference

availability = Table(
    "availability",
    metadata,
    company_key(),
    own_key(),
    Column("employee_id", Id, nullable=False),
    Column("start", Time, nullable=False),
    Column("end", Time, nullable=False),
    Column("weekday", Integer),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("date", Date),
    reference("employee", "employee_id", ondelete="CASCADE"),
    CheckConstraint("(weekday IS NULL) <> (date IS NULL)", name="weekly_or_dated"),
    Index("ix_availability_employee", "company_id", "employee_id"),
)

absence = Table(
    "absence",
    metadata,
    company_key(),
    own_key(),
    Column("employee_id", Id),
    Column("note", Text),
    Column("first_day", Date),
    Column("last_day", Date),
    Column("start_minute", Minute),
    Column("end_minute", Minute),
    reference("employee", "employee_id", ondelete="CASCADE"),
    CheckConstraint("(first_day IS NULL) <> (start_minute IS NULL)", name="days_or_range"),
    Index("ix_absence_employee", "company_id", "employee_id"),
)
