"""Kicks, bans, and many messages deleted at once."""

from discord_bot.sandbox import cast
from discord_bot.sandbox.testing import LocalDiscord
from discord_bot.sandbox.tests.bare import Bare
from discord_bot.sandbox.world import Event


def test_the_world_bans_unbans_and_deletes_in_bulk(local: LocalDiscord) -> None:
    heard: list[Event] = []
    local.do(lambda world: world.subscribe(heard.append))
    ids = [int(Bare(local).post(cast.GENERAL_ID, content=str(i))["id"]) for i in range(2)]
    heard.clear()
    guild = local.world.guilds[cast.GUILD_ID]
    local.do(lambda world: world.ban(guild, cast.BOB_ID))
    assert cast.BOB_ID not in guild.members
    local.do(lambda world: world.unban(guild, cast.BOB_ID))
    local.do(lambda world: world.bulk_delete(world.channels[cast.GENERAL_ID], [*ids, 7]))
    names = ["GUILD_MEMBER_REMOVE", "GUILD_BAN_ADD", "GUILD_BAN_REMOVE", "MESSAGE_DELETE_BULK"]
    assert [event.name for event in heard] == names
    assert heard[-1].data["ids"] == [str(each) for each in ids]
    assert local.client.messages("alice", cast.GENERAL_ID) == []
