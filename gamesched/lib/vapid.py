"""The key by which push services know a site, as text, without what computes with it.

Every program reads it at its start, and most do nothing with it; `gamesched/lib/web_push.py` takes a while to load.
"""

import base64
import re
import secrets

_BASE64 = re.compile(r"[A-Za-z0-9_-]+={0,2}")
# How many private keys the curve P-256 has: https://www.secg.org/sec2-v2.pdf
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def encode(data: bytes) -> str:
    """Return bytes in base64url, as push services and browsers write them."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Read what `encode` wrote. Raises ValueError."""
    if not _BASE64.fullmatch(text):
        raise ValueError("it isn't base64url")
    bare = text.rstrip("=")
    return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))


def new_private_key() -> str:
    """Return a new key of a site, as its variable holds it."""
    return encode((secrets.randbelow(_ORDER - 1) + 1).to_bytes(32, "big"))


def private_number(text: str) -> int:
    """Return the number that a site's key is. Raises ValueError."""
    data = decode(text)
    number = int.from_bytes(data, "big")
    if len(data) != 32 or not 0 < number < _ORDER:
        raise ValueError("it isn't a number of 32 bytes")
    return number
