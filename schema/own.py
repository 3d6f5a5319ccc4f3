"""Which company is meant where none need be named."""

from slotgraph.core.errors import BadInput, Unauthenticated
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Anonymous, Member, Token
from slotgraph.schema import ids


def own_company(operation: Operation, named: str | None, *, path: tuple[str, ...]) -> str:
    """The company named by its global id, or the actor's own. Raises BadInput, and Unauthenticated for strangers."""
    actor = operation.actor
    if isinstance(actor, Anonymous):
        raise Unauthenticated("Log in first.")
    if named is not None:
        return ids.decode(named, "Company", path=path).company_id
    if isinstance(actor, Member | Token):
        return actor.company_id
    raise BadInput(path, "you belong to no company: name one.")
