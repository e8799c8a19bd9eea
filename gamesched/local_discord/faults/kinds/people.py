"""People who come, go, and change."""

from gamesched.local_discord.faults.kinds.lookup import (
    PERSON,
    SERVER,
    find_guild,
    guild_of_member,
    lift_ban,
    person_name,
    refuse_owner,
    role_ids,
)
from gamesched.local_discord.faults.registry import FaultContext, FaultParameter, InvalidFault, fault_kind
from gamesched.local_discord.state.entities import Json

GROUP = "People"


@fault_kind(GROUP, PERSON, SERVER)
def remove_member(context: FaultContext, given: Json) -> str:
    """Someone leaves the server or is kicked."""
    guild = guild_of_member(context.state, given)
    refuse_owner(guild, given)
    context.state.remove_member(guild, given["user_id"])
    return f"{person_name(context.state, given)} is no longer in {guild.name}."


@fault_kind(GROUP, PERSON, SERVER)
def ban_member(context: FaultContext, given: Json) -> str:
    """Someone is banned from the server."""
    guild = find_guild(context.state, given)
    refuse_owner(guild, given)
    context.state.ban(guild, given["user_id"])
    return f"{person_name(context.state, given)} is banned from {guild.name}."


@fault_kind(GROUP, PERSON, SERVER, FaultParameter("role_ids", "roles", "with these roles", ()))
def add_member(context: FaultContext, given: Json) -> str:
    """Someone joins the server, even after a ban."""
    guild = find_guild(context.state, given)
    lift_ban(context.state, guild, given["user_id"])
    if given["user_id"] in guild.members:
        raise InvalidFault(f"{person_name(context.state, given)} is in {guild.name} already.")
    context.state.add_members(guild, [context.state.users[given["user_id"]]], role_ids(guild, given))
    return f"{person_name(context.state, given)} is in {guild.name}."


@fault_kind(GROUP, PERSON, FaultParameter("role_ids", "roles", "has these roles only", required=True), SERVER)
def change_roles(context: FaultContext, given: Json) -> str:
    """Someone gets other roles."""
    guild = guild_of_member(context.state, given)
    context.state.change_member(guild, guild.members[given["user_id"]], roles=role_ids(guild, given))
    names = ", ".join(guild.roles[each].name for each in guild.members[given["user_id"]].roles)
    return f"Roles of {person_name(context.state, given)}: {names or 'none'}."


@fault_kind(GROUP, PERSON, SERVER)
def change_owner(context: FaultContext, given: Json) -> str:
    """The server belongs to someone else."""
    guild = guild_of_member(context.state, given)
    context.state.change_guild(guild, owner_id=given["user_id"])
    return f"{guild.name} belongs to {person_name(context.state, given)}."


@fault_kind(GROUP, PERSON, FaultParameter("open", "flag", "open again", False))
def close_dms(context: FaultContext, given: Json) -> str:
    """Someone takes no direct messages."""
    context.state.set_dms_open(context.state.users[given["user_id"]], given["open"])
    return f"{person_name(context.state, given)} takes {'' if given['open'] else 'no '}direct messages."


@fault_kind(GROUP, PERSON, FaultParameter("seconds", "number", "for how many seconds (0: no longer)", 600), SERVER)
def time_out(context: FaultContext, given: Json) -> str:
    """Someone is timed out: they may read, and neither write, click nor react."""
    guild = guild_of_member(context.state, given)
    until = context.state.clock() + given["seconds"] if given["seconds"] else None
    context.state.change_member(guild, guild.members[given["user_id"]], timed_out_until=until)
    return f"{person_name(context.state, given)} is {'' if until else 'no longer '}timed out in {guild.name}."


@fault_kind(GROUP, PERSON, FaultParameter("passed", "flag", "they have passed it", False), SERVER)
def screening(context: FaultContext, given: Json) -> str:
    """Someone has not passed the server's membership screening, and may only read until then."""
    guild = guild_of_member(context.state, given)
    context.state.change_member(guild, guild.members[given["user_id"]], pending=not given["passed"])
    passed = "has passed" if given["passed"] else "has yet to pass"
    return f"{person_name(context.state, given)} {passed} the screening of {guild.name}."
