"""What is written into the employee's calendar for a booking: title and description."""

from slotgraph.core.customers import is_printable
from slotgraph.core.records import Booking, Company, Employee, Service
from slotgraph.core.values import Entry


def entry_of(booking: Booking, *, company: Company, service: Service, employee: Employee) -> Entry:
    """The calendar entry of one attendance: the service itself, buffers not counted, in the employee's zone."""
    customer = booking.customer
    title = f"{service.name}: {customer.name}" if customer else service.name
    lines = []
    if customer:
        lines = [customer.name, customer.email, customer.phone or "", "", booking.note or ""]
    lines += ["", f"Booked with {company.name}."]
    text = printable("\n".join(lines)).strip()
    return Entry(booking.span, employee.time_zone, printable(" ".join(title.split())), text)


def printable(text: str) -> str:
    """The text without control and invisible format characters, line breaks kept."""
    return "".join(char for char in text if char in "\n\t" or is_printable(char))
