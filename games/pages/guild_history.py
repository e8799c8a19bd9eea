"""The history of a guild, as its managers read it: who did what, both values, and what can be undone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from games.core import wording
from games.core.audit_channels import is_hidden, with_channel_name
from games.core.audit_people import user_ids, with_names
from games.core.codes import AuditAction
from games.core.permissions import Viewer
from games.core.settings import SETTINGS, setting_text
from games.models import AuditEntry, Game
from games.models.agenda import AgendaGames
from games.pages.game_history import history_text
from games.pages.game_page import actor_label
from games.pages.guild_history_wording import SOURCES, describe_settings_action
from games.scheduling.rules import undo_until
from games.server_settings import language_wording
from games.server_settings import wording as settings_wording
from gamesched.lib.moments import read_moment
from gamesched.lib.sentences import within_sentence
from guilds.display_names import display_names
from guilds.languages import language_choices
from guilds.models import Role
from guilds.templatetags.zoned_times import when

VALUE_MAX = 200  # characters of one value; a description may have 2,000


@dataclass(frozen=True)
class HistoryEntry:
    """One change: a sentence, and each setting's label with its value before and after; a new row has no before."""

    at: datetime
    text: str
    source_text: str
    changes: list[tuple[str, str, str]]
    game: Game | None = None
    may_undo: bool = False


def guild_history(viewer: Viewer) -> QuerySet[AuditEntry]:
    """Return all that was done in a guild and with its games, the latest first, without channels hidden from them."""
    rows = AuditEntry.objects.filter(guild=viewer.guild_id).select_related("game")
    return rows.exclude(game__channel__in=viewer.hidden_channel_ids)


def may_undo(entry: AuditEntry, now: datetime) -> bool:
    """Return whether what an entry tells of can be undone: a cancellation, for a while."""
    game = entry.game
    if game is None or entry.action != AuditAction.CANCEL or game.cancelled_at != entry.at:
        return False
    return now <= undo_until(entry.at, game.ends_at)


def history_entries(
    viewer: Viewer, entries: Iterable[AuditEntry], zone: str, now: datetime | None = None
) -> list[HistoryEntry]:
    """Return entries about the viewer's guild and its games as text; times in their zone.

    Of a channel that is hidden from the viewer they read that it changed, and nothing else.
    `now`: to tell what can be undone.
    """
    entries, guild_id = list(entries), viewer.guild_id
    about = user_ids([e.changes for e in entries]) | {e.actor_id for e in entries if e.actor_id}
    names = display_names(guild_id, about)
    roles = dict(Role.objects.filter(guild=guild_id).values_list("pk", "name"))
    channels = viewer.channel_names

    def value(name: str, value: Any) -> str:
        text = _value_text(name, value, roles, channels, zone)
        return text if len(text) <= VALUE_MAX else f"{text[: VALUE_MAX - 1]}…"

    def of_game(entry: AuditEntry, game: Game) -> HistoryEntry:
        who = names[entry.actor_id].text if entry.actor_id else actor_label(entry.source)
        text = history_text(entry.action, who, with_names(entry.changes, names), zone, channels)
        undo = now is not None and may_undo(entry, now)
        return HistoryEntry(entry.at, text, gettext(SOURCES.get(entry.source, "")), [], game, undo)

    def one(entry: AuditEntry) -> HistoryEntry:
        if entry.game is not None:
            return of_game(entry, entry.game)
        who = names[entry.actor_id].text if entry.actor_id else gettext(wording.OPERATOR)
        hidden = is_hidden(entry.changes.get("of"), viewer, is_channel=is_about_channel(entry))
        labels = settings_wording.ALL_LABELS if not hidden else {}
        pairs = {name: pair for name, pair in entry.changes.items() if name in labels}
        changes = [
            (gettext(settings_wording.ALL_LABELS[name]), value(name, pair[0]), value(name, pair[1]))
            if isinstance(pair, list)
            else (gettext(settings_wording.ALL_LABELS[name]), "", value(name, pair))
            for name, pair in pairs.items()
        ]
        text = describe_settings_action(entry.action, who, with_names(with_layer_name(entry, viewer), names))
        return HistoryEntry(entry.at, text, gettext(SOURCES.get(entry.source, entry.source)), changes)

    return [one(entry) for entry in entries]


def is_about_channel(entry: AuditEntry) -> bool:
    """Return whether an entry is about a channel's settings."""
    of = entry.changes.get("of")
    # A deleted role may be of a template too, whose name has no sign before it.
    role_of_channel = entry.action == AuditAction.ROLE_DELETED and isinstance(of, str) and of.startswith("#")
    return entry.action == AuditAction.EDIT_CHANNEL or role_of_channel


def with_layer_name(entry: AuditEntry, viewer: Viewer) -> dict[str, Any]:
    """Return an entry's changes with the name of the channel that they are about, where the viewer may read it."""
    of = with_channel_name(entry.changes.get("of"), viewer, is_channel=is_about_channel(entry))
    changes: dict[str, Any] = entry.changes | ({"of": of} if of is not None else {})
    return changes


def _value_text(name: str, value: Any, roles: Mapping[int, str], channels: Mapping[int, str], zone: str) -> str:
    match name:
        case "until":
            at = read_moment(value) if value else None
            return when(at, zone) if at else str(value or _("for good"))
        case "manager_role_ids" | "pingable_role_ids":
            return ", ".join(roles.get(role) or _("a deleted role") for role in value or ()) or _("none")
        case "channel_id":
            return (channels.get(value) or gettext(wording.DELETED_CHANNEL)) if value else _("none")
        case "locked":
            labels = (within_sentence(settings_wording.SETTING_LABELS[one]) for one in value or ())
            return ", ".join(labels) or _("none")
        case "language":
            return dict(language_choices()).get(value, gettext(language_wording.AS_IN_DISCORD))
        case "order":
            return ", ".join(value)
        case "agenda_days":
            return settings_wording.agenda_days(value)
        case "agenda_games":
            return gettext(str(AgendaGames(value).label))
        case "for_games" | "agenda_pinned":
            return _("yes") if value else _("no")
    if name in SETTINGS:
        return setting_text(name, value, roles, channels) if value is not None else _("default")
    return str(value or _("none"))
