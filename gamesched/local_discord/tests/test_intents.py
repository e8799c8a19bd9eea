"""Which events a bot hears, by its intents, its permissions and whom they are about; and looking members up."""

from typing import Any

import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import APPLICATION_ID, Json, Overwrite
from gamesched.local_discord.state.state import Event
from gamesched.local_discord.tests.gateway_client import BareGateway
from gamesched.local_discord.tests.rest_client import Bare

GUILDS, MEMBERS, MODERATION, MESSAGES, DMS, CONTENT, SCHEDULED = (1 << n for n in (0, 1, 2, 9, 12, 15, 16))
EVERY = (1 << 17) - 1 & ~(1 << 8)


@pytest.fixture
def open_to_all(local: LocalDiscord) -> LocalDiscord:
    """An application that may ask for privileged intents."""
    local.do(lambda world: setattr(local.gateway, "privileged", MEMBERS | CONTENT))
    return local


def publish(local: LocalDiscord, name: str, channel_id: int | None = None, **data: Any) -> None:
    local.do(lambda world: world.publish(Event(name, data, fixtures.GUILD_ID, channel_id)))


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
async def test_an_event_of_a_guild_is_heard_with_its_intent_only(
    open_to_all: LocalDiscord, name: str, intent: int
) -> None:
    async with BareGateway(open_to_all) as deaf, BareGateway(open_to_all) as listening:
        await deaf.ready(intents=EVERY & ~intent)
        await listening.ready(intents=intent)
        publish(open_to_all, name, fixtures.GENERAL_ID, user={"id": str(fixtures.BOB_ID)})
        assert await listening.names() == [name]
        assert await deaf.names() == []


async def test_direct_messages_have_an_intent_of_their_own(local: LocalDiscord) -> None:
    async with BareGateway(local) as guilds, BareGateway(local) as dms:
        await guilds.ready(intents=MESSAGES)
        await dms.ready(intents=DMS)
        channel = Bare(local).ok("POST", "/users/@me/channels", {"recipient_id": str(fixtures.BOB_ID)})
        local.client.say("bob", channel["id"], "just between us")
        local.client.say("bob", fixtures.GENERAL_ID, "to everyone")
        assert (await dms.event("MESSAGE_CREATE"))["content"] == "just between us"
        heard = await guilds.event("MESSAGE_CREATE")
        assert (heard["channel_id"], heard["content"]) == (str(fixtures.GENERAL_ID), "")


async def test_content_needs_an_intent_or_a_mention(open_to_all: LocalDiscord) -> None:
    async with BareGateway(open_to_all) as plain, BareGateway(open_to_all) as reading:
        await plain.ready(intents=MESSAGES)
        await reading.ready(intents=MESSAGES | CONTENT)
        for said in ("hello", f"hello <@{APPLICATION_ID}>"):
            open_to_all.client.say("bob", fixtures.GENERAL_ID, said)
        assert [(await reading.event("MESSAGE_CREATE"))["content"] for _ in range(2)] == ["hello", said]
        assert [(await plain.event("MESSAGE_CREATE"))["content"] for _ in range(2)] == ["", said]


async def test_a_channel_out_of_sight_is_silent(local: LocalDiscord) -> None:
    local.do(lambda world: world.overwrite(world.channels[fixtures.RAIDS_ID], Overwrite(APPLICATION_ID, 1, 0, 1 << 10)))
    async with BareGateway(local) as gateway:
        await gateway.ready(intents=MESSAGES)
        local.client.say("bob", fixtures.RAIDS_ID, "the bot must not hear this")
        local.client.say("bob", fixtures.GENERAL_ID, "but this")
        assert (await gateway.event("MESSAGE_CREATE"))["channel_id"] == str(fixtures.GENERAL_ID)
        assert await gateway.names() == []


async def test_clicks_need_no_intent(local: LocalDiscord) -> None:
    button = {"type": 2, "style": 1, "label": "Join", "custom_id": "join"}
    shown = Bare(local).post(fixtures.GENERAL_ID, components=[{"type": 1, "components": [button]}])
    async with BareGateway(local) as gateway:
        await gateway.ready(intents=0)
        local.client.click("bob", shown, "join", wait=0)
        assert (await gateway.event("INTERACTION_CREATE"))["data"]["custom_id"] == "join"


async def test_what_happens_to_the_bot_itself_needs_no_intent_for_members(local: LocalDiscord) -> None:
    me, bob = str(APPLICATION_ID), str(fixtures.BOB_ID)
    both = [{"user_id": bob}, {"user_id": me}]
    async with BareGateway(local) as gateway:
        await gateway.ready(intents=GUILDS)
        for user_id in (fixtures.BOB_ID, APPLICATION_ID):
            local.client.fault("rename", guild_id=fixtures.GUILD_ID, user_id=user_id, name="Nick")
        publish(local, "THREAD_MEMBERS_UPDATE", fixtures.GENERAL_ID, id="1", added_members=[{"user_id": bob}])
        publish(
            local, "THREAD_MEMBERS_UPDATE", fixtures.GENERAL_ID, id="2", added_members=both, removed_member_ids=[bob]
        )
        publish(local, "THREAD_MEMBER_UPDATE", fixtures.GENERAL_ID, id="1", user_id=bob)
        publish(local, "THREAD_MEMBER_UPDATE", fixtures.GENERAL_ID, id="1", user_id=me)
        told = [await gateway.receive() for _ in range(3)]
        assert [each["t"] for each in told] == ["GUILD_MEMBER_UPDATE", "THREAD_MEMBERS_UPDATE", "THREAD_MEMBER_UPDATE"]
        assert told[0]["d"]["user"]["id"] == me
        assert told[1]["d"] == {"id": "2", "added_members": [{"user_id": me}]}
        assert await gateway.names() == []


# --- looking members up -------------------------------------------------------------------------------------


async def found(gateway: BareGateway, **request: Any) -> Json:
    await gateway.send(8, {"guild_id": str(fixtures.GUILD_ID)} | request)
    return await gateway.event("GUILD_MEMBERS_CHUNK")


async def test_members_are_looked_up_without_an_intent(local: LocalDiscord) -> None:
    local.client.add_people(150, fixtures.GUILD_ID)
    async with BareGateway(local) as gateway:
        await gateway.ready()
        chunk = await found(gateway, user_ids=[str(fixtures.BOB_ID), str(fixtures.ERIN_ID)], nonce="n")
        assert [each["user"]["username"] for each in chunk["members"]] == ["bob"]
        assert (chunk["not_found"], chunk["nonce"]) == ([str(fixtures.ERIN_ID)], "n")
        chunk = await found(gateway, query="CHAR", limit=10, nonce="n" * 33)
        assert [each["user"]["username"] for each in chunk["members"]] == ["charlie"]
        assert "nonce" not in chunk
        assert len((await found(gateway, query="person", limit=0))["members"]) == 100
        assert len((await found(gateway, query="person", limit=7))["members"]) == 7


async def test_the_whole_list_needs_the_intent_for_members(open_to_all: LocalDiscord) -> None:
    open_to_all.client.add_people(1500, fixtures.GUILD_ID)
    async with BareGateway(open_to_all) as without, BareGateway(open_to_all) as gateway:
        await without.ready()
        await without.send(8, {"guild_id": str(fixtures.GUILD_ID), "query": "", "limit": 0})
        assert await without.names() == []
        await gateway.ready(intents=GUILDS | MEMBERS)
        first = await found(gateway, query="", limit=0)
        second = await gateway.event("GUILD_MEMBERS_CHUNK")
        assert (first["chunk_index"], second["chunk_index"], first["chunk_count"]) == (0, 1, 2)
        assert len(first["members"]) == 1000
        assert len(second["members"]) == 505


@pytest.mark.parametrize("request_", [{}, {"query": "b"}, {"query": 1, "limit": 1}, {"user_ids": ["bob"]}])
async def test_a_look_up_that_makes_no_sense_closes_the_connection(local: LocalDiscord, request_: Json) -> None:
    async with BareGateway(local) as gateway:
        await gateway.ready()
        await gateway.send(8, {"guild_id": str(fixtures.GUILD_ID)} | request_)
        assert await gateway.closed() == 4002
