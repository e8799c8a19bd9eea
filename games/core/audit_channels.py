"""Channels in stored changes: kept by id, and named only to whom Discord shows them."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from games.core import wording
from games.core.permissions import Viewer

_KEY = "channel"
# Words and names of settings whose stored value is a channel's id.
CHANNEL_WORDS = frozenset({"channel", "archive channel", "channel_id", "archive_channel_id"})


def stored_channel(channel_id: int) -> dict[str, int]:
    """Return one channel as changes store it."""
    return {_KEY: channel_id}


def is_hidden(of: Any, viewer: Viewer, *, is_channel: bool) -> bool:
    """Return whether an entry is about a channel that the viewer may not view.

    `is_channel`: whether it is about a channel at all. Older entries have its name then, which may be another by now:
    to who does not view every channel, they are about one of the hidden, unless a channel that they view is called so.
    """
    if isinstance(of, Mapping) and of.keys() == {_KEY}:
        return of[_KEY] in viewer.hidden_channel_ids
    return is_channel and bool(viewer.hidden_channel_ids) and of not in viewer.channel_names.values()


def with_channel_name(of: Any, viewer: Viewer, *, is_channel: bool) -> Any:
    """Return what an entry is about with its channel's name, where the viewer may read it."""
    if is_hidden(of, viewer, is_channel=is_channel):
        return gettext(wording.HIDDEN_CHANNEL)
    if isinstance(of, Mapping) and of.keys() == {_KEY}:
        return viewer.channel_names.get(of[_KEY], gettext(wording.DELETED_CHANNEL))
    return of
