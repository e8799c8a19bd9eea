"""Games as pages of lists: those of the site, and those that Discord shows a few at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.core.paginator import Page

from games.core import wording
from games.core.permissions import refresh_list_roles, visible_to_player
from games.models import Game, GameQuerySet
from games.pages.game_filter import GameFilter, Section
from games.pages.game_page import GameRow, game_rows
from gamesched.lib.paging import page_of
from guilds.models import Guild, User

PER_PAGE = 20
PER_PAGE_IN_DISCORD = 8
LIST_TEXT_MAX = 30  # characters, for the text is in the buttons that turn pages

ListKind = Literal["list", "mine"]


@dataclass(frozen=True)
class GameSection:
    """One page of one of the lists that a page of the site shows."""

    name: Section
    rows: list[GameRow]
    page: "Page[Game]"

    @property
    def over(self) -> bool:
        return self.name is Section.PAST


def game_sections(
    games: Mapping[Section, GameQuerySet], chosen: GameFilter, viewer: User, now: datetime, show: str, page: str
) -> list[GameSection]:
    """Return the first page of each list, or with the name of a list in `show` that page of it alone.

    `games`: what the viewer may see of each list, before it is filtered. A page past the last is the last.
    """
    only: Iterable[Section] = [Section(show)] if show in Section.values else games
    sections = []
    for name in only:
        listed = chosen.apply(name.of(games[name], now), viewer, now)
        found = page_of(listed, PER_PAGE, page if show in Section.values else 1)
        rows = game_rows(found.object_list, now, viewer) if found.paginator.count else []  # type: ignore[arg-type]
        sections.append(GameSection(name, rows, found))
    return sections


@dataclass(frozen=True)
class ListOptions:
    """What a list in Discord is to show."""

    channel_id: int | None = None
    text: str = ""
    free: bool = False
    past: bool = False

    @property
    def chosen(self) -> GameFilter:
        return GameFilter(self.text[:LIST_TEXT_MAX], channel_id=self.channel_id, open_seats=self.free)


@dataclass(frozen=True)
class GameList:
    """One page of a list in Discord, numbered from 1, and the text for an empty list."""

    kind: ListKind
    title: str
    rows: tuple[GameRow, ...]
    page: int
    pages: int
    options: ListOptions
    empty_text: str = ""


def list_games(
    kind: ListKind, guild: Guild, viewer: User, now: datetime, page: int = 1, options: ListOptions = ListOptions()
) -> GameList:
    """Return announced games of the guild (`list`), or the viewer's own in every guild (`mine`).

    A page past the last is the last: games end while somebody turns pages.
    """
    # Discord tells the roles in the server of a command; a list of several needs those in the others too.
    unknown = refresh_list_roles(viewer, now) if kind == "mine" else ()
    visible = visible_to_player(viewer, unknown=unknown).announced()  # hidden games are not for this list
    games = visible.hosted_or_joined_by(viewer) if kind == "mine" else visible.filter(guild=guild)
    section, chosen = Section.PAST if options.past else Section.TO_COME, options.chosen
    found = page_of(chosen.apply(section.of(games, now), viewer, now), PER_PAGE_IN_DISCORD, page)
    return GameList(
        kind,
        wording.list_title("" if kind == "mine" else guild.name, options.past),
        tuple(game_rows(found.object_list, now, viewer)),  # type: ignore[arg-type]
        found.number,
        found.paginator.num_pages,
        options,
        wording.no_games(kind == "mine", options.past, chosen != GameFilter()),
    )
