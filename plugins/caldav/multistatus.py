"""Reads WebDAV's multistatus (RFC 4918 section 13) from bytes nobody vouches for. Knows no calendar."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree  # type: ignore[import-untyped]

from slotgraph.core.plugin import AnswerMalformed, AnswerTooLarge

DAV = "{DAV:}"
MAX_DEPTH = 32
_TOO_DEEP = "boolean(/" + "/".join("*" * MAX_DEPTH) + ")"
_UNFIT = "The answer is no WebDAV multistatus."


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL; the port is there also where it is the scheme's own. Raises ValueError."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def resolved(href: str, base: str) -> str:
    """The absolute URL of an href in an answer to `base`. Raises AnswerMalformed if it leads to another origin."""
    try:
        url = urljoin(base, href.strip())
        if "@" not in urlsplit(url).netloc:
            if origin(url) == origin(base):
                return url
            if _is_behind_proxy(url, base):
                return urljoin(base, urlsplit(url)._replace(scheme="", netloc="").geturl())
    except ValueError:
        pass
    raise AnswerMalformed("The answer names an address on another server.")


def _is_behind_proxy(url: str, base: str) -> bool:
    """Whether a server that does not know of the TLS before it names itself by http; we go on by https."""
    (scheme, host, port), (base_scheme, base_host, base_port) = origin(url), origin(base)
    return (scheme, base_scheme) == ("http", "https") and host == base_host and port in (80, base_port)


@contextmanager
def forgetting_addresses() -> Iterator[None]:
    """Leave none of the addresses seen meanwhile in the standard library's cache of them: those of events are forgotten too (rule F1)."""
    try:
        yield
    finally:
        urlsplit.cache_clear()  # type: ignore[attr-defined]


def path_of(url: str) -> str:
    """A URL's path without percent signs: servers differ in what they quote."""
    return unquote(urlsplit(url).path)


@dataclass(frozen=True, slots=True)
class Found:
    """One resource of a multistatus: its absolute URL, its status if it has one of its own, the properties it has."""

    url: str
    status: int | None
    properties: Mapping[str, etree._Element]
    failed: Mapping[str, int]

    def text(self, name: str) -> str | None:
        """A property's text; None if it is missing or empty."""
        element = self.properties.get(name)
        return (element.text or "").strip() or None if element is not None else None

    def hrefs(self, name: str) -> list[str]:
        """The hrefs directly in a property, as written."""
        element = self.properties.get(name)
        children = element.iterchildren(f"{DAV}href") if element is not None else ()
        return [text for child in children if (text := (child.text or "").strip())]

    def names_in(self, name: str) -> frozenset[str]:
        """The tags of all elements in a property."""
        element = self.properties.get(name)
        return frozenset(str(child.tag) for child in element.iterdescendants()) if element is not None else frozenset()


def parsed(body: bytes) -> etree._Element:
    """The root of an XML body: UTF-8 whatever it claims, no DTD, nothing fetched, bounded depth. Raises AnswerMalformed."""
    # With a forced UTF-8 no other encoding can hide these from the search.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise AnswerMalformed(_UNFIT)
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise AnswerMalformed(_UNFIT) from None
    if root is None or root.xpath(_TOO_DEEP):
        raise AnswerMalformed(_UNFIT)
    return root


def multistatus(body: bytes, base: str) -> Iterator[Found]:
    """The resources of a multistatus body in answer to `base`. Raises AnswerMalformed, AnswerTooLarge if it was cut short."""
    root = parsed(body)
    if root.tag != f"{DAV}multistatus":
        raise AnswerMalformed(_UNFIT)
    for response in root.iterchildren(f"{DAV}response"):
        found = _found(response, base)
        if found.status == 507:
            # RFC 6578 section 3.6, RFC 5323 section 5.17: there is more, and it was left out.
            raise AnswerTooLarge("The server cut its answer short.")
        yield found


def _found(response: etree._Element, base: str) -> Found:
    href = response.findtext(f"{DAV}href")
    if not href or not href.strip():
        raise AnswerMalformed(_UNFIT)
    status = response.findtext(f"{DAV}status")
    properties: dict[str, etree._Element] = {}
    failed: dict[str, int] = {}
    for propstat in response.iterchildren(f"{DAV}propstat"):
        code = _status_code(propstat.findtext(f"{DAV}status") or "HTTP/1.1 200 OK")
        for prop in propstat.iterchildren(f"{DAV}prop"):
            for element in prop.iterchildren():
                if 200 <= code < 300:
                    properties[str(element.tag)] = element
                else:
                    failed[str(element.tag)] = code
    return Found(resolved(href, base), _status_code(status) if status else None, properties, failed)


def _status_code(line: str) -> int:
    parts = line.split()
    if len(parts) < 2 or not parts[1].isdigit():
        raise AnswerMalformed(_UNFIT)
    return int(parts[1])
