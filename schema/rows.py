"""Many objects of one type over plain records: an object is made only where somebody asks for one."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from strawberry.types.base import StrawberryObjectDefinition

if TYPE_CHECKING:
    from slotgraph.schema.guard import Subject

T = TypeVar("T")


class Rows(Sequence[T], Generic[T]):
    """A list of `kind`, all of one subject. A plain field of an item is the record's attribute of the same name, nothing else.

    So a list may be completed from its records, without its items. `shared` is what all items are given besides, by name.
    """

    __slots__ = ("_shared", "kind", "records", "subject")

    def __init__(self, kind: type[T], subject: "Subject", records: Sequence[Any], **shared: Any) -> None:
        self.kind: type[Any] = kind
        self.subject = subject
        self.records = records
        self._shared = shared

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[T]:
        return map(self.item, self.records)

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> list[T]: ...
    def __getitem__(self, at: int | slice) -> T | list[T]:
        if isinstance(at, slice):
            return [self.item(record) for record in self.records[at]]
        return self.item(self.records[at])

    def item(self, record: Any) -> T:
        """The object of a record."""
        plain = {name: getattr(record, name) for name in _plain_fields(self.kind)}  # type: ignore[arg-type]
        made: T = self.kind(subject=self.subject, record=record, **plain, **self._shared)
        return made


@cache
def _plain_fields(kind: type) -> tuple[str, ...]:
    definition: StrawberryObjectDefinition = kind.__strawberry_definition__  # type: ignore[attr-defined]
    return tuple(field.python_name for field in definition.fields if field.is_basic_field)
