"""Members of a company: who they are, and changing and removing them. There is always an owner, and only owners touch owners."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from slotgraph.core.errors import BadInput, UnknownObject
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, Member, Role
from slotgraph.core.problems import InvalidField, InvalidInput, LastOwner, NotFound
from slotgraph.core.records import CompanyMember, Invitation, Membership
from slotgraph.core.store import companies, members, users
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.locks import lock_company
from slotgraph.core.values import OMITTED, Omitted

_MEMBER, _ID = ("input", "member"), ("input", "id")
_ROLE, _EMPLOYEE = ("input", "role"), ("input", "employee")


@dataclass(frozen=True, slots=True)
class MemberChange:
    """Change of a member; what is OMITTED stays. `employee_id` None: they are no employee."""

    company_id: str
    id: str
    role: Role | Omitted = OMITTED
    employee_id: str | None | Omitted = OMITTED


@dataclass(frozen=True, slots=True)
class People:
    """Who belongs to a company and who may, as one transaction that has locked the company sees them."""

    company_id: str
    members: Mapping[str, CompanyMember]
    invitations: Mapping[str, Invitation]

    def acting(self, actor: Member) -> Membership | None:
        """The place of whoever makes a change, as it is now, if it still lets them."""
        found = self.members.get(actor.id)
        return found.place if found is not None and found.place.role is not Role.STAFF else None

    def is_last_owner(self, place: Membership) -> bool:
        """Whether nobody else is an owner."""
        owners = [one.place.id for one in self.members.values() if one.place.role is Role.OWNER]
        return owners == [place.id]

    def without(self, invitation: Invitation) -> "People":
        """The same people, but for an invitation."""
        left = {key: one for key, one in self.invitations.items() if key != invitation.id}
        return replace(self, invitations=left)

    def employee_fault(self, employee_id: str, *, member_id: str | None = None) -> str | None:
        """Why nobody else can be this employee: at most one login is, or shall be."""
        held = any(one.place.employee_id == employee_id and key != member_id for key, one in self.members.items())
        if held:
            return "another member is this employee already."
        if any(one.employee_id == employee_id for one in self.invitations.values()):
            return "somebody is invited as this employee already."
        return None


UpdateMemberResult = CompanyMember | LastOwner | InvalidInput | NotFound
RemoveMemberResult = LastOwner | InvalidInput | NotFound | None


class MemberDesk:
    """Lists, changes and removes members."""

    async def members(self, operation: Operation, company_id: str) -> list[CompanyMember] | None:
        """The members of a company; None if the actor may not see them."""
        if not await operation.permits(Action.READ_MEMBERS, company_id):
            return None
        async with operation.database.read() as connection:
            return await members.members_of(connection, company_id)

    async def update(self, operation: Operation, change: MemberChange) -> UpdateMemberResult:
        """Change a member's role or employee. A changed role counts from the member's next request on."""
        actor = operation.actor
        if not isinstance(actor, Member) or not await operation.permits(Action.CHANGE_MEMBERS, change.company_id):
            return NotFound(_MEMBER)
        async with operation.database.write() as connection:
            people = await locked_people(connection, operation, change.company_id)
            acting, found = people.acting(actor), people.members.get(change.id)
            if acting is None or found is None:
                return NotFound(_MEMBER)
            role = found.place.role if isinstance(change.role, Omitted) else change.role
            if fault := owner_fault(acting, found.place.role, path=_MEMBER) or owner_fault(acting, role, path=_ROLE):
                return fault
            if role is not Role.OWNER and people.is_last_owner(found.place):
                return LastOwner()
            place = replace(found.place, role=role)
            if not isinstance(change.employee_id, Omitted):
                await check_employee(connection, people, change.employee_id, member_id=place.id)
                place = replace(place, employee_id=change.employee_id)
            await members.update_membership(connection, place)
        return replace(found, place=place)

    async def remove(self, operation: Operation, company_id: str, member_id: str) -> RemoveMemberResult:
        """Take a member's place away: the login is deleted, and its sessions are over. None: done."""
        actor = operation.actor
        if not isinstance(actor, Member) or not await operation.permits(Action.CHANGE_MEMBERS, company_id):
            return NotFound(_ID)
        async with operation.database.write() as connection:
            people = await locked_people(connection, operation, company_id)
            acting, found = people.acting(actor), people.members.get(member_id)
            if acting is None or found is None:
                return NotFound(_ID)
            if fault := owner_fault(acting, found.place.role, path=_ID):
                return fault
            if people.is_last_owner(found.place):
                return LastOwner()
            await users.locked_login(connection, found.place.user_id)
            await members.delete_membership(connection, found.place)
            await users.delete_user(connection, found.place.user_id)
        return None


async def locked_people(connection: Transaction, operation: Operation, company_id: str) -> People:
    """A company's people, whom nobody else changes until this transaction ends."""
    await lock_company(connection, company_id)
    listed = await members.members_of(connection, company_id)
    open_ones = await members.invitations_of(connection, company_id, now=operation.clock.now())
    return People(company_id, {one.place.id: one for one in listed}, {one.id: one for one in open_ones})


def owner_fault(acting: Membership, role: Role, *, path: tuple[str, ...]) -> InvalidInput | None:
    """Why somebody may not touch what has this role, or give it."""
    if role is not Role.OWNER or acting.role is Role.OWNER:
        return None
    return InvalidInput((InvalidField(path, "only an owner makes, changes and removes owners."),))


async def check_employee(
    connection: Transaction, people: People, employee_id: str | None, *, member_id: str | None = None
) -> None:
    """Raise UnknownObject for an employee who is not there, BadInput for one that somebody else is."""
    if employee_id is None:
        return
    if await companies.employee_by_id(connection, people.company_id, employee_id) is None:
        raise UnknownObject(_EMPLOYEE)
    if fault := people.employee_fault(employee_id, member_id=member_id):
        raise BadInput(_EMPLOYEE, fault)
