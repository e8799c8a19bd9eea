"""Wording of what was changed in a server's settings, and through which entry point."""

from collections.abc import Mapping
from typing import Any

from games.core.codes import AuditAction
from games.pages.game_history import history_text
from games.server_settings.wording import ALL_LABELS

AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.EDIT_GUILD: "changed the server's settings",
    AuditAction.EDIT_CHANNEL: "changed {of}",
    AuditAction.EDIT_TEMPLATE: "changed the template {of}",
    AuditAction.CREATE_TEMPLATE: "created the template {of}",
    AuditAction.DUPLICATE_TEMPLATE: "duplicated the template {of}",
    AuditAction.DELETE_TEMPLATE: "deleted the template {of}",
    AuditAction.REORDER: "reordered the templates",
    AuditAction.SET_DEFAULT_TEMPLATE: "made {of} the default template",
    AuditAction.BLOCK: "blocked {of}",
    AuditAction.NOTE_PERSON: "changed the note about {of}",
    AuditAction.UNBLOCK: "let {of} sign up again",
}


EDITS = {AuditAction.EDIT_GUILD, AuditAction.EDIT_CHANNEL, AuditAction.EDIT_TEMPLATE}


SOURCES = {"button": "Discord", "page": "web page", "admin": "admin", "command": "command line", "discord": "Discord"}


def describe_settings_action(action: str, who: str, changes: Mapping[str, Any]) -> str:
    """Return who did what in a guild's settings: `alice changed #raids`."""
    of = changes.get("of", "")
    if action == AuditAction.ROLE_DELETED:
        return f"{of} no longer names {', '.join(changes.get('roles', ()))}: deleted in Discord"
    if action in AUDIT_ACTIONS:
        return f"{who} {AUDIT_ACTIONS[action].format(of=of)}"
    return history_text(action, who, changes)


def settings_history_text(action: str, who: str, changes: Mapping[str, Any]) -> str:
    """Return the same with the labels of what was changed, in one line."""
    text = describe_settings_action(action, who, changes)
    what = [ALL_LABELS[name].lower() for name in changes if name in ALL_LABELS]
    return (
        f"{text}: {', '.join(what)}"
        if what and action in {AuditAction.EDIT_GUILD, AuditAction.EDIT_CHANNEL, AuditAction.EDIT_TEMPLATE}
        else text
    )
