"""Invitations: made by an admin, handed on by them, accepted once with a password of one's own."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from slotgraph.core.customers import is_email
from slotgraph.core.operation import Operation
from slotgraph.core.passwords import Passwords, invitation_token, new_token, read_invitation_token, token_hash
from slotgraph.core.people.actors import Actors
from slotgraph.core.people.members import RemoveMemberResult, check_employee, locked_people, owner_fault
from slotgraph.core.people.password_rules import password_fault
from slotgraph.core.people.sessions import LoggedIn, SessionDesk
from slotgraph.core.policy import Action, Member, Role
from slotgraph.core.problems import InvalidField, InvalidInput, NotFound, SecretRefused
from slotgraph.core.records import Invitation, Membership, User
from slotgraph.core.store import companies, members, users
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.locks import lock_company
from slotgraph.core.values import Secret

VALID_FOR = timedelta(days=7)
MAX_OPEN = 200
_EMAIL = ("input", "email")


@dataclass(frozen=True, slots=True)
class InvitationRequest:
    """Whom to invite, and as what. `employee_id` None: they are no employee."""

    email: str
    role: Role
    employee_id: str | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation with its token, shown now and never again."""

    invitation: Invitation
    token: Secret


InviteResult = Invited | InvalidInput | NotFound
AcceptResult = LoggedIn | SecretRefused | InvalidInput


class InvitationDesk:
    """Makes, lists, takes back and accepts invitations."""

    def __init__(self, passwords: Passwords, sessions: SessionDesk, actors: Actors) -> None:
        self._passwords = passwords
        self._sessions = sessions
        self._actors = actors

    async def invitations(self, operation: Operation, company_id: str) -> list[Invitation] | None:
        """The open invitations of a company; None if the actor may not see them."""
        if not await operation.permits(Action.READ_MEMBERS, company_id):
            return None
        async with operation.database.read() as connection:
            return await members.invitations_of(connection, company_id, now=operation.clock.now())

    async def invite(self, operation: Operation, request: InvitationRequest) -> InviteResult:
        """Invite an address, instead of an earlier invitation of it. Raises BadInput, UnknownObject."""
        actor, now = operation.actor, operation.clock.now()
        if not isinstance(actor, Member) or not await operation.permits(Action.CHANGE_MEMBERS, actor.company_id):
            return NotFound(("input",))
        if not is_email(request.email):
            return _invalid(_EMAIL, "this is no e-mail address, for example name@example.org.")
        secret, email, company_id = new_token(), request.email.lower(), actor.company_id
        async with operation.database.write() as connection:
            people = await locked_people(connection, operation, company_id)
            acting = people.acting(actor)
            if acting is None:
                return NotFound(("input",))
            earlier = next((one for one in people.invitations.values() if one.email == email), None)
            fault = owner_fault(acting, request.role, path=("input", "role"))
            if earlier is not None:
                fault = fault or owner_fault(acting, earlier.role, path=_EMAIL)
                people = people.without(earlier)
            if fault is not None:
                return fault
            if len(people.invitations) >= MAX_OPEN:
                return _invalid(_EMAIL, f"there are {MAX_OPEN} open invitations; take some back first.")
            if await users.login_by_email(connection, email) is not None:
                return _invalid(_EMAIL, "this address already has a login.")
            await check_employee(connection, people, request.employee_id)
            lapses_at = now + VALID_FOR
            made = Invitation(company_id, uuid.uuid4().hex, email, request.role, request.employee_id, lapses_at)
            await members.replace_invitation(connection, made, token_hash=token_hash(secret), at=now)
        return Invited(made, Secret(invitation_token(company_id, secret)))

    async def take_back(self, operation: Operation, company_id: str, invitation_id: str) -> RemoveMemberResult:
        """Take an open invitation back; its token is dead. None: done."""
        actor, path = operation.actor, ("input", "id")
        if not isinstance(actor, Member) or not await operation.permits(Action.CHANGE_MEMBERS, company_id):
            return NotFound(path)
        async with operation.database.write() as connection:
            people = await locked_people(connection, operation, company_id)
            acting, found = people.acting(actor), people.invitations.get(invitation_id)
            if acting is None or found is None:
                return NotFound(path)
            if fault := owner_fault(acting, found.role, path=path):
                return fault
            await members.delete_invitation(connection, found)
        return None

    async def accept(self, operation: Operation, token: Secret, password: Secret) -> AcceptResult:
        """Make the login that was invited, with this password, and start its session. Of two who accept at a time one does."""
        key, now = read_invitation_token(token.reveal()), operation.clock.now()
        if key is None:
            return SecretRefused()
        async with operation.database.read() as connection:
            invitation = await members.invitation_by_hash(connection, key.company_id, key.secret_hash, now=now)
        if invitation is None:
            return SecretRefused()
        if fault := password_fault(password.reveal(), invitation.email):
            return _invalid(("input", "password"), fault)
        password_hash = await self._passwords.hash(password.reveal())
        async with operation.database.write() as connection:
            await lock_company(connection, key.company_id)
            invitation = await members.invitation_by_hash(connection, key.company_id, key.secret_hash, now=now)
            if invitation is None:
                return SecretRefused()
            user = User(uuid.uuid4().hex, invitation.email, is_support=False)
            if not await users.insert_user(connection, user, password_hash=password_hash, at=now):
                return SecretRefused()
            place = await _place(connection, invitation, user)
            await members.insert_membership(connection, place)
            await members.delete_invitation(connection, invitation)
            actor = self._actors.of_user(user, place)
            assert actor is not None, "whoever has a place is somebody"
            return await self._sessions.begin(connection, operation, actor)


async def _place(connection: Transaction, invitation: Invitation, user: User) -> Membership:
    """The place that was promised; without the employee if that is gone by now."""
    company_id, employee_id = invitation.company_id, invitation.employee_id
    if employee_id is not None and await companies.employee_by_id(connection, company_id, employee_id) is None:
        employee_id = None
    return Membership(company_id, uuid.uuid4().hex, user.id, user.email, invitation.role, employee_id)


def _invalid(path: tuple[str, ...], message: str) -> InvalidInput:
    return InvalidInput((InvalidField(path, message),))
