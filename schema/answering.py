"""How a mutation answers: problems and wrong input become members of its union, everything else an error."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, get_args

from slotgraph.core import problems
from slotgraph.core.errors import BadInput, UnknownObject
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action
from slotgraph.schema.guard import On, refusal, resolved
from slotgraph.schema.types.problems import InvalidInput, NotFound, not_found, problem_of

Resolver = Callable[..., Awaitable[Any]]


def mutation(action: Action, description: str, union: Any) -> Callable[[Resolver], Any]:
    """A mutation that answers with a union; its resolver may give back problems of core, and raise BadInput and UnknownObject."""
    joined, *_ = get_args(union)
    members = get_args(joined) or (joined,)

    def decorate(resolver: Resolver) -> Any:

        @wraps(resolver)
        async def answered(self: Any, info: Any, **arguments: Any) -> Any:
            try:
                outcome = await resolver(self, info, **arguments)
            except BadInput as error:
                outcome = problems.InvalidInput((problems.InvalidField(error.path, error.reason),))
            except UnknownObject as error:
                outcome = problems.NotFound(error.path)
            finally:
                info.context.forget()
            return _shown(outcome, members, info.context.operation)

        return resolved(action, description, on=On.INPUT, type_=union)(answered)

    return decorate


def _shown(outcome: Any, members: tuple[Any, ...], operation: Operation) -> Any:
    problem = problem_of(outcome)
    if problem is None or type(problem) in members:
        return outcome if problem is None else problem
    if isinstance(problem, InvalidInput) and NotFound in members:
        # An id that is none names nothing.
        return not_found(tuple(problem.fields[0].path))
    raise refusal(operation)
