"""The search for games, servers, people, pages and acts: a page of its own, and what the palette of every page shows.

It finds what its viewer may open, by the rules of the lists, in at most four statements.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, Value
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET

from games.core.permissions import Memberships, Viewer, load_memberships, used_channels
from games.models import Game, GameQuerySet
from games.pages import search_wording as wording
from guilds.http import ViewerRequest
from guilds.models import Member, User
from guilds.names import normalize_name, without_unstorable

FOUND_MAX = 8  # of each kind: more letters find better than more rows
TEXT_MAX, WORDS_MAX = 100, 8
GAMES_READ = 1000  # the next and the last ones, among which words and hosts are looked for: the past grows for ever


@dataclass(frozen=True)
class Found:
    """Something that the viewer may open."""

    name: str
    address: str
    detail: str = ""
    starts_at: datetime | None = None
    picture: str = ""
    cancelled: bool = False


@dataclass(frozen=True)
class FoundGroup:
    """What was found of one kind."""

    name: str
    rows: list[Found]

    @property
    def label(self) -> str:
        return gettext(wording.GROUPS[self.name])


@login_required
@require_GET
def search(request: ViewerRequest) -> HttpResponse:
    """Show what `q` finds, as a page or, for the palette, as a fragment; without `q` the next games and all pages."""
    text = without_unstorable(request.GET.get("q", "")).strip()
    template = "games/search.html#found" if request.htmx else "games/search.html"
    return render(request, template, {"text": text, "groups": find(request.user, text)})


def find(user: User, text: str) -> list[FoundGroup]:
    """Return what a person may open that has each word of a text; of nothing, the kinds that have something.

    Of a long text only the first words are looked for: fields cut nothing off, and show what was typed.
    """
    memberships = load_memberships(user)
    words = text[:TEXT_MAX].split()[:WORDS_MAX]
    pages = FoundGroup("pages", _with_words(_pages(memberships, for_words=bool(words)), words))
    acts = FoundGroup("acts", _with_words(_acts(memberships, for_words=bool(words)), words))
    if not memberships.by_guild:
        return [group for group in (acts, pages) if group.rows]
    used = used_channels().filter(guild__in=memberships.by_guild).select_related("parent")
    visible, now = memberships.visible_games(used).announced(), memberships.read_at
    if words:
        groups = [
            FoundGroup("games", _games(visible, words, now)),
            FoundGroup("servers", _servers(memberships, words)),
            FoundGroup("people", _people(memberships, visible, words, now)),
            acts,
            pages,
        ]
    else:
        groups = [FoundGroup("own_games", _own_games(visible, user, now)), acts, pages]
    return [group for group in groups if group.rows]


def _own_games(visible: GameQuerySet, user: User, now: datetime) -> list[Found]:
    games = visible.hosted_or_joined_by(user).upcoming(now).select_related("guild")[:FOUND_MAX]
    return [Found(one.title, one.get_absolute_url(), one.guild.name, one.starts_at) for one in games]


def _games(visible: GameQuerySet, words: Iterable[str], now: datetime) -> list[Found]:
    """Return the games with these words in their titles: first those to come, then past ones, in one statement."""
    recent = Game.objects.filter(pk__in=visible.past(now).values("pk")[:GAMES_READ]).order_by("-starts_at", "-pk")
    parts: list[Any] = []
    for number, games in enumerate((visible.listed_to_come(now), recent)):
        for word in words:
            games = games.filter(title__icontains=word)
        columns = games.annotate(part=Value(number)).values_list(
            "part", "pk", "title", "guild__name", "starts_at", "cancelled_at"
        )
        parts.append(columns[:FOUND_MAX])
    found = list(parts[0].union(parts[1], all=True))
    found.sort(key=lambda row: (row[0], row[4].timestamp() * (-1 if row[0] else 1)))
    return [
        Found(title, reverse("game", args=[pk]), guild, starts_at, cancelled=cancelled_at is not None)
        for _, pk, title, guild, starts_at, cancelled_at in found[:FOUND_MAX]
    ]


def _people(memberships: Memberships, visible: GameQuerySet, words: Iterable[str], now: datetime) -> list[Found]:
    """Return members of the viewer's servers who host games that the viewer sees, and lead to these."""
    lists = (visible.listed_to_come(now), visible.past(now))
    ahead, recent = (games.values("pk")[:GAMES_READ] for games in lists)
    hosted = Game.objects.filter(pk__in=ahead.union(recent, all=True), host=OuterRef("user"), guild=OuterRef("guild"))
    members = Member.objects.filter(Exists(hosted), guild__in=memberships.by_guild, left_at=None)
    for word in words:
        members = members.named(word)
    return [
        Found(
            one.display_name,
            f"{reverse('guild', args=[one.guild_id])}?host={one.user_id}",
            wording.host_in(memberships.by_guild[one.guild_id].guild.name),
            picture=one.avatar_url,
        )
        for one in members.select_related("user").order_by("guild__name", "pk")[:FOUND_MAX]
    ]


def _servers(memberships: Memberships, words: Collection[str]) -> list[Found]:
    guilds = (member.guild for member in memberships.by_guild.values())
    found = [one for one in guilds if _has_words(one.name, words)][:FOUND_MAX]
    return [Found(one.name, reverse("guild", args=[one.pk]), picture=one.icon_url or "") for one in found]


def _with_words(found: Iterable[Found], words: Collection[str]) -> list[Found]:
    return [one for one in found if _has_words(one.name, words)][:FOUND_MAX]


def _acts(memberships: Memberships, *, for_words: bool) -> Iterator[Found]:
    for member in memberships.by_guild.values():
        if Viewer(memberships.user, member.guild_id, member).may_schedule_by_guild:
            yield from _of_server(wording.HOSTS_ACTS, member)
    if for_words:
        yield Found(gettext(wording.LOG_OUT), reverse("account_logout"))


def _of_server(names: Mapping[str, str], member: Member) -> Iterator[Found]:
    for name, text in names.items():
        yield Found(wording.of_server(text, member.guild.name), reverse(name, args=[member.guild_id]))


def _pages(memberships: Memberships, *, for_words: bool) -> Iterator[Found]:
    for name, label in wording.PAGES.items():
        if name.startswith("admin:") and not memberships.user.is_superuser:
            continue
        yield Found(gettext(label), reverse(name))
    for member in memberships.by_guild.values() if for_words else ():
        if member.guild_id not in memberships.unknown and Viewer(memberships.user, member.guild_id, member).manages:
            yield from _of_server(wording.MANAGERS_PAGES, member)


def _has_words(name: str, words: Iterable[str]) -> bool:
    normalized = normalize_name(name)
    return all(normalize_name(word) in normalized for word in words)
