"""Companies' names in addresses."""

import re

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
SLUG_FORM = "1 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit."


def is_slug(text: str) -> bool:
    """Whether a text may be a company's name in addresses."""
    return _SLUG.fullmatch(text) is not None
