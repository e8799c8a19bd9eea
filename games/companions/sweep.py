"""Puts right what differs between games and their companions: after crashes, restored backups, and the bot's absence.

Normal operation needs none of this. What differs is found in a fixed number of statements, however many games there
are, and is looked at anew by notifyd, which asks Discord only where something is to be changed.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from games.companions.actions import handle_deleted
from games.core.codes import NotificationKind
from games.core.companions import SWITCHES
from games.core.queue import notify
from games.core.settings import DiscordChangePolicy
from games.models import CompanionKind, CompanionProblem, Game, GameCompanion
from games.models.layers import setting_expression
from guilds.directory.lookup import load_directory
from guilds.directory.payloads import EventPayload
from guilds.models import Channel, Role
from notifications.daemon.pause import snowflake_time
from notifications.queue import schedule_of_games

# How long after a problem it is tried again by itself. What Discord refused outright hardly changes by itself.
PROBLEM_TRIED_AFTER, REFUSED_TRIED_AFTER = timedelta(hours=1), timedelta(days=1)
HARDLY_CHANGES = (CompanionProblem.REFUSED, CompanionProblem.MAYBE_MADE)
LEFT_BEHIND_FOR = timedelta(days=30)  # after a game how long its companions are looked for
GUILDS_LISTED = 200  # whose events are listed at a time: the bot's rate limit is for reminders first
# A younger event may be one that notifyd has made and not yet written down.
OLD_ENOUGH = timedelta(minutes=10)

_STATES = """
SELECT found.*, coalesce(cancelled_at, ends_at) AS over_at, cancelled_at IS NULL AND ends_at > %s AS is_live,
    discord_changes = %s AS deletions_hold
FROM ({games}) found
"""

# Each game that is to come or not long over, with each kind of companion. Those differ of which a game wants one and
# nothing is scheduled to look after it, those that stand for a game that wants none, and those with a problem that may
# be gone.
_DIFFERING = """
WITH game AS MATERIALIZED ({games}), wanted AS (
    SELECT game.id, game.post_version, kind.name AS kind, kind.is_on AND game.is_live AS is_wanted, game.is_live,
        game.over_at, game.deletions_hold
    FROM game, LATERAL (VALUES {kinds}) AS kind (name, is_on)
)
SELECT wanted.id, wanted.kind, wanted.post_version FROM wanted
LEFT JOIN games_gamecompanion made ON made.game_id = wanted.id AND made.kind = wanted.kind
LEFT JOIN notifications_notification open ON open.game_id = wanted.id AND open.kind = wanted.kind
    AND open.closed_at IS NULL
WHERE (
    is_wanted AND open.id IS NULL AND coalesce(made.problem_code, '') = ''
    AND NOT (made.let_go_at IS NOT NULL AND wanted.deletions_hold)
) OR (
    NOT is_wanted AND made.discord_id IS NOT NULL AND made.problem_code = '' AND open.id IS NULL
    AND (is_live OR made.checked_at IS NULL OR made.checked_at <= wanted.over_at)
) OR (
    (is_wanted OR made.discord_id IS NOT NULL) AND made.problem_code <> ''
    AND (open.id IS NULL OR open.due_at > %s)
    AND coalesce(made.checked_at, '-infinity') <= CASE WHEN made.problem_code = ANY(%s) THEN %s ELSE %s END
)
ORDER BY wanted.id, wanted.kind
"""


def sweep_companions(now: datetime) -> int:
    """Have the companions that differ from what their games want looked at; return how many. Takes three statements."""
    deleted = _record_known_deletions()
    differing = _differing(now)
    schedule_of_games(differing, now)
    return _handle_all_deleted(deleted, now) + len(differing)


def _record_known_deletions() -> Mapping[CompanionKind, Sequence[int]]:
    """Return the companions that the bot knows to be deleted, as it was told when it came back."""
    role = Role.objects.filter(pk=OuterRef("discord_id"), deleted_at__isnull=False)
    channel = Channel.objects.filter(pk=OuterRef("discord_id"), deleted_at__isnull=False)
    deleted = Q(Exists(role), kind=CompanionKind.ROLE) | Q(
        Exists(channel), kind__in=[CompanionKind.VOICE, CompanionKind.THREAD]
    )
    found: dict[CompanionKind, list[int]] = {}
    present = GameCompanion.objects.filter(deleted, discord_id__isnull=False, game__guild__bot_removed_at=None)
    for kind, discord_id in present.order_by("game").values_list("kind", "discord_id"):
        found.setdefault(CompanionKind(kind), []).append(discord_id or 0)
    return found


def _handle_all_deleted(deleted: Mapping[CompanionKind, Sequence[int]], now: datetime) -> int:
    return sum(handle_deleted(kind, ids, now) for kind, ids in deleted.items())


def _differing(now: datetime) -> list[tuple[int, str, int]]:
    """Return which companions of which games differ, with the games' post versions."""
    lately = Q(cancelled_at=None, ends_at__gt=now - LEFT_BEHIND_FOR) | Q(cancelled_at__gt=now - LEFT_BEHIND_FOR)
    games = Game.objects.announced().filter(lately, guild__bot_removed_at=None)
    names = ("id", "post_version", "ends_at", "cancelled_at")
    setting_names = [*(name for name, _ in SWITCHES.values()), "discord_changes"]
    # Other names, as annotations may not have those of fields.
    expressions = {f"resolved_{name}": setting_expression(name) for name in setting_names}
    rows = games.order_by().annotate(**expressions).values_list(*names, *expressions)
    inner, inner_params = rows.query.sql_with_params()
    named = f"SELECT * FROM ({inner}) AS found ({', '.join((*names, *setting_names))})"  # noqa: S608 (names of fields)
    found = _STATES.replace("{games}", named)
    kinds = ", ".join(
        f"('{kind}', {name}::text <> '{str(off).lower() if isinstance(off, bool) else off}')"
        for kind, (name, off) in SWITCHES.items()
    )
    hardly = [str(code) for code in HARDLY_CHANGES]
    troubled_before = [now + PROBLEM_TRIED_AFTER, hardly, now - REFUSED_TRIED_AFTER, now - PROBLEM_TRIED_AFTER]
    params = [now, str(DiscordChangePolicy.TAKE_OVER), *inner_params, *troubled_before]
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERING.replace("{games}", found).replace("{kinds}", kinds), params)
        return list(cursor.fetchall())


# --- events, which can be recognised: they name their game's page ------------------------------------------


def check_events(now: datetime) -> tuple[int, int]:
    """Compare the events of guilds that have some with ours; return how many were gone, and how many left behind.

    An event is ours if the bot made it and it names the page of one of our games. Raises DirectoryUnavailable.
    """
    discord = load_directory()
    answers = {guild_id: discord.scheduled_events(guild_id) for guild_id in _guilds_with_events(now)}
    listed = {guild_id: events for guild_id, events in answers.items() if events is not None}
    made = GameCompanion.objects.filter(kind=CompanionKind.EVENT, discord_id__isnull=False, game__guild__in=listed)
    known = {
        discord_id or 0: (game_id, guild_id, checked_at)
        for discord_id, game_id, guild_id, checked_at in made.values_list(
            "discord_id", "game", "game__guild", "checked_at"
        )
    }
    present = {event.id for events in listed.values() for event in events}
    gone = [
        event_id
        for event_id, (_, _, checked_at) in known.items()
        if event_id not in present and (checked_at is None or checked_at < now - OLD_ENOUGH)
    ]
    left = [
        (guild_id, event, game_id)
        for guild_id, events in listed.items()
        for event in events
        if event.id not in known
        and snowflake_time(event.id) < now - OLD_ENOUGH
        and event.by_bot
        and (game_id := _named_game(event)) is not None
    ]
    is_gone = handle_deleted(CompanionKind.EVENT, gone, now)
    for guild_id, event, game_id in left:
        if not _take_back(guild_id, event, game_id, present, now):
            discord.delete_scheduled_event(guild_id, event.id)
    return is_gone, len(left)


def _guilds_with_events(now: datetime) -> list[int]:
    """Return the guilds in which games have events or want some; those that were never checked come first."""
    wanting = (
        Game.objects.upcoming(now).annotate(wants_event=setting_expression("server_event")).filter(wants_event=True)
    )
    having = GameCompanion.objects.filter(kind=CompanionKind.EVENT, discord_id__isnull=False)
    of_present = {"guild__bot_removed_at": None, "guild__unavailable": False}
    guilds = (
        wanting.filter(**of_present)
        .order_by()
        .values_list("guild")
        .union(
            having.filter(**{f"game__{name}": value for name, value in of_present.items()}).values_list("game__guild")
        )
    )
    return [guild_id for (guild_id,) in guilds[:GUILDS_LISTED]]


def _named_game(event: EventPayload) -> int | None:
    """Return the id of the game whose page an event names."""
    found = re.search(rf"(?<!\S){re.escape(settings.PUBLIC_URL)}/games/([0-9]{{1,18}})/(?!\S)", event.text)
    return int(found[1]) if found is not None else None


@transaction.atomic
def _take_back(guild_id: int, event: EventPayload, game_id: int, present: Collection[int], now: datetime) -> bool:
    """Make an event that was left behind its game's again; return False if that has another, or is not there.

    What is to become of it follows from the game: one that wants none has it deleted.
    """
    game = Game.objects.select_for_update(no_key=True).filter(pk=game_id, guild=guild_id).first()
    if game is None:
        return False
    companion, _ = GameCompanion.objects.get_or_create(game=game, kind=CompanionKind.EVENT)
    if companion.discord_id in present:
        return False
    companion.forget_made()
    companion.discord_id = event.id
    companion.save()
    notify(game, NotificationKind.SERVER_EVENT, now, keep_earlier=True)
    return True
