"""Who belongs to a company."""

import strawberry

from slotgraph.core.people.invitations import InvitationRequest
from slotgraph.core.people.members import MemberChange
from slotgraph.core.policy import Role
from slotgraph.core.values import Omitted, Secret
from slotgraph.schema import ids
from slotgraph.schema.guard import changed, input_type, leaf
from slotgraph.schema.ids import within
from slotgraph.schema.inputs.changes import kept, kept_or_null
from slotgraph.schema.scalars import EmailAddress

_EMPLOYEE = ("input", "employee")


@input_type("Whom to invite.")
class InviteMemberInput:
    """A person to be."""

    email: EmailAddress = leaf("Address.")
    role: Role = leaf("Role to be.")
    employee: strawberry.ID | None = leaf("Employee they are; omit for none.")

    def read(self, company_id: str) -> InvitationRequest:
        """The invitation meant, into this company. Raises BadInput."""
        employee_id = None
        if self.employee is not None:
            employee_id = within(ids.decode(self.employee, "Employee", path=_EMPLOYEE), company_id)
        return InvitationRequest(self.email, self.role, employee_id)


@input_type("Acceptance of an invitation.")
class AcceptInvitationInput:
    """By which token."""

    token: Secret = leaf("Mailed token.")
    password: Secret = leaf("Password to be.")


@input_type("Change of a member; what is omitted stays.")
class UpdateMemberInput:
    """A change."""

    member: strawberry.ID = leaf("Whom.")
    role: Role | None = changed("New role.")
    employee: strawberry.ID | None = changed("Employee they are; null for none.")

    def read(self) -> MemberChange:
        """The change meant. Raises BadInput."""
        named = ids.decode(self.member, "Member", path=("input", "member"))
        employee: str | None | Omitted = kept_or_null(self.employee)
        if isinstance(employee, str):
            employee = within(ids.decode(employee, "Employee", path=_EMPLOYEE), named.company_id)
        return MemberChange(named.company_id, named.id, kept(self.role, "role"), employee)


@input_type("Whom to remove.")
class RemoveMemberInput:
    """Somebody."""

    id: strawberry.ID = leaf("Member or invitation.")
