"""Who and what is in the world when it starts: one guild, five people, one bot. The ids never change."""

from typing import Any

from gamesched.local_discord.state import permissions
from gamesched.local_discord.state.entities import APPLICATION_ID, FORUM, TEXT, VOICE, Channel, User
from gamesched.local_discord.state.state import World

GUILD_ID = 1200000000000000001
GENERAL_ID, GAME_NIGHT_ID, RAIDS_ID, TABLE_ID, CAMPAIGNS_ID = (GUILD_ID + n for n in range(10, 15))
ORGANISER_ID, PLAYER_ID, BOT_ROLE_ID = (GUILD_ID + n for n in (20, 21, 22))
ALICE_ID, BOB_ID, CHARLIE_ID, DANA_ID, ERIN_ID = (1300000000000000000 + n for n in range(1, 6))


def populate(world: World) -> None:
    """Fill a new world. Alice owns the guild, Dana takes no direct messages, Erin is in no guild with the bot."""
    world.add_user(User(APPLICATION_ID, "Game Scheduler", bot=True))
    for user_id, name in ((ALICE_ID, "alice"), (BOB_ID, "bob"), (CHARLIE_ID, "charlie")):
        world.add_user(User(user_id, name, name.title()))
    world.add_user(User(DANA_ID, "dana", "Dana", dms_open=False))
    world.add_user(User(ERIN_ID, "erin", "Erin"))
    guild = world.add_guild("Friday Night Dice", ALICE_ID, GUILD_ID)
    for channel_id, name in ((GENERAL_ID, "general"), (GAME_NIGHT_ID, "game-night"), (RAIDS_ID, "raids")):
        world.add_channel(guild, name, TEXT, channel_id)
    world.add_channel(guild, "Table", VOICE, TABLE_ID)
    bits = permissions.ORGANISER | permissions.Permission.MANAGE_GUILD
    world.add_role(guild, "Organiser", int(bits), ORGANISER_ID, color=0xE67E22)
    world.add_role(guild, "Player", 0, PLAYER_ID, color=0x2ECC71)
    world.add_bot(guild, BOT_ROLE_ID)
    world.add_members(guild, [world.users[BOB_ID]], [ORGANISER_ID])
    world.change_member(guild, guild.members[BOB_ID], nick="Bob the GM")
    world.add_members(guild, [world.users[CHARLIE_ID], world.users[DANA_ID]], [PLAYER_ID])


KEEPER_ID, VETERAN_ID = GUILD_ID + 23, GUILD_ID + 24
FRANK_ID, GINA_ID, HEIDI_ID, IVAN_ID = (1300000000000000000 + n for n in range(6, 10))
ELSEWHERE_ID = GUILD_ID + 1000


def add_forum(world: World, **more: Any) -> Channel:
    """A forum to announce games in; `more` are fields of `Channel`."""
    return world.add_channel(world.guilds[GUILD_ID], "campaigns", FORUM, CAMPAIGNS_ID, **more)


def add_crowd(world: World) -> None:
    """More people, for the demo to show who may do what.

    Heidi keeps the games by a role, Gina plays as a veteran, Frank has no role, Ivan is for the demo to block; Erin
    owns another guild, in which Frank is too. And a forum.
    """
    guild = world.guilds[GUILD_ID]
    add_forum(world)
    world.add_role(guild, "Keeper", 0, KEEPER_ID, color=0x9B59B6)
    world.add_role(guild, "Veteran", 0, VETERAN_ID, color=0x3498DB)
    for user_id, name, roles in (
        (FRANK_ID, "frank", []),
        (GINA_ID, "gina", [PLAYER_ID, VETERAN_ID]),
        (HEIDI_ID, "heidi", [KEEPER_ID]),
        (IVAN_ID, "ivan", [PLAYER_ID]),
    ):
        world.add_members(guild, [world.add_user(User(user_id, name, name.title()))], list[int](roles))
    elsewhere = world.add_guild("Wednesday Board Games", ERIN_ID, ELSEWHERE_ID)
    world.add_channel(elsewhere, "table-talk", TEXT, ELSEWHERE_ID + 10)
    world.add_bot(elsewhere, ELSEWHERE_ID + 22)
    world.add_members(elsewhere, [world.users[FRANK_ID]])
