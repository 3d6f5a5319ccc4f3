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
