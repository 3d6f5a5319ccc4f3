"""`slotgraph create-company`, `create-user` and `reset-password`: for those who cannot log in yet, or no more."""

from typing import TextIO

import click

from slotgraph.core.founding import create_agent, create_member, found_company
from slotgraph.core.people.password_reset import VALID_MINUTES, issue_reset
from slotgraph.core.policy import Role
from slotgraph.server.cli.console import opened, password_file_option, password_from, run, settings_of


@click.command()
@click.argument("slug")
@click.option("--name", required=True, help="Name for people.")
@click.option("--time-zone", required=True, help="IANA time zone, for example Europe/Zurich.")
@click.option("--locale", default="en", show_default=True, help="Language of messages to customers.")
@click.pass_context
def create_company(context: click.Context, slug: str, name: str, time_zone: str, locale: str) -> None:
    """Make a company. SLUG is its name in addresses."""
    settings = settings_of(context)

    async def create() -> None:
        async with opened(settings) as joined:
            parts = joined.parts
            now = parts.clock.now()
            await found_company(parts.database, slug, name=name, time_zone=time_zone, locale=locale, now=now)
            click.echo(f"Company {slug} is there. Its first login: slotgraph create-user EMAIL --company {slug}")

    run(create())


@click.command()
@click.argument("email")
@click.option("--support", is_flag=True, help="A support agent, of no company.")
@click.option("--company", help="Slug of the company the login belongs to.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role], case_sensitive=False),
    default=Role.OWNER.value,
    show_default=True,
)
@password_file_option
@click.pass_context
def create_user(
    context: click.Context, email: str, support: bool, company: str | None, role: str, password_file: TextIO | None
) -> None:
    """Make a login."""
    if support == (company is not None):
        raise click.UsageError("Give either --support or --company SLUG.")
    settings = settings_of(context)
    password = password_from(password_file)

    async def create() -> None:
        async with opened(settings) as joined:
            parts = joined.parts
            now = parts.clock.now()
            if company is None:
                await create_agent(parts.database, parts.passwords, email, password=password, now=now)
            else:
                place = Role(role.upper())
                await create_member(
                    parts.database, parts.passwords, email, password=password, company=company, role=place, now=now
                )
            click.echo(f"{email.lower()} can log in.")

    run(create())


@click.command()
@click.argument("email")
@click.pass_context
def reset_password(context: click.Context, email: str) -> None:
    """Let somebody set a new password: prints a link that is good once."""
    settings = settings_of(context)

    async def issue() -> None:
        async with opened(settings) as joined:
            parts = joined.parts
            token = await issue_reset(parts.database, email, now=parts.clock.now())
            click.echo(f"Hand this on; it is good once, for {VALID_MINUTES} minutes:")
            click.echo(f"{settings.public_url}/reset#{token.reveal()}")

    run(issue())
