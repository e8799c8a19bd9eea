"""Joining and leaving by every entry point, in every state and seat method; and every action in every state."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse

from conftest import World
from discord_bot.interactions.signup_buttons import Click, run_signup_action
from discord_bot.render import announcement_buttons
from games.core import wording
from games.core.base import Actor, EntryPoint
from games.core.permissions import load_game_viewer
from games.core.settings import SeatMethod
from games.core.state_wording import HIDDEN, no_longer_changeable
from games.core.states import ALLOWED, GameAction, State, is_allowed
from games.hosts import actions as host_actions
from games.hosts import messages as host_messages
from games.hosts.rules import Audience
from games.models import Game, Signup
from games.pages.game_page import game_page_context
from games.posts.announcement import announcement_view
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, ending, publishing
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from gamesched.testing.sessions import session_of
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import User

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)


def create_game_in_state(world: World, state: State, seats: int = 2) -> Game:
    """Create a game of Bob's that is in this state now, with Dan in its first seat."""
    now, by = world.now, Actor(world.bob, EntryPoint.PAGE)
    hidden = {
        State.DRAFT: AnnounceSchedule(AnnounceWhen.DRAFT),
        State.UNANNOUNCED: AnnounceSchedule(AnnounceWhen.LATER, now + HOUR),
    }
    plan = world.make_plan(seats=seats, method=SeatMethod.OPEN.value, priority_role_ids=(), reminders=())
    dan, announce = world.add_member(100, "Dan"), hidden.get(state, AnnounceSchedule())
    game = scheduling.create_game(world.guild.pk, plan, by, now, participants=(dan.pk,), announce=announce).game
    ended: dict[str, Any] = {"starts_at": now - 2 * HOUR, "ends_at": now - HOUR}
    moved: dict[str, Any] | None = {
        State.IN_PROGRESS: {"starts_at": now - HOUR, "ends_at": now + HOUR},
        State.COMPLETED: ended,
        State.ARCHIVED: {**ended, "archived_at": now},
        State.CANCELLED: {"cancelled_at": now, "cancel_reason": "rain"},
    }.get(state)
    if moved:
        Game.objects.filter(pk=game.pk).update(**moved)
    game = Game.objects.get(pk=game.pk)
    assert game.state(now) is state
    return game


# --- entry point × status × method -----------------------------------------------------------------------

IN, FULL = "You're in, seat 2 of 2.", "The game is full. You're number 1 on the wait list and move up automatically."
WAITS = "You're number 1 on the wait list. We notify you if the host picks you."
PICKED = "The host picks who plays this game. Ask the host."
CLOSED = "The host closed the sign-ups of this game: "
ADDED = "The sign-up “charlie in Curse of Strahd” was added successfully."
LEFT, TAKEN_OUT = "You left the game.", "Dan is no longer in the game."
JOIN, WAIT = "Join", "Join the wait list"

Browsers = dict[str, Client]  # by handle
Outcome = tuple[str, str]  # the sentence, and where that leaves whom it is about: seated, waiting or out

FREE_SEAT: dict[SeatMethod, Outcome] = {
    SeatMethod.OPEN: (IN, "seated"),
    SeatMethod.PRIORITY: (IN, "seated"),
    SeatMethod.PICKS_WAITING: (WAITS, "waiting"),
    SeatMethod.PICKS: (PICKED, "out"),
}
NO_SEAT = {**FREE_SEAT, SeatMethod.OPEN: (FULL, "waiting"), SeatMethod.PRIORITY: (FULL, "waiting")}
NOTHING = {State.DRAFT: HIDDEN, State.UNANNOUNCED: HIDDEN} | {
    State.IN_PROGRESS: "This game has started, so its roster is closed. Ask the host.",
    State.COMPLETED: "This game is over.",
    State.ARCHIVED: "This game is over.",
    State.CANCELLED: "This game is cancelled: rain",
}
UNKNOWN = {"button": wording.OLD_BUTTON, "page": "404", "command": wording.UNKNOWN_GAME}
STATUSES = ["full", "scheduled, closed", *map(str, State)]
OPEN = {"full", "scheduled"}


def join_expected(entry_point: str, status: str, method: SeatMethod) -> Outcome:
    """Return what is expected when Charlie joins; in the admin Alice, a manager, adds them."""
    if status in NOTHING:
        state = State(status)
        return UNKNOWN.get(entry_point, HIDDEN) if state.hidden else NOTHING[state], "out"
    if entry_point == "admin":
        # Whoever runs it gives a seat where one is free, whatever the others may do.
        return ADDED, "waiting" if status == "full" else "seated"
    if status == "scheduled, closed":
        return CLOSED, "out"
    return (NO_SEAT if status == "full" else FREE_SEAT)[method]


def leave_expected(entry_point: str, status: str) -> Outcome:
    """Return what is expected when Dan leaves; in the admin Alice takes them out."""
    state = State(status) if status in NOTHING else State.SCHEDULED
    if entry_point == "admin":
        if is_allowed(GameAction.REMOVE, state):
            return TAKEN_OUT, "out"
        return no_longer_changeable(state), "seated"
    if state is State.SCHEDULED:
        return LEFT, "out"
    return UNKNOWN[entry_point] if state.hidden else NOTHING[state], "seated"


def button(browsers: Browsers, game: Game, action: str, who: User) -> str:
    return run_signup_action(Click(game.pk, action, game.guild_id, MemberPayload(UserPayload(who.pk, who.handle)))).text


def page(browsers: Browsers, game: Game, action: str, who: User) -> str:
    return reply_text(browsers[who.handle].post(reverse(f"game-{action}", args=[game.pk])))


def command(browsers: Browsers, game: Game, action: str, who: User) -> str:
    try:
        call_command("game", action, str(game.pk), "--as", str(who.pk))
    except CommandError as refused:
        return str(refused)
    return ""


def admin(browsers: Browsers, game: Game, action: str, who: User) -> str:
    client = browsers["alice"]
    if action == "join":
        return reply_text(client.post(reverse("admin:games_signup_add"), {"game": game.pk, "user": who.pk}))
    chosen = {"action": action, "_selected_action": [game.signups.get(user=who).pk]}
    return reply_text(client.post(reverse("admin:games_signup_changelist"), chosen))


def browser(who: User) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session_of(who)
    return client


def reply_text(response: Any) -> str:
    """Return what a page replies, whether it redirects or shows the form again."""
    if response.status_code == 404:
        return "404"
    shown = unescape(response.text) if response.status_code == 200 else ""
    return "\n".join([*map(str, get_messages(response.wsgi_request)), shown])


ENTRY_POINTS: dict[str, Callable[[Browsers, Game, str, User], str]] = {
    "button": button,
    "page": page,
    "command": command,
    "admin": admin,
}


@pytest.mark.parametrize("status", STATUSES)
def test_every_entry_point_state_and_method(world: World, capsys: Any, status: str) -> None:
    dan = world.add_member(100, "Dan")
    browsers = {who.handle: browser(who) for who in (world.alice, world.charlie, dan)}
    for number, (method, game) in enumerate(games_of_each_method(world, status), STATUSES.index(status)):
        for turn, (name, entry_point) in enumerate(ENTRY_POINTS.items()):
            # Only who joins while sign-ups are open meets the seat method: all else is asked of each once, in turn.
            its_turn = (number + turn) % len(SeatMethod) == 0
            for action, who, expected in (
                *([("join", world.charlie, join_expected(name, status, method))] if its_turn or status in OPEN else []),
                *([("leave", dan, leave_expected(name, status))] if its_turn else []),
            ):
                with transaction.atomic():
                    before, revision = place(game, who), game.post_version
                    reply = entry_point(browsers, game, action, who) + capsys.readouterr().out
                    sentence, after = expected
                    assert sentence in reply, (method, name, action)
                    assert place(game, who) == after, (method, name, action)
                    changed = Game.objects.get(pk=game.pk).post_version != revision
                    assert changed is (after != before), (method, name, action)
                    transaction.set_rollback(True)
                for client in browsers.values():
                    client.cookies.pop("messages", None)  # so that nothing said before is taken for an answer


def games_of_each_method(world: World, status: str) -> Iterator[tuple[SeatMethod, Game]]:
    """Yield one game with each seat method in turn, as its host's edit would leave it."""
    state = State(status) if status in NOTHING else State.SCHEDULED
    made = create_game_in_state(world, state, 1 if status == "full" else 2)
    for method in SeatMethod:
        closed_at = world.now - HOUR if status == "scheduled, closed" else None
        Game.objects.filter(pk=made.pk).update(method=method.value, closed_at=closed_at)
        yield method, Game.objects.get(pk=made.pk)


def place(game: Game, who: User) -> str:
    signup = game.signups.current().of(who).first()
    return "out" if signup is None else "seated" if signup.seated_at else "waiting"


@pytest.mark.parametrize("status", ["scheduled", "full", "scheduled, closed", "in_progress"])
def test_buttons_fit_the_state(world: World, status: str) -> None:
    client = browser(world.charlie)
    state = State(status) if status in NOTHING else State.SCHEDULED
    for method, game in games_of_each_method(world, status):
        sentence, after = join_expected("page", status, method)
        label = {"seated": JOIN, "waiting": WAIT}.get(after)
        [row] = announcement_buttons(announcement_view(game, world.now)).to_components()
        can = [label, "Leave" if state is State.SCHEDULED else None, "Open"]
        assert [component["label"] for component in row["components"]] == [text for text in can if text], method
        shown = unescape(client.get(game.get_absolute_url()).text)
        assert (f'class="primary big">{label}</button>' in shown) is bool(label), method
        assert (sentence in shown) is not bool(label), "why nobody can join stands there before they try"


# --- action × state --------------------------------------------------------------------------------------


def actions_of(world: World, game: Game) -> dict[str, Callable[[], Any]]:
    now, dan = world.now, world.add_member(100, "Dan")
    bob, plan = Actor(world.bob, EntryPoint.PAGE), scheduling.plan_from_game(game)
    return {
        "announce": lambda: publishing.announce_game(game.pk, bob, now),
        "repost": lambda: scheduling.retry_announcement(game.pk, bob, now),
        "edit": lambda: scheduling.edit_game(game.pk, plan, bob, now),
        "cancel": lambda: cancellation.cancel_game(game.pk, "", bob, now),
        "end": lambda: ending.end_game(game.pk, bob, now),
        "undo": lambda: cancellation.undo_cancellation(game.pk, bob, now),
        "join": lambda: signups.join(game.pk, world.alice, bob, now),
        "leave": lambda: signups.leave(game.pk, dan, Actor(dan, EntryPoint.PAGE), now),
        "add": lambda: scheduling.edit_game(game.pk, plan, bob, now, participants=("Grandma",)),
        "remove": lambda: signups.remove_signup(game.pk, Signup.objects.get().pk, bob, now),
        "hosts": lambda: host_actions.set_cohosts(game.pk, [world.alice], bob, now),
        "tell": lambda: host_messages.message_players(game.pk, "Bring dice.", Audience.ALL, bob, now),
    }


ACTION_NAMES = (
    *("announce", "repost", "edit", "cancel", "end", "undo", "join", "leave", "add", "remove", "hosts", "tell"),
)


@pytest.mark.parametrize("state", State)
def test_every_action_in_a_state(world: World, state: State) -> None:
    game = create_game_in_state(world, state)
    for action, run in actions_of(world, game).items():
        with transaction.atomic():
            try:
                done, refused = run(), ""
            except Refused as reason:
                done, refused = None, reason.refusal.code
            transaction.set_rollback(True)
        over = state in {State.COMPLETED, State.ARCHIVED}
        if (action == "cancel" and state is State.CANCELLED) or (action == "end" and over):
            assert done is not None
            assert not done.changed, "twice is once"
        elif action == "leave" and state.hidden:
            assert refused == "unknown_game"
        else:
            assert refused == ("" if is_allowed(GameAction(action), state) else "closed"), action


@pytest.mark.parametrize("state", State)
def test_a_page_offers_the_allowed_actions(world: World, state: State) -> None:
    game = create_game_in_state(world, state)
    may = game_page_context(game, load_game_viewer(game, world.bob), world.now)["allowed"]
    for action in ("announce", "edit", "cancel", "end", "undo", "join", "remove"):
        assert getattr(may, action) is is_allowed(GameAction(action), state), action
    assert may.message_players is is_allowed(GameAction.MESSAGE_PLAYERS, state)
    assert may.choose_hosts is is_allowed(GameAction.CHOOSE_HOSTS, state)


def test_the_table_has_every_action() -> None:
    assert set(ACTION_NAMES) <= ALLOWED.keys()
