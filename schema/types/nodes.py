"""What every type with a global id has, and the words all resolvers share."""

from datetime import date
from typing import Annotated, TypeAlias, TypeVar

import strawberry

from slotgraph.core.errors import UnknownObject
from slotgraph.core.operation import Operation
from slotgraph.core.store.directory import Directory
from slotgraph.schema.context import Context
from slotgraph.schema.guard import interface_type, leaf

T = TypeVar("T")

Info: TypeAlias = strawberry.Info[Context, None]

GLOBAL_ID = "Global id."


@interface_type("Anything with a global id.")
class Node:
    """Known to clients by its id alone."""

    id: strawberry.ID = leaf("Opaque global id, stable for the life of the object.")


First = Annotated[int, strawberry.argument(description="How many, 1 to 200.")]
AbsentFrom = Annotated[
    date | None,
    strawberry.argument(name="from", description="Only those that end on or after this day; omit for today."),
]
After = Annotated[str | None, strawberry.argument(description="Continue after this cursor.")]


def present(found: T | None) -> T:
    """What the tables promise to be there. Raises UnknownObject if it has just gone."""
    if found is None:
        raise UnknownObject(())
    return found


async def directory_of(operation: Operation, company_id: str) -> Directory:
    """The directory of a company that an object at hand belongs to."""
    directory = await operation.directory(company_id)
    if directory is None:
        raise UnknownObject(("company",))
    return directory
