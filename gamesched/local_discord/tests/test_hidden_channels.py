"""Channels that the bot may not view: hidden over the gateway, left out of lists.

https://docs.discord.com/developers/change-log, 12 August 2026
"""

from typing import Any

import discord
import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state import threads
from gamesched.local_discord.state.entities import APPLICATION_ID, CATEGORY, FORUM, VOICE, Json
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.tests.conftest import RecordingClient
from gamesched.local_discord.tests.gateway_client import GatewayClient
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.local_discord.tests.test_discord_py import wait_until

GUILD, RAIDS = fixtures.GUILD_ID, fixtures.RAIDS_ID
NAME = "___hidden___"


def take_view(local: LocalDiscord, **target: Any) -> None:
    local.client.add_fault("permissions", channel_id=RAIDS, take=["VIEW_CHANNEL"], **target)


def give_back(local: LocalDiscord, **target: Any) -> None:
    local.client.add_fault("permissions", channel_id=RAIDS, take=[], **target)


def raids_of(guild: Json) -> Json:
    [channel] = [each for each in guild["channels"] if each["id"] == str(RAIDS)]
    return dict(channel)


async def test_a_hidden_channel_is_sent_without_name_and_settings(local: LocalDiscord) -> None:
    local.run_in_loop(lambda state: state.change_channel(state.channels[RAIDS], topic="the secret plan"))
    RestClient(local).post_message(RAIDS, content="x")
    take_view(local)
    async with GatewayClient(local) as gateway:
        await gateway.identify()
        raids = raids_of(await gateway.receive_event("GUILD_CREATE"))
        deny = {"id": str(GUILD), "type": 0, "allow": "0", "deny": str(int(Permission.VIEW_CHANNEL))}
        assert (raids["name"], raids["flags"], raids["permission_overwrites"]) == (NAME, 1 << 17, [deny])
        assert (raids["topic"], raids["last_message_id"]) == (None, None)
        assert (raids["type"], raids["position"], raids["guild_id"]) == (0, 2, str(GUILD))
        give_back(local)
        shown = await gateway.receive_event("CHANNEL_UPDATE")
        assert (shown["name"], shown["topic"], shown["flags"]) == ("raids", "the secret plan", 0)


async def test_it_is_hidden_and_shown_as_rights_change(local: LocalDiscord) -> None:
    state = local.state
    guild, raids = state.guilds[GUILD], state.channels[RAIDS]
    bot_role = guild.roles[fixtures.BOT_ROLE_ID]
    async with GatewayClient(local) as gateway:
        await gateway.identify_and_wait()

        async def next_update() -> tuple[str, str]:
            data = await gateway.receive_event("CHANNEL_UPDATE")
            return data["id"], data["name"]

        take_view(local, role_id=str(GUILD))  # @everyone
        assert await next_update() == (str(RAIDS), NAME)
        local.client.add_fault("rename", channel_id=RAIDS, name="plans")
        assert await next_update() == (str(RAIDS), NAME), "a new name is not told either"
        local.run_in_loop(lambda state: state.change_role(guild, bot_role, bits=int(Permission.ADMINISTRATOR)))
        assert await next_update() == (str(RAIDS), "plans"), "a role shows it"
        local.run_in_loop(lambda state: state.change_role(guild, bot_role, bits=0))
        assert await next_update() == (str(RAIDS), NAME)
        local.client.add_fault("give", channel_id=RAIDS, role_id=str(fixtures.PLAYER_ID), permissions=["VIEW_CHANNEL"])
        assert await next_update() == (str(RAIDS), NAME)
        local.run_in_loop(
            lambda state: state.change_member(
                guild, guild.members[APPLICATION_ID], roles=[fixtures.BOT_ROLE_ID, fixtures.PLAYER_ID]
            )
        )
        assert await next_update() == (str(RAIDS), "plans"), "another role shows it"
        local.run_in_loop(lambda state: state.delete_role(guild, guild.roles[fixtures.PLAYER_ID]))
        assert await next_update() == (str(RAIDS), NAME)
        local.run_in_loop(lambda state: state.delete_channel(raids))
        assert (await gateway.receive_event("CHANNEL_DELETE"))["name"] == NAME


async def test_threads_come_with_their_channel(local: LocalDiscord) -> None:
    take_view(local)
    local.run_in_loop(lambda state: threads.start(state, state.channels[RAIDS], fixtures.BOB_ID, "loot", 11))
    async with GatewayClient(local) as gateway:
        await gateway.identify()
        assert (await gateway.receive_event("GUILD_CREATE"))["threads"] == []
        give_back(local)
        synced = await gateway.receive_event("THREAD_LIST_SYNC")
        assert (synced["channel_ids"], [each["name"] for each in synced["threads"]]) == ([str(RAIDS)], ["loot"])


@pytest.mark.parametrize("kind", [VOICE, FORUM, CATEGORY])
async def test_every_type_of_channel_is_hidden(local: LocalDiscord, kind: int) -> None:
    channel = local.run_in_loop(lambda state: state.add_channel(state.guilds[GUILD], "secret", kind))
    local.client.add_fault("permissions", channel_id=channel.id, take=["VIEW_CHANNEL"])
    async with GatewayClient(local) as gateway:
        await gateway.identify()
        guild = await gateway.receive_event("GUILD_CREATE")
        [sent] = [each for each in guild["channels"] if each["id"] == str(channel.id)]
        assert (sent["name"], sent["type"]) == (NAME, kind)
        if kind == CATEGORY:
            local.run_in_loop(lambda state: state.add_channel(state.guilds[GUILD], "inside", parent_id=channel.id))
            assert (await gateway.receive_event("CHANNEL_CREATE"))["name"] == "inside"
            shown = await gateway.receive_event("CHANNEL_UPDATE")
            assert (shown["id"], shown["name"]) == (str(channel.id), "secret"), "a category shows with what is in it"


def test_lists_leave_it_out_and_itself_is_refused(local: LocalDiscord) -> None:
    rest = RestClient(local)
    take_view(local)
    take_view(local, user_id=str(fixtures.CHARLIE_ID))
    for listed in (
        rest.request_json("GET", f"/guilds/{GUILD}/channels"),
        local.client.as_person("charlie", "GET", f"/guilds/{GUILD}/channels"),
    ):
        assert {each["name"] for each in listed} == {"general", "game-night", "Table"}
    assert rest.request_error("GET", f"/channels/{RAIDS}") == (403, 50001)


def test_an_interaction_there_names_its_channel(local: LocalDiscord) -> None:
    button = {"type": 2, "style": 1, "label": "Join", "custom_id": "join"}
    post = RestClient(local).post_message(RAIDS, content="x", components=[{"type": 1, "components": [button]}])
    take_view(local)
    events: list[Any] = []
    local.run_in_loop(lambda state: state.subscribe(events.append))
    local.client.click("charlie", post, "join", wait=0)
    [interaction] = [each.data for each in events if each.name == "INTERACTION_CREATE"]
    assert (interaction["channel"]["name"], interaction["app_permissions"]) == ("raids", "0")


@pytest.mark.slow
async def test_discord_py_knows_a_hidden_channel(local: LocalDiscord, bot: RecordingClient) -> None:
    channel = bot.get_channel(RAIDS)
    assert isinstance(channel, discord.TextChannel)
    take_view(local)
    await wait_until(lambda: channel.name == NAME)
    assert not channel.permissions_for(channel.guild.me).view_channel
    give_back(local)
    await wait_until(lambda: channel.name == "raids")
