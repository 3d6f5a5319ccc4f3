"""Whoever sent a request."""

from typing import Self

import strawberry

from slotgraph.core.operation import Operation
from slotgraph.core.permissions import permissions_of
from slotgraph.core.policy import Action, ActorKind, Member, Permission, Role, Support, Token, Unproven
from slotgraph.core.values import Secret
from slotgraph.schema.guard import Subject, leaf, object_type, resolved
from slotgraph.schema.scalars import EmailAddress
from slotgraph.schema.types import companies, employees
from slotgraph.schema.types.accounts import in_order
from slotgraph.schema.types.lazy import LazyCompany, LazyEmployee
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.sessions import Session


@object_type(Action.READ_VIEWER, "Whoever sent this request.")
class Viewer:
    """The actor."""

    subject: strawberry.Private[Subject]
    session: strawberry.Private[Secret | None]

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

    @resolved(Action.READ_VIEWER, "Whether a second factor is on.")
    async def totp_enabled(self, info: Info) -> bool:
        return await info.context.use_cases.second_factors.is_on(self.subject.operation)

    @resolved(Action.READ_VIEWER, "Your open sessions; empty for tokens and strangers.")
    async def sessions(self, info: Info) -> list[Session]:
        operation = self.subject.operation
        listed = await info.context.use_cases.sessions.sessions(operation)
        return [Session.of(operation, one, this=self.session) for one in listed]

    @classmethod
    def of(cls, operation: Operation, *, session: Secret | None) -> Self:
        """The actor of an operation, and the session they came with or began, if there is one."""
        actor = operation.actor
        email = actor.email if isinstance(actor, Member | Support | Unproven) else None
        return cls(
            subject=Subject(operation),
            session=session,
            kind=actor.kind,
            email=EmailAddress(email) if email else None,
            role=actor.role if isinstance(actor, Member) else None,
            permissions=in_order(permissions_of(actor)),
        )
