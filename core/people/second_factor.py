"""Setting up a second factor, confirming it, and removing it (TOTP, RFC 6238)."""

from dataclasses import dataclass

from slotgraph.core import totp
from slotgraph.core.errors import Forbidden
from slotgraph.core.operation import Operation
from slotgraph.core.passwords import Passwords, token_hash
from slotgraph.core.people.actors import Actors, person_of
from slotgraph.core.people.codes import RECOVERY_CODES, Codes, new_recovery_code, recovery_code_hash
from slotgraph.core.people.tries import Tries
from slotgraph.core.policy import Member, Support, Unproven
from slotgraph.core.problems import InvalidField, InvalidInput, LoginRefused, SecretRefused
from slotgraph.core.store import members, sessions, users
from slotgraph.core.store.database import Transaction
from slotgraph.core.store.users import Login
from slotgraph.core.values import Secret


@dataclass(frozen=True, slots=True)
class TotpSetup:
    """A second factor to be confirmed: the otpauth address, shown now and never again."""

    uri: Secret


@dataclass(frozen=True, slots=True)
class TotpConfirmed:
    """A second factor that is on, and its recovery codes, shown now and never again."""

    recovery_codes: tuple[Secret, ...]


RemoveTotpResult = None | LoginRefused | SecretRefused | InvalidInput


class SecondFactors:
    """Sets up, confirms and removes the second factor of whoever asks."""

    def __init__(
        self, passwords: Passwords, codes: Codes, actors: Actors, *, code_tries: Tries, password_tries: Tries
    ) -> None:
        self._passwords = passwords
        self._codes = codes
        self._actors = actors
        self._code_tries = code_tries
        # Apart from those of codes: whoever knows the password must not win tries at the code by it.
        self._password_tries = password_tries

    async def is_on(self, operation: Operation) -> bool:
        """Whether the actor has a second factor; programs and strangers have none."""
        actor = operation.actor
        if not isinstance(actor, Member | Support | Unproven):
            return False
        async with operation.database.read() as connection:
            login = await users.login_by_id(connection, actor.user_id)
        return login is not None and login.user.totp_enabled

    async def set_up(self, operation: Operation, password: Secret) -> TotpSetup | LoginRefused:
        """Begin a second factor; it counts after `confirm`. Raises Forbidden if there is one already."""
        proven = await self._proven(operation, password)
        if proven is None:
            return LoginRefused()
        if proven.user.totp_enabled:
            raise Forbidden("A second factor is on already; remove it first.")
        user, secret = proven.user, totp.new_secret()
        async with operation.database.write() as connection:
            login = await users.locked_login(connection, user.id)
            if login is None or not login.is_proven_like(proven):
                return LoginRefused()
            await users.begin_totp(connection, user.id, self._codes.sealed(user.id, secret))
        return TotpSetup(Secret(totp.provisioning_uri(secret, user.email)))

    async def confirm(
        self, operation: Operation, code: Secret, *, session: Secret | None
    ) -> TotpConfirmed | SecretRefused:
        """Turn the second factor on by its first code. All other sessions end: they were begun without it."""
        user_id, now = person_of(operation).user_id, operation.clock.now()
        async with operation.database.read() as connection:
            begun = await users.login_by_id(connection, user_id)
        if begun is None or not begun.awaits_first_code or not self._code_tries.may_try(user_id):
            return SecretRefused()
        recovery_codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
        async with operation.database.write() as connection:
            login = await users.locked_login(connection, user_id)
            is_awaited = login is not None and login.awaits_first_code
            step = self._codes.matching_step(login, code, now=now) if login and is_awaited else None
            if step is None:
                return SecretRefused()
            await users.confirm_totp(connection, user_id, step=step, at=now)
            hashes = [recovery_code_hash(one) for one in recovery_codes]
            await users.replace_recovery_codes(connection, user_id, hashes)
            await sessions.end_all_sessions(connection, user_id, but=token_hash(session.reveal()) if session else None)
        self._code_tries.succeeded(user_id)
        return TotpConfirmed(tuple(Secret(one) for one in recovery_codes))

    async def remove(self, operation: Operation, password: Secret, code: Secret) -> RemoveTotpResult:
        """Turn the second factor off, unless one's place requires it. None: it is off."""
        proven = await self._proven(operation, password)
        if proven is None:
            return LoginRefused()
        user_id = proven.user.id
        async with operation.database.read() as connection:
            fault = await self._removal_fault(connection, proven)
        if fault is not None:
            return fault
        if not self._code_tries.may_try(user_id):
            return SecretRefused()
        async with operation.database.write() as connection:
            login = await users.locked_login(connection, user_id)
            if login is None or not login.is_proven_like(proven):
                return LoginRefused()
            if not await self._codes.take(connection, login, code, now=operation.clock.now()):
                return SecretRefused()
            await users.remove_totp(connection, user_id)
        self._code_tries.succeeded(user_id)
        return None

    async def _removal_fault(self, connection: Transaction, login: Login) -> InvalidInput | None:
        if not login.user.totp_enabled:
            return _invalid("there is no second factor to remove.")
        if self._actors.needs_second_factor(login.user, await members.membership_of(connection, login.user.id)):
            return _invalid("your role requires a second factor; it cannot be removed.")
        return None

    async def _proven(self, operation: Operation, password: Secret) -> Login | None:
        """The actor's login, if this is their password."""
        user_id = person_of(operation).user_id
        if not self._password_tries.may_try(user_id):
            return None
        async with operation.database.read() as connection:
            login = await users.login_by_id(connection, user_id)
        if login is None or not await self._passwords.verify(login.password_hash, password.reveal()):
            return None
        self._password_tries.succeeded(user_id)
        return login


def _invalid(message: str) -> InvalidInput:
    return InvalidInput((InvalidField(("input",), message),))
