"""A bot that gets every event three times, with state and messages as if each came once; a second one stands by."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from conftest import make_world
from games.models import Announcement, AuditEntry, Signup
from gamesched.local_discord import fixtures
from gamesched.local_discord.gateway.sessions import Session
from gamesched.testing.stack import PROGRAMS, Stack, shown_in
from gamesched.testing.waiting import eventually
from guilds.models import Channel
from notifications.daemon.lock import ANSWERER
from notifications.models import Delivery, DeliveryStatus

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

WITHOUT_BOT = 5.0  # seconds without an answering bot, at most: promised to people


def answers(stack: Stack, custom_id: str) -> bool:
    return bool(stack.discord.client.click("charlie", stack.posts()[0], custom_id, wait=1.0)["state"] == "answered")


def test_events_delivered_three_times_act_once_and_a_second_bot_stands_by(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Session.dispatch

    def three_times(self: Session, name: str, data: Any) -> None:
        for _ in range(1 if name in {"READY", "RESUMED"} else 3):
            real(self, name, data)

    monkeypatch.setattr(Session, "dispatch", three_times)
    monkeypatch.setitem(PROGRAMS, "bot2", PROGRAMS["bot"])
    world = make_world(now)
    with Stack("bot", "notifyd", limited=False) as stack:
        client = stack.discord.client
        stack.start("bot2")
        soon = datetime.now(UTC) + timedelta(seconds=66)
        game = world.create_game(channel_id=fixtures.GENERAL_ID, seats=5, reminders=(1,), starts_at=soon)
        post = eventually(stack.posts)[0]
        eventually(lambda: Announcement.objects.get().message_id)
        assert client.click("charlie", post, f"game:{game.pk}:join")["state"] == "answered"
        eventually(Signup.objects.current().exists)
        client.add_fault("rename", channel_id=str(fixtures.RAIDS_ID), name="three raids")
        eventually(Channel.objects.filter(pk=fixtures.RAIDS_ID, name="three raids").exists)
        # Deleted by hand: put back once.
        client.add_fault("delete_message", channel_id=str(fixtures.GENERAL_ID))
        eventually(lambda: [message for message in stack.posts() if message["id"] != post["id"]])
        eventually(lambda: Delivery.objects.filter(status=DeliveryStatus.SENT).count() == 2)
        assert stack.running["bot2"].poll() is None
        assert stack.log_text.count(ANSWERER.on_standby) == 1
        assert stack.log_text.count("Connected to Discord,") == 1
        assert Signup.objects.count() == 1
        assert sorted(AuditEntry.objects.values_list("action", flat=True)) == ["create", "join", "lost"]
        assert len(stack.posts()) == 1
        assert "4 of 5 seats free" in shown_in(stack.posts()[0])
        replies = [
            message for message in client.messages("charlie", fixtures.GENERAL_ID) if message.get("flags", 0) & 64
        ]
        assert [message["content"] for message in replies] == ["You're in, seat 1 of 5."]
        assert [len(client.dms(name)) for name in ("bob", "charlie")] == [1, 1]
        # The first is stopped as by an upgrade, then the second killed: whoever stands by answers.
        for names, end in ((("bot", "bot2"), stack.stop), (("bot2", "bot"), stack.kill)):
            if names[1] not in stack.running:
                stack.start(names[1], wait=False)
                eventually(lambda: stack.log_text.count(ANSWERER.on_standby) == 2)
            ended = time.monotonic()
            end(names[0])
            eventually(partial(answers, stack, f"game:{game.pk}:join"))
            assert time.monotonic() - ended < WITHOUT_BOT
        assert "Traceback" not in stack.log_text
