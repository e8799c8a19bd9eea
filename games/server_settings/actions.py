"""Changing the settings that games inherit (a guild's, a channel's, a template's), and updating upcoming games.

Each action locks the games below the layer first, in id order, then the layer. Started games are frozen with
the settings they have; upcoming games whose settings change are resynced, in the same transaction.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.utils.translation import gettext

from games.core.agendas import agenda_values, schedule_agendas, switch_agenda
from games.core.audit_channels import stored_channel
from games.core.base import Actor, lock_guild, record_in_guild
from games.core.codes import AuditAction
from games.core.companions import COMPANION_SETTINGS, roles_to_choose, schedule_companions_of
from games.core.freezing import freeze_settings, has_started, locked_layer, resync_game
from games.core.notification_schedule import schedule_post_update
from games.core.permissions import Viewer
from games.core.poll_schedule import schedule_open_polls
from games.core.setting_kinds import ResolvedSetting
from games.core.settings import ALL_SETTINGS, GAME_SETTINGS, ROLE_SETTINGS, check_settings
from games.core.wording import UNKNOWN_CHANNEL
from games.models import Game, GameTemplate
from games.models.agenda import AGENDA_DAYS_MAX, Agenda
from games.models.settings import ChannelDefaults, GuildDefaults, SettingsFields
from games.pictures.actions import keep_pictures, pictures_of
from games.server_settings import language_wording
from games.server_settings import wording as settings_wording
from gamesched.lib.refusal import Refusal, Refused
from gamesched.lib.sentences import TranslatedText
from guilds.languages import language_choices
from guilds.models import Channel, Guild


@dataclass(frozen=True)
class SettingChange:
    """One setting of one upcoming game, before and after a layer changed."""

    game: Game
    name: str
    before: ResolvedSetting
    after: ResolvedSetting


@dataclass(frozen=True)
class SettingsResult(TranslatedText):
    """The result of an action: the layer as it is now, whether it changed, the changes in games, and a sentence."""

    layer: Any
    changed: bool
    game_changes: tuple[SettingChange, ...]
    text: str

    @property
    def game_count(self) -> int:
        """Return how many upcoming games change."""
        return len({change.game.pk for change in self.game_changes})

    @property
    def confirmation_token(self) -> str:
        """Return a hash of the changes in games, so that only the changes shown can be confirmed."""
        shown = repr([(c.game.pk, c.name, c.before.value, c.after.value) for c in self.game_changes])
        return hashlib.sha256(shown.encode()).hexdigest()[:16]


# --- the actions -----------------------------------------------------------------------------------------


@transaction.atomic
def change_guild_defaults(
    guild_id: int,
    settings: Mapping[str, Any],
    manager_role_ids: Iterable[int],
    pingable_role_ids: Iterable[int],
    actor: Actor,
    now: datetime,
    edit_version: int | None = None,
    language: str | None = None,
) -> SettingsResult:
    """Change a guild's settings, which roles manage its games and may be pinged, and its language.

    `language`: '' for the one that Discord has for it; None leaves it. `edit_version` is the version that the form was
    made from, 0 if nothing was ever saved. Raises Refused: `stale`, `not_manager`, or with a sentence for each field.
    """
    viewer = require_guild_manager(guild_id, actor, now)
    games, defaults = locked_layer(
        inheriting_games(guild_id), lambda: _locked_defaults(GuildDefaults, guild_id, guild_id)
    )
    values = {
        **settings,
        "manager_role_ids": tuple(manager_role_ids),
        "pingable_role_ids": tuple(pingable_role_ids),
    }
    problems = check_layer(viewer, defaults, values)
    if guild_id in values["manager_role_ids"]:
        problems["manager_role_ids"] = gettext(settings_wording.EVERYONE_MANAGES)
    if guild_id in values["pingable_role_ids"]:
        problems["pingable_role_ids"] = gettext(settings_wording.EVERYONE_PINGED)
    if language and language not in dict(language_choices()):
        problems["language"] = gettext(language_wording.UNKNOWN_LANGUAGE)
    spoken = Guild.objects.values_list("language", flat=True).get(pk=guild_id)
    language = spoken if language is None else language
    beside = {"language": (spoken, language)}
    saved = save_layer(
        guild_id, defaults, values, problems, edit_version, games, AuditAction.EDIT_GUILD, actor, now, beside
    )
    if language != spoken:
        _speak_language(guild_id, language, games, now)
    return saved


def _speak_language(guild_id: int, language: str, games: Iterable[Game], now: datetime) -> None:
    """Save a locked guild's language, and have its agendas and the posts of games and polls to come written in it."""
    Guild.objects.filter(pk=guild_id).update(language=language)
    schedule_agendas(Agenda.objects.filter(guild=guild_id, days__isnull=False), now)  # also those without a game
    schedule_open_polls(guild_id, now)
    for game in games:
        if not has_started(game, now):
            schedule_post_update(game, now)


@transaction.atomic
def change_channel_defaults(
    channel_id: int,
    settings: Mapping[str, Any],
    for_games: bool,
    actor: Actor,
    now: datetime,
    edit_version: int | None = None,
    agenda: Mapping[str, Any] | None = None,
) -> SettingsResult:
    """Change the settings of a channel, and whether hosts may choose it. Raises Refused.

    `agenda`: the values of its agenda, by their columns; None leaves it as it is.
    """
    channel = Channel.objects.filter(pk=channel_id, parent=None).first()
    if channel is None:
        raise Refused(Refusal("unknown_channel", gettext(UNKNOWN_CHANNEL)))
    viewer = require_guild_manager(channel.guild_id, actor, now)
    if not viewer.may_view(channel):
        raise Refused(Refusal("unknown_channel", gettext(UNKNOWN_CHANNEL)))
    if channel.deleted_at is not None:
        raise Refused(Refusal("channel_gone", settings_wording.channel_deleted(channel.name)))
    in_channel = Q(channel=channel) | Q(channel__parent=channel)
    below = inheriting_games(channel.guild_id).filter(in_channel)
    games, defaults = locked_layer(below, lambda: _locked_defaults(ChannelDefaults, channel_id, channel.guild_id))
    values, former = {**settings, "for_games": for_games}, agenda_values(channel_id)
    beside = {name: (former[name], value) for name, value in (agenda or {}).items()}
    problems = check_layer(viewer, defaults, values) | check_agenda(channel, agenda or {})
    saved = save_layer(
        channel.guild_id, defaults, values, problems, edit_version, games, AuditAction.EDIT_CHANNEL, actor, now, beside
    )
    if agenda is not None and former != agenda:
        switch_agenda(channel, agenda, now)
    return saved


@transaction.atomic
def enable_channels(
    guild_id: int,
    channel_ids: Iterable[int],
    actor: Actor,
    now: datetime,
    shown_ids: Iterable[int] | None = None,
) -> int:
    """Enable exactly these of the guild's channels for games; return how many were switched. Raises Refused.

    Channels that are hidden from the actor stay as they are. With `shown_ids`, those that the actor was shown as
    enabled, so do all that they left as shown: others may have been made or switched meanwhile.
    """
    viewer = require_guild_manager(guild_id, actor, now)
    wanted = set(channel_ids)
    chosen = wanted.symmetric_difference(shown_ids) if shown_ids is not None else None
    switched = 0
    for channel in filter(viewer.may_view, Channel.objects.for_announcements().filter(guild=guild_id).order_by("pk")):
        if chosen is not None and channel.pk not in chosen:
            continue
        defaults = ChannelDefaults.objects.filter(pk=channel.pk).first()
        if (defaults is None or defaults.for_games) is not (channel.pk in wanted):
            layer = _locked_defaults(ChannelDefaults, channel.pk, guild_id)
            values = {"for_games": channel.pk in wanted}
            save_layer(guild_id, layer, values, {}, None, [], AuditAction.EDIT_CHANNEL, actor, now)
            switched += 1
    return switched


# --- shared ----------------------------------------------------------------------------------------------


def require_guild_manager(guild_id: int, actor: Actor, now: datetime) -> Viewer:
    """Return what the actor is in a guild. Raise Refused if they do not manage it, or may not know of it."""
    if not Guild.objects.present().filter(pk=guild_id).exists():
        raise Refused(Refusal("unknown_guild", settings_wording.UNKNOWN_GUILD))
    viewer = actor.viewer(guild_id)
    if not viewer.may_see:
        raise Refused(Refusal("unknown_guild", settings_wording.UNKNOWN_GUILD))
    if not viewer.manages:
        raise Refused(Refusal("not_manager", settings_wording.MANAGERS_ONLY))
    viewer.require_may_act(now)
    return viewer


def inheriting_games(guild_id: int) -> QuerySet[Game]:
    """Return the games of a guild that still inherit."""
    return Game.objects.filter(guild_id=guild_id, settings_frozen_at=None)


def _locked_defaults(kind: type[GuildDefaults] | type[ChannelDefaults], pk: int, guild_id: int) -> Any:
    """Lock a guild, then the row of a layer, and return the row; create it if there is none.

    Whoever schedules a game, or moves one below other layers, locks the guild before they read the settings.
    """
    lock_guild(guild_id)
    kind.objects.get_or_create(pk=pk, defaults={"edit_version": 0})
    return kind.objects.select_for_update().get(pk=pk)


def check_layer(
    viewer: Viewer, layer: Any, values: Mapping[str, Any], copied_archive: int | None = None
) -> dict[str, str]:
    """Return the problem with each value that a layer, as it is now, is to get, as a sentence."""
    problems, guild_id = check_settings(values), viewer.guild_id
    role_ids = set(roles_to_choose(guild_id).values_list("pk", flat=True))
    for name in values.keys() & {*ROLE_SETTINGS, "manager_role_ids", "pingable_role_ids"}:
        if set(values[name] or ()) - role_ids - set(getattr(layer, name) or ()):
            problems[name] = gettext(settings_wording.UNKNOWN_ROLE)
    if guild_id in (values.get("notify_role_ids") or ()):
        problems["notify_role_ids"] = gettext(settings_wording.EVERYONE_PINGED)
    problems |= keep_pictures(values, pictures_of(layer))
    return problems | check_archive(viewer, values, {layer.archive_channel_id, copied_archive})


def check_agenda(channel: Channel, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the problem with the agenda that a channel is to have, as a sentence."""
    days = values.get("agenda_days")
    if days is None:
        return {}
    if channel.is_forum:
        return {"agenda_days": gettext(settings_wording.NO_AGENDA_IN_FORUM)}
    return {} if 1 <= days <= AGENDA_DAYS_MAX else {"agenda_days": gettext(settings_wording.WRONG_AGENDA_DAYS)}


def check_archive(viewer: Viewer, values: Mapping[str, Any], kept: Collection[int | None]) -> dict[str, str]:
    """Return the problem with the archive channel of a layer or a game: it must be of this guild, if only deleted.

    One that is hidden from the actor may stay, if it is among those `kept`, and cannot be chosen.
    """
    archive = values.get("archive_channel_id")
    if not archive or archive in kept:
        return {}
    channel = Channel.objects.filter(guild=viewer.guild_id, pk=archive).select_related("parent").first()
    known = channel is not None and viewer.may_view(channel)
    return {} if known else {"archive_channel_id": gettext(UNKNOWN_CHANNEL)}


def save_layer(
    guild_id: int,
    layer: Any,
    values: Mapping[str, Any],
    problems: Mapping[str, str],
    edit_version: int | None,
    games: list[Game],
    action: AuditAction,
    actor: Actor,
    now: datetime,
    beside: Mapping[str, tuple[Any, Any]] | None = None,
) -> SettingsResult:
    """Save values into a locked layer, and update the locked games below it. Raises Refused.

    `beside`: what is chosen with them and stands elsewhere, before and after; it is recorded with them.
    """
    if edit_version is not None and edit_version != layer.edit_version:
        raise Refused(Refusal("stale", settings_wording.STALE_SETTINGS))
    if problems:
        raise Refused(Refusal("bad_settings", " ".join(problems.values()), dict(problems)))
    changes = assign_values(layer, values)
    changes |= {name: [before, value] for name, (before, value) in (beside or {}).items() if before != value}
    if not changes:
        return SettingsResult(layer, False, (), settings_wording.settings_saved(False, 0))
    layer.edit_version += 1
    game_changes = apply_to_games(games, layer.save, now)
    record_settings_change(guild_id, action, stored_layer(layer), changes, actor, now)
    saved = SettingsResult(layer, True, game_changes, "")
    return SettingsResult(layer, True, game_changes, settings_wording.settings_saved(True, saved.game_count))


def assign_values(layer: Any, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set values on a row, unsaved; return what changes: by name, before and after."""
    changes = {}
    for name, value in values.items():
        value = list(value) if isinstance(value, tuple) else value
        before = getattr(layer, name)
        if before != value:
            changes[name] = [before, value]
            setattr(layer, name, value)
    return changes


def apply_to_games(games: list[Game], save: Callable[[], object], now: datetime) -> tuple[SettingChange, ...]:
    """Freeze the started ones of the locked games, save the layer, and resync the others that change."""
    before: dict[int, Mapping[str, ResolvedSetting]] = {}
    prefetch_related_objects(games, "template")  # which sources name
    for game in games:
        if has_started(game, now):
            freeze_settings(game, now)
        else:
            before[game.pk] = game.settings.sources
    save()
    game_changes: list[SettingChange] = []
    upcoming = Game.objects.with_guild_and_channel().select_related("template").filter(pk__in=before)
    for game in upcoming.order_by("starts_at", "pk"):
        changes = _compare(game, before[game.pk], game.settings.sources)
        if changes:
            resync_game(game, now)
            game_changes += changes
    # What is switched off is to go, which updates of a game do not look for.
    schedule_companions_of({one.game for one in game_changes if one.name in COMPANION_SETTINGS}, now)
    return tuple(game_changes)


def _compare(
    game: Game, before: Mapping[str, ResolvedSetting], after: Mapping[str, ResolvedSetting]
) -> list[SettingChange]:
    names = [name for name in GAME_SETTINGS if before[name].value != after[name].value]
    return [SettingChange(game, name, before[name], after[name]) for name in names]


def record_settings_change(
    guild_id: int,
    action: AuditAction,
    layer: str | Mapping[str, Any],
    changes: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> None:
    """Write the audit entry of a change to a layer, or about a person, as `stored_person` stores one."""
    record_in_guild(guild_id, actor, action, {"of": layer, **changes}, now)


def stored_layer(layer: GuildDefaults | ChannelDefaults | GameTemplate) -> str | Mapping[str, int]:
    """Return which layer an audit entry is about, as changes store it."""
    return stored_channel(layer.pk) if isinstance(layer, ChannelDefaults) else str(layer)


def values_of(layer: SettingsFields | None) -> dict[str, Any]:
    """Return a layer's own settings, as the actions take them."""
    values = {name: getattr(layer, name) if layer is not None else None for name in ALL_SETTINGS}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
