"""Which followers are notified of which new games."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from games.core.codes import NotificationKind
from games.core.payloads import DigestPayload
from games.core.seating import current_signups
from games.models import Follow, Game, Signup
from games.signups.followers import follows_by_user
from games.signups.rules import signup_closed_reason
from guilds.models import Block, Member, User
from guilds.permissions import may_play, may_view
from notifications.models import Delivery, DeliveryMethod, DeliveryStatus, Notification, Preference

# A day, plus more than a change of the clock adds to one; games notified before are left out.
DIGEST_LOOKBACK = timedelta(hours=26)
DIGEST_MEMORY = timedelta(days=3)


@dataclass(frozen=True)
class Followers:
    """Which followers are notified of a game at once, and which in their next digest."""

    at_once: tuple[int, ...]
    daily: tuple[User, ...]


def followers_to_notify(game: Game, now: datetime) -> Followers:
    """Return the followers not notified of the game yet, in a fixed number of queries."""
    follows = follows_by_user(game, now, current_signups(game))
    digests = Notification.objects.filter(
        kind=NotificationKind.DIGEST, recipient__in=follows, payload__games__contains=game.pk
    )
    may = follows.keys() - set(digests.values_list("recipient_id", flat=True))
    return Followers(
        tuple(pk for pk, row in follows.items() if pk in may and not row.digest),
        tuple(row.user for pk, row in follows.items() if pk in may and row.digest),
    )


def has_open_seats(game: Game) -> bool:
    """Return whether somebody who joins now gets a seat."""
    seats = game.settings.seats
    return not seats or game.signups.seated().count() < seats


def digest_games(user: User, since: datetime, now: datetime) -> list[Game]:
    """Return the games for a user's digest.

    They were announced since then; the user follows them daily, may play and was not notified of them yet.
    """
    daily = {(row.guild_id, row.template_id): row.digest for row in Follow.objects.filter(user=user)}
    guilds = {guild_id for guild_id, _ in daily}
    unwanted = Preference.objects.filter(user=user, method=DeliveryMethod.NONE).values("guild")
    announced = Game.objects.filter(guild__in=guilds, announced_at__gt=since).exclude(guild__in=unwanted)
    games = [
        game
        for game in joinable_games(user, announced, now)
        if daily.get((game.guild_id, game.template_id), daily.get((game.guild_id, None)))
    ]
    notified = _notified_game_ids(user, [game.pk for game in games], now)
    return [game for game in games if game.pk not in notified]


def joinable_games(user: User, games: QuerySet[Game], now: datetime) -> list[Game]:
    """Return the games that the user could join now and get a seat, not their own; the next first."""
    mine = Signup.objects.current().of(user).order_by().values("game")
    blocked = Block.objects.in_force(now).filter(user=user).values("guild")
    candidates = (
        games.filter(guild__bot_removed_at=None, cancelled_at=None, announced_at__isnull=False, starts_at__gt=now)
        .exclude(Q(host=user) | Q(pk__in=mine) | Q(guild__in=blocked))
        .exclude(pk__in=user.cohosted_games.values("pk"))
        .select_related("guild__defaults", "channel__defaults", "channel__parent__defaults", "template")
        .annotate(n_seated=Signup.objects.seated().per_game())
        .order_by("starts_at", "pk")
    )
    rows = Member.objects.with_role_permissions().select_related("guild").filter(user=user, left_at=None)
    members = {member.guild_id: member for member in rows}

    def fits(game: Any) -> bool:
        settings, member = game.settings, members.get(game.guild_id)
        free = not settings.seats or game.n_seated < settings.seats
        may = member is not None and may_view(member, game.channel) and may_play(member, settings.player_role_ids)
        return free and may and not signup_closed_reason(game, now, None)

    return [game for game in candidates if fits(game)]


def _notified_game_ids(user: User, game_ids: Iterable[int], now: datetime) -> set[int]:
    """Return which of these games the user was notified of, or will be, by their deliveries."""
    deliveries = Delivery.objects.filter(
        recipient=user, notification__kind=NotificationKind.NEW_GAME, notification__game__in=game_ids
    )
    undelivered = (DeliveryStatus.DROPPED, DeliveryStatus.FAILED)
    notified = set(deliveries.exclude(status__in=undelivered).values_list("notification__game_id", flat=True))
    digests = Notification.objects.filter(
        kind=NotificationKind.DIGEST, recipient=user, due_at__gt=now - DIGEST_MEMORY, skip_code=""
    )
    for payload in digests.values_list("payload", flat=True):
        notified |= set(DigestPayload.from_json(payload).game_ids)
    return notified
