"""Who belongs to a company, and who is invited."""

from datetime import datetime
from typing import Self

import strawberry

from slotgraph.core import records
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, Role
from slotgraph.core.values import Secret
from slotgraph.schema import ids
from slotgraph.schema.guard import Subject, leaf, object_type, resolved
from slotgraph.schema.scalars import EmailAddress
from slotgraph.schema.types import employees
from slotgraph.schema.types.lazy import LazyEmployee
from slotgraph.schema.types.nodes import GLOBAL_ID, Node


@object_type(Action.READ_MEMBERS, "A login of a company.")
class Member(Node):
    """A member."""

    subject: strawberry.Private[Subject]
    record: strawberry.Private[records.CompanyMember]

    id: strawberry.ID = leaf(GLOBAL_ID)
    email: EmailAddress = leaf("Mail address.")
    role: Role = leaf("Role.")

    @resolved(Action.READ_MEMBERS, "Employee they are; null if none.")
    async def employee(self) -> LazyEmployee | None:
        place = self.record.place
        return await employees.employee_of(self.subject.operation, place.company_id, place.employee_id)

    totp_enabled: bool = leaf("Whether a second factor is on.")
    last_login_at: datetime | None = leaf("Last login; null if never.")

    @classmethod
    def of(cls, operation: Operation, record: records.CompanyMember) -> Self:
        """The member as the company's admins see them."""
        place = record.place
        return cls(
            subject=Subject(operation, place.company_id),
            record=record,
            id=ids.encode("Member", place.company_id, place.id),
            email=EmailAddress(place.email),
            role=place.role,
            totp_enabled=record.totp_enabled,
            last_login_at=record.last_login_at,
        )


@object_type(Action.READ_MEMBERS, "An invitation not yet accepted.")
class Invitation(Node):
    """Somebody to be."""

    subject: strawberry.Private[Subject]

    id: strawberry.ID = leaf(GLOBAL_ID)
    email: EmailAddress = leaf("Invited address.")
    role: Role = leaf("Role to be.")
    expires_at: datetime = leaf("When it lapses.")
    token: Secret | None = leaf(
        "Token to hand on, behind the # of an address; shown in the answer of inviteMember only, null ever after."
    )

    @classmethod
    def of(cls, operation: Operation, record: records.Invitation, *, token: Secret | None = None) -> Self:
        """The invitation as the company's admins see it; with its token for whoever has just made it."""
        return cls(
            subject=Subject(operation, record.company_id),
            id=ids.encode("Invitation", record.company_id, record.id),
            email=EmailAddress(record.email),
            role=record.role,
            expires_at=record.expires_at,
            token=token,
        )
