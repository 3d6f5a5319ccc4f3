"""Founding a company and its logins: what the command line and the demo do until the administration comes to the API."""

import uuid
from datetime import datetime

from slotgraph.core.clock import is_zone_name
from slotgraph.core.customers import is_email, is_locale, text_faults
from slotgraph.core.errors import BadInput
from slotgraph.core.grids import GridAnchor
from slotgraph.core.passwords import Passwords
from slotgraph.core.people.password_rules import password_fault
from slotgraph.core.policy import Role
from slotgraph.core.records import Membership, User
from slotgraph.core.slugs import SLUG_FORM, is_slug
from slotgraph.core.store import companies, locks, members, users
from slotgraph.core.store.database import Database, Transaction
from slotgraph.core.values import Secret


async def found_company(database: Database, slug: str, *, name: str, time_zone: str, locale: str, now: datetime) -> str:
    """Make a company; its id. Raises BadInput that names the field."""
    if not is_slug(slug):
        raise BadInput(("slug",), SLUG_FORM)
    for fault in text_faults(("name",), name, longest=200):
        raise BadInput(fault.path, fault.message)
    if not is_zone_name(time_zone):
        raise BadInput(("time-zone",), f"{time_zone!r} is no IANA time zone, for example Europe/Zurich.")
    if not is_locale(locale):
        raise BadInput(("locale",), "this is no language tag, for example de or en-GB.")
    company_id = uuid.uuid4().hex
    async with database.write() as connection:
        await locks.lock_name(connection, "slug", slug)
        if await companies.company_by_slug(connection, slug) is not None:
            raise BadInput(("slug",), f"there is a company {slug!r} already.")
        await companies.insert_company(
            connection,
            id=company_id,
            slug=slug,
            name=name,
            time_zone=time_zone,
            locale=locale,
            booking_interval_minutes=15,
            exclude_support=False,
            grid_anchor=GridAnchor.AVAILABILITY_START,
            created_at=now,
        )
    return company_id


async def create_agent(
    database: Database, passwords: Passwords, email: str, *, password: Secret, now: datetime
) -> User:
    """Make the login of a support agent, who belongs to no company. Raises BadInput that names the field."""
    hashed = await _checked(passwords, email, password)
    async with database.write() as connection:
        return await _insert_user(connection, email, hashed, is_support=True, now=now)


async def create_member(
    database: Database,
    passwords: Passwords,
    email: str,
    *,
    password: Secret,
    company: str,
    role: Role,
    employee_id: str | None = None,
    now: datetime,
) -> Membership:
    """Make a login with its place in the company of this slug, or neither. Raises BadInput that names the field."""
    hashed = await _checked(passwords, email, password)
    async with database.write() as connection:
        found = await companies.company_by_slug(connection, company)
        if found is None:
            raise BadInput(("company",), f"there is no company {company!r}.")
        user = await _insert_user(connection, email, hashed, is_support=False, now=now)
        membership = Membership(found.id, uuid.uuid4().hex, user.id, user.email, role, employee_id)
        await members.insert_membership(connection, membership)
    return membership


def check_password(password: str, email: str | None = None) -> None:
    """Raise BadInput for a password that is no good, or none for the login with this address."""
    if fault := password_fault(password, email):
        raise BadInput(("password",), fault)


async def _checked(passwords: Passwords, email: str, password: Secret) -> str:
    """The hash of the password, if it and the address are fit for a login."""
    if not is_email(email):
        raise BadInput(("email",), "this is no e-mail address.")
    check_password(password.reveal(), email)
    return await passwords.hash(password.reveal())


async def _insert_user(connection: Transaction, email: str, hashed: str, *, is_support: bool, now: datetime) -> User:
    user = User(uuid.uuid4().hex, email.lower(), is_support)
    if not await users.insert_user(connection, user, password_hash=hashed, at=now):
        raise BadInput(("email",), "there is a login with this address already.")
    return user
