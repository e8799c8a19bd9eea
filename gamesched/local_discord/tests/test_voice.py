"""Who is in voice channels: how people get in and out, who may move them, and whom that is told."""

import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.client import DiscordError
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import State
from gamesched.local_discord.tests.gateway_client import GatewayClient
from gamesched.local_discord.tests.rest_client import InteractionBot, RestClient
from gamesched.local_discord.tests.test_moderation import allow

STATES = f"/guilds/{fixtures.GUILD_ID}/voice-states"
BOB = f"/guilds/{fixtures.GUILD_ID}/members/{fixtures.BOB_ID}"
GUILDS, VOICE_STATES = 1 << 0, 1 << 7


def refusal(local: LocalDiscord, user_id: int, channel_id: int) -> str:
    with pytest.raises(DiscordError) as reason:
        local.client.join_voice(user_id, channel_id)
    assert reason.value.status == 400
    return str(reason.value.json()["message"])


def add_voice_channel(local: LocalDiscord, **more: object) -> int:
    body = {"name": "Hall", "type": 2} | more
    return int(
        RestClient(local, "local-alice").request_json("POST", f"/guilds/{fixtures.GUILD_ID}/channels", body)["id"]
    )


def test_people_come_and_go(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    local.client.join_voice(fixtures.BOB_ID, fixtures.TABLE_ID)
    entered = bot.last_event("VOICE_STATE_UPDATE")
    assert (entered["channel_id"], entered["member"]["nick"]) == (str(fixtures.TABLE_ID), "Bob the GM")
    shown = bot.rest.request_json("GET", f"{STATES}/{fixtures.BOB_ID}")
    assert (shown["channel_id"], shown["session_id"]) == (str(fixtures.TABLE_ID), entered["session_id"])
    local.client.leave_voice(fixtures.BOB_ID, fixtures.GUILD_ID)
    assert bot.last_event("VOICE_STATE_UPDATE")["channel_id"] is None
    assert bot.rest.request_error("GET", f"{STATES}/{fixtures.BOB_ID}") == (404, 10065)
    assert bot.rest.request_error("GET", f"{STATES}/@me") == (404, 10065)


def test_a_full_or_closed_channel_lets_nobody_in(local: LocalDiscord) -> None:
    hall = add_voice_channel(local, user_limit=1)
    local.client.join_voice(fixtures.BOB_ID, hall)
    assert "full" in refusal(local, fixtures.CHARLIE_ID, hall)
    local.client.join_voice(fixtures.ALICE_ID, hall)  # who may move members finds room
    local.client.add_fault(
        "permissions", channel_id=fixtures.TABLE_ID, user_id=str(fixtures.CHARLIE_ID), take=["CONNECT"]
    )
    assert "connect" in refusal(local, fixtures.CHARLIE_ID, fixtures.TABLE_ID)
    assert "no voice channel" in refusal(local, fixtures.CHARLIE_ID, fixtures.GENERAL_ID)


def test_moving_muting_and_disconnecting_need_permissions(local: LocalDiscord) -> None:
    rest, hall = RestClient(local), str(add_voice_channel(local, user_limit=1))
    local.client.join_voice(fixtures.CHARLIE_ID, hall)
    assert rest.request_error("PATCH", BOB, {"channel_id": hall}) == (403, 50013)
    allow(local, Permission.MOVE_MEMBERS | Permission.MUTE_MEMBERS)
    assert rest.request_error("PATCH", BOB, {"channel_id": hall}) == (400, 40032)
    assert rest.request_error("PATCH", BOB, {"mute": True}) == (400, 40032)
    local.client.join_voice(fixtures.BOB_ID, fixtures.TABLE_ID)
    assert rest.request_error("PATCH", BOB, {"channel_id": str(fixtures.GENERAL_ID)}) == (400, 50035)
    assert rest.request_error("PATCH", BOB, {"deaf": True}) == (403, 50013)
    assert rest.request_json("PATCH", BOB, {"channel_id": hall, "mute": True})["mute"] is True  # full or not
    shown = rest.request_json("GET", f"{STATES}/{fixtures.BOB_ID}")
    assert (shown["channel_id"], shown["mute"]) == (hall, True)
    rest.request_json("PATCH", BOB, {"channel_id": None})
    assert rest.request_error("GET", f"{STATES}/{fixtures.BOB_ID}") == (404, 10065)


def test_who_loses_the_channel_or_the_server_is_in_none(local: LocalDiscord) -> None:
    bot, hall = InteractionBot(local), add_voice_channel(local)
    local.client.join_voice(fixtures.BOB_ID, hall)
    RestClient(local, "local-alice").request_json("DELETE", f"/channels/{hall}")
    assert bot.last_event("VOICE_STATE_UPDATE")["channel_id"] is None
    local.client.join_voice(fixtures.BOB_ID, fixtures.TABLE_ID)
    restarted = local.run_in_loop(lambda state: State(state.store)).guilds[fixtures.GUILD_ID]
    assert restarted.voice == local.state.guilds[fixtures.GUILD_ID].voice != {}
    local.client.add_fault("remove_member", user_id=str(fixtures.BOB_ID))
    assert local.state.guilds[fixtures.GUILD_ID].voice == {}


async def test_only_who_asks_for_it_hears_of_voice(local: LocalDiscord) -> None:
    local.client.join_voice(fixtures.BOB_ID, fixtures.TABLE_ID)
    async with GatewayClient(local) as without, GatewayClient(local) as asking:
        await without.identify(intents=GUILDS)
        assert (await without.receive_event("GUILD_CREATE"))["voice_states"] == []
        await asking.identify(intents=GUILDS | VOICE_STATES)
        (told,) = (await asking.receive_event("GUILD_CREATE"))["voice_states"]
        assert told["user_id"] == str(fixtures.BOB_ID)
        assert "guild_id" not in told
        local.client.leave_voice(fixtures.BOB_ID, fixtures.GUILD_ID)
        assert await asking.event_names() == ["VOICE_STATE_UPDATE"]
        assert await without.event_names() == []


def test_who_may_not_enter_may_not_change_it_either(local: LocalDiscord) -> None:
    allow(local, Permission.MANAGE_CHANNELS | Permission.MANAGE_ROLES)
    rest, connect = RestClient(local), str(int(Permission.CONNECT))
    closed = {"id": str(fixtures.GUILD_ID), "type": 0, "deny": connect}
    path = f"/channels/{add_voice_channel(local, permission_overwrites=[closed])}"
    assert rest.request_error("PATCH", path, {"name": "x"}) == (403, 50013)
    assert rest.request_error("DELETE", path) == (403, 50013)
    mine = {"id": str(local.client_id), "type": 1, "allow": connect}
    RestClient(local, "local-alice").request_json("PATCH", path, {"permission_overwrites": [closed, mine]})
    rest.request_json("DELETE", path)
