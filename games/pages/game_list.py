"""Games as pages of lists: those of the site, and those that Discord shows a few at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import EmptyResultSet
from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from games.core import wording
from games.core.permissions import refresh_list_roles, visible_to_player
from games.models import Game, GameQuerySet, GameTemplate, TimePoll
from games.pages.game_filter import GameFilter, Section
from games.pages.game_page import GameRow, game_rows
from gamesched.lib.clock import DbNow
from gamesched.lib.compiled_query import CompiledQuery
from gamesched.lib.paging import page_number, page_of
from guilds.models import GAME_CHANNEL_TYPES, Channel, Guild, User

PER_PAGE = 20
COUNTED_AHEAD = 1000  # games: whoever turns pages sees that there are more
PAST_THE_LAST = 1_000_000  # pages
PER_PAGE_IN_DISCORD = 8
LIST_TEXT_MAX = 30  # characters, for the text is in the buttons that turn pages

# Read with their channels, as a page may take no more statements.
_OPEN_POLLS = TimePoll.objects.filter(
    game=None, cancelled_at=None, closed_at=None, closes_at__gt=DbNow(), guild=OuterRef("guild"), channel=OuterRef("pk")
).values(poll=JSONObject(id="pk", title="title", closes_at="closes_at"))
# What a guild's page has to know of its channels: those with games or open polls, and those in which games may be
# announced.
CHANNELS_OF_LIST: CompiledQuery[Any] = CompiledQuery(
    lambda guild_id, user_id: (
        Channel.objects.select_related("defaults", "parent")
        .annotate(
            has_games=Game.objects.one_of("channel"),
            has_shown_games=Game.objects.existing_for(user_id, [guild_id]).one_of("channel"),
            open_polls=ArraySubquery(_OPEN_POLLS),
            # The same for each, so looked up once.
            person_hosted=Exists(Game.objects.filter(guild=guild_id, host=user_id, cancelled_at=None)),
        )
        .filter(
            Q(deleted_at=None, type__in=GAME_CHANNEL_TYPES) | Q(has_games__isnull=False) | Q(open_polls__len__gt=0),
            guild_id=guild_id,
        )
    )
)


@dataclass(frozen=True)
class OpenPoll:
    """A poll of a guild's page, in which people can still tick times."""

    pk: int
    title: str
    closes_at: datetime


def open_polls(channels: Iterable[Any]) -> list[OpenPoll]:
    """Return the open polls of channels of `CHANNELS_OF_LIST`, those that close first first."""
    found = (poll for channel in channels for poll in channel.open_polls)
    polls = [OpenPoll(one["id"], one["title"], datetime.fromisoformat(one["closes_at"])) for one in found]
    return sorted(polls, key=lambda one: (one.closes_at, one.pk))


def templates_of_list(guild_id: int, games: GameQuerySet) -> QuerySet[Any]:
    """Return a guild's templates, with their channels, and whether one of these games has them."""
    templates = GameTemplate.objects.filter(guild_id=guild_id, deleted_at=None)
    templates = templates.annotate(has_games=games.one_of("template"))
    return templates.select_related("channel__defaults", "channel__parent")


ListKind = Literal["list", "mine"]


@dataclass(frozen=True)
class GameSection:
    """One page of one of the lists that a page of the site shows."""

    name: Section
    rows: list[GameRow]
    page: "Page[int]"
    more: bool = False  # there are more pages than `page` counts

    @property
    def over(self) -> bool:
        return self.name is Section.PAST

    @property
    def unannounced(self) -> bool:
        return self.name is Section.UNANNOUNCED


def game_sections(
    games: Mapping[Section, GameQuerySet], chosen: GameFilter, viewer: User, now: datetime, show: str, page: str
) -> list[GameSection]:
    """Return the first page of each list, or with the name of a list in `show` that page of it alone.

    `games`: what the viewer may see of each list, before it is filtered. A page past the last is the last.
    """
    only: Iterable[Section] = [Section(show)] if show in Section.values else games
    listed = {name: chosen.apply(name.of(games[name], now), viewer, now) for name in only}
    wanted = min(page_number(page), PAST_THE_LAST) if show in Section.values else 1
    found = _ids_and_counts(listed, (wanted - 1) * PER_PAGE)
    for name, (ids, _) in found.items():
        if not ids and wanted > 1:
            last = Paginator(listed[name].values_list("pk", flat=True), PER_PAGE).get_page(page)
            found[name], wanted = ([*last.object_list], last.paginator.count), last.number
    rows = game_rows([pk for ids, _ in found.values() for pk in ids], now, viewer)
    counted = (wanted - 1) * PER_PAGE + COUNTED_AHEAD
    return [
        GameSection(
            name,
            [rows[pk] for pk in ids if pk in rows],
            Paginator(range(min(count, counted)), PER_PAGE).get_page(wanted),
            more=count > counted,
        )
        for name, (ids, count) in found.items()
    ]


def _ids_and_counts(lists: Mapping[Section, GameQuerySet], start: int) -> dict[Section, tuple[list[int], int]]:
    """Return the ids of one page of each list, and how many games the list has, in one query.

    Ids alone: sorted with all their columns, the games before a page would be read whole. Games are counted no further
    than one beyond COUNTED_AHEAD of the page, for a guild's past grows for ever; 0 for a page with nothing. By hand,
    since Django counts no slice in the statement that reads it: by a second look, all games of a person were found
    twice.
    """
    names = list(lists)
    parts: list[str] = []
    values: list[Any] = []
    for number, games in enumerate(lists.values()):
        try:
            sql, params = games.values_list("starts_at", "pk")[: start + COUNTED_AHEAD + 1].query.sql_with_params()
        except EmptyResultSet:  # of a person in no server
            continue
        listed = f"SELECT {number}, pk, count(*) OVER () FROM ({sql}) listed (starts_at, pk)"  # noqa: S608  # Django's
        descending = "DESC" if str(games.query.order_by[0]).startswith("-") else "ASC"
        order = f"ORDER BY listed.starts_at {descending}, listed.pk {descending}"
        parts.append(f"({listed} {order} LIMIT {PER_PAGE} OFFSET {start})")
        values += params
    found: dict[Section, tuple[list[int], int]] = {name: ([], 0) for name in lists}
    if not parts:
        return found
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        for number, pk, count in cursor.fetchall():
            ids, _ = found[names[number]]
            found[names[number]] = ([*ids, pk], count)
    return found


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
    kind: ListKind,
    guild: Guild | None,
    viewer: User,
    now: datetime,
    page: int = 1,
    options: ListOptions = ListOptions(),
) -> GameList:
    """Return announced games of the guild (`list`), or the viewer's own in every guild (`mine`).

    A page past the last is the last: games end while somebody turns pages.
    """
    # Discord tells the roles in the server of a command; a list of several needs those in the others too.
    unknown = refresh_list_roles(viewer, now) if kind == "mine" else ()
    visible = visible_to_player(viewer, unknown=unknown).announced()  # hidden games are not for this list
    games = visible.hosted_or_joined_by(viewer) if kind == "mine" else visible.filter(guild=guild)
    section, chosen = Section.PAST if options.past else Section.TO_COME, options.chosen
    listed = chosen.apply(section.of(games, now), viewer, now).values_list("pk", flat=True)
    found = page_of(listed, PER_PAGE_IN_DISCORD, page)
    return GameList(
        kind,
        wording.list_title("" if kind == "mine" or guild is None else guild.name, options.past),
        tuple(game_rows([*found], now, viewer).values()),
        found.number,
        found.paginator.num_pages,
        options,
        wording.no_games(kind == "mine", options.past, chosen != GameFilter()),
    )
