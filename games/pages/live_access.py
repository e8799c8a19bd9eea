"""What open pages may hear: whether their sessions still stand, and which changes exist for their people."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any
from urllib.parse import parse_qsl

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone

from games.core.frequent_queries import MEMBERSHIPS_WITH_GUILD
from games.core.permissions import Viewer, find_visible_game
from games.models import Game
from games.sharing.embeds import embeddable_guild, hidden_channels
from gamesched.lib.ids import parse_id
from gamesched.lib.text import is_storable
from guilds.models import Channel, User
from guilds.permissions import hidden_from
from guilds.sessions import access_group_of_session, is_session_of


class Closed(IntEnum):
    """Why a page hears nothing any more, as the code that closes its socket."""

    LOGGED_OUT = 4403  # its session has ended, or its person may no longer log in
    NOT_FOUND = 4404  # for its person there is no such page


@dataclass(frozen=True, slots=True)
class OpenPage:
    """A page in a browser: of a game, a guild or somebody's own games, and the session that opened it.

    Or a guild's games on another site, where no session is.
    """

    session_key: str
    kind: str  # game, guild, mine or embed; '' for none of these
    id: int = 0

    @property
    def is_of_strangers(self) -> bool:
        return self.kind == "embed"

    @classmethod
    def of_query(cls, session_key: str, query: str) -> "OpenPage":
        """Return the page of a socket's query string: `game=42`, `guild=7` or `mine=1`."""
        session_key = session_key if is_storable(session_key) else ""
        params = dict(reversed(parse_qsl(query)))
        kind = next((name for name in ("game", "guild", "mine") if name in params), "")
        return cls(session_key, kind, parse_id(params.get(kind, "")) or 0)


@dataclass(frozen=True, slots=True)
class GameChange:
    """A changed game, as far as it decides who may know of it."""

    guild_id: int
    channel_ids: frozenset[int]  # its own, and one that it was moved out of
    announced: bool
    runs: frozenset[int]  # who runs it, of a game that is not announced


@dataclass(frozen=True, slots=True)
class Access:
    """The groups of a page, and what of its guilds' games is not for its person."""

    user_id: int
    groups: frozenset[str]
    hidden_channel_ids: frozenset[int] = frozenset()
    managed_guild_ids: frozenset[int] = frozenset()
    # Of a game's page, as it was when its access was read.
    guild_id: int = field(default=0, compare=False)
    post_version: int = field(default=0, compare=False)
    announced: bool = field(default=True, compare=False)

    def may_know_of(self, change: GameChange) -> bool:
        """Return whether a change of a game exists for the person; the rule of `visible_to`, without a query."""
        if change.channel_ids <= self.hidden_channel_ids:
            return False
        return change.announced or change.guild_id in self.managed_guild_ids or self.user_id in change.runs


def load_access(pages: Collection[OpenPage]) -> dict[OpenPage, Access | Closed]:
    """Read what pages may hear now: sessions and people in two queries, then two for each person and what they see."""
    keys = {page.session_key for page in pages if not page.is_of_strangers}
    users = _users_of_sessions(keys) if keys else {}
    known: dict[tuple[int, str, int], Access | Closed] = {}
    found: dict[OpenPage, Access | Closed] = {}
    for page in pages:
        if page.is_of_strangers:
            found[page] = _of_embed(page.id)
            continue
        user = users.get(page.session_key)
        if user is None:
            found[page] = Closed.LOGGED_OUT
            continue
        key = (user.pk, page.kind, page.id)
        if key not in known:
            known[key] = access_to_page(user, page.kind, page.id)
        found[page] = known[key]
    return found


def access_to_page(user: User, kind: str, pk: int = 0) -> Access | Closed:
    """Read what a page of this user may hear; NOT_FOUND for objects that do not exist for them."""
    if kind == "game":
        return _of_game(user, pk)
    members = {member.guild_id: member for member in MEMBERSHIPS_WITH_GUILD.all(user.pk)}
    if kind == "guild":
        members = {guild_id: member for guild_id, member in members.items() if guild_id == pk}
    if kind not in ("guild", "mine") or (kind == "guild" and not members):
        return Closed.NOT_FOUND
    return Access(
        user.pk,
        frozenset(group for guild_id in members for group in (f"guild.{guild_id}", f"access.guild.{guild_id}")),
        frozenset(hidden_from(members.values(), Channel.objects.all())),
        frozenset(guild_id for guild_id, member in members.items() if Viewer(user, guild_id, member).manages),
    )


def access_groups(page: OpenPage, access: Access) -> set[str]:
    """Return the groups of a page, with those that tell to read its access again, as triggers name them."""
    if page.is_of_strangers:
        return {*access.groups}
    return {f"access.user.{access.user_id}", access_group_of_session(page.session_key), *access.groups}


def ended_sessions(session_keys: Collection[str]) -> set[str]:
    """Return which of these sessions do not stand any more, by their time or because their row is gone."""
    standing = Session.objects.filter(session_key__in=list(session_keys), expire_date__gt=timezone.now())
    return {*session_keys} - {*standing.values_list("session_key", flat=True)}


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


def _of_game(user: User, game_id: int) -> Access | Closed:
    found = find_visible_game(user, game_id) if game_id else None
    if found is None:
        return Closed.NOT_FOUND
    game, _ = found
    return Access(
        user.pk,
        frozenset({f"game.{game.pk}", f"access.guild.{game.guild_id}"}),
        guild_id=game.guild_id,
        post_version=game.post_version,
        announced=game.announced_at is not None,
    )


def _of_embed(guild_id: int) -> Access | Closed:
    """Read what other sites may hear of a guild: changes of games in channels that all members see."""
    if embeddable_guild(guild_id) is None:
        return Closed.NOT_FOUND
    return Access(0, frozenset({f"guild.{guild_id}", f"access.guild.{guild_id}"}), frozenset(hidden_channels(guild_id)))


def _users_of_sessions(session_keys: Collection[str]) -> dict[str, User]:
    """Return whose these sessions are, of those that stand: kept, not expired, as old as a password at most.

    The database says so. The cache before it may not know yet of a session that ended.
    """
    rows = Session.objects.filter(session_key__in=list(session_keys), expire_date__gt=timezone.now())
    sessions: dict[str, dict[str, Any]] = {row.session_key: row.get_decoded() for row in rows}
    user_ids = {key: parse_id(str(session.get(SESSION_KEY, ""))) or 0 for key, session in sessions.items()}
    users = User.objects.filter(is_active=True).in_bulk({*user_ids.values()})
    return {key: users[pk] for key, pk in user_ids.items() if pk in users and is_session_of(sessions[key], users[pk])}
