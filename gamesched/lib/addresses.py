"""Web addresses that operators give: read without raising."""

import re
from urllib.parse import SplitResult, urlsplit

_SITE = re.compile(r"https?://(?:[^\s/?#@\\,:\[\]]+|\[[0-9a-f:.]+\])(?::[0-9]+)?", re.IGNORECASE)


def split_address(url: str) -> SplitResult:
    """Return the parts of an address; of one that cannot be read, none."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read only now: a port of 99999 raises
    except ValueError:
        return urlsplit("")
    return parts


def is_site(address: str) -> bool:
    """Return whether an address is a scheme, a host and perhaps a port, and nothing else."""
    return _SITE.fullmatch(address) is not None and split_address(address).hostname is not None
