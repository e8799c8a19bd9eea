"""Scheduled events beyond the plain ones: stages, pictures, rights in channels, running ones, and who hears of them."""

import base64

import pytest
import requests

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import STAGE
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.tests.gateway_client import GatewayClient
from gamesched.local_discord.tests.rest_client import InteractionBot, RestClient
from gamesched.local_discord.tests.test_moderation import allow
from gamesched.local_discord.tests.test_scheduled_events import HERE, at, external, voice
from gamesched.testing.waiting import PATIENCE

PNG = b"\x89PNG\r\n\x1a\n picture"
PICTURE = "data:image/png;base64," + base64.b64encode(PNG).decode()


def test_a_stage_event_needs_its_channel_and_the_rights_of_a_moderator(local: LocalDiscord) -> None:
    rest = RestClient(local)
    stage = local.run_in_loop(lambda state: state.add_channel(state.guilds[fixtures.GUILD_ID], "Stage", STAGE)).id
    body = voice(entity_type=1, channel_id=str(stage))
    assert rest.request_error("POST", HERE, body) == (403, 50013)
    allow(local, Permission.MANAGE_CHANNELS | Permission.MUTE_MEMBERS | Permission.MOVE_MEMBERS)
    assert rest.request_json("POST", HERE, body)["entity_type"] == 1
    assert rest.request_error("POST", HERE, voice(entity_type=1)) == (400, 50035)  # a voice channel is no stage
    assert rest.request_error("POST", HERE, voice(channel_id=str(stage))) == (400, 50035)


def test_an_event_in_voice_needs_the_right_to_connect(local: LocalDiscord) -> None:
    rest = RestClient(local)
    event = rest.request_json("POST", HERE, external())["id"]
    local.client.add_fault("permissions", channel_id=fixtures.TABLE_ID, take=["CONNECT"])
    assert rest.request_error("POST", HERE, voice()) == (403, 50013)
    moved = {"entity_type": 2, "channel_id": str(fixtures.TABLE_ID)}
    assert rest.request_error("PATCH", f"{HERE}/{event}", moved) == (403, 50013)


def test_the_right_may_come_from_the_channel(local: LocalDiscord) -> None:
    charlie = RestClient(local, "local-charlie")
    assert charlie.request_error("POST", HERE, voice()) == (403, 50013)
    local.client.add_fault(
        "give", channel_id=fixtures.TABLE_ID, user_id=str(fixtures.CHARLIE_ID), permissions=["CREATE_EVENTS"]
    )
    charlie.request_json("POST", HERE, voice())
    assert charlie.request_error("POST", HERE, external()) == (403, 50013)


def test_an_event_has_a_picture(local: LocalDiscord) -> None:
    rest = RestClient(local)
    event = rest.request_json("POST", HERE, external(image=PICTURE))
    cover = requests.get(f"{local.origin}/guild-events/{event['id']}/{event['image']}.png", timeout=PATIENCE)
    assert (cover.content, cover.headers["Content-Type"]) == (PNG, "image/png")
    path = f"{HERE}/{event['id']}"
    assert rest.request_json("PATCH", path, {"name": "Other"})["image"] == event["image"]
    assert rest.request_json("PATCH", path, {"image": None})["image"] is None
    text = "data:image/png;base64," + base64.b64encode(b"<svg>").decode()
    for wrong in ("x", "data:image/svg+xml;base64,AA==", "data:image/png;base64,*", text):
        response = rest.request("PATCH", path, {"image": wrong})
        assert (response.status_code, list(response.json()["errors"])) == (400, ["image"])


def test_one_that_has_begun_takes_no_other_start(local: LocalDiscord) -> None:
    rest = RestClient(local)
    event = rest.request_json("POST", HERE, external())
    path = f"{HERE}/{event['id']}"
    rest.request_json("PATCH", path, {"status": 2})
    for start in (event["scheduled_start_time"], at(2)):
        response = rest.request("PATCH", path, {"scheduled_start_time": start})
        (reason,) = response.json()["errors"]["scheduled_start_time"]["_errors"]
        assert reason["code"] == "GUILD_SCHEDULED_EVENT_INVALID_START_BY_STATUS"
    assert rest.request_json("PATCH", path, {"name": "Part two", "scheduled_end_time": at(6)})["status"] == 2


def test_the_metadata_of_others_than_external_ones_is_discarded_by_an_edit(local: LocalDiscord) -> None:
    rest = RestClient(local)
    path = f"{HERE}/{rest.request_json('POST', HERE, external())['id']}"
    moved = {"entity_type": 2, "channel_id": str(fixtures.TABLE_ID), "entity_metadata": {"location": "x"}}
    assert rest.request_json("PATCH", path, moved)["entity_metadata"] is None
    for incomplete in ({"entity_type": 3}, {"entity_type": 3, "channel_id": None}):
        assert rest.request_error("PATCH", path, incomplete) == (400, 50035)
    back = {"entity_type": 3, "channel_id": None, "entity_metadata": {"location": "Inn"}}
    assert rest.request_json("PATCH", path, back)["entity_metadata"] == {"location": "Inn"}


def test_a_recurring_event_is_refused_by_name(local: LocalDiscord) -> None:
    rule = {"start": at(1), "frequency": 2, "interval": 1}
    response = RestClient(local).request("POST", HERE, external(recurrence_rule=rule))
    assert response.status_code == 400
    assert "LOCAL_DISCORD_LACKS" in response.text


def test_interested_people_are_counted_and_told(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    path = f"{HERE}/{bot.rest.request_json('POST', HERE, external())['id']}"
    local.client.as_person("bob", "PUT", f"{path}/users/@me")
    assert bot.last_event("GUILD_SCHEDULED_EVENT_USER_ADD")["user_id"] == str(fixtures.BOB_ID)
    assert bot.rest.request_json("GET", f"{path}/users/counts")["guild_scheduled_event_count"] == 1
    local.client.as_person("bob", "DELETE", f"{path}/users/@me")
    assert bot.last_event("GUILD_SCHEDULED_EVENT_USER_REMOVE")["user_id"] == str(fixtures.BOB_ID)


def test_an_event_ends_with_its_channel(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    event = bot.rest.request_json("POST", HERE, voice())
    local.client.add_fault("delete_channel", channel_id=fixtures.TABLE_ID)
    assert bot.last_event("GUILD_SCHEDULED_EVENT_UPDATE")["status"] == 4
    assert bot.rest.request_error("PATCH", f"{HERE}/{event['id']}", {"name": "x"}) == (400, 180000)


async def test_events_are_told_to_who_asks_and_sees_the_channel(local: LocalDiscord) -> None:
    rest = RestClient(local)
    async with GatewayClient(local) as gateway, GatewayClient(local) as without:
        await gateway.identify_and_wait(intents=1 | 1 << 16)
        await without.identify_and_wait()
        path = f"{HERE}/{rest.request_json('POST', HERE, external())['id']}"
        rest.request_json("PATCH", path, {"name": "Part two"})
        rest.request_json("DELETE", path)
        names = [f"GUILD_SCHEDULED_EVENT_{each}" for each in ("CREATE", "UPDATE", "DELETE")]
        assert await gateway.event_names() == names
        local.client.add_fault("permissions", channel_id=fixtures.TABLE_ID, take=["VIEW_CHANNEL"])
        RestClient(local, "local-alice").request_json("POST", HERE, voice())
        assert [name for name in await gateway.event_names() if name in names] == []
        assert [name for name in await without.event_names() if name in names] == []


def test_a_guild_comes_with_the_events_that_the_bot_sees(local: LocalDiscord) -> None:
    rest = RestClient(local)
    rest.request_json("POST", HERE, external())
    rest.request_json("POST", HERE, voice())

    def listed() -> list[int]:
        guild = local.state.guilds[fixtures.GUILD_ID]
        payload = local.run_in_loop(lambda state: state.guild_create_payload(guild))
        return [one["entity_type"] for one in payload["guild_scheduled_events"]]

    assert listed() == [3, 2]
    local.client.add_fault("permissions", channel_id=fixtures.TABLE_ID, take=["VIEW_CHANNEL"])
    assert listed() == [3]


@pytest.mark.parametrize("kind", ["delete_event", "cancel_event"])
def test_people_end_events_behind_the_bots_back(local: LocalDiscord, kind: str) -> None:
    bot = InteractionBot(local)
    event = bot.rest.request_json("POST", HERE, external())["id"]
    local.client.add_fault("change_event", event_id=event, name="Moved", later=3600)
    assert bot.last_event("GUILD_SCHEDULED_EVENT_UPDATE")["name"] == "Moved"
    local.client.add_fault(kind, event_id=event)
    assert bot.rest.request_json("GET", HERE) == []
