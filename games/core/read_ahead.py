"""What the messages of a turn need of their games and recipients, read for all of them in a few statements."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Min

from games.core.codes import REMINDER_KINDS
from games.core.frequent_queries import MEMBER, games_with_posts
from games.models import Game, Signup
from gamesched.lib.compiled_query import CompiledSets
from guilds.models import Member
from notifications.models import Delivery, DeliveryStatus, Notification
from notifications.policy import LATE_AFTER
from notifications.types import register_reader

MEMBERS = CompiledSets(
    lambda guild_ids, user_ids: Member.objects.with_role_permissions().filter(
        guild__in=guild_ids, user__in=user_ids, left_at=None
    )
)
SIGNUPS = CompiledSets(lambda game_ids, user_ids: Signup.objects.current().filter(game__in=game_ids, user__in=user_ids))


@dataclass
class ReadAhead:
    """What was read of a game's recipients, by their ids."""

    user_ids: set[int] = field(default_factory=set)
    members: dict[int, Member] = field(default_factory=dict)  # who left the guild has none
    signups: dict[int, Signup] = field(default_factory=dict)  # current ones
    # The shortest time before the start of which a reminder waits to be sent; None where no message is late.
    nearest_reminders: dict[int, int] | None = None
    # What every message about the game says alike, in every language, once one was built: its title, its guild's name
    # and its address.
    texts: tuple[str, str, str] | None = None


def read_ahead(deliveries: Sequence[Delivery], now: datetime) -> None:
    """Give the notifications of these deliveries their games, with all that their messages need."""
    by_game: dict[int, set[int]] = defaultdict(set)
    for delivery in deliveries:
        if delivery.notification.game_id is not None:
            by_game[delivery.notification.game_id].add(delivery.recipient_id)
    if not by_game:
        return
    games = games_with_posts(by_game)
    for game in games.values():
        game.read_ahead = ReadAhead(by_game[game.pk])
    _read_recipients(games, set().union(*by_game.values()))
    _read_nearest_reminders(games, deliveries, now)
    for delivery in deliveries:
        if delivery.notification.game_id in games:
            delivery.notification.game = games[delivery.notification.game_id]


def _read_recipients(games: Mapping[int, Game], user_ids: set[int]) -> None:
    guild_ids = {game.guild_id for game in games.values()}
    members: dict[int, dict[int, Member]] = defaultdict(dict)
    for member in MEMBERS.all(guild_ids, user_ids):
        members[member.guild_id][member.user_id] = member
    for game in games.values():
        assert game.read_ahead is not None
        game.read_ahead.members = members[game.guild_id]
    for signup in SIGNUPS.all(games, user_ids):
        read = games[signup.game_id].read_ahead
        assert read is not None
        assert signup.user_id is not None
        read.signups.setdefault(signup.user_id, signup)


def _read_nearest_reminders(games: Mapping[int, Game], deliveries: Sequence[Delivery], now: datetime) -> None:
    late = {
        row.game_id
        for row in (delivery.notification for delivery in deliveries)
        if row.kind in REMINDER_KINDS and now - row.due_at > LATE_AFTER and row.game_id in games
    }
    if not late:
        return
    waiting = Delivery.objects.filter(
        status=DeliveryStatus.PENDING, notification__game__in=late, notification__kind__in=REMINDER_KINDS
    )
    for game_id in late:
        read = games[game_id or 0].read_ahead
        assert read is not None
        read.nearest_reminders = {}
    nearest = waiting.order_by().values_list("notification__game", "recipient").annotate(Min("notification__minutes"))
    for game_id, user_id, minutes in nearest:
        read = games[game_id].read_ahead
        if minutes is not None and read is not None and read.nearest_reminders is not None:
            read.nearest_reminders[user_id] = minutes


def game_read_for(row: Notification) -> Game | None:
    """Return the game that was read together with others for messages of this turn; None if it was not."""
    if not Notification._meta.get_field("game").is_cached(row):
        return None
    game: Game | None = row.game
    return game if game is not None and game.read_ahead is not None else None


def current_member(game: Game, user_id: int) -> Member | None:
    """Return a user as a member of the game's guild; None for who left it."""
    if game.read_ahead is not None and user_id in game.read_ahead.user_ids:
        member = game.read_ahead.members.get(user_id)
    else:
        member = MEMBER.first(game.guild_id, user_id)
    if member is not None:
        member.guild = game.guild
    return member


def current_signup(game: Game, user_id: int) -> Signup | None:
    """Return a user's current sign-up."""
    if game.read_ahead is not None and user_id in game.read_ahead.user_ids:
        return game.read_ahead.signups.get(user_id)
    return game.signups.current().of(user_id).first()


register_reader(read_ahead)
