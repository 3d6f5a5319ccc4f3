"""Names of the WebDAV and CalDAV properties that are asked for, and what their answers say. Pure; sends nothing."""

from collections.abc import Sequence
from typing import NamedTuple

from caldav.elements import cdav, dav

from slotgraph.core.plugin import AnswerMalformed, CalendarMissing
from slotgraph.plugins.caldav.mapping import printable, zone_from_text
from slotgraph.plugins.caldav.multistatus import DAV, Found, forgetting_addresses, multistatus, path_of, resolved

CALDAV = "{urn:ietf:params:xml:ns:caldav}"
DEFAULT_CALENDAR = f"{CALDAV}schedule-default-calendar-URL"
FREE_BUSY_REPORT = f"{CALDAV}free-busy-query"

PRINCIPAL_PROPERTIES = (
    dav.CurrentUserPrincipal.tag,
    cdav.CalendarHomeSet.tag,
    cdav.CalendarUserAddressSet.tag,
    cdav.ScheduleInboxURL.tag,
    dav.ResourceType.tag,
)
CALENDAR_PROPERTIES = (
    dav.DisplayName.tag,
    dav.ResourceType.tag,
    cdav.SupportedCalendarComponentSet.tag,
    cdav.CalendarTimeZone.tag,
    dav.CurrentUserPrivilegeSet.tag,
    dav.SupportedReportSet.tag,
)
_WRITING = ({f"{DAV}all"}, {f"{DAV}write"}, {f"{DAV}bind", f"{DAV}write-content"})
_READING_BUSY = ({f"{DAV}all"}, {f"{DAV}read"}, {f"{CALDAV}read-free-busy"})


class Principal(NamedTuple):
    """What a resource says of the login: URLs are absolute, None or empty where it does not say."""

    url: str
    current: str | None
    homes: tuple[str, ...]
    addresses: tuple[str, ...]
    inbox: str | None


class Collection(NamedTuple):
    """A calendar collection of a home."""

    url: str
    name: str
    time_zone: str | None
    is_writable: bool
    has_free_busy: bool


def read_principal(body: bytes, url: str) -> Principal:
    """What a PROPFIND of Depth 0 says of the login. Raises AnswerMalformed, also for an href to another server."""
    found = next(multistatus(body, url), None)
    if found is None:
        raise AnswerMalformed("The answer is empty.")
    current = [resolved(href, url) for href in found.hrefs(dav.CurrentUserPrincipal.tag)]
    homes = [resolved(href, url) for href in found.hrefs(cdav.CalendarHomeSet.tag)]
    inboxes = [resolved(href, url) for href in found.hrefs(cdav.ScheduleInboxURL.tag)]
    addresses = [href.lower() for href in found.hrefs(cdav.CalendarUserAddressSet.tag)]
    return Principal(found.url, next(iter(current), None), tuple(homes), tuple(addresses), next(iter(inboxes), None))


def check_presence(body: bytes, url: str) -> None:
    """Look into a PROPFIND of Depth 0. Raises CalendarMissing: Xandikos 0.4.10 says 404 inside a 207 (seen November 2026)."""
    found = next(multistatus(body, url), None)
    if found is None or found.status in (404, 410):
        raise CalendarMissing


@forgetting_addresses()
def read_member_paths(body: bytes, url: str) -> tuple[str, ...]:
    """The paths of what a calendar-query found in a calendar, without percent signs."""
    return tuple(path_of(member) for member in read_members(body, url))


def read_members(body: bytes, url: str) -> tuple[str, ...]:
    """The URLs of what a calendar-query found in a calendar, sorted."""
    found = {one.url for one in multistatus(body, url) if one.status not in (404, 410)}
    return tuple(sorted(member for member in found if path_of(member).rstrip("/") != path_of(url).rstrip("/")))


def read_default_calendar(body: bytes, url: str) -> str | None:
    """The URL of the calendar that invitations go to (RFC 6638 section 9.2), from a PROPFIND of the inbox."""
    found = next(multistatus(body, url), None)
    return next((resolved(href, url) for href in found.hrefs(DEFAULT_CALENDAR)), None) if found else None


def read_collections(body: bytes, url: str) -> tuple[Collection, ...]:
    """The calendars for events among a home's members, from a PROPFIND of Depth 1."""
    listed = [found for found in multistatus(body, url) if f"{CALDAV}calendar" in found.names_in(dav.ResourceType.tag)]
    paths = {path_of(found.url).rstrip("/") for found in listed}
    return tuple(_collection(found) for found in listed if _takes_events(found) and not _is_double(found.url, paths))


def _takes_events(found: Found) -> bool:
    components = found.properties.get(cdav.SupportedCalendarComponentSet.tag)
    if components is None:
        return True  # RFC 4791 section 5.2.3: then any
    return any((component.get("name") or "").upper() == "VEVENT" for component in components.iterchildren())


def _is_double(url: str, paths: set[str]) -> bool:
    """SOGo 5.8 lists each calendar also as NAME.ics and NAME.xml (seen November 2026)."""
    stem, dot, suffix = path_of(url).rstrip("/").rpartition(".")
    return dot == "." and suffix in ("ics", "xml") and stem in paths


def _collection(found: Found) -> Collection:
    name = printable(found.text(dav.DisplayName.tag) or "", lines=False)[:200]
    zone_text = found.text(cdav.CalendarTimeZone.tag)
    return Collection(
        found.url,
        name or path_of(found.url).rstrip("/").rpartition("/")[2] or "Calendar",
        zone_from_text(zone_text) if zone_text else None,
        _may(found, _WRITING),
        _may(found, _READING_BUSY) and FREE_BUSY_REPORT in found.names_in(dav.SupportedReportSet.tag),
    )


def _may(found: Found, grants: Sequence[set[str]]) -> bool:
    """Whether one of these sets of privileges is granted. A server without access control (RFC 3744) grants all."""
    if dav.CurrentUserPrivilegeSet.tag not in found.properties:
        return (
            dav.CurrentUserPrivilegeSet.tag not in found.failed or found.failed[dav.CurrentUserPrivilegeSet.tag] == 404
        )
    held = found.names_in(dav.CurrentUserPrivilegeSet.tag)
    return any(grant <= held for grant in grants)
