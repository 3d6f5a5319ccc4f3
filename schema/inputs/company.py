"""Changes of the company profile."""

import strawberry

from slotgraph.core.grids import GridAnchor
from slotgraph.core.profile import ProfileChange
from slotgraph.core.values import Omitted
from slotgraph.schema.guard import changed, input_type, leaf
from slotgraph.schema.inputs.changes import kept
from slotgraph.schema.scalars import URL, Locale, TimeZone


@input_type("Change of the company profile; what is omitted stays.")
class UpdateCompanyProfileInput:
    """A change."""

    company: strawberry.ID | None = leaf("Company; omit for your own.")
    name: str | None = changed("Name for people.")
    slug: str | None = changed("Name in addresses; old addresses stop working.")
    time_zone: TimeZone | None = changed("Zone.")
    locale: Locale | None = changed("Language of messages to customers who named none.")
    booking_interval_minutes: int | None = changed("Booking interval in minutes: 5, 10, 15, 20, 30, 45, 60, 90 or 120.")
    grid_anchor: GridAnchor | None = changed("Where the grid of starts begins.")
    hold_minutes: int | None = changed("Minutes a held slot is kept, 1 to 30.")
    customer_data_days: int | None = changed("Days after which customers' data of past bookings is erased, 1 to 3650.")
    entry_title_template: str | None = changed("Template of the written title.")
    entry_description_template: str | None = changed("Template of the written description.")
    allowed_origins: list[URL] | None = changed("Web origins that may embed the widget with credentials.")
    exclude_support: bool | None = changed(
        "True shuts support out at once and closes open cases, and support then cannot help; false opens nothing by itself."
    )

    def read(self) -> ProfileChange:
        """The change meant. Raises BadInput."""
        origins = kept(self.allowed_origins, "allowedOrigins")
        return ProfileChange(
            name=kept(self.name, "name"),
            slug=kept(self.slug, "slug"),
            time_zone=kept(self.time_zone, "timeZone"),
            locale=kept(self.locale, "locale"),
            booking_interval_minutes=kept(self.booking_interval_minutes, "bookingIntervalMinutes"),
            grid_anchor=kept(self.grid_anchor, "gridAnchor"),
            hold_minutes=kept(self.hold_minutes, "holdMinutes"),
            customer_data_days=kept(self.customer_data_days, "customerDataDays"),
            entry_title_template=kept(self.entry_title_template, "entryTitleTemplate"),
            entry_description_template=kept(self.entry_description_template, "entryDescriptionTemplate"),
            allowed_origins=origins if isinstance(origins, Omitted) else tuple(origins),
            exclude_support=kept(self.exclude_support, "excludeSupport"),
        )
