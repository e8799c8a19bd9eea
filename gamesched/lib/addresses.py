"""Web addresses that operators give: read without raising."""

import re
from ipaddress import ip_address
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


def is_public_host(host: str) -> bool:
    """Return whether a host can be reached from anywhere, as far as its name or address tells."""
    try:
        return is_public_ip(host)
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal", ".test"))


def is_public_ip(text: str) -> bool:
    """Return whether an IP address is reached from anywhere. Raises ValueError for what is none."""
    address = ip_address(text)
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_global and not address.is_multicast
