"""The message to the owner of a server that the bot joins."""

from functools import partial
from typing import Any

import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.state.entities import APPLICATION_ID
from gamesched.testing.stack import Stack
from gamesched.testing.waiting import eventually
from guilds.models import Guild

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


def _has_direct_messages(client: Any, person: str, count: int) -> bool:
    return len(client.dms(person)) == count


def test_an_owner_is_welcomed_once_for_each_stay_of_the_bot() -> None:
    with Stack("bot", "notifyd") as stack:
        client = stack.discord.client
        # This server invited the bot before it ran.
        [message] = eventually(lambda: client.dms("alice"))
        assert f"/guilds/{fixtures.GUILD_ID}/setup/" in message["content"]
        guild = stack.discord.run_in_loop(lambda state: state.add_guild("Elsewhere", fixtures.ERIN_ID))
        for stay in (1, 2):
            stack.discord.run_in_loop(lambda state: state.add_bot(guild))
            eventually(lambda: Guild.objects.filter(pk=guild.id, bot_removed_at=None).exists())
            eventually(partial(_has_direct_messages, client, "erin", stay))
            assert f"/guilds/{guild.id}/setup/" in client.dms("erin")[-1]["content"]
            stack.discord.run_in_loop(lambda state: state.remove_member(guild, APPLICATION_ID))
            eventually(lambda: Guild.objects.filter(pk=guild.id, bot_removed_at__isnull=False).exists())
