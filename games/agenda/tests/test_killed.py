"""notifyd killed, as by kill -9, with an answer of Discord's under way: one agenda, pinned, and nothing left over."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from conftest import World, make_world
from games.agenda.tests.helpers import switch_on
from games.models import Agenda
from gamesched.lib.clock import db_now
from gamesched.local_discord import fixtures
from gamesched.local_discord.state.permissions import BOT_PERMISSIONS
from gamesched.testing.stack import Stack, shown_in
from gamesched.testing.waiting import eventually
from guilds.models import PIN_MESSAGES, Channel

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

HERE = fixtures.GAME_NIGHT_ID
MESSAGES = f"/channels/{HERE}/messages"


@pytest.fixture
def world(now: datetime) -> World:
    return make_world(now)


def agendas(stack: Stack) -> list[dict[str, Any]]:
    return [one for one in stack.discord.client.messages("alice", HERE) if f"#agenda-{HERE}" in shown_in(one)]


def test_notifyd_killed_after_it_posted_and_after_it_pinned(world: World) -> None:
    Channel.objects.filter(pk=HERE).update(bot_permissions=BOT_PERMISSIONS | PIN_MESSAGES)
    with Stack("notifyd", limited=False) as stack:
        client = stack.discord.client
        client.add_fault("give", channel_id=HERE, user_id=stack.discord.client_id, permissions=["PIN_MESSAGES"])
        client.add_fault("delay", match=f"POST */channels/{HERE}/messages", seconds=30.0, done_first=True)
        client.add_fault("delay", match=f"PUT */channels/{HERE}/messages/pins/*", seconds=30.0, done_first=True)
        world.now = db_now()
        world.create_game(starts_at=world.now + timedelta(days=1), channel_id=fixtures.RAIDS_ID)
        switch_on(world, agenda_pinned=True)
        eventually(lambda: agendas(stack))
        stack.kill("notifyd")
        assert Agenda.objects.get().message_id is None
        stack.start("notifyd")
        eventually(lambda: agendas(stack)[0]["pinned"])
        stack.kill("notifyd")
        assert Agenda.objects.get().pinned_at is None
        client.clear_faults()
        client.add_fault("give", channel_id=HERE, user_id=stack.discord.client_id, permissions=["PIN_MESSAGES"])
        stack.start("notifyd")
        eventually(lambda: Agenda.objects.get().pinned_at)
        [message] = agendas(stack)
        assert (int(message["id"]), message["pinned"]) == (Agenda.objects.get().message_id, True)
        notices = [one for one in client.messages("alice", HERE) if one["type"] == 6]
        assert len(notices) == 1, "it was pinned once"
        # Killed while it takes it down.
        client.add_fault("delay", match=f"DELETE */channels/{HERE}/messages/*", seconds=30.0, done_first=True)
        switch_on(world, None)
        eventually(lambda: not agendas(stack))
        stack.kill("notifyd")
        client.clear_faults()
        stack.start("notifyd")
        eventually(lambda: Agenda.objects.get().message_id is None)
        assert agendas(stack) == []
