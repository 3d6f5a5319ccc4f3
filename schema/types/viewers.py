"""Whoever sent a request."""

from typing import Self

import strawberry

from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, ActorKind, Member, Permission, Role, Support, Token, permissions_of
from slotgraph.schema.guard import Subject, leaf, object_type, resolved
from slotgraph.schema.scalars import EmailAddress
from slotgraph.schema.types import companies, employees
from slotgraph.schema.types.accounts import in_order
from slotgraph.schema.types.lazy import LazyCompany, LazyEmployee


@object_type(Action.READ_VIEWER, "Whoever sent this request.")
class Viewer:
    """The actor."""

    subject: strawberry.Private[Subject]

    kind: ActorKind = leaf("What kind of actor.")
    email: EmailAddress | None = leaf("Mail address of a member or agent; null otherwise.")
    role: Role | None = leaf("Role of a member; null otherwise.")

    @resolved(Action.READ_VIEWER, "Employee a member is; null if none.")
    async def employee(self) -> LazyEmployee | None:
        actor = self.subject.operation.actor
        if not isinstance(actor, Member):
            return None
        return await employees.employee_of(self.subject.operation, actor.company_id, actor.employee_id)

    @resolved(
        Action.READ_VIEWER,
        "Company of a member or token; null otherwise: an agent reads companies through `supportCases`.",
    )
    async def company(self) -> LazyCompany | None:
        operation = self.subject.operation
        if not isinstance(operation.actor, Member | Token):
            return None
        directory = await operation.directory(operation.actor.company_id)
        return companies.Company.of(operation, directory.company) if directory else None

    permissions: list[Permission] = leaf(
        "What you may do, company-wide. An agent's are on each SupportCase;"
        " what you may do with one employee is on EmployeeInternal."
    )

    @classmethod
    def of(cls, operation: Operation) -> Self:
        """The actor of an operation."""
        actor = operation.actor
        email = actor.email if isinstance(actor, Member | Support) else None
        return cls(
            subject=Subject(operation),
            kind=actor.kind,
            email=EmailAddress(email) if email else None,
            role=actor.role if isinstance(actor, Member) else None,
            permissions=in_order(permissions_of(actor)),
        )
