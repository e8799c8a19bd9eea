"""What was changed in a guild's settings, as its managers read it: who, through which door, and what it was before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from games.core import wording
from games.deliveries import wording as delivery_wording
from games.models import AuditEntry
from games.models.settings import ALL_SETTINGS
from games.server_settings import wording as settings_wording
from games.server_settings.wording import ALL_LABELS
from guilds.display_names import display_names
from guilds.models import Guild
from guilds.templatetags.when import when

VALUE_MAX = 200  # characters of one value; a description may have 2,000


@dataclass(frozen=True)
class HistoryEntry:
    """One change: a sentence, and each setting's name with its value before and after. What is new has no before."""

    at: datetime
    text: str
    source_text: str
    changes: list[tuple[str, str, str]]


def history_entries(guild: Guild, entries: Iterable[AuditEntry], zone: str) -> list[HistoryEntry]:
    """Entries about the guild in words; times within them for a reader in the zone."""
    entries = list(entries)
    names = display_names(guild.pk, [e.actor_id for e in entries if e.actor_id])
    roles = dict(guild.roles.values_list("pk", "name"))
    channels = {channel.pk: str(channel) for channel in guild.channels.all()}

    def value(name: str, value: Any) -> str:
        text = _value_text(name, value, roles, channels, zone)
        return text if len(text) <= VALUE_MAX else f"{text[: VALUE_MAX - 1]}…"

    def one(entry: AuditEntry) -> HistoryEntry:
        who = names[entry.actor_id].text if entry.actor_id else wording.OPERATOR
        pairs = {name: pair for name, pair in entry.changes.items() if name in settings_wording.ALL_LABELS}
        changes = [
            (settings_wording.ALL_LABELS[name], value(name, pair[0]), value(name, pair[1]))
            if isinstance(pair, list)
            else (settings_wording.ALL_LABELS[name], "", value(name, pair))
            for name, pair in pairs.items()
        ]
        text = describe_settings_action(entry.action, who, entry.changes)
        return HistoryEntry(entry.at, text, SOURCES.get(entry.source, entry.source), changes)

    return [one(entry) for entry in entries]


def _value_text(name: str, value: Any, roles: Mapping[int, str], channels: Mapping[int, str], zone: str) -> str:
    match name:
        case "until":
            return when(datetime.fromisoformat(value), zone) if value else "for good"
        case "manager_role_ids" | "pingable_role_ids":
            return ", ".join(roles.get(role, "a deleted role") for role in value or ()) or "none"
        case "channel_id":
            return channels.get(value, "a deleted channel") if value else "none"
        case "locked":
            return ", ".join(settings_wording.SETTING_LABELS[one].lower() for one in value or ()) or "none"
        case "order":
            return ", ".join(value)
        case "for_games":
            return "yes" if value else "no"
    if name in ALL_SETTINGS:
        return wording.setting_text(name, value, roles, channels) if value is not None else "inherited"
    return str(value or "none")


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
    """Who did what in a guild's settings: `alice changed #raids`."""
    if action in delivery_wording.AUDIT_ACTIONS:
        return delivery_wording.describe_action(action, who, changes)
    of = changes.get("of", "")
    if action == "role_gone":
        return f"{of} no longer names {', '.join(changes.get('roles', ()))}: deleted in Discord"
    return f"{who} {AUDIT_ACTIONS.get(action, action).format(of=of)}"


def settings_history_text(action: str, who: str, changes: Mapping[str, Any]) -> str:
    """The same with the names of what was changed, in one line."""
    text = describe_settings_action(action, who, changes)
    what = [ALL_LABELS[name].lower() for name in changes if name in ALL_LABELS]
    return f"{text}: {', '.join(what)}" if what and action in {"guild", "channel", "template"} else text
