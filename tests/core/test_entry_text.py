"""What stands in the employee's calendar: the house's own texts, or the company's (rule K7)."""

from datetime import timedelta

from slotgraph.core.booking.finding import BookingRef
from slotgraph.core.customers import CustomerForm
from slotgraph.core.erasing import CustomerErased
from slotgraph.core.errors import ProviderUnreachable
from slotgraph.core.profile import ProfileChange
from slotgraph.core.values import Secret

FULL = CustomerForm("Mia Muster", "mia@example.org", "+41 79 123 45 67")


async def change(world, **given):
    await world.do.profiles.update(world.as_(world.owner), world.company_id, ProfileChange(**given))


async def written(world, **more):
    """What is written for a booking of Anna's; the booking, its title and description."""
    await world.link("anna")
    confirmed = await world.book(employee="anna", **({"customer": FULL} | more))
    (entry,) = world.calendars.entries("annas").values()
    return confirmed, entry.title, entry.description


async def test_the_house_writes_what_it_always_wrote(world):
    _, title, description = await written(world, note="Short,\n\nplease")
    assert title == "Cut: Mia Muster"
    assert description == ("Mia Muster\nmia@example.org\n+41 79 123 45 67\n\nShort,\n\nplease\n\nBooked with Demo.")


async def test_what_was_not_given_leaves_no_line(world):
    _, _, description = await written(world, customer=CustomerForm("Mia Muster", "mia@example.org"))
    assert description == "Mia Muster\nmia@example.org\n\nBooked with Demo."


async def test_a_company_may_write_the_manage_link_and_nothing_of_the_customer(world):
    await change(world, entry_title_template="{service} with {employee}", entry_description_template="{manageLink}")
    confirmed, title, description = await written(world, note="my secret")
    assert title == "Cut with Anna"
    token = confirmed.manage_token.reveal()
    assert description == f"http://localhost:8000/manage#{token}"
    seen = await world.do.booking_desk.booking(
        world.as_(), BookingRef(manage_token=Secret(description.partition("#")[2]))
    )
    assert seen.booking.id == confirmed.booking.id


async def test_a_customer_who_types_placeholders_gets_them_back(world):
    await change(world, entry_title_template="{customer}", entry_description_template="{customer}\n{note}")
    nasty = CustomerForm("{manageLink} {{x}}", "mia@example.org")
    _, title, description = await written(world, customer=nasty, note="{customer.__class__} {email}")
    assert title == "{manageLink} {{x}}"
    assert description == "{manageLink} {{x}}\n{customer.__class__} {email}"


async def test_a_customer_erased_before_the_entry_was_written_is_not_written(world):
    await world.link("anna")
    world.calendars.fail("write", ProviderUnreachable())
    await world.book(employee="anna", customer=FULL, note="mine")
    assert await world.do.erasing.erase(world.as_(world.owner), "mia@example.org") == CustomerErased(1)
    world.calendars.heal()
    world.clock.advance(timedelta(minutes=1))
    await world.joined.writer.sweep()
    (entry,) = world.calendars.entries("annas").values()
    assert (entry.title, entry.description) == ("Cut", "Booked with Demo.")


async def test_a_title_of_which_nothing_is_left_is_the_service(world):
    await change(world, entry_title_template="{phone}")
    _, title, _ = await written(world, customer=CustomerForm("Mia Muster", "mia@example.org"))
    assert title == "Cut"
