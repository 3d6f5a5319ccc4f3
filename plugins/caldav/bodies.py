"""Request bodies of WebDAV and CalDAV, built from the caldav library's elements. Sends nothing."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from caldav.elements import cdav, dav
from caldav.elements.base import BaseElement, NamedBaseElement
from lxml import etree  # type: ignore[import-untyped]

from slotgraph.plugins.caldav.tokenizer import OWN_ATTENDEE, TIME_PROPERTIES, TITLE_PROPERTIES


class _Property(NamedBaseElement):
    """CALDAV:prop (RFC 4791 section 9.6.4), which the library lacks: a property to be sent."""

    tag: ClassVar[str] = "{urn:ietf:params:xml:ns:caldav}prop"


class _AllComponents(BaseElement):
    """CALDAV:allcomp (RFC 4791 section 9.6.2), which the library lacks too."""

    tag: ClassVar[str] = "{urn:ietf:params:xml:ns:caldav}allcomp"


def properties_wanted(*, titles: bool, addresses: bool) -> tuple[str, ...]:
    """The event properties a partial read asks for; attendees only if the holder's own answer can be told among them."""
    return (*TIME_PROPERTIES, *(TITLE_PROPERTIES if titles else ()), *((OWN_ATTENDEE,) if addresses else ()))


def propfind(names: Iterable[str]) -> str:
    """A PROPFIND body for properties in Clark notation (`{DAV:}getetag`)."""
    root = etree.Element("{DAV:}propfind", nsmap={"D": "DAV:", "C": "urn:ietf:params:xml:ns:caldav"})
    prop = etree.SubElement(root, "{DAV:}prop")
    for name in names:
        etree.SubElement(prop, name)
    text: str = etree.tostring(root, encoding="unicode")
    return text


def calendar_query(
    span: tuple[datetime, datetime] | None, *, partial: Iterable[str] | None = None, with_property: str | None = None
) -> str:
    """A calendar-query for the events in a closed range, whole or with `partial` properties only.

    `with_property` asks for the events that have it, then without a range: Xandikos 0.4.10 expands series for a range, after which
    none has an RRULE any more (seen November 2026).
    """
    data: BaseElement = cdav.CalendarData()
    if partial is not None:
        # VTIMEZONE whole: without it a private zone name means nothing.
        wanted = cdav.Comp("VCALENDAR") + (cdav.Comp("VEVENT") + [_Property(name) for name in partial])
        zones = cdav.Comp("VTIMEZONE") + cdav.Allprop()
        data += wanted + (zones + _AllComponents())
    events: BaseElement = cdav.CompFilter("VEVENT")
    if span:
        events += cdav.TimeRange(*span)
    if with_property:
        events += cdav.PropFilter(with_property)
    filters = cdav.Filter() + (cdav.CompFilter("VCALENDAR") + events)
    query = cdav.CalendarQuery() + (dav.Prop() + data)
    return _text(query + filters)


def members_query(span: tuple[datetime, datetime]) -> str:
    """A calendar-query for the addresses, and no more, of the events in a closed range."""
    events = cdav.CompFilter("VEVENT") + cdav.TimeRange(*span)
    filters = cdav.Filter() + (cdav.CompFilter("VCALENDAR") + events)
    return _text(cdav.CalendarQuery() + (dav.Prop() + dav.GetEtag()) + filters)


def uid_query(uid: str) -> str:
    """A calendar-query for the addresses, and no more, of the events of a UID."""
    events = cdav.CompFilter("VEVENT") + (cdav.PropFilter("UID") + cdav.TextMatch(uid))
    filters = cdav.Filter() + (cdav.CompFilter("VCALENDAR") + events)
    return _text(cdav.CalendarQuery() + (dav.Prop() + dav.GetEtag()) + filters)


def free_busy_query(start: datetime, end: datetime) -> str:
    """A free-busy-query for a closed range."""
    return _text(cdav.FreeBusyQuery() + cdav.TimeRange(start, end))


def _text(element: BaseElement) -> str:
    text: str = etree.tostring(element.xmlelement(), encoding="unicode")
    return text
