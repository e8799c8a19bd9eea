"""Followers of a game who may still join it."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Q

from games.models import Follow, Game, Signup
from guilds.models import Member
from guilds.permissions import blocked_user_ids, may_play, may_view


def follows_by_user(game: Game, now: datetime, signups: Iterable[Signup]) -> dict[int, Follow]:
    """Return by user id the follows of those who may still join: of the game's guild or template, not signed up."""
    rows = Follow.objects.filter(guild_id=game.guild_id).filter(Q(template=None) | Q(template=game.template_id))
    follows: dict[int, Follow] = {}
    for row in rows.select_related("user").order_by(F("template").desc(nulls_last=True), "user_id"):
        follows.setdefault(row.user_id, row)
    if not follows:
        return {}
    members = Member.objects.with_role_permissions().select_related("guild")
    members = members.filter(guild_id=game.guild_id, user__in=follows, left_at=None, user__is_active=True)
    players = game.settings.player_role_ids
    may = {m.user_id for m in members if may_view(m, game.channel) and may_play(m, players)}
    may -= {game.host_id, *game.cohost_ids, *(one.user_id for one in signups if one.user_id)}
    may -= blocked_user_ids(game.guild_id, follows, now)
    return {pk: row for pk, row in follows.items() if pk in may}
