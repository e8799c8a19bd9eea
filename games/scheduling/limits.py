"""How many games to come a host and a guild may have, and how many posts within a day; with the locks to count them."""

from datetime import datetime
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from games.core.base import Actor, lock_people, lock_person
from games.core.permissions import Viewer
from games.models import Game, GameEdit
from games.scheduling.rules import DAY, check_game_limits, check_posts
from gamesched.lib.compiled_query import CompiledQuery
from gamesched.lib.refusal import Refused
from guilds.models import User


def _counted(rows: "QuerySet[Any]", **counts: Count) -> "QuerySet[Any, tuple[int, ...]]":
    """Return these counts of all rows as one row, or none of no rows."""
    counted: QuerySet[Any, tuple[int, ...]]
    counted = rows.order_by().annotate(all=Value(True)).values("all").annotate(**counts).values_list(*counts)
    return counted


def _announced_since(guild_id: int, announcer_id: int, since: datetime) -> "QuerySet[Any, tuple[int, ...]]":
    to_be_announced = Q(announced_at=None, cancelled_at=None, announce_at__isnull=False)
    games = Game.objects.filter(Q(announced_at__gt=since) | to_be_announced, guild=guild_id, announced_by=announcer_id)
    return _counted(games, games=Count("pk"))


def _moved_since(guild_id: int, announcer_id: int, since: datetime, game_id: int) -> "QuerySet[Any, tuple[int, ...]]":
    moves = GameEdit.objects.filter(
        Q(game__announced_by=announcer_id) | Q(game=game_id),
        game__guild=guild_id,
        at__gt=since,
        at__gte=F("game__announced_at"),  # before, there was no post to move
        previous__has_key="channel",
    )
    return _counted(moves, moves=Count("pk"))


GAMES_TO_COME = CompiledQuery(
    lambda guild_id, now, host_id: _counted(
        Game.objects.filter(guild=guild_id, cancelled_at=None, ends_at__gt=now),
        of_host=Count("pk", filter=Q(host=host_id)),
        of_guild=Count("pk"),
    )
)
ANNOUNCED_SINCE = CompiledQuery(_announced_since)
MOVED_SINCE = CompiledQuery(_moved_since)


def require_room_to_schedule(guild_id: int, host_id: int, now: datetime) -> None:
    """Raise Refused if a host, or their guild, has as many games to come as it may have."""
    of_host, of_guild = GAMES_TO_COME.first(guild_id, now, host_id) or (0, 0)
    if refusal := check_game_limits(of_host, of_guild):
        raise Refused(refusal)


def count_post(game: Game, viewer: Viewer, now: datetime) -> None:
    """Count a game's announcement among those of whoever has it announced; the caller saves the game.

    Raises Refused after too many within a day; those who manage the guild have no limit. What others announce for a
    host uses up nothing of the host's.
    """
    _require_posts_left_of(game, viewer.user, viewer, now)
    game.announced_by = viewer.user


def require_posts_left(game: Game, viewer: Viewer, now: datetime) -> None:
    """Raise Refused if who announced a game had too many posts within a day, for one more of it.

    One in another channel pings anew; one of a game that is on again may come beside others scheduled meanwhile.
    """
    _require_posts_left_of(game, game.announced_by or game.host, viewer, now)


def _require_posts_left_of(game: Game, announcer: User | None, viewer: Viewer, now: datetime) -> None:
    if not viewer.manages and (refusal := check_posts(_posts_within_a_day(game, announcer, now))):
        raise Refused(refusal)


def _posts_within_a_day(game: Game, announcer: User | None, now: datetime) -> int:
    """Return how many games a person announced in the game's guild, and how often one of these, or it, moved."""
    announcer_id, since = announcer.pk if announcer is not None else 0, now - DAY
    [(announced,)] = ANNOUNCED_SINCE.all(game.guild_id, announcer_id, since) or [(0,)]
    [(moved,)] = MOVED_SINCE.all(game.guild_id, announcer_id, since, game.pk or 0) or [(0,)]
    return announced + moved


def lock_announcer(actor: Actor) -> None:
    """Lock who is about to announce a game, before the game: their announcements are counted."""
    lock_person(actor.user.pk if actor.user is not None else 0)


def lock_announcer_of(game_id: int) -> None:
    """Lock who announced a game that is about to be moved, before the game: its posts count as theirs."""
    people = Game.objects.filter(pk=game_id).values_list(Coalesce("announced_by", "host"), flat=True)
    lock_person(people.first() or 0)


def lock_counted_people(game_id: int) -> None:
    """Lock a game's host and who announced it, before a game that is to be on again: it counts as theirs."""
    people = Game.objects.filter(pk=game_id).values_list("host_id", "announced_by_id").first() or ()
    lock_people(filter(None, people))
