"""Wording of what was changed in a server's settings, and through which entry point."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from games.core.codes import AuditAction
from games.core.named_places import who_did
from games.pages.game_history import history_text
from games.server_settings.wording import ALL_LABELS
from gamesched.lib.sentences import within_sentence

# Translators: what follows a name, as in “Ann changed #raids”.
AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.EDIT_GUILD: gettext_noop("changed the server's settings"),
    AuditAction.EDIT_CHANNEL: gettext_noop("changed {of}"),
    AuditAction.EDIT_TEMPLATE: gettext_noop("changed the template {of}"),
    AuditAction.CREATE_TEMPLATE: gettext_noop("created the template {of}"),
    AuditAction.DUPLICATE_TEMPLATE: gettext_noop("duplicated the template {of}"),
    AuditAction.DELETE_TEMPLATE: gettext_noop("deleted the template {of}"),
    AuditAction.REORDER: gettext_noop("reordered the templates"),
    AuditAction.SET_DEFAULT_TEMPLATE: gettext_noop("made {of} the default template"),
    AuditAction.BLOCK: gettext_noop("blocked {of}"),
    AuditAction.NOTE_PERSON: gettext_noop("changed the note about {of}"),
    AuditAction.UNBLOCK: gettext_noop("let {of} sign up again"),
}


EDITS = {AuditAction.EDIT_GUILD, AuditAction.EDIT_CHANNEL, AuditAction.EDIT_TEMPLATE}


SOURCES = {
    "button": gettext_noop("Discord"),
    "page": gettext_noop("web page"),
    "admin": gettext_noop("admin"),
    "command": gettext_noop("command line"),
    "api": gettext_noop("API"),
    "discord": gettext_noop("Discord"),
}


def describe_settings_action(action: str, who: str, changes: Mapping[str, Any]) -> str:
    """Return who did what in a guild's settings: `alice changed #raids`."""
    of = changes.get("of", "")
    if action == AuditAction.ROLE_DELETED:
        return _("%(settings)s no longer names %(roles)s: deleted in Discord") % {
            "settings": of,
            "roles": ", ".join(changes.get("roles", ())),
        }
    if action in AUDIT_ACTIONS:
        return who_did(who, AUDIT_ACTIONS[action], {"of": of})
    return history_text(action, who, changes)


def settings_history_text(action: str, who: str, changes: Mapping[str, Any]) -> str:
    """Return the same with the labels of what was changed, in one line."""
    text = describe_settings_action(action, who, changes)
    what = [within_sentence(ALL_LABELS[name]) for name in changes if name in ALL_LABELS]
    return (
        f"{text}: {', '.join(what)}"
        if what and action in {AuditAction.EDIT_GUILD, AuditAction.EDIT_CHANNEL, AuditAction.EDIT_TEMPLATE}
        else text
    )
