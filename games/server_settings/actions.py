"""Changing what games inherit: a guild's settings, a channel's, a template's; and what follows for games to come.

Each verb locks the games below first, in id order, then the level. Games that have begun are frozen as they are;
games to come whose settings change are brought in step, in the same transaction.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from games.core import rules
from games.core.base import Actor
from games.core.freezing import begun, follow, locked_games, settle
from games.core.permissions import standing
from games.core.wording import UNKNOWN_CHANNEL
from games.models import AuditEntry, Game
from games.models.settings import ALL_ROLES, NAMES, OWN, ChannelDefaults, GuildDefaults, Level, Setting
from games.server_settings import wording as settings_wording
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import Channel, Guild, Role


@dataclass(frozen=True)
class Change:
    """One setting of one game to come, before and after a level changed."""

    game: Game
    name: str
    before: Setting
    after: Setting


@dataclass(frozen=True)
class Saved:
    """What a verb did: the level as it now is, whether it changed, what that changed below, and a sentence."""

    level: Any
    changed: bool
    games: tuple[Change, ...]
    text: str

    @property
    def count(self) -> int:
        """How many games to come change."""
        return len({change.game.pk for change in self.games})

    @property
    def token(self) -> str:
        """Stands for what changes below, so that only what was shown is confirmed, and nothing that came in between."""
        shown = repr([(c.game.pk, c.name, c.before.value, c.after.value) for c in self.games])
        return hashlib.sha256(shown.encode()).hexdigest()[:16]


# --- the verbs -------------------------------------------------------------------------------------------


@transaction.atomic
def change_guild_defaults(
    guild_id: int,
    settings: Mapping[str, Any],
    manager_role_ids: Iterable[int],
    pingable_role_ids: Iterable[int],
    actor: Actor,
    now: datetime,
    edition: int | None = None,
) -> Saved:
    """Change what holds in a whole guild, and which roles manage its games and may be pinged.

    `edition` is that of the form's content, 0 where nothing was ever saved. Raises Refused: `stale`, `not_manager`,
    or with a sentence for each field.
    """
    require_manager(guild_id, actor)
    games = locked_games(unsettled(guild_id))
    level = _locked(GuildDefaults, guild_id)
    values = {
        **settings,
        "manager_role_ids": tuple(manager_role_ids),
        "pingable_role_ids": tuple(pingable_role_ids),
    }
    wrong = check(guild_id, level, values)
    if guild_id in values["manager_role_ids"]:
        wrong["manager_role_ids"] = settings_wording.EVERYONE_MANAGES
    if guild_id in values["pingable_role_ids"]:
        wrong["pingable_role_ids"] = settings_wording.EVERYONE_PINGED
    return save_level(guild_id, level, values, wrong, edition, games, "guild", actor, now)


@transaction.atomic
def change_channel_defaults(
    channel_id: int,
    settings: Mapping[str, Any],
    for_games: bool,
    actor: Actor,
    now: datetime,
    edition: int | None = None,
) -> Saved:
    """Change what holds for games announced in a channel, and whether hosts may choose it. Raises Refused."""
    channel = Channel.objects.filter(pk=channel_id, parent=None).first()
    if channel is None:
        raise Refused(Refusal("unknown_channel", UNKNOWN_CHANNEL))
    require_manager(channel.guild_id, actor)
    if channel.gone_at is not None:
        raise Refused(Refusal("channel_gone", settings_wording.channel_deleted(channel.name)))
    here = Q(channel=channel) | Q(channel__parent=channel)
    games = locked_games(unsettled(channel.guild_id).filter(here))
    level = _locked(ChannelDefaults, channel_id)
    values = {**settings, "for_games": for_games}
    wrong = check(channel.guild_id, level, values)
    return save_level(channel.guild_id, level, values, wrong, edition, games, "channel", actor, now)


@transaction.atomic
def switch_channels(guild_id: int, on: Iterable[int], actor: Actor, now: datetime) -> int:
    """Switch on for games exactly these of the guild's channels; says how many were switched. Raises Refused."""
    require_manager(guild_id, actor)
    wanted = set(on)
    switched = 0
    for channel in Channel.objects.for_announcements().filter(guild_id=guild_id).order_by("pk"):
        defaults = ChannelDefaults.objects.filter(pk=channel.pk).first()
        if (defaults is None or defaults.for_games) is not (channel.pk in wanted):
            level = _locked(ChannelDefaults, channel.pk)
            values = {"for_games": channel.pk in wanted}
            save_level(guild_id, level, values, {}, None, [], "channel", actor, now)
            switched += 1
    return switched


# --- what they share -------------------------------------------------------------------------------------


def require_manager(guild_id: int, actor: Actor) -> None:
    """Raise Refused for those for whom the guild does not exist, and for those who do not manage it."""
    if not Guild.objects.present().filter(pk=guild_id).exists():
        raise Refused(Refusal("unknown_guild", settings_wording.UNKNOWN_GUILD))
    if actor.operator:
        return
    stands = standing(actor.user, guild_id) if actor.user else None
    if stands is None:
        raise Refused(Refusal("unknown_guild", settings_wording.UNKNOWN_GUILD))
    if not stands.manages:
        raise Refused(Refusal("not_manager", settings_wording.MANAGERS_ONLY))


def unsettled(guild_id: int) -> QuerySet[Game]:
    """The games of a guild that still inherit."""
    return Game.objects.filter(guild_id=guild_id, settled_at=None)


def _locked(kind: type[GuildDefaults] | type[ChannelDefaults], pk: int) -> Any:
    """The row of a level, made where there was none, locked."""
    kind.objects.get_or_create(pk=pk, defaults={"edition": 0})
    return kind.objects.select_for_update().get(pk=pk)


def check(guild_id: int, level: Any, values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with what a level is to say, a sentence for each."""
    wrong = rules.check_settings({name: values[name] for name in rules.CHECKED if name in values})
    there = set(Role.objects.filter(guild_id=guild_id, gone_at=None).values_list("pk", flat=True))
    for name in values.keys() & {*ALL_ROLES, "manager_role_ids", "pingable_role_ids"}:
        if set(values[name] or ()) - there - set(getattr(level, name) or ()):
            wrong[name] = settings_wording.UNKNOWN_ROLE
    if guild_id in (values.get("notify_role_ids") or ()):
        wrong["notify_role_ids"] = settings_wording.EVERYONE_PINGED
    return wrong | check_archive(guild_id, values)


def check_archive(guild_id: int, values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the archive that a level, or a game, is to have: another guild's is none. One deleted is."""
    archive = values.get("archive_channel_id")
    known = not archive or Channel.objects.filter(guild_id=guild_id, pk=archive).exists()
    return {} if known else {"archive_channel_id": UNKNOWN_CHANNEL}


def save_level(
    guild_id: int,
    level: Any,
    values: Mapping[str, Any],
    wrong: Mapping[str, str],
    edition: int | None,
    games: list[Game],
    verb: str,
    actor: Actor,
    now: datetime,
) -> Saved:
    """Put values into a locked level, and have the locked games below it follow. Raises Refused."""
    if edition is not None and edition != level.edition:
        raise Refused(Refusal("stale", settings_wording.STALE_SETTINGS))
    if wrong:
        raise Refused(Refusal("bad_settings", " ".join(wrong.values()), dict(wrong)))
    changes = put(level, values)
    if not changes:
        return Saved(level, False, (), settings_wording.settings_saved(False, 0))
    level.edition += 1
    found = apply(games, level.save, now)
    write_down(guild_id, verb, str(level), changes, actor, now)
    saved = Saved(level, True, found, "")
    return Saved(level, True, found, settings_wording.settings_saved(True, saved.count))


def put(level: Any, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set values on a row, unsaved. Returns what changes: by name, before and after."""
    changes = {}
    for name, value in values.items():
        value = list(value) if isinstance(value, tuple) else value
        before = getattr(level, name)
        if before != value:
            changes[name] = [before, value]
            setattr(level, name, value)
    return changes


def apply(games: list[Game], save: Callable[[], object], now: datetime) -> tuple[Change, ...]:
    """Freeze the locked games that have begun, save the change above them, and bring the others in step."""
    before: dict[int, Mapping[str, Setting]] = {}
    for game in games:
        if begun(game, now):
            settle(game, now)
        else:
            before[game.pk] = game.effective.sources
    save()
    found: list[Change] = []
    for game in Game.objects.with_levels().filter(pk__in=before).order_by("starts_at", "pk"):
        changes = _compare(game, before[game.pk], game.effective.sources)
        if changes:
            follow(game, now)
            found += changes
    return tuple(found)


def _compare(game: Game, before: Mapping[str, Setting], after: Mapping[str, Setting]) -> list[Change]:
    names = [name for name in OWN if before[name].value != after[name].value]
    return [Change(game, name, before[name], after[name]) for name in names]


def write_down(guild_id: int, verb: str, level: str, changes: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Who changed what of which level."""
    AuditEntry.objects.create(
        guild_id=guild_id,
        actor=actor.user,
        door=actor.door,
        verb=verb,
        changes={"of": level, **changes},
        at=now,
    )


def settings_of(level: Level | None) -> dict[str, Any]:
    """What a level says now, as the verbs take it."""
    said = {name: getattr(level, name) if level is not None else None for name in NAMES}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
