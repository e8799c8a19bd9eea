"""The voice channel of a game: made shortly before the start, gone when it is empty after the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from django.db import transaction

from games.companions.base import CompanionType, CompanionView
from games.companions.people import who_may_view
from games.companions.renames import renamed_again_at, with_rename
from games.core.codes import NotificationKind
from games.core.companions import made_id
from games.core.notifications import own_application_id
from games.core.queue import notify
from games.core.settings import VoiceAccess
from games.models import CompanionKind, Game, GameCompanion, Signup
from games.models.settings import GuildDefaults
from guilds.models import CONNECT, MANAGE_CHANNELS, VIEW_CHANNEL, Role
from guilds.shards import WHOLE, Shard
from notifications.heartbeat import bot_silence

MADE_BEFORE = timedelta(minutes=15)  # the start
# How long it stays after the end if nobody says whether it is empty, as the bot was away.
STAYS_UNKNOWN = timedelta(hours=12)
LOOKED_AT_EVERY = timedelta(minutes=1)  # while the bot is away
NAME_MAX, MAX_OVERWRITES = 100, 100  # Discord's
ROLE, MEMBER = 0, 1  # Discord's types of overwrites
ENTER = VIEW_CHANNEL | CONNECT
# The bot's own, by which it knows these channels from all others: nobody gives it exactly these by hand.
OWN_RIGHTS = VIEW_CHANNEL | CONNECT | MANAGE_CHANNELS


class Overwrite(NamedTuple):
    """What a role or a member is allowed and denied in a channel."""

    id: int
    type: int
    allow: int
    deny: int


@dataclass(frozen=True, kw_only=True)
class VoiceView(CompanionView):
    """A game's voice channel. It is made in the category of `beside_id`; `renamed_at` are its latest renames."""

    name: str
    beside_id: int
    overwrites: tuple[Overwrite, ...]
    renamed_at: tuple[str, ...] = ()


# --- whether it should be there --------------------------------------------------------------------------


def wanted_channel(game: Game, companion: GameCompanion, now: datetime) -> VoiceView | None:
    """Return the channel as it should be. One that is not wanted any more stays as it is while people are in it."""
    if _is_open(game, now):
        return _channel(game, companion, now)
    if companion.discord_id is None or _may_go(game, companion, now):
        return None
    return VoiceView(guild_id=game.guild_id, **companion.shown) if companion.shown else _channel(game, companion, now)


def _is_open(game: Game, now: datetime) -> bool:
    is_on = game.settings.voice_channel != VoiceAccess.NO_CHANNEL
    return is_on and not game.state(now).over and now >= game.starts_at - MADE_BEFORE


def _may_go(game: Game, companion: GameCompanion, now: datetime) -> bool:
    if _is_unknown(companion, now):
        return now >= _unknown_until(game, companion, now)
    return companion.people_count == 0


def _is_unknown(companion: GameCompanion, now: datetime) -> bool:
    """Return whether nobody says if it is empty: what was counted before the bot went away may be over."""
    return companion.people_count is None or (companion.people_count == 0 and bot_silence(now) is not None)


def _unknown_until(game: Game, companion: GameCompanion, now: datetime) -> datetime:
    """Return until when a channel stays of which nobody says whether it is empty."""
    closed_at = game.cancelled_at or (game.ends_at if game.ends_at <= now else companion.checked_at or now)
    return closed_at + STAYS_UNKNOWN


def next_look_at(game: Game, companion: GameCompanion, now: datetime) -> datetime | None:
    """Return when the channel is made, may be renamed, or goes. Who leaves last makes it go, see `record_people`."""
    if _is_open(game, now):
        is_renamed_later = companion.shown.get("name", "") not in ("", channel_name(game.title))
        free_at = renamed_again_at(companion.shown.get("renamed_at", ()), now) if is_renamed_later else None
        return min(free_at or game.ends_at, game.ends_at)
    if companion.discord_id is not None and _is_unknown(companion, now):
        until = _unknown_until(game, companion, now)
        # Who comes back and counts nobody again has nothing to tell.
        return until if companion.people_count is None else min(until, now + LOOKED_AT_EVERY)
    opens = game.starts_at - MADE_BEFORE
    is_ahead = game.settings.voice_channel != VoiceAccess.NO_CHANNEL and game.cancelled_at is None and opens > now
    return opens if is_ahead else None


# --- what it shows ---------------------------------------------------------------------------------------


def channel_name(title: str) -> str:
    """Return the name of a game's channel: its title, within Discord's limit."""
    return title[:NAME_MAX].strip()


def _channel(game: Game, companion: GameCompanion, now: datetime) -> VoiceView:
    name, renamed_at = _name_now(game, companion, now)
    return VoiceView(
        guild_id=game.guild_id,
        name=name,
        beside_id=companion.shown.get("beside_id", game.channel.settings_channel.pk),
        overwrites=_overwrites(game),
        renamed_at=renamed_at,
    )


def _name_now(game: Game, companion: GameCompanion, now: datetime) -> tuple[str, tuple[str, ...]]:
    """Return the name that Discord would let it have now, and its latest renames, this one included."""
    name, shown = channel_name(game.title), companion.shown.get("name")
    renamed_at: tuple[str, ...] = tuple(companion.shown.get("renamed_at", ()))
    if companion.discord_id is None or shown is None or name == shown:
        return name, renamed_at
    waits = renamed_again_at(renamed_at, now) is not None
    return (shown, renamed_at) if waits else (name, with_rename(renamed_at, now))


def _overwrites(game: Game) -> tuple[Overwrite, ...]:
    """Return who may enter: never more people than see the game."""
    role_ids = set(Role.objects.filter(guild=game.guild_id, deleted_at=None).values_list("pk", flat=True))
    is_for_all = game.settings.voice_channel == VoiceAccess.EVERYONE
    found = _of_viewers(game, role_ids, is_for_all)
    if not is_for_all:
        _add_players(found, game, role_ids)
    if len(found) >= MAX_OVERWRITES:
        # Discord has no room to name all who see the game and all who do not, so as many are who play it.
        found = {game.guild_id: Overwrite(game.guild_id, ROLE, 0, ENTER)}
        _add_players(found, game, role_ids)
    found.pop(_bot_id(), None)
    own = Overwrite(_bot_id(), MEMBER, OWN_RIGHTS, 0)
    return (own, *sorted(islice(found.values(), MAX_OVERWRITES - 1)))


def _of_viewers(game: Game, role_ids: set[int], may_enter: bool) -> dict[int, Overwrite]:
    """Return the overwrites that let and deny the same people to view it as the game's channel."""
    found = {
        target: Overwrite(
            target,
            ROLE if target in role_ids or target == game.guild_id else MEMBER,
            (allow & VIEW_CHANNEL) | (CONNECT if may_enter and allow & VIEW_CHANNEL else 0),
            (deny & VIEW_CHANNEL) | (CONNECT if deny & VIEW_CHANNEL else 0),
        )
        for target, allow, deny in game.channel.settings_channel.overwrites
        if (allow | deny) & VIEW_CHANNEL
    }
    if not may_enter:
        everyone = found.get(game.guild_id, Overwrite(game.guild_id, ROLE, 0, 0))
        found = {game.guild_id: everyone._replace(deny=everyone.deny | CONNECT)} | {
            target: one for target, one in found.items() if target != game.guild_id
        }
    return found


def _add_players(found: dict[int, Overwrite], game: Game, role_ids: set[int]) -> None:
    """Let in who plays and hosts the game, by the role of its players if it has one, and whoever manages it."""
    role_id = player_role_id(game)
    people = [game.host_id, *sorted(game.cohost_ids)]
    if role_id is not None:
        found[role_id] = Overwrite(role_id, ROLE, ENTER, 0)
    else:
        seated = Signup.objects.seated().filter(game=game.pk, user__isnull=False).order_by("seated_at", "pk")
        people += seated.values_list("user", flat=True)
    for pk in who_may_view(game, game.channel, people):
        found[pk] = Overwrite(pk, MEMBER, ENTER, 0)
    # They view it if they view the game's channel.
    for manager in _manager_role_ids(game) & role_ids - {game.guild_id}:
        before = found.get(manager, Overwrite(manager, ROLE, 0, 0))
        if not before.deny & VIEW_CHANNEL:
            found[manager] = before._replace(allow=before.allow | CONNECT, deny=before.deny & ~CONNECT)


def player_role_id(game: Game) -> int | None:
    """Return the id of the role of a game's players, if there is one."""
    return made_id(game, CompanionKind.ROLE) if game.settings.player_role else None


def _manager_role_ids(game: Game) -> set[int]:
    defaults = GuildDefaults.objects.filter(guild=game.guild_id).values_list("manager_role_ids", flat=True).first()
    return set(defaults or ())


def _bot_id() -> int:
    return own_application_id() or 0


# --- in the post -----------------------------------------------------------------------------------------


def channel_to_show(game: Game, now: datetime) -> int | None:
    """Return the id of the game's voice channel while people may meet there."""
    return made_id(game, CompanionKind.VOICE) if _is_open(game, now) else None


def show_in_post(game: Game, now: datetime) -> None:
    """Have the post show that the channel is there, or is gone."""
    if game.state(now).over:
        return
    game.post_version += 1
    Game.objects.filter(pk=game.pk).update(post_version=game.post_version)
    notify(game, NotificationKind.ANNOUNCEMENT, now, keep_earlier=True)
    if game.settings.server_event:
        notify(game, NotificationKind.SERVER_EVENT, now, keep_earlier=True)


# --- who is in it ----------------------------------------------------------------------------------------


def record_people(counts: Mapping[int, int], now: datetime) -> set[int]:
    """Record how many people are in these channels; one that is empty may go. Return those whose game is known."""
    rows = GameCompanion.objects.filter(kind=CompanionKind.VOICE, discord_id__in=counts)
    known = {pk: (game, count) for pk, game, count in rows.values_list("discord_id", "game", "people_count") if pk}
    for channel_id, (game_id, before) in known.items():
        if counts[channel_id] != before:
            _record_people(game_id, channel_id, counts[channel_id], now)
    return set(known)


def forget_counts(shard: Shard = WHOLE) -> None:
    """Record that nobody knows who is in the channels, as when the bot begins and has heard of nobody yet."""
    counted = GameCompanion.objects.filter(shard.holds("game__guild_id"), kind=CompanionKind.VOICE)
    counted = counted.filter(people_count__isnull=False)
    counted.update(people_count=None)


@transaction.atomic
def _record_people(game_id: int, channel_id: int, count: int, now: datetime) -> None:
    game = Game.objects.with_guild_and_channel().select_for_update(no_key=True, of=("self",)).get(pk=game_id)
    rows = GameCompanion.objects.filter(game=game_id, kind=CompanionKind.VOICE, discord_id=channel_id)
    if rows.update(people_count=count) and count == 0 and not _is_open(game, now):
        notify(game, NotificationKind.VOICE_CHANNEL, now, keep_earlier=True)


def last_channel(game: Game, companion: GameCompanion) -> VoiceView:
    """Return the channel by which an attempt that nobody heard of is found, although none is wanted any more."""
    name = companion.shown.get("name", "")
    return VoiceView(guild_id=game.guild_id, name=name, beside_id=game.channel_id, overwrites=())


VOICE = CompanionType(
    CompanionKind.VOICE,
    wanted_channel,
    next_look_at,
    show_in_post,
    is_place=True,
    outlives_setting=True,
    last_view=last_channel,
)
