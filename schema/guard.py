"""The second lock (rule T5): an action is declared on every object type and every field with a resolver, and asked for again here.

The use cases have already left out what the actor may not see; what gets past them is stopped here. What may be done is decided in
`core.policy` only.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from enum import Enum, auto
from inspect import isawaitable
from typing import Any, NamedTuple, TypeVar, dataclass_transform

import strawberry
from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from slotgraph.core.errors import Forbidden, SlotGraphError, SupportExcluded, Unauthenticated
from slotgraph.core.operation import Operation
from slotgraph.core.policy import Action, Anonymous, Unproven
from slotgraph.schema.calling import caller
from slotgraph.schema.rows import Rows

T = TypeVar("T", bound=type)
Resolver = Callable[..., Any]
Info = GraphQLResolveInfo[Any]

_ACTION = "action"
_ON = "on"
_SAME_FOR = "same for"
_DEFINITION = "strawberry-definition"


class Subject(NamedTuple):
    """Whose a thing is, for the policy table, and through whose eyes it is seen: a manage token makes an actor of its own."""

    operation: Operation
    company_id: str | None = None
    employee_id: str | None = None
    booking_id: str | None = None


class On(Enum):
    """What the action of a field is done to."""

    SOURCE = auto()  #: the object the field stands on
    ACTOR = auto()  #: nothing of a company: who asks decides
    INPUT = auto()  #: what the arguments name, which only the use case can look up; the answer is checked by its type


class MissingAction(Exception):
    """Types or fields of the schema lack an action."""


def leaf(description: str, *, name: str | None = None) -> Any:
    """A plain field: an attribute of the object, covered by its type's action. Clients may know it by another name."""
    return strawberry.field(description=description, name=name)


def changed(description: str) -> Any:
    """A field of a change: UNSET if it was left out, which is something else than null."""
    return strawberry.field(description=description, default=strawberry.UNSET)


def resolved(
    action: Action, description: str, *, on: On = On.SOURCE, type_: Any = None, same_for: str | None = None
) -> Callable[[Resolver], Any]:
    """A field with a resolver, and the action that is asked for before it runs; its type if the resolver does not say it.

    `same_for` names an attribute of the record: all Rows that have the same there have the same answer, and one is asked for them.
    """
    metadata = {_ACTION: action, _ON: on, _SAME_FOR: same_for}

    def decorate(resolver: Resolver) -> Any:
        return strawberry.field(resolver, description=description, graphql_type=type_, metadata=metadata)

    return decorate


@dataclass_transform(kw_only_default=True, field_specifiers=(leaf,))
def object_type(action: Action, description: str, *, outlives_exclusion: bool = False) -> Callable[[T], T]:
    """An object type with the action its plain fields need. Objects carry a `subject`, unless the action asks nothing of anybody.

    With `outlives_exclusion` an agent who was shut out still gets the object, and its plain fields.
    """

    def decorate(cls: T) -> T:
        cls.action = action  # type: ignore[attr-defined]
        cls.outlives_exclusion = outlives_exclusion  # type: ignore[attr-defined]
        return _in_written_order(cls, strawberry.type(description=description))

    return decorate


@dataclass_transform(kw_only_default=True, field_specifiers=(leaf,))
def interface_type(description: str) -> Callable[[T], T]:
    """An interface; the actions are those of its object types."""
    return lambda cls: _in_written_order(cls, strawberry.interface(description=description))


@dataclass_transform(kw_only_default=True, field_specifiers=(leaf, changed))
def input_type(description: str, *, one_of: bool = False) -> Callable[[T], T]:
    """An input type."""
    return lambda cls: _in_written_order(cls, strawberry.input(description=description, one_of=one_of))


def _in_written_order(cls: T, decorate: Callable[[T], T]) -> T:
    """Strawberry puts fields with resolvers last; the schema shows them where they were written, inherited ones first."""
    written = {name: place for place, name in enumerate(vars(cls))}
    cls.__repr__ = _not_shown  # type: ignore[assignment]
    decorated = decorate(cls)
    definition: StrawberryObjectDefinition = decorated.__strawberry_definition__  # type: ignore[attr-defined]
    definition.fields.sort(key=lambda field: written.get(field.python_name, -1))
    return decorated


def _not_shown(self: object) -> str:
    """Names, titles and secrets stand in these objects, and must not get into a log by way of an error."""
    return f"<{type(self).__name__}>"


def enforce(schema: GraphQLSchema) -> None:
    """Put the lock on every field with a resolver. Raises MissingAction that lists all types and fields without an action."""
    missing: list[str] = []
    for type_ in schema.type_map.values():
        definition = type_.extensions.get(_DEFINITION)
        if isinstance(type_, GraphQLObjectType) and isinstance(definition, StrawberryObjectDefinition):
            missing += _without_action(type_, definition)
    if missing:
        raise MissingAction(f"no action is declared on {', '.join(sorted(missing))}; see slotgraph.schema.guard")


def _without_action(type_: GraphQLObjectType, definition: StrawberryObjectDefinition) -> Iterator[str]:
    if not isinstance(vars(definition.origin).get(_ACTION), Action):
        yield type_.name
    for name, field in type_.fields.items():
        declared: StrawberryField = field.extensions[_DEFINITION]
        if declared.is_basic_field:
            field.resolve = Attribute(declared.python_name)
            continue
        action = declared.metadata.get(_ACTION)
        if isinstance(action, Action):
            locked = _locked(field, caller(field, declared), action, declared.metadata[_ON])
            same_for = declared.metadata[_SAME_FOR]
            field.resolve = locked if same_for is None else Shared(locked, same_for)
        else:
            yield f"{type_.name}.{name}"


class Attribute:
    """What resolves a plain field: no more than this, a thousand slots have thousands of them."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, source: Any, _info: Info, **_arguments: Any) -> Any:
        return getattr(source, self.name)


class Shared:
    """What resolves a field, lock and all, whose answer is the same for all Rows that have the same attribute."""

    __slots__ = ("_resolve", "attribute")

    def __init__(self, resolve: Resolver, attribute: str) -> None:
        self._resolve = resolve
        self.attribute = attribute

    def __call__(self, source: Any, info: Info, **arguments: Any) -> Any:
        return self._resolve(source, info, **arguments)


def _locked(field: GraphQLField, resolve: Resolver, action: Action, on: On) -> Resolver:
    nullable = not isinstance(field.type, GraphQLNonNull)

    def locked(source: Any, info: Info, **arguments: Any) -> Any:
        verdict = _verdict(action, _subject(source, info, on)) if on is not On.INPUT else True
        if verdict is True:
            return _checked(resolve(source, info, **arguments), info, nullable=nullable)
        if verdict is False:
            return _refused(info, nullable=nullable)
        return _after(verdict, resolve, source, info, arguments, nullable=nullable)

    return locked


async def _after(
    verdict: Awaitable[bool],
    resolve: Resolver,
    source: Any,
    info: Info,
    arguments: dict[str, Any],
    *,
    nullable: bool,
) -> Any:
    if not await verdict:
        return _refused(info, nullable=nullable)
    value = _checked(resolve(source, info, **arguments), info, nullable=nullable)
    return await value if isawaitable(value) else value


def _subject(source: Any, info: Info, on: On) -> Subject | None:
    if on is On.ACTOR:
        return Subject(info.context.operation)
    subject: Subject | None = getattr(source, "subject", None)
    return subject


def _verdict(action: Action, subject: Subject | None) -> bool | Awaitable[bool]:
    """The policy's answer, at once where nothing has to be read for it."""
    if action is Action.READ_SCHEMA_SHAPE:
        return True
    if subject is None:
        # Nothing can be judged about a thing that does not say whose it is.
        return False
    operation, company_id, employee_id, booking_id = subject
    known = operation.permits_as_read(action, company_id, employee_id=employee_id, booking_id=booking_id)
    if known is None:
        return operation.permits(action, company_id, employee_id=employee_id, booking_id=booking_id)
    return known


def _refused(info: Info, *, nullable: bool) -> None:
    """Null where the field may be null; at a root, and where it may not, an error says why."""
    if nullable and info.path.prev is not None:
        return
    raise refusal(info.context.operation)


def refusal(operation: Operation) -> SlotGraphError:
    """What is said to an actor who may not: strangers are asked to log in."""
    if isinstance(operation.actor, Anonymous):
        return Unauthenticated("Log in first.")
    if isinstance(operation.actor, Unproven):
        return Forbidden("Your role requires a second factor: set one up first (setUpTotp, then confirmTotp).")
    return Forbidden("You may not do or see this.")


def _checked(value: Any, info: Info, *, nullable: bool) -> Any:
    """The value, if the actions of the types it is made of are permitted."""
    if isawaitable(value):
        return _checked_later(value, info, nullable=nullable)
    waiting = []
    for kind, subject in _kinds(value):
        verdict = _type_verdict(kind, subject)
        if verdict is False:
            return _refused(info, nullable=nullable)
        if verdict is not True:
            waiting.append((kind, verdict))
    return _checked_when_read(value, waiting, info, nullable=nullable) if waiting else value


async def _checked_later(value: Awaitable[Any], info: Info, *, nullable: bool) -> Any:
    checked = _checked(await value, info, nullable=nullable)
    return await checked if isawaitable(checked) else checked


async def _checked_when_read(
    value: Any, waiting: Iterable[tuple[type, Awaitable[bool]]], info: Info, *, nullable: bool
) -> Any:
    for kind, verdict in waiting:
        try:
            permitted = await verdict
        except SupportExcluded:
            if not kind.outlives_exclusion:  # type: ignore[attr-defined]
                raise
            permitted = True
        if not permitted:
            return _refused(info, nullable=nullable)
    return value


def _type_verdict(kind: type, subject: Subject | None) -> bool | Awaitable[bool]:
    try:
        return _verdict(kind.action, subject)  # type: ignore[attr-defined]
    except SupportExcluded:
        if not kind.outlives_exclusion:  # type: ignore[attr-defined]
            raise
        return True


def _kinds(value: Any) -> Iterable[tuple[type, Subject | None]]:
    """The types of our own in a value, each with each subject once: a thousand slots share one."""
    if isinstance(value, Rows):
        return ((value.kind, value.subject),)
    items = value if isinstance(value, list) else (value,)
    ours = {kind for kind in set(map(type, items)) if hasattr(kind, _ACTION)}
    return {(type(item), getattr(item, "subject", None)): None for item in items if type(item) in ours} if ours else ()
