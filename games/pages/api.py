"""Servers, games and lists, for programs."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

from django.http import HttpResponse, HttpResponseNotModified
from ninja import Query, Schema
from pydantic import ConfigDict, Field

from games.api.base import answers, etag_of, managed_game, reaches, visible_game, visible_guild
from games.api.caller import READ, ApiRequest
from games.api.problems import ApiProblem
from games.api.routes import router
from games.api.shapes import GameLine, GameShape, Id, PersonShape, SentText, game_shape
from games.core import wording
from games.core.permissions import Viewer, load_memberships, may_search_members, used_channels
from games.models import Game
from games.models.layers import announcement_channels
from games.pages.game_filter import GameFilter, Section
from games.pages.game_list import Place, list_pages
from games.pages.game_page import history
from games.pages.game_rows import GameRow, game_rows
from games.pages.shortcuts import load_form_viewer
from games.signups import participant_lookup
from guilds.models import Member, User
from guilds.names import without_isolates


class GuildShape(Schema):
    """A Discord server with the bot."""

    id: Id
    name: str
    may_schedule: bool
    manages: bool


class Me(Schema):
    """Whose token this is."""

    id: Id
    name: str
    zone: str
    scopes: list[str]
    guild_id: Id | None = Field(description="The only server that the token reaches.")
    guilds: list[GuildShape]


class ChannelShape(Schema):
    """A channel in which you may announce games."""

    id: Id
    name: str
    missing_permissions: list[str] = Field(description="What the bot lacks there.")


class GamePage(Schema):
    """One page of a list."""

    games: list[GameLine]
    next: str | None = Field(description="Pass it on as `after` for the next page.")


class HistoryLine(Schema):
    """What somebody did."""

    at: datetime
    text: str


class Search(Schema):
    """How the names of members begin."""

    q: SentText = Field(max_length=100)


class Listed(Schema):
    """Which games to list."""

    model_config = ConfigDict(extra="forbid")

    section: Literal[tuple(Section.values)] = Section.TO_COME.value  # type: ignore[valid-type]
    after: str = Field("", max_length=40)
    text: SentText = Field("", max_length=100)
    channel_id: Id | None = None
    template_id: Id | None = None
    open_seats: bool = False


@router.get("/me", auth=READ, response=answers(Me))
def me(request: ApiRequest) -> Me:
    """Tell whose token this is, and where it reaches."""
    user, members = request.user, load_memberships(request.user).by_guild
    return Me(
        id=user.pk,
        name=without_isolates(user.display_name),
        zone=user.zone or "UTC",
        scopes=request.token.scopes,
        guild_id=request.token.guild_id,
        guilds=[_guild_shape(Viewer(user, pk, one), one) for pk, one in members.items() if reaches(request, pk)],
    )


@router.get("/guilds/{id:guild_id}", auth=READ, response=answers(GuildShape))
def guild(request: ApiRequest, guild_id: Id) -> GuildShape:
    """Show a server."""
    _, viewer = visible_guild(request, guild_id)
    assert viewer.member is not None
    return _guild_shape(viewer, viewer.member)


@router.get("/guilds/{id:guild_id}/games", auth=READ, response=answers(GamePage))
def guild_games(request: ApiRequest, guild_id: Id, listed: Query[Listed]) -> GamePage:
    """List a server's games."""
    visible_guild(request, guild_id)
    return _page(request, listed, guild_id, mine=False)


@router.get("/games", auth=READ, response=answers(GamePage))
def own_games(request: ApiRequest, listed: Query[Listed]) -> GamePage:
    """List the games that you host, play or wait for."""
    return _page(request, listed, request.token.guild_id, mine=True)


@router.get("/games/{id:game_id}", auth=READ, response=answers(GameShape))
def game(request: ApiRequest, response: HttpResponse, game_id: Id) -> Any:
    """Show a game. Its `ETag` is for `If-None-Match` and `If-Match`."""
    shown = game_shape(*visible_game(request, game_id), request.now)
    etag = etag_of(shown)
    response["ETag"] = etag
    if etag in {one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")}:
        return HttpResponseNotModified(headers={"ETag": etag})
    return shown


@router.get("/games/{id:game_id}/history", auth=READ, response=answers(list[HistoryLine]))
def game_history(request: ApiRequest, game_id: Id) -> Any:
    """List who did what to a game, the latest first; for those who run it."""
    found, viewer = managed_game(request, game_id)
    return history_lines(found, viewer)


def history_lines(game: Game, viewer: Viewer | None) -> list[HistoryLine]:
    """Return who did what to a game, the latest first; without a viewer, for the command line's operator."""
    return [HistoryLine(at=row.at, text=without_isolates(row.text)) for row in history(game, viewer)]


@router.get("/guilds/{id:guild_id}/channels", auth=READ, response=answers(list[ChannelShape]))
def channels(request: ApiRequest, guild_id: Id) -> Any:
    """List the channels in which you may have games announced."""
    visible_guild(request, guild_id)
    viewer = load_form_viewer(request, guild_id)
    found = [one for one in announcement_channels(guild_id) if viewer.may_announce_in(one)]
    return [ChannelShape(id=one.pk, name=one.name, missing_permissions=list(one.missing_requirements)) for one in found]


@router.get("/guilds/{id:guild_id}/members", auth=READ, response=answers(list[PersonShape]))
def members(request: ApiRequest, guild_id: Id, search: Query[Search]) -> Any:
    """List members whose name begins with `q`; for those who schedule games there."""
    visible_guild(request, guild_id)
    if not may_search_members(load_form_viewer(request, guild_id)):
        raise ApiProblem(403, "not_yours", wording.NOT_YOURS)
    found = participant_lookup.members_by_prefix(guild_id, search.q)
    return [PersonShape(id=one.user_id, name=without_isolates(one.name), avatar_url=one.avatar_url) for one in found]


def _guild_shape(viewer: Viewer, member: Member) -> GuildShape:
    return GuildShape(
        id=member.guild_id, name=member.guild.name, may_schedule=viewer.may_schedule, manages=viewer.manages
    )


def _page(request: ApiRequest, listed: Listed, guild_id: int | None, *, mine: bool) -> GamePage:
    memberships = load_memberships(request.user, guild_id)
    used = used_channels().filter(guild__in=memberships.by_guild).select_related("parent")
    visible = memberships.visible_games(used if memberships.by_guild else (), hidden_ones=True)
    games = visible.hosted_or_joined_by(request.user) if mine else visible
    chosen = GameFilter(
        listed.text, template_id=listed.template_id, channel_id=listed.channel_id, open_seats=listed.open_seats
    )
    section, now = Section(listed.section), memberships.read_at
    found = chosen.apply(section.of(games, now), request.user, now)
    page = list_pages({"list": [found]}, Place.of_text(listed.after))["list"]
    return GamePage(games=game_lines(page.ids, now, request.user), next=page.following or None)


def game_lines(game_ids: Collection[int], now: datetime, viewer: User | None) -> list[GameLine]:
    """Return games of a list in this order, as their reader sees them; None for the command line's operator."""
    return [_line(row) for row in game_rows(game_ids, now, viewer).values()]


def _line(row: GameRow) -> GameLine:
    return GameLine(
        id=row.id,
        guild_id=row.guild.pk,
        channel_name=row.channel_name,
        title=row.title,
        starts_at=row.starts_at,
        state=row.state,
        host=PersonShape(id=row.host_id, name=without_isolates(row.host_name), avatar_url=row.host_avatar_url),
        seats=row.seats or None,
        seated=row.seated,
        you=row.viewer_state,
        url=row.url,
    )
