"""What is written into the employee's calendar for a booking: title and description, by the company's templates (rule K7)."""

from collections.abc import Mapping

from slotgraph.core.customers import is_printable
from slotgraph.core.entry_templates import TITLE_PLACEHOLDERS, filled_description, filled_title, parsed
from slotgraph.core.manage_token import token_for
from slotgraph.core.records import Booking, Company, Employee, Service
from slotgraph.core.values import Entry


class EntryTexts:
    """Writes the texts of calendar entries. `public_url` is where people reach this server; manage links are made of it."""

    def __init__(self, *, manage_key: bytes, public_url: str) -> None:
        self._manage_key = manage_key
        self._public_url = public_url

    def entry_of(self, booking: Booking, *, company: Company, service: Service, employee: Employee) -> Entry:
        """The calendar entry of one attendance: the service itself, buffers not counted, in the employee's zone."""
        texts = self._texts(booking, company=company, service=service, employee=employee)
        lines = {name: printable(text) for name, text in texts.items()}
        words = {name: printable(" ".join(text.split())) for name, text in texts.items()}
        title = filled_title(parsed(company.entry_title_template, TITLE_PLACEHOLDERS), words)
        description = filled_description(parsed(company.entry_description_template), lines)
        return Entry(booking.span, employee.time_zone, title or words["service"], description)

    def _texts(self, booking: Booking, *, company: Company, service: Service, employee: Employee) -> Mapping[str, str]:
        """What stands for each placeholder; nothing of the customer once they are erased."""
        customer = booking.customer
        return {
            "service": service.name,
            "customer": customer.name if customer else "",
            "email": customer.email if customer else "",
            "phone": (customer.phone if customer else None) or "",
            "note": booking.note or "",
            "company": company.name,
            "employee": employee.name,
            "manageLink": self._manage_link(booking),
        }

    def _manage_link(self, booking: Booking) -> str:
        """The page where its holder moves and cancels the booking (rule K5). No server logs what stands behind the #."""
        token = token_for(self._manage_key, booking.company_id, booking_id=booking.id, generation=booking.generation)
        return f"{self._public_url}/manage#{token}"


def printable(text: str) -> str:
    """The text without control and invisible format characters, line breaks kept."""
    return "".join(char for char in text if char in "\n\t" or is_printable(char))
