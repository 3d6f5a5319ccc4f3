"""What lets people and programs in."""

from datetime import datetime

import strawberry

from slotgraph.core.policy import Permission
from slotgraph.core.values import Secret
from slotgraph.schema.guard import input_type, leaf
from slotgraph.schema.scalars import EmailAddress


@input_type("Credentials.")
class LoginInput:
    """Who claims to be whom."""

    email: EmailAddress = leaf("Address.")
    password: Secret = leaf("Password.")
    code: Secret | None = leaf("Second factor or recovery code, once SecondFactorRequired was answered.")


@input_type("Sessions to end.")
class LogoutInput:
    """Some sessions."""

    sessions: list[strawberry.ID] | None = leaf("Sessions of yours; omit for this one.")


@input_type("A new password.")
class ResetPasswordInput:
    """What is set by which token."""

    token: Secret = leaf("Mailed token.")
    password: Secret = leaf("New password.")


@input_type("Begin of a second factor.")
class SetUpTotpInput:
    """Who it is, once more."""

    password: Secret = leaf("Your password.")


@input_type("First code of a second factor.")
class ConfirmTotpInput:
    """A code."""

    code: Secret = leaf("Six digits.")


@input_type("End of a second factor.")
class RemoveTotpInput:
    """Who it is, proven by both."""

    password: Secret = leaf("Your password.")
    code: Secret = leaf("Code or recovery code.")


@input_type("A new API token.")
class CreateTokenInput:
    """What it shall be."""

    name: str = leaf("Name for people.")
    scopes: list[Permission] = leaf("What it may do; none you lack.")
    expires_at: datetime | None = leaf("When it ends; omit for never.")


@input_type("Token to revoke.")
class RevokeTokenInput:
    """A token."""

    token: strawberry.ID = leaf("Which.")
