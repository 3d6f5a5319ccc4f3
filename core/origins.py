"""Addresses on the web as companies name them: what is one, and the origin of a page as browsers tell it. Asks nobody."""

import re

from yarl import URL

from slotgraph.core.errors import BadInput

MAX_URL = 2000

_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*|[0-9a-f:.]*:[0-9a-f:.]*")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_FORM = "name an origin such as https://www.example.org: https, a host and perhaps a port"


def is_url(text: str) -> bool:
    """Whether a text is an absolute http or https address without a login in it."""
    return _read(text) is not None


def origin_of(text: str) -> str:
    """The origin as a browser sends it: lower case, ASCII, no default port. Raises BadInput (path empty) for anything more."""
    url = _read(text)
    if url is None or url.raw_path not in ("", "/") or url.raw_query_string or url.raw_fragment:
        raise BadInput((), f"{_FORM}, without a path.")
    host = url.raw_host or ""
    if url.scheme != "https" and host not in _LOCAL:
        raise BadInput((), f"{_FORM}; http is for localhost only.")
    port = "" if url.is_default_port() else f":{url.port}"
    return f"{url.scheme}://{f'[{host}]' if ':' in host else host}{port}"


def _read(text: str) -> URL | None:
    if len(text) > MAX_URL or not text.isprintable() or " " in text or "\\" in text:
        return None
    try:
        url = URL(text)
        known = url.scheme in ("http", "https") and url.port != 0 and _HOST.fullmatch(url.raw_host or "")
    except ValueError:
        return None
    return url if known and url.raw_user is None and url.raw_password is None else None
