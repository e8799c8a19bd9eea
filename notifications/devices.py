"""The devices that people have notified: which may be reached, and by which key of this site."""

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from gamesched.lib.addresses import is_public_host, split_address
from notifications.messages import Device, PushOutcome
from notifications.models import PushSubscription

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

log = logging.getLogger(__name__)

ENDPOINT_MAX = 1000  # characters


# Each loads what computes with keys when there is one: a fifth of a program's start, and most programs send nothing.


@lru_cache(4)
def _read_key(text: str) -> "EllipticCurvePrivateKey | None":
    from gamesched.lib.web_push import read_private_key

    try:
        return read_private_key(text)
    except ValueError:  # `gamesched.checks` says so
        return None


def site_key() -> "EllipticCurvePrivateKey | None":
    """Return the key by which push services know this site; None without one, and nobody is notified this way."""
    return _read_key(settings.VAPID_PRIVATE_KEY) if settings.VAPID_PRIVATE_KEY else None


def public_key() -> str:
    """Return the public half of the site's key, as browsers take it; '' without one."""
    key = site_key()
    if key is None:
        return ""
    from gamesched.lib.web_push import public_text

    return public_text(key)


def are_browser_keys(p256dh: str, auth: str) -> bool:
    """Return whether a browser's key and secret can be used."""
    from gamesched.lib.web_push import read_browser_keys

    try:
        read_browser_keys(p256dh, auth)
    except ValueError:
        return False
    return True


def contact() -> str:
    """Return whom a push service may write to about this site; '' if there is no such address."""
    return settings.PUBLIC_URL if split_address(settings.PUBLIC_URL).scheme == "https" else ""


def is_endpoint(address: str) -> bool:
    """Return whether an address may be a push service's: https, and no host of a private network."""
    parts = split_address(address)
    if not parts.hostname or parts.username is not None or parts.fragment or len(address) > ENDPOINT_MAX:
        return False
    if not address.isascii() or any(char.isspace() or not char.isprintable() for char in address):
        return False
    if settings.SEND_TO_PRIVATE_ADDRESSES:  # in the demo and tests alone
        return parts.scheme in {"http", "https"}
    return parts.scheme == "https" and is_public_host(parts.hostname)


def seal(device: Device, content: bytes, now: datetime) -> tuple[bytes, str]:
    """Return a message that only this device reads, and the header that shows who sends it. Raises ValueError."""
    from gamesched.lib.web_push import authorization, encrypt

    key = site_key()
    if key is None:
        raise ValueError("this site has no key")
    body = encrypt(content, device.p256dh, device.auth)
    return body, authorization(device.endpoint, key, contact(), now)


def devices_of(user_ids: Collection[int]) -> Mapping[int, Sequence[Device]]:
    """Return people's devices that take notifications from this site, by person. Takes one query, or none."""
    key = public_key()
    devices: dict[int, list[Device]] = defaultdict(list)
    if not user_ids or not key:
        return devices
    rows = PushSubscription.objects.filter(user__in=user_ids, vapid_key=key).order_by("pk")
    for user_id, pk, endpoint, p256dh, auth in rows.values_list("user_id", "pk", "endpoint", "p256dh", "auth"):
        devices[user_id].append(Device(pk, endpoint, p256dh, auth))
    return devices


def note_outcomes(outcomes: Sequence[PushOutcome], now: datetime) -> None:
    """Remove the devices that are gone, and note when others took something. Takes one statement for each, or none."""
    gone = {pk for outcome in outcomes for pk in outcome.gone}
    taken_by = {pk for outcome in outcomes for pk in outcome.taken_by}
    if gone:
        log.info("%d devices take no notifications any more.", len(gone))
        PushSubscription.objects.filter(pk__in=gone).delete()
    if taken_by:
        PushSubscription.objects.filter(pk__in=taken_by).update(last_success_at=now)
