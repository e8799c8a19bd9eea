"""Threads and forum posts: who may open them, who is in them, what an archived one refuses."""

import asyncio
from typing import Any

import discord
import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import FORUM, REQUIRE_TAG, Json, Overwrite
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import Event, State
from gamesched.local_discord.tests.conftest import RecordingClient
from gamesched.local_discord.tests.rest_client import InteractionBot, RestClient
from gamesched.local_discord.tests.test_moderation import allow

HERE = f"/channels/{fixtures.GENERAL_ID}"


def open_thread(local: LocalDiscord, kind: int = 11, **body: Any) -> Json:
    thread: Json = RestClient(local).request_json(
        "POST", f"{HERE}/threads", {"name": "Session one", "type": kind} | body
    )
    return thread


def test_a_message_starts_a_thread_once(local: LocalDiscord) -> None:
    rest = RestClient(local)
    message = rest.post_message(fixtures.GENERAL_ID, content="Session one")
    path = f"{HERE}/messages/{message['id']}"
    thread = rest.request_json("POST", f"{path}/threads", {"name": "Session one", "auto_archive_duration": 60})
    assert (thread["id"], thread["parent_id"], thread["type"]) == (message["id"], str(fixtures.GENERAL_ID), 11)
    assert thread["thread_metadata"]["auto_archive_duration"] == 60
    assert thread["member"]["user_id"] == thread["owner_id"] == local.client_id
    shown = rest.request_json("GET", path)
    assert shown["thread"]["id"] == message["id"]
    assert shown["flags"] == 1 << 5
    assert rest.request_error("POST", f"{path}/threads", {"name": "x"}) == (400, 160004)
    allow(local, Permission.MANAGE_THREADS)
    rest.request_json("DELETE", f"/channels/{thread['id']}")
    assert "thread" not in rest.request_json("GET", path)


def test_what_a_thread_may_be_called_and_how_long_it_lives(local: LocalDiscord) -> None:
    rest = RestClient(local)
    bad: list[Json] = [{"name": ""}, {"name": "x" * 101}, {"auto_archive_duration": 61}, {"type": 10}, {"type": 0}]
    for body in bad:
        error = rest.request_error("POST", f"{HERE}/threads", {"name": "x", "type": 11} | body)
        assert error == (400, 50035)
    assert rest.request_error("POST", f"/channels/{fixtures.TABLE_ID}/threads", {"name": "x"}) == (400, 50024)


def test_opening_and_posting_need_permissions_of_the_channel(local: LocalDiscord) -> None:
    rest, take = RestClient(local), local.client.add_fault
    thread = open_thread(local)
    take("permissions", channel_id=fixtures.GENERAL_ID, take=["SEND_MESSAGES_IN_THREADS", "CREATE_PUBLIC_THREADS"])
    assert rest.request_error("POST", f"/channels/{thread['id']}/messages", {"content": "x"}) == (403, 50013)
    assert rest.request_error("POST", f"{HERE}/threads", {"name": "x", "type": 11}) == (403, 50013)
    take("permissions", channel_id=fixtures.GENERAL_ID, take=["SEND_MESSAGES", "CREATE_PRIVATE_THREADS"])
    rest.post_message(thread["id"], content="x")
    assert rest.request_error("POST", f"{HERE}/threads", {"name": "x", "type": 12}) == (403, 50013)
    take("permissions", channel_id=fixtures.GENERAL_ID, take=["VIEW_CHANNEL"])
    assert rest.request_error("GET", f"/channels/{thread['id']}") == (403, 50001)


def test_a_private_thread_is_for_those_in_it(local: LocalDiscord) -> None:
    rest, charlie = RestClient(local), RestClient(local, "local-charlie")
    thread = open_thread(local, 12)
    path = f"/channels/{thread['id']}"
    assert thread["thread_metadata"]["invitable"] is True
    assert charlie.request_error("GET", path) == (403, 50001)
    rest.request_json("PUT", f"{path}/thread-members/{fixtures.CHARLIE_ID}")
    assert charlie.request_json("GET", path)["member_count"] == 2
    rest.request_json("DELETE", f"{path}/thread-members/{fixtures.CHARLIE_ID}")
    assert charlie.request_error("GET", path) == (403, 50001)


def test_members_come_and_go(local: LocalDiscord) -> None:
    rest, charlie = RestClient(local), RestClient(local, "local-charlie")
    path = f"/channels/{open_thread(local)['id']}"
    charlie.request_json("PUT", f"{path}/thread-members/@me")
    who = f"{path}/thread-members/{fixtures.CHARLIE_ID}"
    assert rest.request_json("GET", who + "?with_member=true")["member"]["user"]["username"] == "charlie"
    assert "member" not in rest.request_json("GET", who)
    assert charlie.request_error("DELETE", f"{path}/thread-members/{local.client_id}") == (403, 50013)
    charlie.request_json("DELETE", f"{path}/thread-members/@me")
    assert rest.request_error("GET", who) == (404, 10007)
    assert rest.request_error("PUT", f"{path}/thread-members/{fixtures.ERIN_ID}") == (404, 10007)
    assert rest.request_error("GET", f"{path}/thread-members") == (403, 50001)  # needs the privileged intent
    general = local.state.channels[fixtures.GENERAL_ID]
    hidden = Overwrite(fixtures.DANA_ID, 1, deny=int(Permission.VIEW_CHANNEL))
    local.run_in_loop(lambda state: state.set_overwrite(general, hidden))
    assert rest.request_error("PUT", f"{path}/thread-members/{fixtures.DANA_ID}") == (403, 50001)
    local.client.send_message("bob", path.split("/")[-1], "hello")
    assert [member["user_id"] for member in charlie.request_json("GET", f"{path}/thread-members")] == [
        local.client_id,
        str(fixtures.BOB_ID),
    ]


def test_a_message_unarchives_unless_it_is_locked(local: LocalDiscord) -> None:
    rest = RestClient(local)
    thread = open_thread(local)
    path = f"/channels/{thread['id']}"
    message = rest.post_message(thread["id"], content="before")
    assert rest.request_json("PATCH", path, {"archived": True})["thread_metadata"]["archived"] is True
    assert rest.request_error("PATCH", f"{path}/messages/{message['id']}", {"content": "x"}) == (400, 50083)
    assert rest.request_error("PATCH", path, {"name": "x"}) == (400, 50083)
    assert rest.request_error("PUT", f"{path}/thread-members/@me") == (400, 50083)
    local.client.send_message("charlie", thread["id"], "after")
    shown = rest.request_json("GET", path)
    assert (shown["thread_metadata"]["archived"], shown["message_count"], shown["total_message_sent"]) == (False, 2, 2)
    assert rest.request_error("PATCH", path, {"locked": True}) == (403, 50013)
    local.client.as_person("alice", "PATCH", path, {"locked": True, "archived": True})
    assert rest.request_error("POST", f"{path}/messages", {"content": "x"}) == (400, 50083)
    assert rest.request_error("PATCH", path, {"archived": False}) == (403, 50013)
    local.client.send_message("alice", thread["id"], "The owner may.")


def test_a_click_in_an_archived_or_locked_thread_is_refused_as_a_message_is(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    thread = local.state.channels[int(open_thread(local)["id"])]
    button = {"type": 2, "style": 1, "label": "Join", "custom_id": "join"}
    message = bot.rest.post_message(thread.id, content="Join", components=[{"type": 1, "components": [button]}])
    local.run_in_loop(lambda state: state.change_channel(thread, archived=True, locked=True))
    local.client.click("bob", message, "join", wait=0)
    assert bot.response_error(7, {"content": "x"}) == (400, 50083)
    assert bot.response_error(4, {"content": "x"}) == (400, 50083)
    local.run_in_loop(lambda state: state.change_channel(thread, locked=False))
    bot.respond(4, {"content": "A new message opens it."})
    assert not bot.rest.request_json("GET", f"/channels/{thread.id}")["thread_metadata"]["archived"]


def test_active_threads_are_listed_to_those_who_see_them(local: LocalDiscord) -> None:
    public, private, closed = open_thread(local), open_thread(local, 12), open_thread(local)
    RestClient(local).request_json("PATCH", f"/channels/{closed['id']}", {"archived": True})
    path = f"/guilds/{fixtures.GUILD_ID}/threads/active"
    mine = RestClient(local).request_json("GET", path)
    assert [channel["id"] for channel in mine["threads"]] == [private["id"], public["id"]]
    assert len(mine["members"]) == 2
    archived = RestClient(local, "local-charlie").request_json("GET", path)
    assert [channel["id"] for channel in archived["threads"]] == [public["id"]]
    assert public["id"] not in [
        channel["id"] for channel in RestClient(local).request_json("GET", f"/guilds/{fixtures.GUILD_ID}/channels")
    ]


def test_a_forum_takes_posts_only(local: LocalDiscord) -> None:
    rest = RestClient(local)
    forum = local.run_in_loop(lambda state: state.add_channel(state.guilds[fixtures.GUILD_ID], "campaigns", FORUM)).id
    assert rest.request_error("POST", f"/channels/{forum}/messages", {"content": "x"}) == (400, 50008)
    assert rest.request_error("POST", f"/channels/{forum}/threads", {"name": "x"}) == (400, 50035)
    empty = {"name": "x", "message": {"content": ""}}
    assert rest.request_error("POST", f"/channels/{forum}/threads", empty) == (400, 50006)
    post = rest.request_json(
        "POST", f"/channels/{forum}/threads", {"name": "Strahd", "message": {"content": "Join us"}}
    )
    assert post["message"]["id"] == post["id"]
    assert (post["message_count"], post["total_message_sent"]) == (0, 1)
    rest.post_message(post["id"], content="second")
    assert rest.request_json("GET", f"/channels/{post['id']}")["message_count"] == 1


def test_channels_are_created_changed_and_deleted(local: LocalDiscord) -> None:
    rest, channels = RestClient(local), f"/guilds/{fixtures.GUILD_ID}/channels"
    assert rest.request_error("POST", channels, {"name": "x"}) == (403, 50013)
    allow(local, Permission.MANAGE_CHANNELS)
    category = rest.request_json("POST", channels, {"name": "Games", "type": 4})
    denied = {"id": str(fixtures.GUILD_ID), "type": 0, "allow": "0", "deny": "2048"}
    body = {"name": "One Shots", "topic": "Short ones", "parent_id": category["id"], "permission_overwrites": [denied]}
    channel = rest.request_json("POST", channels, body)
    assert (channel["name"], channel["topic"], channel["parent_id"]) == ("one-shots", "Short ones", category["id"])
    assert channel["permission_overwrites"] == [denied]
    assert (
        rest.request_json("PATCH", f"/channels/{channel['id']}", {"name": "long-shots", "topic": None})["topic"] is None
    )
    assert rest.request_error("PATCH", f"/channels/{channel['id']}", {"name": ""}) == (400, 50035)
    assert rest.request_error("POST", channels, {"name": "x", "type": 13}) == (400, 50035)
    assert rest.request_error("POST", channels, {"name": "x", "parent_id": str(fixtures.GENERAL_ID)}) == (400, 50035)
    rest.request_json("DELETE", f"/channels/{channel['id']}")
    assert rest.request_error("GET", f"/channels/{channel['id']}") == (404, 10003)


def test_a_thread_goes_with_its_channel_and_is_kept_over_a_restart(local: LocalDiscord) -> None:
    thread_id = int(open_thread(local)["id"])
    restarted = local.run_in_loop(lambda state: State(state.store)).channels[thread_id]
    assert restarted == local.state.channels[thread_id]
    local.run_in_loop(lambda state: state.delete_channel(state.channels[fixtures.GENERAL_ID]))
    assert thread_id not in local.state.channels
    assert thread_id not in local.run_in_loop(lambda state: State(state.store)).channels


def test_thread_events(local: LocalDiscord) -> None:
    events: list[Event] = []
    local.run_in_loop(lambda state: state.subscribe(events.append))
    thread = local.state.channels[int(open_thread(local)["id"])]
    local.run_in_loop(lambda state: state.rename_channel(thread, "Session two"))
    local.run_in_loop(lambda state: state.delete_channel(thread))
    names = ["THREAD_CREATE", "THREAD_MEMBERS_UPDATE", "THREAD_UPDATE", "THREAD_DELETE"]
    assert [event.name for event in events] == names
    payload = {
        "id": str(thread.id),
        "guild_id": str(fixtures.GUILD_ID),
        "parent_id": str(fixtures.GENERAL_ID),
        "type": 11,
    }
    assert events[-1].data == payload


def test_a_forum_may_require_a_tag(local: LocalDiscord) -> None:
    rest = RestClient(local)
    tags = [{"id": 5, "name": "Full", "moderated": True}, {"id": 6, "name": "Open", "moderated": False}]
    forum = local.run_in_loop(lambda state: fixtures.add_forum(state, flags=REQUIRE_TAG, available_tags=tags))
    path, body = f"/channels/{forum.id}/threads", {"name": "Strahd", "message": {"content": "Join us"}}
    assert [tag["name"] for tag in rest.request_json("GET", f"/channels/{forum.id}")["available_tags"]] == [
        "Full",
        "Open",
    ]
    assert rest.request_error("POST", path, body) == (400, 40067)
    assert rest.request_error("POST", path, body | {"applied_tags": ["7"]}) == (400, 50035)
    assert rest.request_error("POST", path, body | {"applied_tags": ["5"]}) == (403, 50013)
    assert rest.request_json("POST", path, body | {"applied_tags": ["6"]})["applied_tags"] == ["6"]


def test_archived_threads_are_listed_apart(local: LocalDiscord) -> None:
    rest = RestClient(local)
    first, second = open_thread(local), open_thread(local)
    rest.request_json("PATCH", f"/channels/{first['id']}", {"archived": True})
    listed = rest.request_json("GET", f"{HERE}/threads/archived/public")
    assert [listed_thread["id"] for listed_thread in listed["threads"]] == [first["id"]]
    listed = rest.request_json("GET", f"/guilds/{fixtures.GUILD_ID}/threads/active")
    assert [listed_thread["id"] for listed_thread in listed["threads"]] == [second["id"]]


async def test_discord_py_uses_threads(local: LocalDiscord, bot: RecordingClient) -> None:
    channel = bot.get_channel(fixtures.GENERAL_ID)
    assert isinstance(channel, discord.TextChannel)
    thread = await (await channel.send("Session one")).create_thread(name="Session one")
    await thread.send("Welcome")
    await thread.add_user(discord.Object(fixtures.CHARLIE_ID))
    await asyncio.sleep(0.1)
    known = bot.guilds[0].get_thread(thread.id)
    assert known is not None
    assert known.me is not None
    await thread.edit(name="Session two", archived=True)
    await thread.send("Open again")
    await asyncio.sleep(0.1)
    known = bot.guilds[0].get_thread(thread.id)  # an archived one was dropped
    assert known is not None
    assert (known.name, known.archived) == ("Session two", False)
    assert [active.id for active in await bot.guilds[0].active_threads()] == [thread.id]
    with pytest.raises(discord.Forbidden):
        await thread.delete()
    forum = local.run_in_loop(lambda state: state.add_channel(state.guilds[fixtures.GUILD_ID], "campaigns", FORUM))
    await asyncio.sleep(0.1)
    there = bot.get_channel(forum.id)
    assert isinstance(there, discord.ForumChannel)
    created = await there.create_thread(name="Strahd", content="Join us")
    assert created.message.id == created.thread.id
