"""Faults that change the state behind the bot's back."""

import asyncio
from typing import Any

import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.client import DiscordError
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import APPLICATION_ID
from gamesched.local_discord.tests.conftest import RecordingClient
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.local_discord.tests.test_discord_py import wait_until

HERE = f"/channels/{fixtures.GENERAL_ID}/messages"


def contents(local: LocalDiscord) -> list[str]:
    return [message["content"] for message in local.client.messages("alice", fixtures.GENERAL_ID)]


def fault_error(local: LocalDiscord, kind: str, **details: Any) -> str:
    with pytest.raises(DiscordError) as reason:
        local.client.add_fault(kind, **details)
    assert reason.value.status == 400
    return str(reason.value.json()["message"])


def test_delete_message_by_id(local: LocalDiscord) -> None:
    message = RestClient(local).post_message(fixtures.GENERAL_ID, content="x")
    local.client.add_fault("delete_message", channel_id=message["channel_id"], message_id=message["id"])
    assert RestClient(local).request_error("PATCH", f"{HERE}/{message['id']}", {"content": "y"}) == (404, 10008)


def test_delete_newest_message(local: LocalDiscord) -> None:
    for words in ("one", "two"):
        RestClient(local).post_message(fixtures.GENERAL_ID, content=words)
    local.client.send_message("alice", fixtures.GENERAL_ID, "three")
    local.client.add_fault("delete_message", channel_id=fixtures.GENERAL_ID)
    assert contents(local) == ["three", "one"]
    fault = local.client.add_fault("delete_message", channel_id=fixtures.GENERAL_ID, message_id="newest")
    assert fault["said"] == "“three” is deleted from #general."
    assert contents(local) == ["one"]
    assert "no such message" in fault_error(local, "delete_message", channel_id=fixtures.RAIDS_ID)


def test_bulk_delete_messages(local: LocalDiscord) -> None:
    messages = [RestClient(local).post_message(fixtures.GENERAL_ID, content=str(i)) for i in range(5)]
    local.client.add_fault("delete_messages", channel_id=fixtures.GENERAL_ID, count=2)
    assert contents(local) == ["2", "1", "0"]
    ids = [messages[0]["id"], messages[2]["id"], messages[4]["id"]]
    fault = local.client.add_fault("delete_messages", channel_id=fixtures.GENERAL_ID, message_ids=ids)
    assert fault["said"] == "Deleted from #general: 2 of its messages."
    assert contents(local) == ["1"]


def test_delete_channel_and_role(local: LocalDiscord) -> None:
    local.client.add_fault("delete_channel", channel_id=fixtures.GENERAL_ID)
    assert RestClient(local).request_error("GET", HERE) == (404, 10003)
    local.client.add_fault("delete_role", role_id=fixtures.PLAYER_ID)
    roles = RestClient(local).request_json("GET", f"/guilds/{fixtures.GUILD_ID}/roles")
    assert str(fixtures.PLAYER_ID) not in {role["id"] for role in roles}
    assert "everyone" in fault_error(local, "delete_role", role_id=fixtures.GUILD_ID)


def test_permissions_taken_and_given(local: LocalDiscord) -> None:
    rest, fault = RestClient(local), local.client.add_fault
    take = ["SEND_MESSAGES", "embed_links"]
    fault("permissions", channel_id=fixtures.GENERAL_ID, take=take)
    assert rest.request_error("POST", HERE, {"content": "x"}) == (403, 50013)
    fault("give", channel_id=fixtures.GENERAL_ID, permissions=["SEND_MESSAGES"])
    rest.post_message(fixtures.GENERAL_ID, content="x")
    assert rest.request_error("POST", HERE, {"embeds": [{"title": "x"}]}) == (403, 50013)
    fault("give", channel_id=fixtures.GENERAL_ID)
    rest.post_message(fixtures.GENERAL_ID, embeds=[{"title": "x"}])
    fault("permissions", channel_id=fixtures.GENERAL_ID, take=["VIEW_CHANNEL"], user_id=fixtures.BOB_ID)
    with pytest.raises(DiscordError, match="50001"):
        local.client.messages("bob", fixtures.GENERAL_ID)


def test_members_come_and_go(local: LocalDiscord) -> None:
    fault, charlie = local.client.add_fault, f"/guilds/{fixtures.GUILD_ID}/members/{fixtures.CHARLIE_ID}"
    fault("remove_member", user_id=fixtures.CHARLIE_ID)
    assert RestClient(local).request_error("GET", charlie) == (404, 10007)
    assert "not in" in fault_error(local, "remove_member", user_id=fixtures.CHARLIE_ID)
    fault("add_member", user_id=fixtures.CHARLIE_ID, role_ids=[fixtures.PLAYER_ID])
    assert RestClient(local).request_json("GET", charlie)["roles"] == [str(fixtures.PLAYER_ID)]
    assert "already" in fault_error(local, "add_member", user_id=fixtures.CHARLIE_ID)
    fault("ban_member", user_id=fixtures.CHARLIE_ID)
    assert local.state.guilds[fixtures.GUILD_ID].bans
    fault("add_member", user_id=fixtures.CHARLIE_ID)
    assert not local.state.guilds[fixtures.GUILD_ID].bans
    fault("change_roles", user_id=fixtures.CHARLIE_ID, role_ids=[fixtures.ORGANISER_ID, fixtures.PLAYER_ID])
    assert RestClient(local).request_json("GET", charlie)["roles"] == [
        str(fixtures.ORGANISER_ID),
        str(fixtures.PLAYER_ID),
    ]
    fault("change_roles", user_id=fixtures.CHARLIE_ID, role_ids=[])
    assert RestClient(local).request_json("GET", charlie)["roles"] == []


async def test_a_new_owner_and_an_invited_bot(local: LocalDiscord, bot: RecordingClient) -> None:
    fault = local.client.add_fault
    assert "owner" in fault_error(local, "remove_member", user_id=fixtures.ALICE_ID)
    fault("change_owner", user_id=fixtures.BOB_ID)
    await wait_until(lambda: bot.guilds[0].owner_id == fixtures.BOB_ID)
    fault("remove_member", user_id=fixtures.ALICE_ID)
    assert "already" in fault_error(local, "invite_bot")
    fault("kick_bot")
    await wait_until(lambda: not bot.guilds)
    assert "not in" in fault_error(local, "kick_bot")
    fault("invite_bot")
    await wait_until(lambda: bot.guilds)
    await asyncio.to_thread(RestClient(local).post_message, fixtures.GENERAL_ID, content="back")


def test_a_banned_bot_is_invited_again(local: LocalDiscord) -> None:
    local.run_in_loop(lambda state: state.ban(state.guilds[fixtures.GUILD_ID], APPLICATION_ID))
    local.client.add_fault("invite_bot")
    assert RestClient(local).request_json("GET", f"/guilds/{fixtures.GUILD_ID}")["name"] == "Friday Night Dice"


def test_rename(local: LocalDiscord) -> None:
    fault = local.client.add_fault
    fault("rename", user_id=fixtures.BOB_ID, name="Robert")
    fault("rename", user_id=fixtures.BOB_ID, guild_id=fixtures.GUILD_ID, name="")
    member = RestClient(local).request_json("GET", f"/guilds/{fixtures.GUILD_ID}/members/{fixtures.BOB_ID}")
    assert (member["nick"], member["user"]["global_name"]) == (None, "Robert")
    fault("rename", role_id=fixtures.PLAYER_ID, name="Adventurer")
    roles = RestClient(local).request_json("GET", f"/guilds/{fixtures.GUILD_ID}/roles")
    assert "Adventurer" in {role["name"] for role in roles}
    assert "what to rename" in fault_error(local, "rename", name="x")


def test_open_and_closed_direct_messages(local: LocalDiscord) -> None:
    dm = RestClient(local).request_json("POST", "/users/@me/channels", {"recipient_id": fixtures.BOB_ID})
    local.client.add_fault("close_dms", user_id=fixtures.BOB_ID)
    assert RestClient(local).request_error("POST", f"/channels/{dm['id']}/messages", {"content": "x"}) == (403, 50007)
    local.client.add_fault("close_dms", user_id=fixtures.BOB_ID, open=True)
    RestClient(local).post_message(dm["id"], content="x")
    assert "direct messages" in fault_error(local, "delete_channel", channel_id=dm["id"])


def test_with_several_servers_one_must_be_named(local: LocalDiscord) -> None:
    local.run_in_loop(lambda state: state.add_guild("Another", fixtures.ERIN_ID))
    assert "which server" in fault_error(local, "kick_bot")
    local.client.add_fault("kick_bot", guild_id=fixtures.GUILD_ID)
