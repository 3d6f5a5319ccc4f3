"""Statements on members and invitations: who belongs to a company, and who may.

Whoever changes them takes `locks.lock_company` first: the last owner, the holder of an employee and the number of invitations are
then what they seem to be.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from slotgraph.core import tables as t
from slotgraph.core.policy import Role
from slotgraph.core.records import CompanyMember, Invitation, Membership


async def insert_membership(connection: AsyncConnection, membership: Membership) -> None:
    """Give a user a place in a company."""
    await connection.execute(
        insert(t.member).values(
            company_id=membership.company_id,
            id=membership.id,
            user_id=membership.user_id,
            role=membership.role.value,
            employee_id=membership.employee_id,
        )
    )


async def update_membership(connection: AsyncConnection, membership: Membership) -> None:
    """Store a member's role and employee as they are now."""
    m = t.member.c
    where = (m.company_id == membership.company_id, m.id == membership.id)
    values = {"role": membership.role.value, "employee_id": membership.employee_id}
    await connection.execute(update(t.member).where(*where).values(**values))


async def delete_membership(connection: AsyncConnection, membership: Membership) -> None:
    """Take a user's place away, and what they were linking."""
    m, attempt = t.member.c, t.link_attempt.c
    company_id = membership.company_id
    under_way = (attempt.company_id == company_id, attempt.user_id == membership.user_id)
    await connection.execute(delete(t.link_attempt).where(*under_way))
    await connection.execute(delete(t.member).where(m.company_id == company_id, m.id == membership.id))


async def membership_of(connection: AsyncConnection, user_id: str) -> Membership | None:
    """The place a user has in a company."""
    m, u = t.member.c, t.user.c
    statement = select(t.member, u.email).join_from(t.member, t.user, m.user_id == u.id).where(m.user_id == user_id)
    row = (await connection.execute(statement)).first()
    return _membership_from_row(row) if row else None


def _membership_from_row(row: Row[Any]) -> Membership:
    return Membership(row.company_id, row.id, row.user_id, row.email, Role(row.role), row.employee_id)


async def members_of(connection: AsyncConnection, company_id: str) -> list[CompanyMember]:
    """The members of a company by address."""
    m, u = t.member.c, t.user.c
    statement = (
        select(t.member, u.email, u.totp_confirmed_at, u.last_login_at)
        .join_from(t.member, t.user, m.user_id == u.id)
        .where(m.company_id == company_id)
    )
    found = [
        CompanyMember(_membership_from_row(row), row.totp_confirmed_at is not None, row.last_login_at)
        for row in await connection.execute(statement)
    ]
    return sorted(found, key=lambda one: (one.place.email, one.place.id))


def _invitation_from_row(row: Row[Any]) -> Invitation:
    return Invitation(row.company_id, row.id, row.email, Role(row.role), row.employee_id, row.expires_at)


async def replace_invitation(
    connection: AsyncConnection, invitation: Invitation, *, token_hash: str, at: datetime
) -> None:
    """Add an invitation instead of any other of its address; those of the company that lapsed are dropped."""
    i = t.invitation.c
    outdated = or_(i.email == invitation.email, i.expires_at <= at)
    await connection.execute(delete(t.invitation).where(i.company_id == invitation.company_id, outdated))
    await connection.execute(
        insert(t.invitation).values(
            company_id=invitation.company_id,
            id=invitation.id,
            email=invitation.email,
            role=invitation.role.value,
            employee_id=invitation.employee_id,
            token_hash=token_hash,
            created_at=at,
            expires_at=invitation.expires_at,
        )
    )


async def invitations_of(connection: AsyncConnection, company_id: str, *, now: datetime) -> list[Invitation]:
    """The open invitations of a company by address."""
    i = t.invitation.c
    rows = await connection.execute(select(t.invitation).where(i.company_id == company_id, i.expires_at > now))
    return sorted((_invitation_from_row(row) for row in rows), key=lambda one: (one.email, one.id))


async def invitation_by_hash(
    connection: AsyncConnection, company_id: str, token_hash: str, *, now: datetime
) -> Invitation | None:
    """The open invitation with this token."""
    i = t.invitation.c
    where = (i.company_id == company_id, i.token_hash == token_hash, i.expires_at > now)
    row = (await connection.execute(select(t.invitation).where(*where))).first()
    return _invitation_from_row(row) if row else None


async def delete_invitation(connection: AsyncConnection, invitation: Invitation) -> None:
    """Take an invitation back, or drop it once accepted."""
    i = t.invitation.c
    await connection.execute(delete(t.invitation).where(i.company_id == invitation.company_id, i.id == invitation.id))
