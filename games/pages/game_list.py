"""Upcoming games as pages of a list, for places that show a few at a time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Q

from games.core import wording
from games.core.permissions import refresh_list_roles, visible_to_player
from games.pages.game_page import GameRow, game_rows
from guilds.models import Guild, User

PER_PAGE = 8

ListKind = Literal["list", "mine"]


@dataclass(frozen=True)
class GameList:
    """One page, numbered from 1, and the text for an empty list."""

    kind: ListKind
    title: str
    rows: tuple[GameRow, ...]
    page: int
    pages: int
    channel_id: int | None = None
    empty_text: str = ""


def list_games(
    kind: ListKind, guild: Guild, viewer: User, now: datetime, page: int = 1, channel_id: int | None = None
) -> GameList:
    """Return the guild's upcoming games (`list`), or the viewer's own in every guild (`mine`), the next first.

    A page past the last is the last: games end while somebody turns pages.
    """
    # Discord tells the roles in the server of a command; a list of several needs those in the others too.
    unknown = refresh_list_roles(viewer, now) if kind == "mine" else ()
    games = visible_to_player(viewer, unknown=unknown).upcoming(now)  # announced ones: no drafts are in this list
    games = games.hosted_or_joined_by(viewer) if kind == "mine" else games.filter(guild=guild)
    if channel_id:
        games = games.filter(Q(channel_id=channel_id) | Q(channel__parent_id=channel_id))
    pages = max(1, -(-games.count() // PER_PAGE))
    page = min(max(page, 1), pages)
    shown = game_rows(games[(page - 1) * PER_PAGE : page * PER_PAGE], now, viewer)
    return GameList(
        kind,
        wording.MY_GAMES if kind == "mine" else wording.games_in(guild.name),
        tuple(shown),
        page,
        pages,
        channel_id,
        wording.NO_GAMES_OF_MINE if kind == "mine" else wording.no_games(bool(channel_id)),
    )
