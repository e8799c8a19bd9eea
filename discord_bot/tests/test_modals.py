"""Modals under an ephemeral reply: opened, submitted, and handled by a bot that opened none."""

from typing import Any

import pytest

from conftest import make_world
from games.models import Signup
from games.signups import wording as signup_wording
from gamesched.local_discord import fixtures
from gamesched.testing.stack import Stack, shown_in
from gamesched.testing.waiting import eventually

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def test_a_note_and_a_guest_by_forms(now: Any) -> None:
    make_world(now)
    with Stack("bot", "notifyd") as stack:
        game = make_world(now).create_game(channel_id=fixtures.GENERAL_ID, plus_one=True, answers=True)
        client = stack.discord.client
        post = eventually(stack.posts)[0]
        labels = [button["label"] for button in post["components"][0]["components"][-1]["components"]]
        assert labels == ["Join", "Maybe", "Can't make it", "Leave", "Open"]
        client.click("charlie", post, f"game:{game.pk}:join")

        def lines() -> list[Any]:
            shown = client.messages("charlie", fixtures.GENERAL_ID)
            return [message for message in shown if message.get("flags", 0) & 64]

        line = eventually(lines)[0]
        assert [button["label"] for button in line["components"][0]["components"]] == [
            signup_wording.ADD_NOTE,
            "Bring someone",
        ]
        modals = [client.click("charlie", line, f"{what}:{game.pk}")["modal"] for what in ("note", "bring")]
        stack.kill("bot")
        stack.start("bot")
        for modal, typed in zip(modals, ("late by 15 min", "Pia"), strict=True):
            client.submit_modal("charlie", modal, {"text": typed})
        eventually(lambda: len(lines()) == 3)
        assert [line["content"] for line in lines()[:2]] == [
            "Pia is in with you: seat 2 of 5.",
            "The note is saved.",
        ]
        assert list(Signup.objects.order_by("pk").values_list("note", "placeholder")) == [
            ("late by 15 min", ""),
            ("", "Pia"),
        ]
        eventually(lambda: "late by 15 min" in shown_in(stack.posts()[0]))
        # Half a character is refused, and deafens nobody.
        modal = client.click("charlie", line, f"note:{game.pk}")["modal"]
        client.submit_modal("charlie", modal, {"text": "half \ud800"})
        eventually(lambda: len(lines()) == 4)
        assert lines()[0]["content"] == f"{signup_wording.NOTE_BAD}\nYou typed: half \N{REPLACEMENT CHARACTER}"
        modal = client.click("charlie", line, f"note:{game.pk}")["modal"]
        client.submit_modal("charlie", modal, {"text": "on time"})
        eventually(lambda: "on time" in shown_in(stack.posts()[0]))
