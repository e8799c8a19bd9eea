"""Web addresses that operators give: read without raising."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

_SITE = re.compile(r"https?://(?:[^\s/?#@\\,:\[\]]+|\[[0-9a-f:.]+\])(?::[0-9]+)?", re.IGNORECASE)
# The last part of a name by which resolvers take all of it as an address: 127.1, 0x7f.1. https://url.spec.whatwg.org/
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_UNICAST, _NAT64 = IPv6Network("2000::/3"), IPv6Network("64:ff9b::/96")


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
        name = host.removesuffix(".")
        is_number = _NUMBER.fullmatch(name.rpartition(".")[2]) is not None
        return "." in name and not is_number and not name.endswith((".local", ".localhost", ".internal", ".test"))


def is_public_ip(text: str) -> bool:
    """Return whether an IP address is reached from anywhere. Raises ValueError for what is none."""
    address = ip_address(text)
    if isinstance(address, IPv6Address):
        led_to = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            led_to = IPv4Address(address.packed[-4:])
        if led_to is None and address not in _UNICAST:
            return False
        address = led_to or address
    return address.is_global and not address.is_multicast
