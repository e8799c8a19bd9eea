"""What a live socket may hear: whether its session still stands, and which changes exist for its person."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils.crypto import constant_time_compare

from games.core.permissions import find_visible_game, managed_guild_ids
from games.models import Game
from gamesched.lib.ids import parse_id
from guilds.models import Channel, Guild, User
from guilds.permissions import hidden_channel_ids
from guilds.sessions import access_group_of_session


class LoggedOut(Exception):
    """The session has ended, or its person may no longer log in."""


class NotFound(Exception):
    """For this person there is no such page."""


@dataclass(frozen=True)
class GameChange:
    """A changed game, as far as it decides who may know of it."""

    guild_id: int
    channel_ids: frozenset[int]  # its own, and one that it was moved out of
    announced: bool
    runs: frozenset[int]  # who runs it, of a game that is not announced


@dataclass(frozen=True)
class Access:
    """The groups of a socket, and what of its guilds' games is not for its person."""

    user: User
    groups: frozenset[str]
    game_id: int | None = None
    hidden_channel_ids: frozenset[int] = frozenset()
    managed_guild_ids: frozenset[int] = frozenset()

    def may_know_of(self, change: GameChange) -> bool:
        """Return whether a change of a game exists for the person; the rule of `visible_to`, without a query."""
        if change.channel_ids <= self.hidden_channel_ids:
            return False
        return change.announced or change.guild_id in self.managed_guild_ids or self.user.pk in change.runs


def load_access(user_id: int, session_key: str | None, params: Mapping[str, str]) -> Access:
    """Read what a socket may hear now. Raise LoggedOut, NotFound.

    `session_key` is None without sessions. `params` is one of `game`, `guild` and `mine`.
    """
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or (session_key is not None and not _stands(session_key, user)):
        raise LoggedOut
    return access_to_page(user, params)


def access_to_page(user: User, params: Mapping[str, str]) -> Access:
    """Read what a page of this user may hear. Raise NotFound for objects that do not exist for them."""
    if "game" in params:
        return _of_game(user, parse_id(params["game"]))
    guild_ids = set(Guild.objects.visible_to(user).order_by().values_list("pk", flat=True))
    if "guild" in params:
        guild_ids &= {parse_id(params["guild"]) or 0}
        if not guild_ids:
            raise NotFound
    elif "mine" not in params:
        raise NotFound
    return Access(
        user,
        frozenset(group for pk in guild_ids for group in (f"guild.{pk}", f"access.guild.{pk}")),
        hidden_channel_ids=frozenset(hidden_channel_ids(user, Channel.objects.filter(guild__in=guild_ids))),
        managed_guild_ids=frozenset(managed_guild_ids(user) & guild_ids),
    )


def access_groups(user_id: int, session_key: str | None) -> set[str]:
    """Return the groups that tell a socket to read its access again; the trigger of `guilds` names them."""
    groups = {f"access.user.{user_id}"}
    return groups if session_key is None else groups | {access_group_of_session(session_key)}


def load_changes(moved_from: Mapping[int, Collection[int]]) -> list[GameChange]:
    """Read what decides who may know of these games, given with the channels that they were moved out of."""
    rows = Game.objects.filter(pk__in=moved_from).order_by()
    games = list(rows.values_list("pk", "guild_id", "channel_id", "announced_at", "host_id"))
    unannounced = [pk for pk, _, _, announced_at, _ in games if announced_at is None]
    cohosts = _cohost_ids(unannounced) if unannounced else {}
    return [
        GameChange(
            guild_id,
            frozenset({channel_id, *moved_from[pk]}),
            announced_at is not None,
            frozenset({host_id, *cohosts.get(pk, ())}),
        )
        for pk, guild_id, channel_id, announced_at, host_id in games
    ]


def _cohost_ids(game_ids: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    rows = Game.cohosts.through.objects.filter(game__in=game_ids)
    for game_id, user_id in rows.values_list("game_id", "user_id"):
        found.setdefault(game_id, []).append(user_id)
    return found


def _of_game(user: User, game_id: int | None) -> Access:
    found = find_visible_game(user, game_id) if game_id else None
    if found is None:
        raise NotFound
    game, _ = found
    return Access(user, frozenset({f"game.{game.pk}", f"access.guild.{game.guild_id}"}), game_id=game.pk)


def _stands(session_key: str, user: User) -> bool:
    """Return whether a session is still this person's: kept, not expired, and as old as their password at most.

    The database says so. The cache before it may not know yet of a session that ended.
    """
    session = SessionStore(session_key).load()
    given = session.get(HASH_SESSION_KEY, "")
    return session.get(SESSION_KEY) == str(user.pk) and constant_time_compare(given, user.get_session_auth_hash())
