"""Whether the tables are those of this release."""

from collections.abc import Iterator

from slotgraph.core.store.examining import Examined
from slotgraph.core.store.migrate import head_revision, known_revisions
from slotgraph.server.doctor.database import Absent
from slotgraph.server.doctor.findings import Finding, fail, ok, warn

NAME = "migrations"


def check_migrations(found: Examined | Absent) -> Iterator[Finding]:
    """The revision of the tables against the one this release works with."""
    if found is Absent.NOT_MADE:
        yield ok(NAME, "The tables are made at the first start.")
    if not isinstance(found, Examined):
        return
    head = head_revision()
    if found.is_foreign:
        yield fail(NAME, "The database holds another program's tables.", cure="Name a database of SlotGraph's own.")
    elif found.revision is None:
        yield ok(NAME, "The database is empty: the tables are made at the first start.")
    elif found.revision == head:
        yield ok(NAME, f"The tables are those of this release ({head}).")
    elif found.revision in known_revisions():
        yield warn(
            NAME,
            f"The tables are those of an earlier release ({found.revision}, this one has {head}).",
            cure="Make a copy of the database, then: slotgraph migrate",
        )
    else:
        yield fail(
            NAME,
            f"The tables are those of a newer release ({found.revision}, this one has {head}).",
            cure="Install that release, or put back an older copy of the database.",
        )
