"""What is sealed opens for its own account only, and a key file is never made over sealed rows (rule F3)."""

import base64
import json
import os
import pickle

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from slotgraph.core.errors import KeyMissing, SealBroken, SettingError
from slotgraph.core.vault import Sealed, Vault

COMPANY, OTHER_COMPANY = "a" * 32, "b" * 32
ACCOUNT, OTHER_ACCOUNT = "1" * 32, "2" * 32
CREDENTIALS = {"user": "alice", "password": "pässword ✓"}
OLD, NEW, MANAGE = b"o" * 32, b"n" * 32, b"m" * 32


@pytest.fixture
def vault():
    return Vault({"new": NEW, "old": OLD}, "new", manage_secret=MANAGE)


@pytest.fixture
def key_file(tmp_path):
    def write(*lines, mode=0o600):
        path = tmp_path / "keys"
        path.write_text("\n".join(lines))
        path.chmod(mode)
        return path

    return write


def _line(key_id, key):
    return f"{key_id}:{base64.b64encode(key).decode()}"


def test_sealed_credentials_open_again(vault):
    sealed = vault.seal(COMPANY, ACCOUNT, CREDENTIALS)
    assert vault.open(COMPANY, ACCOUNT, sealed) == CREDENTIALS
    assert sealed.key_id == "new"
    assert b"alice" not in sealed.blob


def test_sealing_twice_gives_different_blobs(vault):
    blobs = {vault.seal(COMPANY, ACCOUNT, CREDENTIALS).blob for _ in range(100)}
    assert len({blob[:12] for blob in blobs}) == 100


@pytest.mark.parametrize(
    ("company", "account"),
    [
        (OTHER_COMPANY, ACCOUNT),
        (COMPANY, OTHER_ACCOUNT),
        (ACCOUNT, COMPANY),
        (COMPANY + ACCOUNT, ""),
        (COMPANY[:-1], COMPANY[-1] + ACCOUNT),
    ],
)
def test_a_row_copied_elsewhere_does_not_open(vault, company, account):
    sealed = vault.seal(COMPANY, ACCOUNT, CREDENTIALS)
    with pytest.raises(SealBroken):
        vault.open(company, account, sealed)


def test_every_flipped_bit_is_noticed(vault):
    sealed = vault.seal(COMPANY, ACCOUNT, {"a": "b"})
    for position in range(len(sealed.blob) * 8):
        blob = bytearray(sealed.blob)
        blob[position // 8] ^= 1 << position % 8
        with pytest.raises(SealBroken):
            vault.open(COMPANY, ACCOUNT, Sealed(sealed.key_id, bytes(blob)))


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 27, 28])
def test_a_cut_blob_is_noticed(vault, length):
    sealed = vault.seal(COMPANY, ACCOUNT, CREDENTIALS)
    with pytest.raises(SealBroken):
        vault.open(COMPANY, ACCOUNT, Sealed(sealed.key_id, sealed.blob[:length]))


def test_a_row_under_another_key_id_does_not_open_even_with_the_same_key():
    vault = Vault({"one": OLD, "two": OLD}, "one", manage_secret=MANAGE)
    sealed = vault.seal(COMPANY, ACCOUNT, CREDENTIALS)
    with pytest.raises(SealBroken):
        vault.open(COMPANY, ACCOUNT, Sealed("two", sealed.blob))


def test_a_row_of_an_old_key_opens_and_of_a_missing_key_does_not(vault):
    sealed = Vault({"old": OLD}, "old", manage_secret=MANAGE).seal(COMPANY, ACCOUNT, CREDENTIALS)
    assert vault.open(COMPANY, ACCOUNT, sealed) == CREDENTIALS
    with pytest.raises(KeyMissing, match="old"):
        Vault({"new": NEW}, "new", manage_secret=MANAGE).open(COMPANY, ACCOUNT, sealed)


def test_keys_of_sealed_rows_that_are_missing_are_named_at_start(vault):
    vault.require(["old", "new"])
    with pytest.raises(KeyMissing, match="gone, lost"):
        vault.require(["old", "lost", "gone"])


def test_manage_key_is_kept_at_rotation_and_is_none_of_the_secrets(vault):
    rotated = Vault({"newest": b"x" * 32, "new": NEW}, "newest", manage_secret=MANAGE)
    assert rotated.manage_key() == vault.manage_key()
    assert vault.manage_key() not in {NEW, OLD, MANAGE}
    assert Vault({"new": NEW}, "new", manage_secret=OLD).manage_key() != vault.manage_key()


def test_a_vault_is_neither_printed_nor_pickled(vault):
    sealed = vault.seal(COMPANY, ACCOUNT, CREDENTIALS)
    assert repr(vault) == str(vault) == f"{vault}" == "<Vault: not shown>"
    assert repr(sealed) == "Sealed(key_id='new')"
    with pytest.raises(TypeError):
        pickle.dumps(vault)


@pytest.mark.parametrize(("key", "current"), [(b"short", "new"), (NEW, "other")])
def test_a_vault_without_proper_keys_is_refused(key, current):
    with pytest.raises(SettingError):
        Vault({"new": key}, current, manage_secret=MANAGE)


# The key file


def test_a_created_file_is_its_owners_only_and_opens_what_it_sealed(tmp_path):
    path = tmp_path / "secrets" / "keys"
    sealed = Vault.create(path).seal(COMPANY, ACCOUNT, CREDENTIALS)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Vault.load(path).open(COMPANY, ACCOUNT, sealed) == CREDENTIALS
    assert Vault.load(path).manage_key() != Vault.create(tmp_path / "other").manage_key()


def test_a_key_file_is_never_written_over(tmp_path):
    path = tmp_path / "keys"
    Vault.create(path)
    before = path.read_bytes()
    with pytest.raises(SettingError, match="not written over"):
        Vault.create(path)
    assert path.read_bytes() == before


def test_the_first_line_seals_and_comments_are_left_out(key_file):
    path = key_file("# rotated in March", _line("new", NEW), "", _line("manage", MANAGE), _line("old", OLD))
    vault = Vault.load(path)
    assert vault.seal(COMPANY, ACCOUNT, CREDENTIALS).key_id == "new"
    vault.require(["new", "old"])
    with pytest.raises(KeyMissing):
        vault.require(["manage"])


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666])
def test_a_file_open_to_others_is_refused(key_file, mode):
    path = key_file(_line("new", NEW), _line("manage", MANAGE), mode=mode)
    with pytest.raises(SettingError, match="open to others"):
        Vault.load(path)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [_line("new", NEW)],
        [_line("manage", MANAGE)],
        [_line("new", NEW), _line("new", OLD), _line("manage", MANAGE)],
        [_line("new", NEW[:-1]), _line("manage", MANAGE)],
        [_line("new", NEW) + "*", _line("manage", MANAGE)],
        [_line("", NEW), _line("manage", MANAGE)],
        [_line("n" * 33, NEW), _line("manage", MANAGE)],
        [base64.b64encode(NEW).decode(), _line("manage", MANAGE)],
        ["\N{SNOWMAN}", _line("manage", MANAGE)],
    ],
)
def test_a_malformed_file_is_refused_without_quoting_it(key_file, lines):
    with pytest.raises(SettingError, match="key file") as refusal:
        Vault.load(key_file(*lines))
    assert not any(line in str(refusal.value) for line in lines)


def test_a_missing_file_is_a_setting_error_when_loaded(tmp_path):
    with pytest.raises(SettingError, match="cannot be read"):
        Vault.load(tmp_path / "keys")


def test_a_new_key_is_never_made_over_sealed_rows(tmp_path):
    path = tmp_path / "keys"
    with pytest.raises(KeyMissing, match="put back a copy"):
        Vault.load_or_create(path, in_use=True)
    assert not path.exists()
    created = Vault.load_or_create(path, in_use=False)
    loaded = Vault.load_or_create(path, in_use=True)
    assert loaded.manage_key() == created.manage_key()


def test_a_file_that_cannot_be_seen_is_not_taken_for_missing(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match="cannot be read"):
        Vault.load_or_create(tmp_path / "file" / "keys", in_use=False)


# Secrets of something else

USER, OTHER_USER = ("user", "7" * 32), ("user", "8" * 32)


def test_a_secret_opens_for_its_owner_only_and_as_what_it_is(vault):
    sealed = vault.seal_secret(b"secret", *USER)
    assert vault.open_secret(sealed, *USER) == b"secret"
    assert b"secret" not in sealed.blob
    for owner in (OTHER_USER, ("user",), (), (*USER, ""), ("us", "er" + USER[1]), USER[::-1]):
        with pytest.raises(SealBroken):
            vault.open_secret(sealed, *owner)


def test_credentials_and_secrets_are_not_taken_for_each_other(vault):
    with pytest.raises(SealBroken):
        vault.open_secret(vault.seal(COMPANY, ACCOUNT, CREDENTIALS), COMPANY, ACCOUNT)
    with pytest.raises(SealBroken):
        vault.open(*USER, vault.seal_secret(b"{}", *USER))


def test_a_secret_opens_after_a_rotation_and_never_without_its_key(vault):
    sealed = Vault({"old": OLD}, "old", manage_secret=MANAGE).seal_secret(b"secret", *USER)
    assert vault.open_secret(sealed, *USER) == b"secret"
    assert vault.seal_secret(b"secret", *USER).key_id == "new"
    with pytest.raises(KeyMissing):
        Vault({"new": NEW}, "new", manage_secret=MANAGE).open_secret(sealed, *USER)


def test_credentials_are_bound_as_in_the_first_release(vault):
    """Rows that were sealed by it must open: the context is a length of four bytes and the text, part by part."""
    parts = ("slotgraph credentials", "old", COMPANY, ACCOUNT)
    context = b"".join(len(part).to_bytes(4, "big") + part.encode() for part in parts)
    nonce = bytes(12)
    blob = nonce + AESGCM(OLD).encrypt(nonce, json.dumps(CREDENTIALS).encode(), context)
    assert vault.open(COMPANY, ACCOUNT, Sealed("old", blob)) == CREDENTIALS


def test_a_pipe_is_no_key_file_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "keys", 0o600)
    with pytest.raises(SettingError, match="is no plain file"):
        Vault.load(tmp_path / "keys")
