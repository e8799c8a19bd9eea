"""The regulars of a series, who are seated in each of its games."""

from datetime import datetime

from games.core.audit_people import stored_people
from games.core.base import CLOCK_ACTOR, record_change
from games.core.codes import AuditAction
from games.core.seating import assign_seats
from games.models import Game, Series, Signup
from guilds.models import Member
from guilds.permissions import blocked_user_ids, may_view


def regulars_to_begin_with(game: Game) -> tuple[int, ...]:
    """Return who is seated in a game that is to repeat, in their order, if its settings make them regulars."""
    if not game.settings.players_become_regulars:
        return ()
    seated = game.signups.seated().people().order_by("rank", "order_key")
    return tuple(seated.values_list("user_id", flat=True))


def seat_regulars(series: Series, game: Game, now: datetime) -> bool:
    """Sign up the regulars who may still take part, in their order; return whether there are any.

    They are asked to confirm if the series says so, once the game is announced.
    """
    ids = list(series.players.filter(is_substitute=False).values_list("user_id", flat=True))
    present = present_players(game, ids, now)
    people = [user_id for user_id in ids if user_id in present]
    if not people:
        return False
    last = game.signups.last_order_key()
    for key, user_id in enumerate(people, last + 1):
        Signup.objects.create(
            game=game, user_id=user_id, order_key=key, joined_at=now, added_by_other=True, carried=True
        )
    game.confirm_carried = series.asks_regulars
    assign_seats(game, now)
    changes = {
        "for": stored_people(people),
        "left_out": stored_people(set(ids) - present),
        "asks": series.asks_regulars,
    }
    record_change(game, CLOCK_ACTOR, AuditAction.CARRY_PLAYERS, changes, now)
    return True


def present_players(game: Game, ids: list[int], now: datetime) -> set[int]:
    """Return which of these people are members who may see the game, and are not blocked."""
    members = Member.objects.with_role_permissions().select_related("guild").filter(guild=game.guild_id, left_at=None)
    present = {one.user_id for one in members.filter(user__in=ids) if may_view(one, game.channel)}
    return present - blocked_user_ids(game.guild_id, present, now)
