"""Whether the key file is there and opens what is sealed (rule F3)."""

from collections.abc import Iterator

from slotgraph.core.errors import SlotGraphError
from slotgraph.core.store.examining import Examined
from slotgraph.core.vault import Vault
from slotgraph.server.doctor.database import Absent
from slotgraph.server.doctor.findings import Finding, fail, failed, ok, warn
from slotgraph.server.settings import Settings

NAME = "keys"
_COPY = "Put back a copy of the key file: no new key opens what is sealed."


def check_keys(found: Examined | Absent, settings: Settings) -> Iterator[Finding]:
    """The key file, its rights, and every key that something lies sealed with."""
    path = settings.key_path
    if not path.exists():
        yield _missing(found, settings)
        return
    try:
        vault = Vault.load(path)
        if isinstance(found, Examined):
            vault.require(found.key_ids)
    except SlotGraphError as error:
        yield failed(NAME, error, cure=_COPY)
    else:
        yield ok(NAME, f"{path} is this user's alone{', and has every key in use' * isinstance(found, Examined)}.")


def _missing(found: Examined | Absent, settings: Settings) -> Finding:
    path = settings.key_path
    if found is Absent.NOT_REACHED:
        sentence = f"The key file {path} is missing; whether it is needed only the database could tell."
        return warn(NAME, sentence, cure="Cure the database first. If it is in use, put back a copy of the key file.")
    if isinstance(found, Examined) and (found.is_in_use or found.key_ids):
        return fail(NAME, f"The key file {path} is missing, and this database was made with it.", cure=_COPY)
    return ok(NAME, f"{path} is made at the first start.")
