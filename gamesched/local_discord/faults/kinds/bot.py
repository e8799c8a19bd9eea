"""What happens to the bot itself."""

from gamesched.local_discord.faults.kinds.lookup import SERVER, find_guild, lift_ban
from gamesched.local_discord.faults.registry import FaultContext, FaultParameter, InvalidFault, fault_kind
from gamesched.local_discord.state.entities import APPLICATION_ID, Json

GROUP = "The bot"


@fault_kind(GROUP, SERVER)
def kick_bot(context: FaultContext, given: Json) -> str:
    """The bot is removed from the server."""
    guild = find_guild(context.state, given)
    if APPLICATION_ID not in guild.members:
        raise InvalidFault(f"The bot is not in {guild.name}.")
    context.state.remove_member(guild, APPLICATION_ID)
    return f"The bot is no longer in {guild.name}."


@fault_kind(GROUP, SERVER)
def invite_bot(context: FaultContext, given: Json) -> str:
    """The bot is invited to the server, or comes back."""
    guild = find_guild(context.state, given)
    if APPLICATION_ID in guild.members:
        raise InvalidFault(f"The bot is in {guild.name} already.")
    lift_ban(context.state, guild, APPLICATION_ID)
    context.state.add_bot(guild)
    return f"The bot is in {guild.name}."


@fault_kind(GROUP, SERVER, FaultParameter("over", "flag", "it is over", False))
def outage(context: FaultContext, given: Json) -> str:
    """The server is unavailable, until it is said to be over."""
    guild = find_guild(context.state, given)
    context.state.set_unavailable(guild, not given["over"])
    return f"{guild.name} is {'' if given['over'] else 'un'}available."
