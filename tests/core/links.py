"""Linking an in-memory login through a form, step by step: `from slotgraph_tests_core_links import ...`."""

from slotgraph.core.link_forms import FilledField
from slotgraph.core.linking import EmployeeRef
from slotgraph.core.values import FieldKind, LinkField, PasswordLink, Purpose, Secret

PASSWORD = "correct horse battery staple"
FIELDS = (LinkField("login", "Login"), LinkField("password", "Password", FieldKind.SECRET))
RIGHT = {"login": "anna", "password": PASSWORD}


async def annas_login(world):
    """Anna as a member, and her three calendars at the provider."""
    world.calendars.link = PasswordLink(FIELDS)
    world.calendars.add_calendar("feed", login="anna", writable=False)
    world.calendars.add_calendar("work", login="anna", time_zone="Europe/Zurich")
    world.calendars.add_calendar("home", login="anna")
    return await world.add_login(world.member("anna", employee="anna"))


async def begin(world, actor, *, employee="anna", provider="memory", purposes=frozenset(Purpose)):
    ref = employee and EmployeeRef(world.company_id, world.id_of(employee))
    return await world.do.linking.begin(world.as_(actor), provider, employee=ref, purposes=purposes)


async def begin_again(world, actor, account, *, purposes=None):
    return await world.do.linking.begin_again(world.as_(actor), account.company_id, account.id, purposes=purposes)


def form(**values):
    return [FilledField(name, Secret(value)) for name, value in values.items()]


async def complete(world, actor, token, **values):
    return await world.do.linking.complete(world.as_(actor), token, form(**(values or RIGHT)))


async def linked(world, actor, **more):
    begun = await begin(world, actor, **more)
    return await complete(world, actor, begun.link_token)


async def relinked(world, actor, account, *, purposes=None, **values):
    begun = await begin_again(world, actor, account, purposes=purposes)
    return await complete(world, actor, begun.link_token, **values)
