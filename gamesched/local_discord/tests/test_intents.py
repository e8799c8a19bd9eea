"""Which events a bot receives, by intents, permissions and subject; and member look-ups."""

from typing import Any

import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import APPLICATION_ID, Json, Overwrite
from gamesched.local_discord.state.state import Event
from gamesched.local_discord.tests.gateway_client import GatewayClient
from gamesched.local_discord.tests.rest_client import RestClient

GUILDS, MEMBERS, MODERATION, MESSAGES, DMS, CONTENT, SCHEDULED = (1 << n for n in (0, 1, 2, 9, 12, 15, 16))
EVERY = (1 << 17) - 1 & ~(1 << 8)


@pytest.fixture
def all_intents(local: LocalDiscord) -> LocalDiscord:
    """An application that may request privileged intents."""
    local.run_in_loop(lambda state: setattr(local.gateway, "privileged", MEMBERS | CONTENT))
    return local


def publish(local: LocalDiscord, name: str, channel_id: int | None = None, **data: Any) -> None:
    local.run_in_loop(lambda state: state.publish(Event(name, data, fixtures.GUILD_ID, channel_id)))


GUILD_EVENTS = [
    ("CHANNEL_UPDATE", GUILDS),
    ("GUILD_ROLE_UPDATE", GUILDS),
    ("THREAD_CREATE", GUILDS),
    ("STAGE_INSTANCE_CREATE", GUILDS),
    ("GUILD_MEMBER_ADD", MEMBERS),
    ("GUILD_MEMBER_UPDATE", MEMBERS),
    ("GUILD_MEMBER_REMOVE", MEMBERS),
    ("GUILD_BAN_ADD", MODERATION),
    ("GUILD_BAN_REMOVE", MODERATION),
    ("GUILD_SCHEDULED_EVENT_CREATE", SCHEDULED),
    ("GUILD_SCHEDULED_EVENT_USER_ADD", SCHEDULED),
    ("MESSAGE_DELETE", MESSAGES),
    ("MESSAGE_DELETE_BULK", MESSAGES),
]


@pytest.mark.parametrize(("name", "intent"), GUILD_EVENTS)
async def test_guild_events_need_their_intent(all_intents: LocalDiscord, name: str, intent: int) -> None:
    async with GatewayClient(all_intents) as deaf, GatewayClient(all_intents) as listening:
        await deaf.identify_and_wait(intents=EVERY & ~intent)
        await listening.identify_and_wait(intents=intent)
        publish(all_intents, name, fixtures.GENERAL_ID, user={"id": str(fixtures.BOB_ID)})
        assert await listening.event_names() == [name]
        assert await deaf.event_names() == []


async def test_direct_messages_have_an_intent_of_their_own(local: LocalDiscord) -> None:
    async with GatewayClient(local) as guilds, GatewayClient(local) as dms:
        await guilds.identify_and_wait(intents=MESSAGES)
        await dms.identify_and_wait(intents=DMS)
        channel = RestClient(local).request_json("POST", "/users/@me/channels", {"recipient_id": str(fixtures.BOB_ID)})
        local.client.send_message("bob", channel["id"], "just between us")
        local.client.send_message("bob", fixtures.GENERAL_ID, "to everyone")
        assert (await dms.receive_event("MESSAGE_CREATE"))["content"] == "just between us"
        message = await guilds.receive_event("MESSAGE_CREATE")
        assert (message["channel_id"], message["content"]) == (str(fixtures.GENERAL_ID), "")


async def test_content_needs_an_intent_or_a_mention(all_intents: LocalDiscord) -> None:
    async with GatewayClient(all_intents) as plain, GatewayClient(all_intents) as reading:
        await plain.identify_and_wait(intents=MESSAGES)
        await reading.identify_and_wait(intents=MESSAGES | CONTENT)
        for text in ("hello", f"hello <@{APPLICATION_ID}>"):
            all_intents.client.send_message("bob", fixtures.GENERAL_ID, text)
        assert [(await reading.receive_event("MESSAGE_CREATE"))["content"] for _ in range(2)] == ["hello", text]
        assert [(await plain.receive_event("MESSAGE_CREATE"))["content"] for _ in range(2)] == ["", text]


async def test_hidden_channels_send_no_events(local: LocalDiscord) -> None:
    local.run_in_loop(
        lambda state: state.set_overwrite(state.channels[fixtures.RAIDS_ID], Overwrite(APPLICATION_ID, 1, 0, 1 << 10))
    )
    async with GatewayClient(local) as gateway:
        await gateway.identify_and_wait(intents=MESSAGES)
        local.client.send_message("bob", fixtures.RAIDS_ID, "the bot must not hear this")
        local.client.send_message("bob", fixtures.GENERAL_ID, "but this")
        assert (await gateway.receive_event("MESSAGE_CREATE"))["channel_id"] == str(fixtures.GENERAL_ID)
        assert await gateway.event_names() == []


async def test_clicks_need_no_intent(local: LocalDiscord) -> None:
    button = {"type": 2, "style": 1, "label": "Join", "custom_id": "join"}
    shown = RestClient(local).post_message(fixtures.GENERAL_ID, components=[{"type": 1, "components": [button]}])
    async with GatewayClient(local) as gateway:
        await gateway.identify_and_wait(intents=0)
        local.client.click("bob", shown, "join", wait=0)
        assert (await gateway.receive_event("INTERACTION_CREATE"))["data"]["custom_id"] == "join"


async def test_what_happens_to_the_bot_itself_needs_no_intent_for_members(local: LocalDiscord) -> None:
    me, bob = str(APPLICATION_ID), str(fixtures.BOB_ID)
    both = [{"user_id": bob}, {"user_id": me}]
    async with GatewayClient(local) as gateway:
        await gateway.identify_and_wait(intents=GUILDS)
        for user_id in (fixtures.BOB_ID, APPLICATION_ID):
            local.client.add_fault("rename", guild_id=fixtures.GUILD_ID, user_id=user_id, name="Nick")
        publish(local, "THREAD_MEMBERS_UPDATE", fixtures.GENERAL_ID, id="1", added_members=[{"user_id": bob}])
        publish(
            local, "THREAD_MEMBERS_UPDATE", fixtures.GENERAL_ID, id="2", added_members=both, removed_member_ids=[bob]
        )
        publish(local, "THREAD_MEMBER_UPDATE", fixtures.GENERAL_ID, id="1", user_id=bob)
        publish(local, "THREAD_MEMBER_UPDATE", fixtures.GENERAL_ID, id="1", user_id=me)
        events = [await gateway.receive() for _ in range(3)]
        assert [event["t"] for event in events] == [
            "GUILD_MEMBER_UPDATE",
            "THREAD_MEMBERS_UPDATE",
            "THREAD_MEMBER_UPDATE",
        ]
        assert events[0]["d"]["user"]["id"] == me
        assert events[1]["d"] == {"id": "2", "added_members": [{"user_id": me}]}
        assert await gateway.event_names() == []


# --- member look-ups ----------------------------------------------------------------------------------------


async def request_members(gateway: GatewayClient, **request: Any) -> Json:
    await gateway.send(8, {"guild_id": str(fixtures.GUILD_ID)} | request)
    return await gateway.receive_event("GUILD_MEMBERS_CHUNK")


async def test_members_are_looked_up_without_an_intent(local: LocalDiscord) -> None:
    local.client.add_people(150, fixtures.GUILD_ID)
    async with GatewayClient(local) as gateway:
        await gateway.identify_and_wait()
        chunk = await request_members(gateway, user_ids=[str(fixtures.BOB_ID), str(fixtures.ERIN_ID)], nonce="n")
        assert [member["user"]["username"] for member in chunk["members"]] == ["bob"]
        assert (chunk["not_found"], chunk["nonce"]) == ([str(fixtures.ERIN_ID)], "n")
        chunk = await request_members(gateway, query="CHAR", limit=10, nonce="n" * 33)
        assert [member["user"]["username"] for member in chunk["members"]] == ["charlie"]
        assert "nonce" not in chunk
        assert len((await request_members(gateway, query="person", limit=0))["members"]) == 100
        assert len((await request_members(gateway, query="person", limit=7))["members"]) == 7


async def test_the_whole_list_needs_the_intent_for_members(all_intents: LocalDiscord) -> None:
    all_intents.client.add_people(1500, fixtures.GUILD_ID)
    async with GatewayClient(all_intents) as without, GatewayClient(all_intents) as gateway:
        await without.identify_and_wait()
        await without.send(8, {"guild_id": str(fixtures.GUILD_ID), "query": "", "limit": 0})
        assert await without.event_names() == []
        await gateway.identify_and_wait(intents=GUILDS | MEMBERS)
        first = await request_members(gateway, query="", limit=0)
        second = await gateway.receive_event("GUILD_MEMBERS_CHUNK")
        assert (first["chunk_index"], second["chunk_index"], first["chunk_count"]) == (0, 1, 2)
        assert len(first["members"]) == 1000
        assert len(second["members"]) == 505


@pytest.mark.parametrize("request_", [{}, {"query": "b"}, {"query": 1, "limit": 1}, {"user_ids": ["bob"]}])
async def test_an_invalid_member_request_closes_the_connection(local: LocalDiscord, request_: Json) -> None:
    async with GatewayClient(local) as gateway:
        await gateway.identify_and_wait()
        await gateway.send(8, {"guild_id": str(fixtures.GUILD_ID)} | request_)
        assert await gateway.close_code() == 4002
