"""Joining, for each way of giving seats: the same reply by every entry point, and buttons that fit."""

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.urls import reverse

from conftest import World
from discord_bot.interactions.signup_buttons import Click, run_signup_action
from discord_bot.render import announcement_buttons
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.posts.announcement import announcement_view
from games.scheduling import cancellation
from games.signups import actions as signups
from guilds.directory.payloads import MemberPayload, UserPayload

pytestmark = pytest.mark.slow

IN, FULL = "You're in, seat 1 of 1.", "The game is full. You're number 1 on the wait list and move up automatically."
WAITS = "You're number 1 on the wait list. We notify you if the host picks you."
PICKED = "The host picks who plays this game. Ask the host."
CLOSED = "The host closed the sign-ups of this game: "
STARTED = "This game has started, so its roster is closed. Ask the host."
JOIN, WAIT = "Join", "Join the wait list"

# By method and how the game is: what Join answers, the label of its button, and where that leaves who joined.
TABLE: dict[tuple[str, str], tuple[str, str, str]] = {
    **{(method, "open seat"): (IN, JOIN, "seated") for method in ("open", "priority")},
    **{(method, "full"): (FULL, WAIT, "waiting") for method in ("open", "priority")},
    **{("picks_waiting", how): (WAITS, WAIT, "waiting") for how in ("open seat", "full")},
    **{("picks", how): (PICKED, "", "") for how in ("open seat", "full")},
    **{(method, "closed"): (CLOSED, "", "") for method in ("open", "priority", "picks_waiting", "picks")},
    **{(method, "started"): (STARTED, "", "") for method in ("open", "priority", "picks_waiting", "picks")},
}


def button(world: World, client: Any, game: Game) -> str:
    return run_signup_action(
        Click(game.pk, "join", world.guild.pk, MemberPayload(UserPayload(world.charlie.pk, "charlie")))
    ).text


def page(world: World, client: Any, game: Game) -> str:
    return unescape(client.post(reverse("game-join", args=[game.pk]), headers={"HX-Request": "true"}).text)


def command(world: World, client: Any, game: Game) -> str:
    try:
        call_command("game", "join", str(game.pk), "--as", "charlie")
    except CommandError as refused:
        return str(refused)
    return ""


ENTRY_POINTS: dict[str, Callable[[World, Any, Game], str]] = {"button": button, "page": page, "command": command}


@pytest.mark.parametrize(("method", "how"), TABLE)
def test_join(world: World, as_person: Any, capsys: Any, method: str, how: str) -> None:
    sentence, label, place = TABLE[method, how]
    game = world.create_game(seats=1, method=method, priority_role_ids=())
    if how == "full":
        signups.join(game.pk, world.alice, Actor(world.bob, EntryPoint.PAGE), world.now)
    if how == "closed":
        Game.objects.update(closed_at=world.now - timedelta(hours=1))
    if how == "started":
        Game.objects.update(starts_at=world.now - timedelta(minutes=1))
    game = Game.objects.get(pk=game.pk)
    [row] = announcement_buttons(announcement_view(game, world.now)).to_components()
    shown = [component["label"] for component in row["components"]]
    assert shown == [*filter(None, [label]), *(["Leave"] if how != "started" else []), "Open"]
    client = as_person(world.charlie)
    before = unescape(client.get(game.get_absolute_url()).text)
    assert (f'class="primary big">{label}</button>' in before) is bool(label)
    assert (sentence in before) is not bool(label), "why nobody can join stands there before they try"
    for name, entry_point in ENTRY_POINTS.items():
        with transaction.atomic():
            reply = entry_point(world, client, game)
            reply += capsys.readouterr().out if name == "command" else ""
            assert sentence in reply, name
            signup = game.signups.current().of(world.charlie).first()
            assert ("" if signup is None else "seated" if signup.seated_at else "waiting") == place, name
            transaction.set_rollback(True)


def test_a_cancel_reason_is_escaped_in_discord(world: World) -> None:
    game = world.create_game()
    cancellation.cancel_game(
        game.pk, "[free gifts](https://evil.example)", Actor(world.bob, EntryPoint.PAGE), world.now
    )
    member = MemberPayload(UserPayload(world.charlie.pk, "charlie"))
    text = run_signup_action(Click(game.pk, "join", world.guild.pk, member)).text
    assert "\\[free gifts\\](https://evil.example)" in text
