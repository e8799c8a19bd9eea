"""Games as pages and commands show them to one viewer."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from games.attendance.summary import after_game_view
from games.companions.summary import companion_rows
from games.confirmations.summary import changes_view
from games.core import state_wording, wording
from games.core.audit_people import user_ids, with_names
from games.core.permissions import Viewer
from games.core.roster import GamePeople, Roster, RosterEntry, load_people, roster_of
from games.core.settings import ALL_SETTINGS
from games.core.states import State
from games.core.text import GuildTexts
from games.deliveries.report import game_deliveries
from games.minimum_players import wording as minimum_wording
from games.models import AuditEntry, Game, Signup
from games.pages.game_history import HistoryRow, history_by_day, history_text
from games.pages.host_tools import host_tools
from games.pages.own_response import responses_view
from games.pictures.addresses import cover_of, small_of
from games.posts.calendars import google_url
from games.posts.wording import PUBLISH_PROBLEMS
from games.scheduling import wording as schedule_wording
from games.scheduling.allowed_actions import AllowedActions
from games.series.summary import repeats_text
from games.signups import wording as signup_wording
from games.signups.rules import join_label, signup_text
from gamesched.lib.compiled_query import CompiledSets
from gamesched.lib.durations import minutes_text
from guilds.directory.lookup import SHOWN_FRESH, refresh_in_background
from guilds.display_names import DisplayName, DisplayNames
from guilds.models import Member, User
from guilds.names import shown_name

HISTORY_SHOWN, HISTORY_PAGE = 6, 20  # entries on a game's page, and on each page of its history
FACES_SHOWN = 5


@dataclass(frozen=True)
class GameRow:
    """A game in a list."""

    id: int
    title: str
    starts_at: datetime
    guild: Any
    host_name: str
    seats_text: str
    state: State
    status_text: str
    viewer_state: str  # hosting, seated, waiting or ''
    channel_name: str
    url: str  # its post in Discord, or its page until it is posted
    announce_at: datetime | None = None  # when players come to see it
    picture: str = ""  # the address of a small one


def _games_of_rows(game_ids: Iterable[int], viewer_ids: Iterable[int]) -> QuerySet[Game]:
    people = Signup.objects.filter(left_at=None)
    own = people.filter(game=OuterRef("pk"), user__in=viewer_ids)
    nick = Member.objects.filter(guild=OuterRef("guild"), user=OuterRef("host")).values("nick")
    return (
        Game.objects.filter(pk__in=game_ids)
        .select_related("guild", "channel", "host", "announcement__channel")
        .defer("description", "rewards", *(name for name in ALL_SETTINGS if name != "host_role_ids"))
        .annotate(
            n_people=people.per_game(),
            n_seated=people.seated().per_game(),
            signed_up=Exists(own),
            own_seat=Exists(own.filter(seated_at__isnull=False)),
            host_nick=Subquery(nick[:1]),
        )
    )


GAMES_OF_ROWS = CompiledSets(_games_of_rows)


def game_rows(game_ids: Collection[int], now: datetime, viewer: User) -> dict[int, GameRow]:
    """Return games as lines of a list, by id and in the order given, in one query."""
    games: Any = {game.pk: game for game in GAMES_OF_ROWS.all(game_ids, [viewer.pk])}
    return {pk: _row(games[pk], now, viewer) for pk in game_ids if pk in games}


def _row(game: Any, now: datetime, viewer: User) -> GameRow:
    state, host = game.state(now), game.host
    own = "seated" if game.own_seat else "waiting" if game.signed_up else ""
    return GameRow(
        id=game.pk,
        title=game.title,
        starts_at=game.starts_at,
        guild=game.guild,
        host_name=shown_name(game.host_nick or "", host.global_name, host.handle, user_id=host.pk),
        seats_text=wording.seats_text(game.n_seated, game.settings.seats, game.n_people - game.n_seated),
        state=state,
        status_text=state_wording.STATE_TEXT[state],
        viewer_state="hosting" if host.pk == viewer.pk else own,
        channel_name=game.channel.name,
        url=game.announcement.url or game.url,
        announce_at=game.announce_at,
        picture=small_of(game),
    )


def game_page_context(
    game: Game, viewer: Viewer, now: datetime, people: GamePeople | None = None, names: DisplayNames | None = None
) -> dict[str, Any]:
    """Return everything that the game's page shows this viewer."""
    people = people or load_people(game)
    zone, state = viewer.person.zone, game.state(now)
    names = names or DisplayNames(game.guild_id)
    texts = GuildTexts(game.guild_id, names, viewer=viewer, now=now)
    host = names.read([game.host_id, viewer.person.pk, *people.user_ids])[game.host_id]
    roster = roster_of(game, people.signups, names.read(()), viewer.person.pk)
    own_entry = next((seat for seat in (*roster.seated, *roster.waiting) if seat.is_viewer), None)
    allowed = AllowedActions(game, viewer, now, signed_up=own_entry is not None)
    manages = allowed.manage
    post = game.announcement
    return {
        "game": _game_fields(game, state, host, texts),
        "roster": roster,
        "recent_changes": changes_view(game, roster, viewer, names, now),
        "own_entry": own_entry,
        "after_game": after_game_view(game, people, names.read(()), allowed, texts),
        "own_place_text": _own_place_text(game, roster, own_entry),
        "faces": roster.seated[:FACES_SHOWN],
        "more_faces": max(len(roster.seated) - FACES_SHOWN, 0),
        "allowed": allowed,
        "join_label": join_label(game, roster) if not allowed.join_refusal else "",
        "signup_text": signup_text(game, now, viewer.person),
        "responses": responses_view(game, people, names.read(()), allowed),
        # For players, those who wait, hosts and managers: it may contain a link to the table, or an address.
        "instructions_html": texts.as_html(game.settings.instructions) if own_entry or manages else "",
        "hidden_text": schedule_wording.hidden_until(game.announce_at, zone) if state.hidden else "",
        "undo_until": allowed.undo_until,
        "companions": companion_rows(game, now, manages),
        "announcement_url": post.url,
        "announcement_problem": post.problem,
        "publish_problem": PUBLISH_PROBLEMS.get(post.publish_problem_code, "")
        if manages and game.settings.publish
        else "",
        "deliveries": game_deliveries(game, now, names) if manages else None,
        "history": history_by_day(history(game, viewer, names, game.audit.all()[:HISTORY_SHOWN]), zone)
        if manages
        else (),
        "needs_text": minimum_wording.needs_sentence(game.settings.minimum) if not state.over else "",
        "host_tools": host_tools(game, roster, names, allowed),
    }


def refresh_people_shown(viewer: Viewer, names: DisplayNames, now: datetime) -> None:
    """Refresh, in the background, the names and membership of the people on a game's page from Discord."""
    names.read([viewer.person.pk])
    refresh_in_background(names.read_before(now - SHOWN_FRESH))


def _game_fields(game: Game, state: State, host: DisplayName, texts: GuildTexts) -> dict[str, Any]:
    settings = game.settings
    return {
        "id": game.pk,
        "title": game.title,
        "cover": cover_of(game),
        "description_html": texts.as_html(game.description),
        "starts_at": game.starts_at,
        "ends_at": game.ends_at,
        "zone": game.zone,
        "duration_text": minutes_text(game.minutes),
        "seats": settings.seats,
        "channel": game.channel,
        "guild": game.guild,
        "host_name": host.text,
        "host_avatar_url": host.avatar_url,
        "status": str(state),
        "over": state.over,
        "status_text": state_wording.STATE_TEXT[state],
        "cancel_reason": game.cancel_reason,
        "post_version": game.post_version,
        "location_html": texts.as_html(settings.location),
        "reminders_text": wording.reminders_text(settings.reminders),
        "repeats_text": repeats_text(game),
        "google_url": "" if state.over else google_url(game, texts),
    }


def _own_place_text(game: Game, people: Roster, own_entry: RosterEntry | None) -> str:
    """Return where the viewer stands, or for whom a seat is free."""
    if own_entry is None and game.settings.method.by_host:
        return signup_wording.HOST_PICKS_WHO_PLAYS
    if own_entry is None:
        return signup_wording.free_seats(people.open_seats, len(people.waiting))
    return signup_wording.own_place(own_entry.number, people.seats, own_entry in people.seated)


def history(
    game: Game,
    viewer: Viewer | None = None,
    names: DisplayNames | None = None,
    entries: Iterable[AuditEntry] | None = None,
) -> list[HistoryRow]:
    """Return who did what to the game, the latest first; times in the viewer's zone, channels only for a viewer.

    `entries`: those of one page; the latest where none are given.
    """
    entries = list(game.audit.all()[:HISTORY_PAGE] if entries is None else entries)
    about = user_ids([e.changes for e in entries]) | {e.actor_id for e in entries if e.actor_id}
    known = (names or DisplayNames(game.guild_id)).read(about)
    moved = any("channel" in e.changes for e in entries)
    channels = viewer.channel_names if viewer is not None and moved else {}
    zone = viewer.person.zone if viewer is not None else "UTC"

    def text(e: AuditEntry) -> str:
        who = known[e.actor_id].text if e.actor_id else actor_label(e.source)
        return history_text(e.action, who, with_names(e.changes, known), zone, channels)

    faces = {pk: name.avatar_url for pk, name in known.items()}
    return [HistoryRow(e.at, text(e), faces.get(e.actor_id or 0, "")) for e in entries]


def actor_label(source: str) -> str:
    """Return the label of an actor who is not a known person."""
    return {"discord": wording.SOMEBODY, "clock": schedule_wording.SCHEDULE_NAME}.get(source, wording.OPERATOR)
