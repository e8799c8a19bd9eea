"""Scheduled events: required fields, who may change them, how their status changes."""

import asyncio
import datetime
from typing import Any

import discord
import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import Json
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import State
from gamesched.local_discord.tests.conftest import RecordingClient
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.local_discord.tests.test_moderation import allow

HERE = f"/guilds/{fixtures.GUILD_ID}/scheduled-events"


def at(hours: float) -> str:
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=hours)).isoformat()


def external(**changes: Any) -> Json:
    body = {"name": "Strahd", "privacy_level": 2, "entity_type": 3, "entity_metadata": {"location": "Bob's kitchen"}}
    return body | {"scheduled_start_time": at(1), "scheduled_end_time": at(4)} | changes


def voice(**changes: Any) -> Json:
    body = {"name": "Strahd", "privacy_level": 2, "entity_type": 2, "channel_id": str(fixtures.TABLE_ID)}
    return body | {"scheduled_start_time": at(1)} | changes


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (external(name=""), "name"),
        (external(name="x" * 101), "name"),
        (external(name="  "), "name"),
        (external(scheduled_start_time=at(24 * 1827), scheduled_end_time=at(24 * 1828)), "scheduled_start_time"),
        (external(scheduled_end_time=at(24 * 1827)), "scheduled_end_time"),
        (external(description="x" * 1001), "description"),
        (external(privacy_level=1), "privacy_level"),
        (external(privacy_level=None), "privacy_level"),
        (external(entity_type=4), "entity_type"),
        (external(entity_type=1), "channel_id"),
        (external(scheduled_start_time=at(-1)), "scheduled_start_time"),
        (external(scheduled_start_time="soon"), "scheduled_start_time"),
        (external(scheduled_end_time=None), "scheduled_end_time"),
        (external(scheduled_end_time=at(0.5)), "scheduled_end_time"),
        (external(entity_metadata=None), "entity_metadata"),
        (external(entity_metadata={"location": ""}), "entity_metadata.location"),
        (external(entity_metadata={"location": "x" * 101}), "entity_metadata.location"),
        (external(channel_id=str(fixtures.TABLE_ID)), "channel_id"),
        (voice(channel_id=None), "channel_id"),
        (voice(channel_id=str(fixtures.GENERAL_ID)), "channel_id"),
        (voice(entity_metadata={"location": "x"}), "entity_metadata"),
    ],
)
def test_it_refuses_what_an_event_cannot_be(local: LocalDiscord, body: Json, where: str) -> None:
    response = RestClient(local).request("POST", HERE, body)
    assert (response.status_code, response.json()["code"]) == (400, 50035)
    place = response.json()["errors"]
    for step in where.split("."):
        place = place[step]
    assert place["_errors"]


def test_events_are_created_read_changed_and_deleted(local: LocalDiscord) -> None:
    rest = RestClient(local)
    event = rest.request_json("POST", HERE, external(description="Part one"))
    assert (event["status"], event["entity_metadata"]["location"]) == (1, "Bob's kitchen")
    assert event["creator"]["id"] == local.client_id
    assert "user_count" not in event
    other = rest.request_json("POST", HERE, voice())
    assert other["scheduled_end_time"] is None
    assert [listed["id"] for listed in rest.request_json("GET", HERE)] == [event["id"], other["id"]]
    path = f"{HERE}/{event['id']}"
    changed = rest.request_json("PATCH", path, {"name": "Strahd, part two", "description": None})
    assert (changed["name"], changed["description"]) == ("Strahd, part two", None)
    moved = {"entity_type": 2, "channel_id": str(fixtures.TABLE_ID), "entity_metadata": {}}
    assert rest.request_json("PATCH", path, moved)["channel_id"] == str(fixtures.TABLE_ID)
    rest.request_json("DELETE", path)
    for method in ("GET", "DELETE"):
        assert rest.request_error(method, path) == (404, 10070)
    assert rest.request_error("PATCH", path, {}) == (404, 10070)


@pytest.mark.parametrize(("steps", "refused"), [([2, 3], None), ([4], None), ([3], 3), ([2, 4], 4), ([2, 1], 1)])
def test_its_status_moves_forwards_only(local: LocalDiscord, steps: list[int], refused: int | None) -> None:
    rest = RestClient(local)
    path = f"{HERE}/{rest.request_json('POST', HERE, external())['id']}"
    for status in steps:
        if status == refused:
            assert rest.request_error("PATCH", path, {"status": status}) == (400, 50035)
        else:
            assert rest.request_json("PATCH", path, {"status": status})["status"] == status
    if refused is None:
        assert rest.request_error("PATCH", path, {"name": "x"}) == (400, 180000)
        assert rest.request_json("GET", HERE) == []


def test_a_guild_has_at_most_a_hundred(local: LocalDiscord) -> None:
    rest = RestClient(local)
    first, *_ = [rest.request_json("POST", HERE, external())["id"] for _ in range(100)]
    assert rest.request_error("POST", HERE, external()) == (400, 30038)
    rest.request_json("PATCH", f"{HERE}/{first}", {"status": 4})
    rest.request_json("POST", HERE, external())


def test_others_events_need_the_right_to_manage(local: LocalDiscord) -> None:
    rest, charlie, alice = RestClient(local), RestClient(local, "local-charlie"), RestClient(local, "local-alice")
    assert charlie.request_error("POST", HERE, external()) == (403, 50013)
    path = f"{HERE}/{alice.request_json('POST', HERE, external())['id']}"
    assert rest.request_error("PATCH", path, {"name": "x"}) == (403, 50013)
    assert rest.request_error("DELETE", path) == (403, 50013)
    own = f"{HERE}/{rest.request_json('POST', HERE, external())['id']}"
    local.client.as_person("bob", "PATCH", own, {"name": "Bob's"})  # an organiser manages events
    allow(local, Permission.MANAGE_EVENTS)
    rest.request_json("DELETE", path)


def test_people_are_interested(local: LocalDiscord) -> None:
    rest = RestClient(local)
    path = f"{HERE}/{rest.request_json('POST', HERE, external())['id']}"
    for name in ("bob", "charlie"):
        local.client.as_person(name, "PUT", f"{path}/users/@me")
    local.client.as_person("charlie", "DELETE", f"{path}/users/@me")
    assert rest.request_json("GET", f"{path}?with_user_count=true")["user_count"] == 1
    (only,) = rest.request_json("GET", f"{path}/users?with_member=true")
    assert (only["user"]["username"], only["member"]["nick"]) == ("bob", "Bob the GM")


def test_they_survive_a_restart(local: LocalDiscord) -> None:
    RestClient(local).request_json("POST", HERE, external())
    restarted = local.run_in_loop(lambda state: State(state.store))
    assert restarted.guilds[fixtures.GUILD_ID].scheduled == local.state.guilds[fixtures.GUILD_ID].scheduled


async def test_discord_py_schedules(local: LocalDiscord, bot: RecordingClient) -> None:
    guild = bot.guilds[0]
    starts = discord.utils.utcnow() + datetime.timedelta(hours=1)
    ends = starts + datetime.timedelta(hours=3)
    event = await guild.create_scheduled_event(
        name="Strahd",
        start_time=starts,
        end_time=ends,
        entity_type=discord.EntityType.external,
        privacy_level=discord.PrivacyLevel.guild_only,
        location="Bob's kitchen",
    )
    await asyncio.sleep(0.1)
    assert (event.location, event.start_time) == ("Bob's kitchen", starts)
    assert guild.get_scheduled_event(event.id) is None  # its intent was not requested
    event = await (await event.edit(name="Strahd II", description="More")).start()
    await event.end()
    assert await guild.fetch_scheduled_events() == []
    other = await guild.create_scheduled_event(
        name="Table talk",
        start_time=starts,
        channel=discord.Object(fixtures.TABLE_ID),
        entity_type=discord.EntityType.voice,
        privacy_level=discord.PrivacyLevel.guild_only,
    )
    await other.delete()
