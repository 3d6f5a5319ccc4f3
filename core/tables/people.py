"""Logins, and what lets people and programs in."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, LargeBinary, String, Table, UniqueConstraint

from slotgraph.core.columns import Instant, Json
from slotgraph.core.tables.keys import Id, company_key, metadata, own_key, reference

user = Table(
    "user",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("password_hash", String(200), nullable=False),
    Column("is_support", Boolean, nullable=False, default=False),
    Column("created_at", Instant, nullable=False),
    Column("last_login_at", Instant),
    Column("totp_key_id", String(32)),
    Column("totp_sealed", LargeBinary),
    Column("totp_confirmed_at", Instant),
    Column("totp_last_step", BigInteger),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("user_id", Id, ForeignKey("user.id"), primary_key=True),
    Column("code_hash", String(64), primary_key=True),
)

password_reset = Table(
    "password_reset",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", Id, ForeignKey("user.id"), nullable=False, index=True),
    Column("expires_at", Instant, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", Id, ForeignKey("user.id"), nullable=False, index=True),
    Column("company_id", Id, ForeignKey("company.id")),
    Column("started_at", Instant, nullable=False),
    Column("last_used_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("client", String(200), nullable=False),
)

member = Table(
    "member",
    metadata,
    company_key(),
    own_key(),
    Column("user_id", Id, ForeignKey("user.id"), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("employee_id", Id),
    reference("employee", "employee_id"),
)

invitation = Table(
    "invitation",
    metadata,
    company_key(),
    own_key(),
    Column("email", String(254), nullable=False),
    Column("role", String(16), nullable=False),
    Column("employee_id", Id),
    Column("token_hash", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    reference("employee", "employee_id"),
    UniqueConstraint("company_id", "email"),
)

api_token = Table(
    "api_token",
    metadata,
    company_key(),
    own_key(),
    Column("name", String(200), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("last_used_at", Instant),
)
