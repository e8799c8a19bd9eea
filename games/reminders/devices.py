"""The devices that a person has us notify: adding one, removing one, and the list of them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from games.reminders import device_wording
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import User
from notifications.devices import are_browser_keys, is_endpoint, public_key
from notifications.models import DeliveryMethod, Preference, PushSubscription

DEVICES_MAX = 10
# Names of browsers and systems by what they say of themselves; the first that fits, as most name several.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
            ("Chrom", "Chrome"), ("Safari", "Safari"))  # fmt: skip
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("CrOS", "ChromeOS"),
           ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))  # fmt: skip


@dataclass(frozen=True)
class NewDevice:
    """What a browser says of itself: where and by which keys it is reached, and its User-Agent."""

    endpoint: str
    p256dh: str
    auth: str
    user_agent: str = ""


@dataclass(frozen=True)
class DeviceRow:
    """One line of the list. `mark` tells a browser, by what it alone knows, that it is this one."""

    id: int
    name: str
    last_success_at: datetime | None
    mark: str
    is_current: bool


def browser_name(user_agent: str) -> str:
    """Return a browser and its system as their owner knows them: `Firefox, Windows`; '' for neither."""
    found = (next((name for part, name in known if part in user_agent), "") for known in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, found))


@transaction.atomic
def add_device(user: User, guild_id: int, device: NewDevice, now: datetime) -> str:
    """Have a browser notified, whoever's it was before; return a sentence. Raises Refused."""
    key = public_key()
    if not key:
        raise Refused(Refusal("push_off", device_wording.push_is_off()))
    if not is_endpoint(device.endpoint) or not _has_keys(device):
        raise Refused(Refusal("bad_subscription", device_wording.bad_subscription()))
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # two devices at once count one after the other
    others = PushSubscription.objects.filter(user=user).exclude(endpoint=device.endpoint)
    if others.count() >= DEVICES_MAX:
        raise Refused(Refusal("too_many", device_wording.too_many_devices(DEVICES_MAX)))
    values = {
        "user": user,
        "p256dh": device.p256dh,
        "auth": device.auth,
        "vapid_key": key,
        "browser": browser_name(device.user_agent),
        "created_at": now,
        "last_success_at": None,
    }
    PushSubscription.objects.update_or_create(endpoint=device.endpoint, defaults=values)
    chosen = Preference.objects.filter(user=user, guild_id=guild_id, method=DeliveryMethod.PUSH).exists()
    return device_wording.added(chosen)


def _has_keys(device: NewDevice) -> bool:
    return len(device.p256dh) <= 100 and len(device.auth) <= 32 and are_browser_keys(device.p256dh, device.auth)


def remove_device(user: User, device_id: int) -> str:
    """Stop notifying a device of the user's own; return a sentence, '' if they have no such device."""
    removed = PushSubscription.objects.filter(user=user, pk=device_id).delete()[0]
    return device_wording.removed() if removed else ""


def device_rows(user: User) -> Sequence[DeviceRow]:
    """Return a user's devices, the first that they added first."""
    key = public_key()
    rows = PushSubscription.objects.filter(user=user).order_by("pk")
    return [
        DeviceRow(
            one.pk,
            one.browser or device_wording.unnamed_device(),
            one.last_success_at,
            hashlib.sha256(one.endpoint.encode()).hexdigest(),
            one.vapid_key == key,
        )
        for one in rows
    ]
