"""A game as its page shows it to one viewer."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext

from games.attendance.summary import after_game_view
from games.companions.summary import companion_rows
from games.confirmations.summary import changes_view
from games.confirmations.wording import CAN_YOU_STILL, NO, YES
from games.core import state_wording, wording
from games.core.audit_people import user_ids, with_names
from games.core.permissions import Viewer
from games.core.roster import GamePeople, Roster, RosterEntry, load_people, roster_of
from games.core.states import State
from games.core.text import GuildTexts
from games.deliveries.report import game_deliveries
from games.minimum_players import wording as minimum_wording
from games.models import AuditEntry, Game
from games.pages.game_history import HistoryRow, history_by_day, history_text
from games.pages.host_tools import host_tools
from games.pages.own_response import responses_view
from games.pictures.addresses import cover_of
from games.posts.calendars import google_url
from games.posts.problems import announcement_problem
from games.posts.wording import PUBLISH_PROBLEMS
from games.scheduling import wording as schedule_wording
from games.scheduling.allowed_actions import AllowedActions
from games.series.summary import repeats_text
from games.sharing.addresses import share_url, who_reads_it
from games.signups import wording as signup_wording
from games.signups.rules import has_seat_to_join, join_label, signup_text
from gamesched.lib.durations import minutes_text
from guilds.directory.lookup import SHOWN_FRESH, refresh_in_background
from guilds.display_names import DisplayName, DisplayNames

HISTORY_SHOWN, HISTORY_PAGE = 6, 20  # entries on a game's page, and on each page of its history
FACES_SHOWN = 5
NEAR = timedelta(days=180)  # from now to a start whose year nobody asks for


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
    manages, hosts = allowed.manage, game.is_hosted_by(viewer.person.pk)
    post = game.announcement
    return {
        "game": _game_fields(game, state, host, texts) | {"is_near": abs(game.starts_at - now) < NEAR},
        "roster": roster,
        "recent_changes": changes_view(game, roster, viewer, names, now),
        "own_entry": own_entry,
        "after_game": after_game_view(game, people, names.read(()), allowed, texts),
        "seats_text": roster.seats_text_in(state, host_picks=game.settings.method.by_host),
        "hosts": hosts,
        "confirm_question": gettext(CAN_YOU_STILL),
        "confirm_yes": gettext(YES),
        "confirm_no": gettext(NO),
        "own_place_text": _own_place_text(game, roster, own_entry, hosts),
        "faces": roster.seated[:FACES_SHOWN],
        "more_faces": max(len(roster.seated) - FACES_SHOWN, 0),
        "allowed": allowed,
        "join_label": join_label(game, roster, hosts) if not allowed.join_refusal else "",
        "may_take_seat": allowed.join and has_seat_to_join(game, roster),
        "signup_text": signup_text(game, now, viewer.person, waits=own_entry in roster.waiting),
        "responses": responses_view(game, people, names.read(()), allowed),
        # For players, those who wait, hosts and managers: it may contain a link to the table, or an address.
        "instructions_html": texts.as_html(game.settings.instructions) if own_entry or manages else "",
        "hidden_text": schedule_wording.hidden_until(game.announce_at, zone) if state.hidden else "",
        "undo_until": allowed.undo_until,
        "share_text": who_reads_it(game, viewer, state),
        "companions": companion_rows(game, now, manages),
        "announcement_url": post.url,
        "announcement_problem": announcement_problem(game),
        "publish_problem": gettext(PUBLISH_PROBLEMS.get(post.publish_problem_code, ""))
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
        "status_text": gettext(state_wording.STATE_TEXT[state]),
        "cancel_reason": game.cancel_reason,
        "post_version": game.post_version,
        "share_url": share_url(game),
        "location_html": texts.as_html(settings.location),
        "reminders_text": wording.reminders_text(settings.reminders),
        "repeats_text": repeats_text(game),
        "google_url": "" if state.over else google_url(game, texts),
    }


def _own_place_text(game: Game, people: Roster, own_entry: RosterEntry | None, hosts: bool) -> str:
    """Return where the viewer stands, or for whom a seat is free."""
    if own_entry is None and hosts:
        return gettext(signup_wording.YOU_HOST)
    if own_entry is None and game.settings.method.by_host:
        return gettext(signup_wording.HOST_PICKS_WHO_PLAYS)
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
    labels = {"discord": wording.SOMEBODY, "clock": schedule_wording.SCHEDULE_NAME}
    return gettext(labels.get(source, wording.OPERATOR))
