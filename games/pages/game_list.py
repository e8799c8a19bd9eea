"""Games as pages of lists: those of the site, and those that Discord shows a few at a time."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Any, Literal

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.http import QueryDict
from django.utils.translation import gettext

from games.core import wording
from games.core.permissions import refresh_list_roles, visible_to_player
from games.core.states import State
from games.models import Game, GameQuerySet, GameTemplate, TimePoll
from games.models.poll import TimePollVote
from games.pages import list_wording
from games.pages.game_filter import GameFilter, Section
from games.pages.game_rows import GameRow, game_rows
from gamesched.lib.clock import DbNow
from gamesched.lib.compiled_query import CompiledQuery, CompiledSets
from gamesched.lib.ids import parse_id
from gamesched.lib.moments import in_zone
from gamesched.lib.paging import page_of
from guilds.models import GAME_CHANNEL_TYPES, Channel, Guild, Member, User

PER_PAGE = 20
WEEK = timedelta(days=7)
PER_PAGE_IN_DISCORD = 8
LIST_TEXT_MAX = 30  # characters, for the text is in the buttons that turn pages
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY = re.compile("(-?[0-9]{1,17})-([0-9]{1,19})")


def _open_polls(user_ids: Collection[int]) -> QuerySet[Any, Any]:
    # Read with their channels, as a page may take no more statements.
    votes = TimePollVote.objects.filter(option__poll=OuterRef("pk"), user__in=user_ids)
    polls = TimePoll.objects.filter(
        game=None, cancelled_at=None, closed_at=None, closes_at__gt=DbNow(), guild=OuterRef("guild"),
        channel=OuterRef("pk"),
    )  # fmt: skip
    return polls.values(
        poll=JSONObject(id="pk", title="title", closes_at="closes_at", answered=Exists(votes), guild="guild_id")
    )


# What a guild's page has to know of its channels: those with games or open polls, and those in which games may be
# announced.
CHANNELS_OF_LIST: CompiledQuery[Any] = CompiledQuery(
    lambda guild_id, user_id: (
        Channel.objects.select_related("defaults", "parent")
        .annotate(
            has_games=Game.objects.one_of("channel"),
            has_shown_games=Game.objects.existing_for(user_id, [guild_id]).one_of("channel"),
            open_polls=ArraySubquery(_open_polls([user_id])),
            # The same for each, so looked up once.
            person_hosted=Exists(Game.objects.filter(guild=guild_id, host=user_id, cancelled_at=None)),
        )
        .filter(
            Q(deleted_at=None, type__in=GAME_CHANNEL_TYPES) | Q(has_games__isnull=False) | Q(open_polls__len__gt=0),
            guild_id=guild_id,
        )
    )
)


# The same of the channels of all guilds of a person: those with games or open polls.
CHANNELS_OF_HOME: CompiledSets[Any] = CompiledSets(
    lambda guild_ids, user_ids: (
        Channel.objects.select_related("parent")
        .annotate(has_games=Game.objects.one_of("channel"), open_polls=ArraySubquery(_open_polls(user_ids)))
        .filter(Q(has_games__isnull=False) | Q(open_polls__len__gt=0), guild_id__in=guild_ids)
    )
)


@dataclass(frozen=True)
class OpenPoll:
    """A poll in which people can still tick times; `answered`: whether the viewer has."""

    pk: int
    title: str
    closes_at: datetime
    answered: bool
    guild_id: int


def open_polls(channels: Iterable[Any]) -> list[OpenPoll]:
    """Return the open polls of channels that were read with theirs, those that close first first."""
    found = (poll for channel in channels for poll in channel.open_polls)
    polls = [
        OpenPoll(one["id"], one["title"], datetime.fromisoformat(one["closes_at"]), one["answered"], one["guild"])
        for one in found
    ]
    return sorted(polls, key=lambda one: (one.closes_at, one.pk))


def templates_of_list(guild_id: int, games: GameQuerySet) -> QuerySet[Any]:
    """Return a guild's templates, with their channels, and whether one of these games has them."""
    templates = GameTemplate.objects.filter(guild_id=guild_id, deleted_at=None)
    templates = templates.annotate(has_games=games.one_of("template"))
    return templates.select_related("channel__defaults", "channel__parent")


ListKind = Literal["list", "mine"]
Key = tuple[datetime, int]  # start and id, by which lists are sorted


@dataclass(frozen=True)
class Place:
    """Where in its list a page begins: after a game, or with `back` before one; without `key` at the start."""

    key: Key | None = None
    back: bool = False

    @classmethod
    def of_text(cls, after: str) -> "Place":
        """Return the place after a key; the start for anything else."""
        return cls(_read_key(after))

    @classmethod
    def of_query(cls, query: QueryDict) -> "Place":
        """Read the place that an address names; the start for anything else."""
        for name in ("after", "before"):
            if key := _read_key(query.get(name, "")):
                return cls(key, back=name == "before")
        return cls()

    def cut(self, games: GameQuerySet) -> GameQuerySet:
        """Return the games of an ordered list from here on; with `back` those before it, the nearest first."""
        if self.key is None:
            return games
        at, pk = self.key
        if _is_descending(games) != self.back:
            games = games.filter(Q(starts_at__lt=at) | Q(pk__lt=pk), starts_at__lte=at)
        else:
            games = games.filter(Q(starts_at__gt=at) | Q(pk__gt=pk), starts_at__gte=at)
        return games.reverse() if self.back else games


def _read_key(text: str) -> Key | None:
    found = _KEY.fullmatch(text)
    pk = parse_id(found[2]) if found is not None else None
    if found is None or pk is None:
        return None
    try:
        return EPOCH + timedelta(microseconds=int(found[1])), pk
    except OverflowError:
        return None


def _key_text(key: Key) -> str:
    return f"{(key[0] - EPOCH) // timedelta(microseconds=1)}-{key[1]}"


def _is_descending(games: GameQuerySet) -> bool:
    return str(games.query.order_by[0]).startswith("-")


@dataclass(frozen=True)
class ListPage:
    """The ids of one page of a list, and the keys that name the pages beside it; '' for none."""

    ids: list[int]
    previous: str
    following: str


def list_pages(lists: Mapping[str, Collection[GameQuerySet]], place: Place = Place()) -> dict[str, ListPage]:
    """Return one page of each list, in one statement, however long the lists are.

    A list is of one or more querysets of the same order, without a game in common. Ids alone: sorted with all their
    columns, the games of a page would be read with those beside it.
    """
    found = _keys(lists, place)
    pages: dict[str, ListPage] = {}
    for name, keys in found.items():
        shown, more = keys[:PER_PAGE], len(keys) > PER_PAGE
        if place.back:
            shown.reverse()
        has_previous, has_following = (more, True) if place.back else (place.key is not None, more)
        pages[name] = ListPage(
            [pk for _, pk in shown],
            _key_text(shown[0]) if shown and has_previous else "",
            _key_text(shown[-1]) if shown and has_following else "",
        )
    return pages


def _keys(lists: Mapping[str, Collection[GameQuerySet]], place: Place) -> dict[str, list[Key]]:
    """Return the keys of one page of each list and of one game beyond it, those next to the place first."""
    names = list(lists)
    parts: list[str] = []
    values: list[Any] = []
    descending = dict.fromkeys(names, False)
    for number, name in enumerate(names):
        for games in lists[name]:
            descending[name] = _is_descending(games) != place.back
            try:
                cut = place.cut(games).values_list("starts_at", "pk")[: PER_PAGE + 1]
                sql, params = cut.query.sql_with_params()
            except EmptyResultSet:  # of a person in no server
                continue
            # By hand, since Django sorts no parts of a union.
            parts.append(f"(SELECT {number}, begins, pk FROM ({sql}) listed (begins, pk))")  # noqa: S608  # Django's
            values += params
    found: dict[str, list[Key]] = {name: [] for name in names}
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), values)
            for number, at, pk in cursor.fetchall():
                found[names[number]].append((at, pk))
    return {name: sorted(keys, reverse=descending[name])[: PER_PAGE + 1] for name, keys in found.items()}


@dataclass(frozen=True)
class AgendaDay:
    """The games of one day of a list; `later`: after the next seven days."""

    label: str
    rows: list[GameRow]
    later: bool


def by_day(rows: Iterable[GameRow], now: datetime, zone: tzinfo) -> list[AgendaDay]:
    """Return games by their days in a zone, in the order given; those that are played now apart."""
    today = in_zone(now, zone).date()

    def day_of(row: GameRow) -> tuple[str, bool]:
        if row.state is State.IN_PROGRESS:
            return gettext(list_wording.NOW), False
        day = in_zone(row.starts_at, zone).date()
        return list_wording.day_label(day, today), day >= today + WEEK

    return [AgendaDay(label, list(group), later) for (label, later), group in groupby(rows, day_of)]


@dataclass(frozen=True)
class GameSection:
    """One page of one of the lists that a page of the site shows."""

    name: Section
    rows: list[GameRow]
    days: list[AgendaDay]
    previous: str = ""
    following: str = ""

    @property
    def over(self) -> bool:
        return self.name is Section.PAST

    @property
    def unannounced(self) -> bool:
        return self.name is Section.UNANNOUNCED


@dataclass(frozen=True)
class Agenda:
    """What a page of lists shows: its sections, and the games that wait for the viewer's answer."""

    sections: list[GameSection]
    asks: list[GameRow]


def game_agenda(
    lists: Mapping[Section, Collection[GameQuerySet]],
    asking: GameQuerySet | None,
    viewer: User,
    now: datetime,
    place: Place,
    members: Mapping[int, Member],
) -> Agenda:
    """Return one page of each list, in two statements; `asking`: the games that wait for an answer."""
    named: dict[str, Collection[GameQuerySet]] = {name.value: parts for name, parts in lists.items()}
    pages = list_pages(named | ({"asking": [asking]} if asking is not None else {}), place)
    rows = game_rows([*dict.fromkeys(pk for page in pages.values() for pk in page.ids)], now, viewer, members)
    asked = pages.pop("asking", ListPage([], "", ""))
    sections = []
    for name in lists:
        page = pages[name.value]
        shown = [rows[pk] for pk in page.ids if pk in rows]
        sections.append(GameSection(name, shown, by_day(shown, now, viewer.tzinfo), page.previous, page.following))
    asks = [rows[pk] for pk in asked.ids if pk in rows and rows[pk].open_question]
    return Agenda(sections, asks)


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
