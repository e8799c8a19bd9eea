"""Games as pages and commands show them, to one viewer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from games.attendance.summary import after_game_view
from games.confirmations.summary import changes_view, channel_names
from games.core import state_wording, wording
from games.core.base import Actor, Source
from games.core.roster import Roster, load_roster
from games.core.states import GameAction, State, is_allowed
from games.core.text import text_as_html
from games.deliveries.report import game_deliveries
from games.hosts.actions import may_choose_hosts
from games.hosts.messages import can_message_players
from games.minimum_players.wording import needs_text
from games.models import AuditEntry, Game, Signup
from games.pages.history_wording import history_text
from games.pages.host_tools import host_tools
from games.pages.own_response import responses_view
from games.posts.calendars import google_url
from games.scheduling import rules as schedule_rules
from games.scheduling import wording as schedule_wording
from games.signups.rules import join_label, signup_block_reason, signup_text
from gamesched.lib.durations import minutes_text
from guilds.directory.lookup import refresh_displayed
from guilds.display_names import display_names
from guilds.models import User


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
    url: str  # its post in Discord, or its page before that is up
    announce_at: datetime | None = None  # when players come to see it


def game_rows(games: QuerySet[Game], now: datetime, viewer: User) -> list[GameRow]:
    """Games as lines of a list, in a fixed number of queries."""
    current = Q(signups__left_at=None, signups__pk__isnull=False)
    page_games = list(
        games.select_related(
            *("guild__defaults", "channel__defaults", "channel__parent__defaults", "template"),
            *("host", "announcement__channel"),
        ).annotate(
            n_seated=Count("signups", filter=current & Q(signups__seated_at__isnull=False), distinct=True),
            n_waiting=Count("signups", filter=current & Q(signups__seated_at=None), distinct=True),
        )
    )
    viewer_states = {
        game_id: "seated" if seated_at else "waiting"
        for game_id, seated_at in Signup.objects.current()
        .filter(user=viewer, game__in=[g.pk for g in page_games])
        .values_list("game_id", "seated_at")
    }
    hosts: dict[int, dict[int, Any]] = {}
    for guild_id in {game.guild_id for game in page_games}:
        hosts[guild_id] = display_names(guild_id, [g.host_id for g in page_games if g.guild_id == guild_id])
    return [
        GameRow(
            id=game.pk,
            title=game.title,
            starts_at=game.starts_at,
            guild=game.guild,
            host_name=hosts[game.guild_id][game.host_id].text,
            seats_text=wording.seats_text(game.n_seated, game.settings.seats, game.n_waiting),
            state=game.state(now),
            status_text=state_wording.STATE_TEXT[game.state(now)],
            viewer_state="hosting" if game.host_id == viewer.pk else viewer_states.get(game.pk, ""),
            channel_name=game.channel.name,
            url=game.announcement.url or game.url,
            announce_at=game.announce_at,
        )
        for game in page_games
    ]


@dataclass(frozen=True)
class AllowedActions:
    """What the viewer may do, and why they may not join."""

    join: bool
    leave: bool
    edit: bool
    cancel: bool
    remove: bool
    retry_post: bool
    message_players: bool
    choose_hosts: bool
    announce: bool
    undo: bool
    join_refusal: str


def game_page_context(game: Game, viewer: User, now: datetime) -> dict[str, Any]:
    """Everything the game's page shows to this viewer."""
    state = game.state(now)
    people = load_roster(game, viewer.pk)
    own_entry = next((seat for seat in (*people.seated, *people.waiting) if seat.is_viewer), None)
    manages = Actor(viewer, Source.PAGE).may_manage(game)
    until = schedule_rules.undo_until(game.cancelled_at, game.ends_at) if game.cancelled_at else None
    host = display_names(game.guild_id, [game.host_id])[game.host_id]
    post = game.announcement
    block_reason = signup_block_reason(game, now, viewer)
    return {
        "game": _game_fields(game, state, host.text, host.avatar_url),
        "roster": people,
        "moved": changes_view(game, people, viewer, now),
        "mine": own_entry,
        "after": after_game_view(game, viewer, manages, host.text, now),
        "mine_text": _own_place_text(people, own_entry) if own_entry else "",
        "may": AllowedActions(
            join=not block_reason and own_entry is None,
            leave=is_allowed(GameAction.LEAVE, state) and own_entry is not None,
            edit=manages and is_allowed(GameAction.EDIT, state),
            cancel=manages and is_allowed(GameAction.CANCEL, state),
            remove=manages and is_allowed(GameAction.REMOVE, state),
            retry_post=manages and is_allowed(GameAction.REPOST, state) and bool(post.problem),
            message_players=manages
            and is_allowed(GameAction.MESSAGE_PLAYERS, state)
            and can_message_players(game, now),
            choose_hosts=is_allowed(GameAction.CHOOSE_HOSTS, state)
            and may_choose_hosts(game, Actor(viewer, Source.PAGE)),
            announce=manages and is_allowed(GameAction.ANNOUNCE, state) and game.starts_at > now,
            undo=manages and is_allowed(GameAction.UNDO_CANCELLATION, state) and until is not None and now <= until,
            join_refusal=block_reason,
        ),
        "join_label": join_label(game, people, now, viewer),
        "signing_text": signup_text(game, now, viewer),
        "own": responses_view(game, viewer, now),
        # For those who are in, wait, or run the game: it may hold a link to the table, or an address.
        "instructions_html": text_as_html(game.guild_id, game.settings.instructions) if own_entry or manages else "",
        "hidden_text": schedule_wording.hidden_until(game.announce_at, viewer.zone) if state.hidden else "",
        "undo_until": until,
        "announcement_url": post.url,
        "announcement_problem": post.problem,
        "told": game_deliveries(game, now) if manages else None,
        "history": history(game, viewer.zone) if manages else [],
        "needs_text": needs_text(game.settings.minimum) if not state.over else "",
        "hosting": host_tools(game, people, Actor(viewer, Source.PAGE), manages, now),
    }


def refresh_people_shown(game: Game, viewer: User, now: datetime) -> None:
    """Have Discord asked, in the background, what the people on a game's page are called now, and if they are there."""
    players = game.signups.current().filter(user__isnull=False).values_list("user_id", flat=True)
    others = game.other_answers.values_list("user_id", flat=True)
    refresh_displayed(game.guild_id, [game.host_id, viewer.pk, *filter(None, players), *others], now)


def _game_fields(game: Game, state: State, host_name: str, host_avatar_url: str) -> dict[str, Any]:
    settings = game.settings
    return {
        "id": game.pk,
        "title": game.title,
        "description_html": text_as_html(game.guild_id, game.description),
        "starts_at": game.starts_at,
        "ends_at": game.ends_at,
        "zone": game.zone,
        "duration_text": minutes_text(settings.duration),
        "seats": settings.seats,
        "channel": game.channel,
        "guild": game.guild,
        "host_name": host_name,
        "host_avatar_url": host_avatar_url,
        "status": str(state),
        "over": state.over,
        "status_text": state_wording.STATE_TEXT[state],
        "cancel_reason": game.cancel_reason,
        "revision": game.revision,
        "location_html": text_as_html(game.guild_id, settings.location),
        "reminders_text": wording.reminders_text(settings.reminders),
        "google_url": "" if state.over else google_url(game),
    }


def _own_place_text(people: Roster, own_entry: Any) -> str:
    return wording.place_text(own_entry.number, people.seats, own_entry in people.seated)


@dataclass(frozen=True)
class HistoryRow:
    at: datetime
    text: str


def history(game: Game, zone: str = "UTC", limit: int = 20) -> list[HistoryRow]:
    """Who did what to the game, the latest first; times within the lines for a reader in the zone."""
    entries: Iterable[AuditEntry] = list(game.audit.all()[:limit])
    names = display_names(game.guild_id, [e.actor_id for e in entries if e.actor_id])
    channels = channel_names(game.guild_id) if any("channel" in e.changes for e in entries) else {}

    def text(e: AuditEntry) -> str:
        who = names[e.actor_id].text if e.actor_id else actor_label(e.door)
        return history_text(e.verb, who, e.changes, zone, channels)

    return [HistoryRow(e.at, text(e)) for e in entries]


def actor_label(source: str) -> str:
    """Who acted, where it was no person that we know."""
    return {"discord": wording.SOMEBODY, "clock": schedule_wording.SCHEDULE_NAME}.get(source, wording.OPERATOR)
