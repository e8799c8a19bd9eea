"""Where games and the audit log name a person."""

from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from games.models import AuditEntry, Game, GameEdit, GameResponse, Signup
from gamesched.lib.jsonb import PathExists
from guilds.models import Member, User
from notifications.forgetting import notifications_about


def _naming(column: str, user_id: int) -> PathExists:
    return PathExists(column, f"$.**.users[*] ? (@ == {int(user_id)})")


def entries_about(user: User) -> "QuerySet[AuditEntry]":
    """Return the entries of what a person did, and of what others did about them."""
    return AuditEntry.objects.filter(Q(actor=user) | Q(_naming("changes", user.pk)))


def edits_naming(user: User) -> "QuerySet[GameEdit]":
    """Return the edits that replaced a person as host."""
    return GameEdit.objects.filter(_naming("previous", user.pk))


def games_to_come(user: User, now: datetime) -> "QuerySet[Game]":
    """Return the games in a person's servers that are neither over nor cancelled."""
    guilds = Member.objects.filter(user=user, left_at=None).values("guild")
    return Game.objects.filter(guild__in=guilds, cancelled_at=None, ends_at__gt=now)


def games_with(user: User, now: datetime) -> set[int]:
    """Return the ids of the games that name a person, and of those that they could join at this moment."""
    named: tuple[QuerySet[Any], ...] = (
        Signup.objects.filter(user=user),
        GameResponse.objects.filter(user=user),
        Game.cohosts.through._default_manager.filter(user=user),
        edits_naming(user),
        notifications_about(user.pk).exclude(game=None),
    )
    of_them = Q(host=user) | Q(next_host=user) | Q(carried_by=user) | Q(announced_by=user)
    ids = set(Game.objects.filter(of_them).values_list("pk", flat=True))
    ids.update(games_to_come(user, now).values_list("pk", flat=True))
    return ids.union(*(rows.order_by().values_list("game_id", flat=True).distinct() for rows in named))
