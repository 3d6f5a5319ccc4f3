"""Which company is meant where none need be named."""

from slotgraph.core.errors import BadInput, Forbidden
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Anonymous, Member, Token, Unproven
from slotgraph.schema import ids
from slotgraph.schema.guard import refusal


def own_company(operation: Operation, named: str | None, *, path: tuple[str, ...]) -> str:
    """The company named by its global id, or the actor's own. Raises BadInput, and Unauthenticated for strangers."""
    actor = operation.actor
    if isinstance(actor, Anonymous | Unproven):
        raise refusal(operation)
    if named is not None:
        return ids.decode(named, "Company", path=path).company_id
    if isinstance(actor, Member | Token):
        return actor.company_id
    raise BadInput(path, "you belong to no company: name one.")


def company_of_actor(operation: Operation) -> str:
    """The company of whoever asks. Raises Unauthenticated for strangers, and Forbidden for agents: they look, and touch nothing."""
    match operation.actor:
        case Member(company_id=company_id) | Token(company_id=company_id):
            return company_id
        case Anonymous() | Unproven():
            raise refusal(operation)
        case _:
            raise Forbidden("You may not do this.")
