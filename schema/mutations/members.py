# ruff: noqa: A002 - `input` is the schema's word
"""Inviting, changing and removing members."""

from typing import Annotated

import strawberry

from slotgraph.core import policy, records
from slotgraph.core.people.invitations import Invited
from slotgraph.core.people.sessions import LoggedIn
from slotgraph.core.policy import Action
from slotgraph.schema import ids
from slotgraph.schema.answering import mutation
from slotgraph.schema.guard import refusal
from slotgraph.schema.inputs.members import (
    AcceptInvitationInput,
    InviteMemberInput,
    RemoveMemberInput,
    UpdateMemberInput,
)
from slotgraph.schema.mutations.access import begun, leave
from slotgraph.schema.own import company_of_actor
from slotgraph.schema.types.members import Invitation, Member
from slotgraph.schema.types.nodes import Info
from slotgraph.schema.types.problems import InvalidInput, LastOwner, NotFound, SecretRefused
from slotgraph.schema.types.results import Deleted
from slotgraph.schema.types.viewers import Viewer

Whom = Annotated[InviteMemberInput, strawberry.argument(description="Whom and as what.")]
Acceptance = Annotated[AcceptInvitationInput, strawberry.argument(description="Mailed token and a password.")]
Change = Annotated[UpdateMemberInput, strawberry.argument(description="What to change.")]
Removal = Annotated[RemoveMemberInput, strawberry.argument(description="Whom.")]

InviteMemberResult = Annotated[
    Invitation | InvalidInput | NotFound, strawberry.union("InviteMemberResult", description="The invitation.")
]
AcceptInvitationResult = Annotated[
    Viewer | SecretRefused | InvalidInput,
    strawberry.union("AcceptInvitationResult", description="You, logged in."),
]
UpdateMemberResult = Annotated[
    Member | LastOwner | InvalidInput | NotFound,
    strawberry.union("UpdateMemberResult", description="The member."),
]
RemoveMemberResult = Annotated[
    Deleted | LastOwner | InvalidInput | NotFound,
    strawberry.union("RemoveMemberResult", description="What was removed."),
]


@mutation(Action.CHANGE_MEMBERS, "Invites a person by mail.", InviteMemberResult)
async def invite_member(self: object, info: Info, input: Whom) -> object:
    operation = info.context.operation
    company_id = company_of_actor(operation)
    if not await operation.permits(Action.CHANGE_MEMBERS, company_id):
        raise refusal(operation)
    outcome = await info.context.use_cases.invitations.invite(operation, input.read(company_id))
    if not isinstance(outcome, Invited):
        return outcome
    return Invitation.of(operation, outcome.invitation, token=outcome.token)


@mutation(Action.LOG_IN, "Accepts an invitation and starts a session.", AcceptInvitationResult)
async def accept_invitation(self: object, info: Info, input: Acceptance) -> object:
    context = info.context
    outcome = await context.use_cases.invitations.accept(context.operation, input.token, input.password)
    return begun(context, outcome) if isinstance(outcome, LoggedIn) else outcome


@mutation(Action.CHANGE_MEMBERS, "Changes a member's role or employee.", UpdateMemberResult)
async def update_member(self: object, info: Info, input: Change) -> object:
    operation = info.context.operation
    outcome = await info.context.use_cases.members.update(operation, input.read())
    return Member.of(operation, outcome) if isinstance(outcome, records.CompanyMember) else outcome


@mutation(
    Action.CHANGE_MEMBERS,
    "Removes a member or an open invitation; their sessions end at once.",
    RemoveMemberResult,
)
async def remove_member(self: object, info: Info, input: Removal) -> object:
    context, use_cases = info.context, info.context.use_cases
    named = ids.decode(input.id, "Member", "Invitation", path=("input", "id"))
    remove = use_cases.members.remove if named.kind == "Member" else use_cases.invitations.take_back
    problem = await remove(context.operation, named.company_id, named.id)
    if problem is not None:
        return problem
    actor = context.operation.actor
    if isinstance(actor, policy.Member) and actor.id == named.id:
        await leave(context)
    return Deleted(id=input.id)
