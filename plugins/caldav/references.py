"""Pure: what a Reference to an entry of ours says, and how one is made."""

from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from slotgraph.core.plugin import PluginFailed, Reference


def place_of(reference: Reference) -> tuple[str, str]:
    """The URL and the UID that a reference names. Raises PluginFailed if it names no entry."""
    url, uid = urldefrag(urljoin(reference.calendar_id, reference.id))
    path = urlsplit(url).path
    if not path.endswith(".ics") and (not uid or path.endswith("/")):
        # An empty or cut reference would name the calendar itself, and DELETE it.
        raise PluginFailed("The reference names no entry.")
    return url, uid or _uid_at(url)


def reference_to(calendar_id: str, url: str, uid: str, etag: str | None) -> Reference:
    """A reference is the path; where the server chose the name, the UID follows as a fragment."""
    path = urlsplit(url).path
    return Reference(calendar_id, path if _uid_at(path) == uid else f"{path}#{uid}", etag)


def _uid_at(url: str) -> str:
    return unquote(urlsplit(url).path).rpartition("/")[2].removesuffix(".ics")
