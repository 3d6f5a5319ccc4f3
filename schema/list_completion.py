"""Lists of plain objects are completed at once (DESIGN.md section 9): what the ordinary way says of them, byte for byte, or not at all.

Only the completion of lists is ours. What is selected, under which names, is collected by graphql-core itself, with the variables of
the request. A field counts as plain if `guard` has put nothing but its attribute before it: whatever has a lock has a resolver, and goes
the ordinary way, together with the list it stands in. So does a list in which anything at all is out of the ordinary. Of Rows a field
may be shared: its resolver is then asked, through its lock, for one of those that have the same answer.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeGuard

from graphql import (
    Executor,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    is_leaf_type,
)
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.types.base import StrawberryObjectDefinition

from slotgraph.core.errors import SlotGraphError
from slotgraph.schema.guard import Attribute, Shared
from slotgraph.schema.plain_shapes import Common, Leaf, Listed, NotPlain, Plain, Shape, completion
from slotgraph.schema.rows import Rows

_log = logging.getLogger("slotgraph.schema")

_TYPENAME = "__typename"


class _Share(NamedTuple):
    """A shared field that is asked for."""

    parent: GraphQLObjectType
    response_key: str
    field: GraphQLField
    resolve: Shared
    details: FieldDetailsList


class _Selection:
    """What is asked of the items of a list: their shape, None if they are not plain, their response keys, and what they share."""

    def __init__(self, details: FieldDetailsList) -> None:
        self.details = details  # kept, so that its identity is not given to another list
        self.item: Leaf | Listed | Plain | None = None
        self.keys: list[str] = []
        self.shares: list[_Share] = []


def _is_listed(items: Any) -> TypeGuard[list[Any] | Rows[Any]]:
    return type(items) is list or isinstance(items, Rows)


class ListExecutor(Executor[Any]):
    """Executes as graphql-core does, and lists of plain items at once."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._selections: dict[tuple[GraphQLOutputType, int], _Selection] = {}

    def complete_iterable_value(
        self,
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        items: Iterable[Any],
        position_context: Any,
    ) -> AwaitableOrValue[list[Any]]:
        """The answer of a list."""
        if items and _is_listed(items) and not self.middleware_manager:
            try:
                return self._at_once(item_type, field_details_list, items, path)
            except (NotPlain, GraphQLError, SlotGraphError):
                # Expected: the ordinary way meets it too, and says what and where.
                pass
            except Exception as error:  # noqa: BLE001 - as above, but nobody expected it
                _log.warning("%s when a list was completed at once", type(error).__name__)
        return super().complete_iterable_value(item_type, field_details_list, info, path, items, position_context)

    def _at_once(
        self, item_type: GraphQLOutputType, details: FieldDetailsList, items: list[Any] | Rows[Any], path: Path
    ) -> list[Any]:
        """The answer of a list in which all is plain. Raises anything if it is not; nothing has happened then."""
        selection = self._selection(item_type, details)
        item = selection.item
        if item is None:
            raise NotPlain
        if not isinstance(items, Rows):
            if selection.shares:
                raise NotPlain
            return completion(item, of_records=False)(items, tuple(selection.keys), ())
        if not isinstance(item, Plain) or item.kind is not items.kind or item.is_type_of is not None:
            raise NotPlain
        common = tuple(self._giver(share, items, path) for share in selection.shares)
        return completion(item, of_records=True)(items.records, tuple(selection.keys), common)

    def _giver(self, share: _Share, rows: Rows[Any], path: Path) -> Callable[[Any], Any]:
        """Gives each record its shared answer, made once."""
        made: dict[Any, list[Any]] = {}
        at = path.add_key(0, None).add_key(share.response_key, share.parent.name)

        def give(record: Any) -> list[Any]:
            key = getattr(record, share.resolve.attribute)
            if key not in made:
                made[key] = self._shared(share, rows.item(record), at)
            return made[key]

        return give

    def _shared(self, share: _Share, source: Any, path: Path) -> list[Any]:
        nodes = [one.node for one in share.details]
        value = share.resolve(source, self.build_resolve_info(share.field, nodes, share.parent, path))
        type_: Any = share.field.type
        listed = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if not isinstance(listed, GraphQLList) or not _is_listed(value):
            raise NotPlain
        return self._at_once(listed.of_type, share.details, value, path)

    def _selection(self, item_type: GraphQLOutputType, details: FieldDetailsList) -> _Selection:
        key = (item_type, id(details))
        if key not in self._selections:
            selection = self._selections[key] = _Selection(details)
            selection.item = self._shape(item_type, details, selection)
        return self._selections[key]

    def _shape(
        self, type_: GraphQLOutputType, details: FieldDetailsList, selection: _Selection, *, inside: bool = False
    ) -> Leaf | Listed | Plain:
        """The shape of a value of this type. Raises NotPlain, and what directives that make no sense raise."""
        nullable = not isinstance(type_, GraphQLNonNull)
        named: Any = type_ if nullable else type_.of_type  # type: ignore[union-attr]
        if is_leaf_type(named):
            return Leaf(named, nullable)
        if isinstance(named, GraphQLList):
            return Listed(self._shape(named.of_type, details, selection, inside=True), nullable)
        definition = named.extensions.get("strawberry-definition")
        # An `is_type_of` that is not Strawberry's own may want to know where it is asked.
        if not isinstance(definition, StrawberryObjectDefinition) or definition.is_type_of is not None:
            raise NotPlain
        if not isinstance(named, GraphQLObjectType):
            raise NotPlain
        collected = self.collect_subfields(named, details)
        if collected.new_defer_usages:
            raise NotPlain
        fields = [
            self._field(named, response_key, one, selection, inside=inside)
            for response_key, one in collected.grouped_field_set.items()
        ]
        return Plain(definition.origin, tuple(fields), nullable, named.is_type_of)

    def _field(
        self,
        parent: GraphQLObjectType,
        response_key: str,
        details: FieldDetailsList,
        selection: _Selection,
        *,
        inside: bool,
    ) -> tuple[str, Shape | None]:
        selection.keys.append(response_key)
        node = details[0].node
        if node.name.value == _TYPENAME:
            return parent.name, None
        field = parent.fields[node.name.value]
        if field.args or node.arguments:
            raise NotPlain
        if isinstance(field.resolve, Attribute):
            return field.resolve.name, self._shape(field.type, details, selection, inside=True)
        if isinstance(field.resolve, Shared) and not inside:
            selection.shares.append(_Share(parent, response_key, field, field.resolve, details))
            return field.resolve.attribute, Common()
        raise NotPlain
