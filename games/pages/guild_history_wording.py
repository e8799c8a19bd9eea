"""Wording of what was changed in a server's settings, and through which entry point."""

from collections.abc import Mapping
from typing import Any

from games.deliveries import wording as delivery_wording
from games.server_settings.wording import ALL_LABELS

AUDIT_ACTIONS = {
    "guild": "changed the server's settings",
    "channel": "changed {of}",
    "template": "changed the template {of}",
    "new_template": "made the template {of}",
    "duplicate": "duplicated the template {of}",
    "delete_template": "deleted the template {of}",
    "reorder": "put the templates in another order",
    "default": "made {of} the default template",
    "block": "blocked {of}",
    "unblock": "let {of} sign up again",
}


SOURCES = {"page": "web page", "admin": "admin", "command": "command line", "discord": "Discord"}


def describe_settings_action(action: str, who: str, changes: Mapping[str, Any]) -> str:
    """Return who did what in a guild's settings: `alice changed #raids`."""
    if action in delivery_wording.AUDIT_ACTIONS:
        return delivery_wording.describe_action(action, who, changes)
    of = changes.get("of", "")
    if action == "role_gone":
        return f"{of} no longer names {', '.join(changes.get('roles', ()))}: deleted in Discord"
    return f"{who} {AUDIT_ACTIONS.get(action, action).format(of=of)}"


def settings_history_text(action: str, who: str, changes: Mapping[str, Any]) -> str:
    """Return the same with the labels of what was changed, in one line."""
    text = describe_settings_action(action, who, changes)
    what = [ALL_LABELS[name].lower() for name in changes if name in ALL_LABELS]
    return f"{text}: {', '.join(what)}" if what and action in {"guild", "channel", "template"} else text
