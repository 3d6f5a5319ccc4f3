"""Passwords are hashed off the loop and two at a time; tokens are random and stored as a hash."""

import asyncio
import hashlib
import re
import threading

import argon2
import pytest

from slotgraph.core.passwords import AT_ONCE, MEMORY_KIB, Passwords, TokenKey, api_token, new_token, read_api_token
from slotgraph.core.passwords import token_hash as hash_of

CHEAP = {"time_cost": 1, "memory_kib": 8, "parallelism": 1}
COMPANY = "0123456789abcdef" * 2


@pytest.fixture
def passwords():
    passwords = Passwords(**CHEAP)
    yield passwords
    passwords.close()


async def test_the_right_password_verifies_and_a_wrong_one_does_not(passwords):
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert await passwords.verify(stored, "correct horse")
    assert not await passwords.verify(stored, "correct horse ")
    assert not await passwords.verify(stored, "")


async def test_one_password_is_stored_differently_each_time(passwords):
    assert await passwords.hash("same") != await passwords.hash("same")


@pytest.mark.parametrize("password", ["caf\u00e9", "\ud800", "\N{SNOWMAN}" * 100, "", "a\x00b"])
async def test_any_text_is_a_password_however_its_accents_are_composed(passwords, password):
    stored = await passwords.hash(password)
    assert await passwords.verify(stored, password.replace("\u00e9", "e\u0301"))
    assert not await passwords.verify(stored, password + "x")


async def test_an_unknown_user_is_refused_after_the_same_work(passwords):
    stored = await passwords.hash("x")
    dummy = passwords._dummy
    assert argon2.extract_parameters(dummy) == argon2.extract_parameters(stored)
    assert len(dummy) == len(stored)
    with pytest.raises(argon2.exceptions.VerifyMismatchError):  # all the work was done, then compared
        argon2.PasswordHasher().verify(dummy, "x")
    assert not await passwords.verify(None, "x")


def test_the_dummy_hash_is_new_for_each_process(passwords):
    assert passwords._dummy != Passwords(**CHEAP)._dummy


@pytest.mark.parametrize("stored", ["", "x", "$argon2id$", "$2b$12$" + "a" * 53])
async def test_a_stored_hash_that_is_none_refuses(passwords, stored):
    assert not await passwords.verify(stored, "x")


async def test_a_hash_made_with_other_parameters_is_to_be_made_anew(passwords):
    stored = await passwords.hash("x")
    assert not passwords.needs_rehash(stored)
    stronger = Passwords(**CHEAP | {"time_cost": 2})
    assert stronger.needs_rehash(stored)
    assert await stronger.verify(stored, "x")


def test_the_cost_by_default_is_64_mebibytes():
    assert MEMORY_KIB * 1024 == 64 * 2**20
    assert "$m=65536,t=3,p=4$" in Passwords()._dummy


async def test_at_most_two_are_hashed_at_once_even_if_callers_give_up(passwords):
    before = set(threading.enumerate())
    tasks = [asyncio.create_task(passwords.verify(None, "x")) for _ in range(20)]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks[::2]:
        task.cancel()
    more = [asyncio.create_task(passwords.verify(None, "x")) for _ in range(20)]
    await asyncio.gather(*tasks, *more, return_exceptions=True)
    # Hashing happens on these threads only, so their number is the bound.
    assert 1 <= len({thread.name for thread in set(threading.enumerate()) - before}) <= AT_ONCE


async def test_the_loop_goes_on_while_hashing():
    passwords = Passwords()
    ticks = 0
    hashing = asyncio.create_task(passwords.hash("x"))
    while not hashing.done():
        ticks += 1
        await asyncio.sleep(0)
    assert ticks > 10
    passwords.close()


# Tokens


def test_tokens_are_random_and_url_safe():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)


def test_what_is_stored_is_the_sha256():
    assert hash_of("abc") == hashlib.sha256(b"abc").hexdigest()
    assert len(hash_of("\ud800")) == 64


def test_an_api_token_carries_its_company():
    secret = new_token()
    text = api_token(COMPANY, secret)
    assert text == f"sg_{COMPANY}_{secret}"
    assert read_api_token(text) == TokenKey(COMPANY, hash_of(secret))


@pytest.mark.parametrize("secret", ["_" * 43, "-" * 43, "A_" * 21 + "A"])
def test_a_secret_may_hold_the_separator(secret):
    assert read_api_token(api_token(COMPANY, secret)) == (COMPANY, hash_of(secret))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sg_",
        f"sg_{COMPANY}_",
        f"sg_{COMPANY}_{'a' * 42}",
        f"sg_{COMPANY}_{'a' * 44}",
        f"sg_{COMPANY}_{'a' * 43}\n",
        f"sg_{COMPANY.upper()}_{'a' * 43}",
        f"sg_{COMPANY[1:]}_{'a' * 43}",
        f"xx_{COMPANY}_{'a' * 43}",
        f"sg_{COMPANY}_{'a' * 42}!",
    ],
)
def test_anything_else_is_no_api_token(text):
    assert read_api_token(text) is None
