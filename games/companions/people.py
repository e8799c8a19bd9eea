"""Whom companions let in: nobody who may not see the game."""

from collections.abc import Iterable

from games.core.read_ahead import MEMBERS
from games.models import Game
from guilds.models import Channel
from guilds.permissions import may_view


def who_may_view(game: Game, channel: Channel, user_ids: Iterable[int | None]) -> tuple[int, ...]:
    """Return these people without repetition, in their order, as far as they may view the channel."""
    ids = [pk for pk in dict.fromkeys(user_ids) if pk is not None]
    viewing = set()
    for member in MEMBERS.all({game.guild_id}, {*ids}):
        member.guild = game.guild
        if may_view(member, channel):
            viewing.add(member.user_id)
    return tuple(pk for pk in ids if pk in viewing)
