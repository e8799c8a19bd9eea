"""Who and what is in the world when it starts: one guild, five people, one bot. The ids never change."""

from discord_bot.sandbox import permissions
from discord_bot.sandbox.things import APPLICATION_ID, TEXT, VOICE, User
from discord_bot.sandbox.world import World

GUILD_ID = 1200000000000000001
GENERAL_ID, GAME_NIGHT_ID, RAIDS_ID, TABLE_ID = (GUILD_ID + n for n in (10, 11, 12, 13))
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
