"""Buttons of an ephemeral reply and of a direct message, clicked in Discord."""

from datetime import timedelta
from typing import Any

import pytest

from conftest import make_world
from games.core.base import Actor, EntryPoint
from games.models import Signup
from games.signups import actions as signups
from gamesched.local_discord import fixtures
from gamesched.testing.stack import Stack, shown_in
from gamesched.testing.waiting import eventually

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def test_swapping_by_an_ephemeral_reply_and_taking_a_seat_by_a_direct_message(now: Any) -> None:
    world = make_world(now)
    soon = now + timedelta(hours=1)
    dune, root = (
        world.create_game(title=title, channel_id=fixtures.GENERAL_ID, seats=1, starts_at=soon, reminders=())
        for title in ("Dune", "Root")
    )
    for person in (world.charlie, world.alice):
        signups.join(dune.pk, person, Actor(person, EntryPoint.PAGE), now)
    with Stack("bot", "notifyd") as stack:
        client = stack.discord.client
        eventually(lambda: len(stack.posts()) == 2)
        [post] = [posted for posted in stack.posts() if "Root" in shown_in(posted)]
        client.click("charlie", post, f"game:{root.pk}:join")

        def ephemeral_reply() -> dict[str, Any]:
            shown = client.messages("charlie", fixtures.GENERAL_ID)
            return next((posted for posted in shown if posted.get("flags", 0) & 64), {})

        prompt = eventually(ephemeral_reply)
        assert prompt["content"].startswith(f"You're already in **Dune** then (<t:{int(soon.timestamp())}:F>).")
        entry = client.click("charlie", prompt, f"ask:overlap:{root.pk}:{dune.pk}:swap")
        assert entry["state"] == "answered"
        eventually(lambda: "You left “Dune”. You're in, seat 1 of 1." in ephemeral_reply()["content"])
        assert not ephemeral_reply()["components"]
        eventually(lambda: ["1 of 1 seats taken" in shown_in(posted) for posted in stack.posts()].count(True) == 1)
        [message] = eventually(lambda: client.dms("alice"))
        [take, _] = message["components"][0]["components"]
        assert client.click("alice", message, take["custom_id"])["state"] == "answered"
        eventually(lambda: "You're in, seat 1 of 1." in client.dms("alice")[0]["content"])
        assert Signup.objects.current().get(user=world.alice).seated_at is not None
