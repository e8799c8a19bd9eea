"""Web addresses in free text: where they end, as Discord's client sees it, and where they lead."""

import re
from urllib.parse import urlsplit

from markdown_it.common.normalize_url import normalizeLink

ADDRESS = re.compile(r"https?://[^\s<\ufeff]+", re.IGNORECASE)
_NEVER_LAST = ".,:;\"']"


def trimmed_address(text: str) -> str:
    """Return an address without what follows it in a sentence: punctuation, and brackets that it does not open."""
    end = len(text)
    surplus = text.count(")") - text.count("(")
    while end and (text[end - 1] in _NEVER_LAST or (text[end - 1] == ")" and surplus > 0)):
        surplus -= text[end - 1] == ")"
        end -= 1
    return text[:end]


def is_web_address(text: str, behind_words: bool = False) -> bool:
    """Return whether a text is an http or https address with a host.

    `behind_words`: nor may it read as another host than it leads to, for then only the host is shown.
    """
    try:
        parts = urlsplit(text)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return False
    plain = not behind_words or not ("@" in parts.netloc or "\\" in text or any(ord(c) <= 32 for c in text))
    return parts.scheme in {"http", "https"} and bool(host) and plain


def normalized_address(text: str) -> str:
    """Return an address as browsers send it: its host in ASCII, other characters percent-encoded."""
    return normalizeLink(text)


def shown_host(text: str) -> str:
    """Return the host of an address in ASCII, with its port."""
    return urlsplit(normalized_address(text)).netloc
