"""A person who clicks repeatedly: the right state in the end, few replies, and all of it logged."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import make_world
from discord_bot.models import Interaction
from discord_bot.scheduled_tasks import purge_interactions
from games.core.wording import OLD_BUTTON
from games.models import Game, Signup
from gamesched.local_discord import fixtures
from gamesched.testing.stack import Stack, shown_in
from gamesched.testing.waiting import eventually

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stack(now: Any) -> Iterator[Stack]:
    make_world(now)
    with Stack("bot", "notifyd") as running:
        yield running


@pytest.fixture
def game(stack: Stack, now: Any) -> Game:
    return make_world(now).create_game(channel_id=fixtures.GENERAL_ID, seats=1)


def ephemeral_replies_to(stack: Stack, person: str) -> list[str]:
    """Return the ephemeral replies to a person, the oldest first."""
    shown = stack.discord.client.messages(person, fixtures.GENERAL_ID)
    return [message["content"] for message in reversed(shown) if message.get("flags", 0) & 64]


def test_ten_clicks_in_two_seconds_end_where_the_last_one_points(stack: Stack, game: Game) -> None:
    client = stack.discord.client
    post = eventually(stack.posts)[0]
    actions = ["join", "leave"] * 4 + ["join", "join"]
    for action in actions:
        # From one thread, for two might come in another order than they were started.
        client.click("charlie", post, f"game:{game.pk}:{action}", wait=0)
        time.sleep(0.15)
    # A repetition is acknowledged before it is done.
    eventually(lambda: all(entry["state"] != "waiting" for entry in client.interactions()))
    eventually(lambda: ephemeral_replies_to(stack, "charlie")[-1:] == ["You're already in: seat 1 of 1."])
    assert Signup.objects.current().get().user_id == fixtures.CHARLIE_ID
    entries = client.interactions()
    assert {entry["state"] for entry in entries} == {"answered"}
    assert max(entry["milliseconds"] for entry in entries) < 3000
    assert [entry["response_type"] for entry in entries] == [7] + [6] * 9, "repetitions edit nothing"
    assert sum(entry["followups"] for entry in entries) == 2
    assert ephemeral_replies_to(stack, "charlie") == ["You're in, seat 1 of 1.", "You're already in: seat 1 of 1."]
    eventually(lambda: "1 of 1 seats taken" in shown_in(stack.posts()[0]))
    assert len(client.requests("PATCH /channels")) <= 2


def test_somebody_elses_click_is_no_repetition(stack: Stack, game: Game) -> None:
    post = eventually(stack.posts)[0]
    for person in ("charlie", "bob"):
        entry = stack.discord.client.click(person, post, f"game:{game.pk}:join")
        assert entry["response_type"] == 7
    eventually(lambda: ephemeral_replies_to(stack, "bob"))
    assert ephemeral_replies_to(stack, "bob") == [
        "The game is full. You're number 1 on the wait list and move up automatically."
    ]


def test_every_interaction_is_recorded(stack: Stack, game: Game, client: Any, capsys: Any) -> None:
    local = stack.discord.client
    post = eventually(stack.posts)[0]
    for person, action in (("charlie", "join"), ("bob", "leave")):
        local.click(person, post, f"game:{game.pk}:{action}")
    stack.discord.run_in_loop(lambda state: _spoil(state, post))
    local.click("alice", post, "game:999999:join")
    rows = eventually(lambda: list(Interaction.objects.order_by("at")) if Interaction.objects.count() == 3 else [])
    summaries = [(row.person, row.name.split(":", 1)[1], row.outcome, row.detail) for row in rows]
    assert summaries == [
        ("charlie", f"{game.pk}:join", "done", "You're in, seat 1 of 1."),
        ("bob", f"{game.pk}:leave", "nothing", "You aren't in this game, so there's nothing to leave."),
        (
            "alice",
            "999999:join",
            "refused",
            OLD_BUTTON,
        ),
    ]
    for row, entry in zip(rows, local.interactions(), strict=True):
        assert row.pk == int(entry["id"])
        assert row.milliseconds is not None
        assert 0 <= row.milliseconds <= entry["milliseconds"] + 50
    call_command("interactions", "--person", "charlie", "--json")
    [printed] = json.loads(capsys.readouterr().out)
    assert (printed["person"], printed["server"], printed["outcome"]) == ("charlie", "Friday Night Dice", "done")
    call_command("interactions")
    assert "3 interactions: half were answered within" in capsys.readouterr().out
    operator = game.host
    operator.is_staff = operator.is_superuser = True
    operator.save()
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    assert "You&#x27;re in, seat 1 of 1." in client.get(reverse("admin:discord_bot_interaction_changelist")).text


def _spoil(world: Any, post: Any) -> None:
    """Give the post a button of a game that does not exist."""
    message = world.messages[int(post["channel_id"])][int(post["id"])]
    message.components[0]["components"][-1]["components"][0]["custom_id"] = "game:999999:join"


def test_the_log_is_forgotten_after_a_month(db: None, now: Any) -> None:
    for number, days in ((1, 31), (2, 29)):
        fields = {"person_id": 1, "person": "charlie", "name": "game:1:join", "outcome": "done"}
        Interaction.objects.create(id=number, at=now - timedelta(days=days), **fields)
    assert purge_interactions() == "Deleted 1 interactions older than 30 days."
    assert Interaction.objects.get().pk == 2
