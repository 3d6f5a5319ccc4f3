"""Things of the actor's own company, named by their global ids: what is another company's is nobody's."""

from collections.abc import Sequence

from slotgraph.core.administration.bounds import MAX_NAMED
from slotgraph.core.errors import BadInput
from slotgraph.core.values import Omitted
from slotgraph.schema import ids

Path = tuple[str, ...]


def one_named(text: str, kind: str, company_id: str, *, path: Path) -> str:
    """The id of a thing of this company. Raises BadInput."""
    return ids.within(ids.decode(text, kind, path=path), company_id)


def own_id(text: str | None, kind: str, company_id: str) -> str | None:
    """The id of what is changed; None for what is made. Raises BadInput."""
    return None if text is None else one_named(text, kind, company_id, path=("input", "id"))


def all_named(texts: Sequence[str] | Omitted, kind: str, company_id: str, *, path: Path) -> tuple[str, ...] | Omitted:
    """The ids of some things; more than may be named are not even read. Raises BadInput."""
    if isinstance(texts, Omitted):
        return texts
    if len(texts) > MAX_NAMED:
        raise BadInput(path, f"at most {MAX_NAMED} {path[-1]}.")
    return tuple(ids.within(one, company_id) for one in ids.decode_all(texts, kind, path=path))
