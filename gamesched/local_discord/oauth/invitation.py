"""Inviting the bot to a server: the same address as logging in, with the scope `bot` and nowhere to go back to."""

from collections.abc import Mapping
from html import escape

from gamesched.local_discord.fixtures import ERIN_ID
from gamesched.local_discord.state.entities import APPLICATION_ID, Guild
from gamesched.local_discord.state.state import State

NEW_GUILD, NEW_CHANNELS = "Game Night", ("general", "games")


def is_invitation(query: Mapping[str, str]) -> bool:
    """Return whether this asks to add the bot to a server, and for nothing else."""
    return "bot" in query.get("scope", "").split() and "response_type" not in query


def invitation_body(state: State, query: Mapping[str, str], action: str) -> str:
    """Return the choice of servers: those without the bot, a new one, and those it may get more rights in."""
    asked = query.get("guild_id", "")
    guilds = [each for each in state.guilds.values() if asked in ("", str(each.id))]
    rows = [
        (str(each.id), each.name, f"{'Has the bot' if _has_bot(each) else 'No bot yet'}, {_owner(state, each)} owns it")
        for each in sorted(guilds, key=_has_bot)
    ]
    if not asked:
        rows.insert(0, ("new", f"{NEW_GUILD}, a new server", f"{_newcomer(state)[1]} owns it"))
    buttons = "".join(
        f'<button name="guild" value="{value}"><span>{escape(name)}</span><small>{escape(about)}</small></button>'
        for value, name, about in rows
    )
    return (
        f"<h1>Add to a server</h1><p>Where do you want <b>{escape(state.bot.username)}</b>?</p>"
        f'<form method="post" action="{escape(action)}"><div class="people">{buttons}</div></form>'
    )


def accept_invitation(state: State, query: Mapping[str, str], chosen: str) -> str | None:
    """Add the bot, or what the link asks for to its role, and return the page that says so; None for no such server."""
    if chosen == "new":
        guild = state.add_guild(NEW_GUILD, _newcomer(state)[0])
        for name in NEW_CHANNELS:
            state.add_channel(guild, name)
    elif (found := next((each for each in state.guilds.values() if str(each.id) == chosen), None)) is not None:
        guild = found
    else:
        return None
    if not _has_bot(guild):
        state.add_bot(guild)
    role = next(each for each in guild.roles.values() if each.bot_id == APPLICATION_ID)
    if (asked := query.get("permissions", "")).isdecimal():
        state.change_role(guild, role, bits=role.permissions | int(asked))
    channel = state.channels_of(guild)[0]
    owner = state.users[guild.owner_id].username
    return (
        f"<h1>Added</h1><p><b>{escape(state.bot.username)}</b> is in <b>{escape(guild.name)}</b>.</p>"
        f'<p><a href="/channels/{guild.id}/{channel.id}?as={escape(owner)}">Go to {escape(guild.name)}</a></p>'
    )


def _has_bot(guild: Guild) -> bool:
    return APPLICATION_ID in guild.members


def _owner(state: State, guild: Guild) -> str:
    return state.users[guild.owner_id].global_name or state.users[guild.owner_id].username


def _newcomer(state: State) -> tuple[int, str]:
    """Return who owns a new server, and their name: Erin, who is in no server of the others."""
    person = state.users.get(ERIN_ID) or state.people()[-1]
    return person.id, person.global_name or person.username
