"""Kicks, bans, nicks, roles, and many messages deleted at once."""

import discord
import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.gateway.intents import MEMBERS
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import Event, State
from gamesched.local_discord.tests.conftest import RecordingClient
from gamesched.local_discord.tests.rest_client import RestClient

HERE = f"/guilds/{fixtures.GUILD_ID}"
DAY = 24 * 3600


def allow(local: LocalDiscord, *permissions: Permission) -> None:
    """Give the bot's role more permissions."""
    guild = local.state.guilds[fixtures.GUILD_ID]
    role = guild.roles[fixtures.BOT_ROLE_ID]
    bits = role.permissions
    for permission in permissions:
        bits |= permission
    local.run_in_loop(lambda state: state.change_role(guild, role, bits=bits))


def test_the_state_bans_unbans_and_deletes_in_bulk(local: LocalDiscord) -> None:
    events: list[Event] = []
    local.run_in_loop(lambda state: state.subscribe(events.append))
    ids = [int(RestClient(local).post_message(fixtures.GENERAL_ID, content=str(i))["id"]) for i in range(2)]
    events.clear()
    guild = local.state.guilds[fixtures.GUILD_ID]
    local.run_in_loop(lambda state: state.ban(guild, fixtures.BOB_ID))
    assert fixtures.BOB_ID not in guild.members
    local.run_in_loop(lambda state: state.unban(guild, fixtures.BOB_ID))
    local.run_in_loop(lambda state: state.bulk_delete_messages(state.channels[fixtures.GENERAL_ID], [*ids, 7]))
    names = ["GUILD_MEMBER_REMOVE", "GUILD_BAN_ADD", "GUILD_BAN_REMOVE", "MESSAGE_DELETE_BULK"]
    assert [event.name for event in events] == names
    assert events[-1].data["ids"] == [str(message_id) for message_id in ids]
    assert local.client.messages("alice", fixtures.GENERAL_ID) == []


def test_a_kick_needs_the_permission_and_a_higher_role(local: LocalDiscord) -> None:
    rest = RestClient(local)
    assert rest.request_error("DELETE", f"{HERE}/members/{fixtures.BOB_ID}") == (403, 50013)
    allow(local, Permission.KICK_MEMBERS)
    rest.request_json("DELETE", f"{HERE}/members/{fixtures.BOB_ID}")
    assert rest.request_error("DELETE", f"{HERE}/members/{fixtures.BOB_ID}") == (404, 10007)
    assert rest.request_error("DELETE", f"{HERE}/members/{fixtures.ALICE_ID}") == (403, 50013)  # the owner
    assert rest.request_error("DELETE", f"{HERE}/members/{fixtures.ERIN_ID}") == (404, 10007)


def test_a_ban_is_kept_with_its_reason_and_taken_back(local: LocalDiscord) -> None:
    rest, ban = RestClient(local), f"{HERE}/bans/{fixtures.CHARLIE_ID}"
    assert rest.request_error("PUT", ban, {}) == (403, 50013)
    allow(local, Permission.BAN_MEMBERS)
    assert rest.request_error("GET", ban) == (404, 10026)
    assert rest.request_error("PUT", f"{HERE}/bans/1", {}) == (404, 10013)
    assert rest.request_error("PUT", f"{HERE}/bans/{fixtures.ALICE_ID}", {}) == (403, 50013)
    assert rest.request_error("PUT", ban, {"delete_message_seconds": 8 * DAY}) == (400, 50035)
    local.client.send_message("charlie", fixtures.GENERAL_ID, "spam")
    rest.headers["X-Audit-Log-Reason"] = "spam%20and%20more"
    rest.request_json("PUT", ban, {"delete_message_seconds": 60})
    assert local.client.messages("alice", fixtures.GENERAL_ID) == []
    assert rest.request_json("GET", ban)["reason"] == "spam and more"
    assert [listed_ban["user"]["username"] for listed_ban in rest.request_json("GET", f"{HERE}/bans")] == ["charlie"]
    assert rest.request_error("GET", f"{HERE}/members/{fixtures.CHARLIE_ID}") == (404, 10007)
    rest.request_json("DELETE", ban)
    assert rest.request_error("DELETE", ban) == (404, 10026)


def test_nicks_of_oneself_and_of_others(local: LocalDiscord) -> None:
    rest = RestClient(local)
    assert rest.request_json("PATCH", f"{HERE}/members/@me", {"nick": "Dice"})["nick"] == "Dice"
    assert rest.request_json("PATCH", f"{HERE}/members/@me", {"nick": None})["nick"] is None
    assert rest.request_error("PATCH", f"{HERE}/members/@me", {"nick": "x" * 33}) == (400, 50035)
    assert rest.request_error("PATCH", f"{HERE}/members/{fixtures.BOB_ID}", {"nick": "x"}) == (403, 50013)
    allow(local, Permission.MANAGE_NICKNAMES)
    assert rest.request_json("PATCH", f"{HERE}/members/{fixtures.BOB_ID}", {"nick": "Bobby"})["nick"] == "Bobby"
    assert rest.request_error("PATCH", f"{HERE}/members/{fixtures.ALICE_ID}", {"nick": "x"}) == (403, 50013)


def test_roles_below_ones_own_are_given_and_taken(local: LocalDiscord) -> None:
    rest, bob = RestClient(local), f"{HERE}/members/{fixtures.BOB_ID}"
    assert rest.request_error("PUT", f"{bob}/roles/{fixtures.PLAYER_ID}") == (403, 50013)
    allow(local, Permission.MANAGE_ROLES)
    rest.request_json("PUT", f"{bob}/roles/{fixtures.PLAYER_ID}")
    assert set(rest.request_json("GET", bob)["roles"]) == {str(fixtures.ORGANISER_ID), str(fixtures.PLAYER_ID)}
    rest.request_json("DELETE", f"{bob}/roles/{fixtures.ORGANISER_ID}")
    assert rest.request_json("PATCH", bob, {"roles": []})["roles"] == []
    assert rest.request_error("PUT", f"{bob}/roles/1") == (404, 10011)
    assert rest.request_error("PUT", f"{bob}/roles/{fixtures.BOT_ROLE_ID}") == (403, 50013)  # came with a bot
    higher = local.run_in_loop(lambda state: state.add_role(state.guilds[fixtures.GUILD_ID], "Higher"))
    assert rest.request_error("PATCH", bob, {"roles": [str(higher.id)]}) == (403, 50013)


def test_roles_are_created_changed_and_deleted(local: LocalDiscord) -> None:
    rest, roles = RestClient(local), f"{HERE}/roles"
    assert rest.request_error("POST", roles, {"name": "x"}) == (403, 50013)
    allow(local, Permission.MANAGE_ROLES)
    role = rest.request_json(
        "POST", roles, {"name": "Tuesday", "permissions": "1024", "color": 255, "mentionable": True}
    )
    assert (role["position"], role["permissions"], role["mentionable"]) == (1, "1024", True)
    assert rest.request_error("POST", roles, {"name": "x", "permissions": "8"}) == (
        403,
        50013,
    )  # more than it has itself
    assert rest.request_error("POST", roles, {"name": "x" * 101}) == (400, 50035)
    assert rest.request_json("PATCH", f"{roles}/{role['id']}", {"name": "Wednesday"})["name"] == "Wednesday"
    assert rest.request_json("GET", f"{roles}/{role['id']}")["name"] == "Wednesday"
    rest.request_json("DELETE", f"{roles}/{role['id']}")
    assert rest.request_error("DELETE", f"{roles}/{role['id']}") == (404, 10011)
    assert rest.request_error("DELETE", f"{roles}/{fixtures.GUILD_ID}") == (400, 50028)
    assert rest.request_error("DELETE", f"{roles}/{fixtures.BOT_ROLE_ID}") == (400, 50028)


def test_many_messages_are_deleted_at_once(local: LocalDiscord) -> None:
    rest, path = RestClient(local), f"/channels/{fixtures.GENERAL_ID}/messages/bulk-delete"
    ids = [rest.post_message(fixtures.GENERAL_ID, content=str(i))["id"] for i in range(3)]
    assert rest.request_error("POST", path, {"messages": ids}) == (403, 50013)
    allow(local, Permission.MANAGE_MESSAGES)
    assert rest.request_error("POST", path, {"messages": ids[:1]}) == (400, 50016)
    assert rest.request_error("POST", path, {"messages": [str(i) for i in range(101)]}) == (400, 50016)
    assert rest.request_error("POST", path, {"messages": [*ids, "1"]}) == (400, 50034)  # of the year 2015
    rest.request_json("POST", path, {"messages": ids[:2]})
    assert [message["id"] for message in local.client.messages("alice", fixtures.GENERAL_ID)] == ids[2:]


def test_the_guild_is_renamed_and_left(local: LocalDiscord) -> None:
    rest = RestClient(local)
    assert rest.request_error("PATCH", HERE, {"name": "Sunday"}) == (403, 50013)
    allow(local, Permission.MANAGE_GUILD)
    assert rest.request_json("PATCH", HERE, {"name": "Sunday"})["name"] == "Sunday"
    assert rest.request_error("PATCH", HERE, {"name": "S"}) == (400, 50035)
    assert rest.request_json("GET", HERE + "?with_counts=true")["approximate_member_count"] == 5
    alice = RestClient(local, "local-alice")
    assert alice.request_error("DELETE", f"/users/@me{HERE}") == (400, 50055)
    rest.request_json("DELETE", f"/users/@me{HERE}")
    assert rest.request_error("GET", HERE) == (404, 10004)


def test_all_members_are_not_listed_without_the_privileged_intent(local: LocalDiscord) -> None:
    rest, path = RestClient(local), f"{HERE}/members?limit=2&after={fixtures.ALICE_ID}"
    assert rest.request_error("GET", path) == (403, 50001)
    local.run_in_loop(lambda state: setattr(local.gateway, "privileged", MEMBERS))
    assert [member["user"]["username"] for member in rest.request_json("GET", path)] == ["bob", "charlie"]


async def test_discord_py_moderates(local: LocalDiscord, bot: RecordingClient) -> None:
    every = [Permission.BAN_MEMBERS, Permission.KICK_MEMBERS, Permission.MANAGE_ROLES, Permission.MANAGE_MESSAGES]
    allow(local, *every)
    guild = bot.guilds[0]
    role = await guild.create_role(name="Tuesday", colour=discord.Colour.blue())
    bob = await guild.fetch_member(fixtures.BOB_ID)
    await bob.add_roles(role)
    assert role.id in {member_role.id for member_role in (await guild.fetch_member(fixtures.BOB_ID)).roles}
    await role.delete()
    await guild.ban(discord.Object(fixtures.CHARLIE_ID), reason="Rude: ü")
    assert (await guild.fetch_ban(discord.Object(fixtures.CHARLIE_ID))).reason == "Rude: ü"
    assert [entry.user.name async for entry in guild.bans()] == ["charlie"]
    await guild.unban(discord.Object(fixtures.CHARLIE_ID))
    await guild.kick(bob)
    with pytest.raises(discord.NotFound):
        await guild.fetch_member(fixtures.BOB_ID)
    channel = guild.get_channel(fixtures.GENERAL_ID)
    assert isinstance(channel, discord.TextChannel)
    await channel.delete_messages([await channel.send(str(i)) for i in range(2)])
    assert [message async for message in channel.history()] == []


def test_bans_survive_a_restart(local: LocalDiscord) -> None:
    allow(local, Permission.BAN_MEMBERS)
    RestClient(local).request_json("PUT", f"{HERE}/bans/{fixtures.BOB_ID}", {})
    restarted = local.run_in_loop(lambda state: State(state.store))
    assert restarted.guilds[fixtures.GUILD_ID].bans == {fixtures.BOB_ID: None}
