"""Finds the address of whoever asks, behind the proxies that the operator trusts and no others."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@lru_cache(maxsize=8)
def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the networks in `10.0.0.0/8, 192.0.2.7`. Raise ValueError, also for one that is the whole internet."""
    networks = tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())
    if any(network.prefixlen == 0 for network in networks):
        raise ValueError(f"{text} is everybody")
    return networks


def client_address(peer: str, forwarded_for: str, trusted: tuple[Network, ...]) -> str:
    """Return the client's address: the peer, or whom the last trusted proxy names in X-Forwarded-For.

    Each proxy appends the address that it was asked from, so what stands further left is only claimed.
    """
    found = _parse_address(peer)
    for claimed in reversed(forwarded_for.split(",")):
        if found is None or not _is_in(found, trusted):
            break
        before = _parse_address(claimed)
        if before is None:
            break
        found = before
    return peer if found is None else str(found)


def network_of(address: str) -> str:
    """Return whom limits count as one by their address: whoever has one of IPv6 has all of its network; '' for none."""
    found = _parse_address(address)
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found or "")


def _parse_address(text: str) -> Address | None:
    """Return the address in a text such as `192.0.2.7`, `192.0.2.7:443` or `[2001:db8::1]:443`."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # What a socket for both families calls 192.0.2.7.
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
