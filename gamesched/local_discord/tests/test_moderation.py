"""Kicks, bans, nicks, roles, and many messages deleted at once."""

import discord
import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.gateway.intents import MEMBERS
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import Event, World
from gamesched.local_discord.tests.conftest import Listener
from gamesched.local_discord.tests.rest_client import Bare

HERE = f"/guilds/{fixtures.GUILD_ID}"
DAY = 24 * 3600


def allow(local: LocalDiscord, *permissions: Permission) -> None:
    """Give the bot's role more permissions."""
    guild = local.world.guilds[fixtures.GUILD_ID]
    role = guild.roles[fixtures.BOT_ROLE_ID]
    bits = role.permissions
    for each in permissions:
        bits |= each
    local.do(lambda world: world.change_role(guild, role, bits=bits))


def test_the_world_bans_unbans_and_deletes_in_bulk(local: LocalDiscord) -> None:
    heard: list[Event] = []
    local.do(lambda world: world.subscribe(heard.append))
    ids = [int(Bare(local).post(fixtures.GENERAL_ID, content=str(i))["id"]) for i in range(2)]
    heard.clear()
    guild = local.world.guilds[fixtures.GUILD_ID]
    local.do(lambda world: world.ban(guild, fixtures.BOB_ID))
    assert fixtures.BOB_ID not in guild.members
    local.do(lambda world: world.unban(guild, fixtures.BOB_ID))
    local.do(lambda world: world.bulk_delete(world.channels[fixtures.GENERAL_ID], [*ids, 7]))
    names = ["GUILD_MEMBER_REMOVE", "GUILD_BAN_ADD", "GUILD_BAN_REMOVE", "MESSAGE_DELETE_BULK"]
    assert [event.name for event in heard] == names
    assert heard[-1].data["ids"] == [str(each) for each in ids]
    assert local.client.messages("alice", fixtures.GENERAL_ID) == []


def test_a_kick_needs_the_permission_and_a_higher_role(local: LocalDiscord) -> None:
    bare = Bare(local)
    assert bare.refused("DELETE", f"{HERE}/members/{fixtures.BOB_ID}") == (403, 50013)
    allow(local, Permission.KICK_MEMBERS)
    bare.ok("DELETE", f"{HERE}/members/{fixtures.BOB_ID}")
    assert bare.refused("DELETE", f"{HERE}/members/{fixtures.BOB_ID}") == (404, 10007)
    assert bare.refused("DELETE", f"{HERE}/members/{fixtures.ALICE_ID}") == (403, 50013)  # the owner
    assert bare.refused("DELETE", f"{HERE}/members/{fixtures.ERIN_ID}") == (404, 10007)


def test_a_ban_is_kept_with_its_reason_and_taken_back(local: LocalDiscord) -> None:
    bare, ban = Bare(local), f"{HERE}/bans/{fixtures.CHARLIE_ID}"
    assert bare.refused("PUT", ban, {}) == (403, 50013)
    allow(local, Permission.BAN_MEMBERS)
    assert bare.refused("GET", ban) == (404, 10026)
    assert bare.refused("PUT", f"{HERE}/bans/1", {}) == (404, 10013)
    assert bare.refused("PUT", f"{HERE}/bans/{fixtures.ALICE_ID}", {}) == (403, 50013)
    assert bare.refused("PUT", ban, {"delete_message_seconds": 8 * DAY}) == (400, 50035)
    local.client.say("charlie", fixtures.GENERAL_ID, "spam")
    bare.headers["X-Audit-Log-Reason"] = "spam%20and%20more"
    bare.ok("PUT", ban, {"delete_message_seconds": 60})
    assert local.client.messages("alice", fixtures.GENERAL_ID) == []
    assert bare.ok("GET", ban)["reason"] == "spam and more"
    assert [each["user"]["username"] for each in bare.ok("GET", f"{HERE}/bans")] == ["charlie"]
    assert bare.refused("GET", f"{HERE}/members/{fixtures.CHARLIE_ID}") == (404, 10007)
    bare.ok("DELETE", ban)
    assert bare.refused("DELETE", ban) == (404, 10026)


def test_nicks_of_oneself_and_of_others(local: LocalDiscord) -> None:
    bare = Bare(local)
    assert bare.ok("PATCH", f"{HERE}/members/@me", {"nick": "Dice"})["nick"] == "Dice"
    assert bare.ok("PATCH", f"{HERE}/members/@me", {"nick": None})["nick"] is None
    assert bare.refused("PATCH", f"{HERE}/members/@me", {"nick": "x" * 33}) == (400, 50035)
    assert bare.refused("PATCH", f"{HERE}/members/{fixtures.BOB_ID}", {"nick": "x"}) == (403, 50013)
    allow(local, Permission.MANAGE_NICKNAMES)
    assert bare.ok("PATCH", f"{HERE}/members/{fixtures.BOB_ID}", {"nick": "Bobby"})["nick"] == "Bobby"
    assert bare.refused("PATCH", f"{HERE}/members/{fixtures.ALICE_ID}", {"nick": "x"}) == (403, 50013)


def test_roles_below_ones_own_are_given_and_taken(local: LocalDiscord) -> None:
    bare, bob = Bare(local), f"{HERE}/members/{fixtures.BOB_ID}"
    assert bare.refused("PUT", f"{bob}/roles/{fixtures.PLAYER_ID}") == (403, 50013)
    allow(local, Permission.MANAGE_ROLES)
    bare.ok("PUT", f"{bob}/roles/{fixtures.PLAYER_ID}")
    assert set(bare.ok("GET", bob)["roles"]) == {str(fixtures.ORGANISER_ID), str(fixtures.PLAYER_ID)}
    bare.ok("DELETE", f"{bob}/roles/{fixtures.ORGANISER_ID}")
    assert bare.ok("PATCH", bob, {"roles": []})["roles"] == []
    assert bare.refused("PUT", f"{bob}/roles/1") == (404, 10011)
    assert bare.refused("PUT", f"{bob}/roles/{fixtures.BOT_ROLE_ID}") == (403, 50013)  # came with a bot
    higher = local.do(lambda world: world.add_role(world.guilds[fixtures.GUILD_ID], "Higher"))
    assert bare.refused("PATCH", bob, {"roles": [str(higher.id)]}) == (403, 50013)


def test_roles_are_made_changed_and_deleted(local: LocalDiscord) -> None:
    bare, roles = Bare(local), f"{HERE}/roles"
    assert bare.refused("POST", roles, {"name": "x"}) == (403, 50013)
    allow(local, Permission.MANAGE_ROLES)
    made = bare.ok("POST", roles, {"name": "Tuesday", "permissions": "1024", "color": 255, "mentionable": True})
    assert (made["position"], made["permissions"], made["mentionable"]) == (1, "1024", True)
    assert bare.refused("POST", roles, {"name": "x", "permissions": "8"}) == (403, 50013)  # more than it has itself
    assert bare.refused("POST", roles, {"name": "x" * 101}) == (400, 50035)
    assert bare.ok("PATCH", f"{roles}/{made['id']}", {"name": "Wednesday"})["name"] == "Wednesday"
    assert bare.ok("GET", f"{roles}/{made['id']}")["name"] == "Wednesday"
    bare.ok("DELETE", f"{roles}/{made['id']}")
    assert bare.refused("DELETE", f"{roles}/{made['id']}") == (404, 10011)
    assert bare.refused("DELETE", f"{roles}/{fixtures.GUILD_ID}") == (400, 50028)
    assert bare.refused("DELETE", f"{roles}/{fixtures.BOT_ROLE_ID}") == (400, 50028)


def test_many_messages_are_deleted_at_once(local: LocalDiscord) -> None:
    bare, path = Bare(local), f"/channels/{fixtures.GENERAL_ID}/messages/bulk-delete"
    ids = [bare.post(fixtures.GENERAL_ID, content=str(i))["id"] for i in range(3)]
    assert bare.refused("POST", path, {"messages": ids}) == (403, 50013)
    allow(local, Permission.MANAGE_MESSAGES)
    assert bare.refused("POST", path, {"messages": ids[:1]}) == (400, 50016)
    assert bare.refused("POST", path, {"messages": [str(i) for i in range(101)]}) == (400, 50016)
    assert bare.refused("POST", path, {"messages": [*ids, "1"]}) == (400, 50034)  # of the year 2015
    bare.ok("POST", path, {"messages": ids[:2]})
    assert [each["id"] for each in local.client.messages("alice", fixtures.GENERAL_ID)] == ids[2:]


def test_the_guild_is_renamed_and_left(local: LocalDiscord) -> None:
    bare = Bare(local)
    assert bare.refused("PATCH", HERE, {"name": "Sunday"}) == (403, 50013)
    allow(local, Permission.MANAGE_GUILD)
    assert bare.ok("PATCH", HERE, {"name": "Sunday"})["name"] == "Sunday"
    assert bare.refused("PATCH", HERE, {"name": "S"}) == (400, 50035)
    assert bare.ok("GET", HERE + "?with_counts=true")["approximate_member_count"] == 5
    alice = Bare(local, "local-alice")
    assert alice.refused("DELETE", f"/users/@me{HERE}") == (400, 50055)
    bare.ok("DELETE", f"/users/@me{HERE}")
    assert bare.refused("GET", HERE) == (404, 10004)


def test_all_members_are_not_listed_without_the_privileged_intent(local: LocalDiscord) -> None:
    bare, path = Bare(local), f"{HERE}/members?limit=2&after={fixtures.ALICE_ID}"
    assert bare.refused("GET", path) == (403, 50001)
    local.do(lambda world: setattr(local.gateway, "privileged", MEMBERS))
    assert [each["user"]["username"] for each in bare.ok("GET", path)] == ["bob", "charlie"]


async def test_discord_py_moderates(local: LocalDiscord, bot: Listener) -> None:
    every = [Permission.BAN_MEMBERS, Permission.KICK_MEMBERS, Permission.MANAGE_ROLES, Permission.MANAGE_MESSAGES]
    allow(local, *every)
    guild = bot.guilds[0]
    role = await guild.create_role(name="Tuesday", colour=discord.Colour.blue())
    bob = await guild.fetch_member(fixtures.BOB_ID)
    await bob.add_roles(role)
    assert role.id in {each.id for each in (await guild.fetch_member(fixtures.BOB_ID)).roles}
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
    Bare(local).ok("PUT", f"{HERE}/bans/{fixtures.BOB_ID}", {})
    again = local.do(lambda world: World(world.store))
    assert again.guilds[fixtures.GUILD_ID].bans == {fixtures.BOB_ID: None}
