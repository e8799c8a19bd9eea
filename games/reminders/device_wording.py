"""Wording about the devices that people have us notify."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def added(is_chosen: bool) -> str:
    """Return what to say of a new device; `is_chosen`: its owner wants notifications on devices in this server."""
    if is_chosen:
        return _("Saved. We notify this device from now on.")
    return _("This device is ready. Choose your devices under “Messages to you”, and save.")


def removed() -> str:
    return _("Removed. We no longer notify that device.")


def push_is_off() -> str:
    return _("This site can't notify devices. Choose another way.")


def bad_subscription() -> str:
    return _("Your browser gave us no address to notify. Reload the page, and try again.")


def too_many_devices(most: int) -> str:
    return ngettext(
        "You have %(count)d device already. Remove it first.",
        "You have %(count)d devices already. Remove one first.",
        most,
    ) % {"count": most}


def unnamed_device() -> str:
    return _("A device")


def test_on_devices(silently: bool) -> str:
    """Return that a test reminder went to the reader's devices."""
    if silently:
        return _("We sent it to your devices. It made no sound: these are your quiet hours.")
    return _("We sent it to your devices.")


def test_without_devices() -> str:
    """Return why a test reminder went elsewhere."""
    return _("None of your devices takes notifications, so we used direct messages.")
