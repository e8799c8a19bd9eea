"""The initial state: one guild, five people, one bot. The ids never change."""

import hashlib
from typing import Any

from gamesched.local_discord.state import permissions
from gamesched.local_discord.state.entities import APPLICATION_ID, FORUM, TEXT, VOICE, Channel, User
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import State

GUILD_ID = 1200000000000000001
USER_ID_BASE = 1300000000000000000
GENERAL_ID, GAME_NIGHT_ID, RAIDS_ID, TABLE_ID, CAMPAIGNS_ID = (GUILD_ID + n for n in range(10, 15))
ORGANISER_ID, PLAYER_ID, BOT_ROLE_ID = (GUILD_ID + n for n in (20, 21, 22))
ALICE_ID, BOB_ID, CHARLIE_ID, DANA_ID, ERIN_ID = (USER_ID_BASE + n for n in range(1, 6))


def picture_hash(owner_id: int) -> str:
    """Return the hash of the picture of a person or guild."""
    return hashlib.sha256(f"picture of {owner_id}".encode()).hexdigest()[:32]


def person(user_id: int, name: str, *, dms_open: bool = True) -> User:
    """Return one of the cast."""
    return User(user_id, name, name.title(), dms_open=dms_open, avatar=picture_hash(user_id))


def populate(state: State) -> None:
    """Fill a new state. Alice owns the guild, Dana accepts no direct messages, Erin is in no guild with the bot."""
    state.add_user(User(APPLICATION_ID, "Game Scheduler", bot=True, avatar=picture_hash(APPLICATION_ID)))
    for user_id, name in ((ALICE_ID, "alice"), (BOB_ID, "bob"), (CHARLIE_ID, "charlie")):
        state.add_user(person(user_id, name))
    state.add_user(person(DANA_ID, "dana", dms_open=False))
    state.add_user(person(ERIN_ID, "erin"))
    guild = state.add_guild("Friday Night Dice", ALICE_ID, GUILD_ID, picture_hash(GUILD_ID))
    for channel_id, name in ((GENERAL_ID, "general"), (GAME_NIGHT_ID, "game-night"), (RAIDS_ID, "raids")):
        state.add_channel(guild, name, TEXT, channel_id)
    state.add_channel(guild, "Table", VOICE, TABLE_ID)
    bits = permissions.ORGANISER_PERMISSIONS | permissions.Permission.MANAGE_GUILD
    state.add_role(guild, "Organiser", int(bits), ORGANISER_ID, color=0xE67E22)
    state.add_role(guild, "Player", 0, PLAYER_ID, color=0x2ECC71)
    state.add_bot(guild, BOT_ROLE_ID)
    state.add_members(guild, [state.users[BOB_ID]], [ORGANISER_ID])
    state.change_member(guild, guild.members[BOB_ID], nick="Bob the GM")
    state.add_members(guild, [state.users[CHARLIE_ID], state.users[DANA_ID]], [PLAYER_ID])


KEEPER_ID, VETERAN_ID = GUILD_ID + 23, GUILD_ID + 24
FRANK_ID, GINA_ID, HEIDI_ID, IVAN_ID = (USER_ID_BASE + n for n in range(6, 10))
SECOND_GUILD_ID = GUILD_ID + 1000


def add_forum(state: State, **more: Any) -> Channel:
    """Add a forum to announce games in; `more` are fields of `Channel`."""
    return state.add_channel(state.guilds[GUILD_ID], "campaigns", FORUM, CAMPAIGNS_ID, **more)


def add_crowd(state: State) -> None:
    """Add more people, for the demo to show who may do what.

    Heidi manages games by a role, Gina plays as a veteran, Frank has no role, Ivan is for the demo to block; Erin
    owns another guild, in which Frank is too. Also add a forum, and let the bot do what stands beside posts.
    """
    guild = state.guilds[GUILD_ID]
    add_forum(state)
    state.add_role(guild, "Keeper", 0, KEEPER_ID, color=0x9B59B6)
    state.add_role(guild, "Veteran", 0, VETERAN_ID, color=0x3498DB)
    for user_id, name, roles in (
        (FRANK_ID, "frank", []),
        (GINA_ID, "gina", [PLAYER_ID, VETERAN_ID]),
        (HEIDI_ID, "heidi", [KEEPER_ID]),
        (IVAN_ID, "ivan", [PLAYER_ID]),
    ):
        state.add_members(guild, [state.add_user(person(user_id, name))], list[int](roles))
    # For events, threads, voice channels, roles and pins beside posts.
    guild.roles[BOT_ROLE_ID].permissions |= int(
        Permission.MANAGE_CHANNELS
        | Permission.MANAGE_ROLES
        | Permission.CREATE_PUBLIC_THREADS
        | Permission.MANAGE_THREADS
        | Permission.PIN_MESSAGES
    )
    second_guild = state.add_guild("Wednesday Board Games", ERIN_ID, SECOND_GUILD_ID, picture_hash(SECOND_GUILD_ID))
    state.add_channel(second_guild, "table-talk", TEXT, SECOND_GUILD_ID + 10)
    state.add_bot(second_guild, SECOND_GUILD_ID + 22)
    state.add_members(second_guild, [state.users[FRANK_ID]])
