"""Every kind of fault. Its docstring is shown to people, by the page's panel and `GET /sandbox/faults/kinds`."""

from random import Random

from gamesched.local_discord.faults.registry import (
    KINDS,
    NEWEST,
    NEWEST_OF_BOT,
    FaultContext,
    FaultParameter,
    InvalidFault,
    fault_kind,
)
from gamesched.local_discord.faults.request_faults import RateLimitFault, RequestFault
from gamesched.local_discord.state.entities import APPLICATION_ID, Channel, Guild, Json, Message, Overwrite, Role
from gamesched.local_discord.state.state import State

__all__ = ["KINDS"]

REQUESTS, CONNECTION, MESSAGES = "Requests", "Connection", "Messages"
CHANNELS, PEOPLE, BOT = "Channels and roles", "People", "The bot"

# --- messages ----------------------------------------------------------------------------------------------------

CHANNEL = FaultParameter("channel_id", "channel", "channel", required=True)


@fault_kind(MESSAGES, CHANNEL, FaultParameter("message_id", "message", "message", NEWEST_OF_BOT))
def delete_message(context: FaultContext, given: Json) -> str:
    """A message is deleted behind the bot's back."""
    channel = context.state.channels[given["channel_id"]]
    message = _find_message(context.state, channel, given["message_id"])
    context.state.delete_message(message)
    return f"{_excerpt(message)} is deleted from {_channel_name(channel)}."


@fault_kind(
    MESSAGES,
    CHANNEL,
    FaultParameter("count", "count", "how many of the newest", 10),
    FaultParameter("message_ids", "messages", "or these messages", seldom=True),
)
def delete_messages(context: FaultContext, given: Json) -> str:
    """Many messages are deleted at once, which is one event."""
    channel = context.state.channels[given["channel_id"]]
    ids = given["message_ids"] or [each.id for each in _public_messages(context.state, channel)][-given["count"] :]
    before = len(context.state.messages.get(channel.id, {}))
    context.state.bulk_delete_messages(channel, ids)
    deleted_count = before - len(context.state.messages.get(channel.id, {}))
    return f"Deleted from {_channel_name(channel)}: {deleted_count} of its messages."


def _public_messages(state: State, channel: Channel) -> list[Message]:
    return [each for each in state.messages.get(channel.id, {}).values() if each.only_for is None]


def _find_message(state: State, channel: Channel, wanted: int | str) -> Message:
    messages = [
        each
        for each in _public_messages(state, channel)
        if wanted == NEWEST or each.id == wanted or (wanted == NEWEST_OF_BOT and each.author_id == APPLICATION_ID)
    ]
    if not messages:
        raise InvalidFault(f"There is no such message in {_channel_name(channel)}.")
    return messages[-1]


def _excerpt(message: Message) -> str:
    text = message.content or next((embed["title"] for embed in message.embeds if embed.get("title")), "")
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”" if text else "A message"


# --- channels and roles ------------------------------------------------------------------------------------------

TARGET = FaultParameter("user_id", "member", "of whom", APPLICATION_ID, seldom=True)


@fault_kind(CHANNELS, CHANNEL)
def delete_channel(context: FaultContext, given: Json) -> str:
    """A channel is deleted, with all in it."""
    channel = _require_guild_channel(context.state.channels[given["channel_id"]])
    context.state.delete_channel(channel)
    return f"{_channel_name(channel)} is deleted."


@fault_kind(CHANNELS, FaultParameter("role_id", "role", "role", required=True))
def delete_role(context: FaultContext, given: Json) -> str:
    """A role is deleted, and all lose it."""
    guild, role = _role(context.state, given["role_id"])
    if role.id == guild.id:
        raise InvalidFault("Discord lets nobody delete @everyone.")
    context.state.delete_role(guild, role)
    return f"The role {role.name} is deleted."


@fault_kind(
    CHANNELS,
    CHANNEL,
    FaultParameter("take", "permissions", "what is taken (none: all is given back)", required=True),
    TARGET,
)
def permissions(context: FaultContext, given: Json) -> str:
    """In a channel, the bot or someone may no longer do some things."""
    bits = sum(set(given["take"]))
    channel = _channel_with_overwrites(context.state, given)
    context.state.set_overwrite(channel, Overwrite(given["user_id"], 1, 0, bits))
    return f"Permissions are {'taken' if bits else 'given back'} in {_channel_name(channel)}."


@fault_kind(CHANNELS, CHANNEL, FaultParameter("permissions", "permissions", "what (none: as at first)", ()), TARGET)
def give(context: FaultContext, given: Json) -> str:
    """In a channel, the bot or someone is allowed some things, or is as before any were taken."""
    channel, target = _channel_with_overwrites(context.state, given), given["user_id"]
    bits = sum(set(given["permissions"]))
    old = next((each for each in channel.overwrites if each.id == target), Overwrite(target, 1))
    new = Overwrite(target, 1, old.allow | bits, old.deny & ~bits) if bits else Overwrite(target, 1)
    context.state.set_overwrite(channel, new)
    return f"Permissions are given in {_channel_name(channel)}."


@fault_kind(
    CHANNELS,
    FaultParameter("channel_id", "channel", "channel", one_of="what"),
    FaultParameter("role_id", "role", "role", one_of="what"),
    FaultParameter("user_id", "member", "person; with a server, their nick there", one_of="what"),
    FaultParameter("guild_id", "guild", "server", one_of="what"),
    FaultParameter("name", "text", "new name", required=True),
)
def rename(context: FaultContext, given: Json) -> str:
    """A channel, a role, a person or a server gets another name."""
    state, name, user_id = context.state, given["name"], given["user_id"]
    if not name and (user_id is None or given["guild_id"] is None):
        raise InvalidFault("Only a nick may be empty.")
    if given["channel_id"] is not None:
        state.rename_channel(_require_guild_channel(state.channels[given["channel_id"]]), name)
    elif given["role_id"] is not None:
        guild, role = _role(state, given["role_id"])
        state.change_role(guild, role, name=name)
    elif user_id is not None and given["guild_id"] is not None:
        guild = _guild_of_member(state, given)
        state.change_member(guild, guild.members[user_id], nick=name or None)
    elif user_id is not None:
        state.rename_user(state.users[user_id], name)
    elif given["guild_id"] is not None:
        state.change_guild(state.guilds[given["guild_id"]], name=name)
    else:
        raise InvalidFault("Say what to rename: channel_id, role_id, user_id or guild_id.")
    return f"The name is {name} now."


# --- people ------------------------------------------------------------------------------------------------------

PERSON = FaultParameter("user_id", "person", "person", required=True)
SERVER = FaultParameter("guild_id", "guild", "server (the only one)")


@fault_kind(PEOPLE, PERSON, SERVER)
def remove_member(context: FaultContext, given: Json) -> str:
    """Someone leaves the server or is kicked."""
    guild = _guild_of_member(context.state, given, refuse_owner=True)
    context.state.remove_member(guild, given["user_id"])
    return f"{_person_name(context.state, given)} is no longer in {guild.name}."


@fault_kind(PEOPLE, PERSON, SERVER)
def ban_member(context: FaultContext, given: Json) -> str:
    """Someone is banned from the server."""
    guild = _guild(context.state, given)
    _refuse_owner(guild, given)
    context.state.ban(guild, given["user_id"])
    return f"{_person_name(context.state, given)} is banned from {guild.name}."


@fault_kind(PEOPLE, PERSON, SERVER, FaultParameter("role_ids", "roles", "with these roles", ()))
def add_member(context: FaultContext, given: Json) -> str:
    """Someone joins the server, even after a ban."""
    guild = _guild(context.state, given)
    _lift_ban(context.state, guild, given["user_id"])
    if given["user_id"] in guild.members:
        raise InvalidFault(f"{_person_name(context.state, given)} is in {guild.name} already.")
    context.state.add_members(guild, [context.state.users[given["user_id"]]], _role_ids(guild, given))
    return f"{_person_name(context.state, given)} is in {guild.name}."


@fault_kind(PEOPLE, PERSON, FaultParameter("role_ids", "roles", "has these roles only", required=True), SERVER)
def change_roles(context: FaultContext, given: Json) -> str:
    """Someone gets other roles."""
    guild = _guild_of_member(context.state, given)
    context.state.change_member(guild, guild.members[given["user_id"]], roles=_role_ids(guild, given))
    names = ", ".join(guild.roles[each].name for each in guild.members[given["user_id"]].roles)
    return f"Roles of {_person_name(context.state, given)}: {names or 'none'}."


@fault_kind(PEOPLE, PERSON, SERVER)
def change_owner(context: FaultContext, given: Json) -> str:
    """The server belongs to someone else."""
    guild = _guild_of_member(context.state, given)
    context.state.change_guild(guild, owner_id=given["user_id"])
    return f"{guild.name} belongs to {_person_name(context.state, given)}."


@fault_kind(PEOPLE, PERSON, FaultParameter("open", "flag", "open again", False))
def close_dms(context: FaultContext, given: Json) -> str:
    """Someone takes no direct messages."""
    context.state.set_dms_open(context.state.users[given["user_id"]], given["open"])
    return f"{_person_name(context.state, given)} takes {'' if given['open'] else 'no '}direct messages."


# --- the bot -----------------------------------------------------------------------------------------------------


@fault_kind(BOT, SERVER)
def kick_bot(context: FaultContext, given: Json) -> str:
    """The bot is removed from the server."""
    guild = _guild(context.state, given)
    if APPLICATION_ID not in guild.members:
        raise InvalidFault(f"The bot is not in {guild.name}.")
    context.state.remove_member(guild, APPLICATION_ID)
    return f"The bot is no longer in {guild.name}."


@fault_kind(BOT, SERVER)
def invite_bot(context: FaultContext, given: Json) -> str:
    """The bot is invited to the server, or comes back."""
    guild = _guild(context.state, given)
    if APPLICATION_ID in guild.members:
        raise InvalidFault(f"The bot is in {guild.name} already.")
    _lift_ban(context.state, guild, APPLICATION_ID)
    context.state.add_bot(guild)
    return f"The bot is in {guild.name}."


@fault_kind(BOT, SERVER, FaultParameter("over", "flag", "it is over", False))
def outage(context: FaultContext, given: Json) -> str:
    """The server is unavailable, until it is said to be over."""
    guild = _guild(context.state, given)
    context.state.set_unavailable(guild, not given["over"])
    return f"{guild.name} is {'' if given['over'] else 'un'}available."


# --- requests ----------------------------------------------------------------------------------------------------

MATCH = FaultParameter("match", "request", "which requests", "*")
SECONDS = FaultParameter("seconds", "seconds", "for how many seconds", 30.0)
REQUEST_PARAMETERS = (
    MATCH,
    FaultParameter("times", "number", "how many of them (0: until cleared)", 1),
    FaultParameter("probability", "part", "which part of them (0.3: three in ten)", 1.0, seldom=True),
    FaultParameter("seed", "number", "the same number draws the same ones", seldom=True),
)


def _add_request_fault(context: FaultContext, name: str, given: Json) -> str:
    times, probability = given["times"], given["probability"]
    random = Random(given["seed"])  # noqa: S311 (a draw, not a secret)
    context.pending.append(RequestFault(next(context.ids), name, given, times or None, probability, random))
    which = "" if given["match"] == "*" else f" like {given['match']}"
    how_many = {0: "Requests", 1: "The next request"}.get(times, f"The next {times} requests")
    return f"Waiting. {how_many}{which}: {name}{'' if probability == 1 else f' for {probability:.0%} of them'}."


@fault_kind(
    REQUESTS,
    *REQUEST_PARAMETERS,
    FaultParameter("status", "status", "HTTP status", 500),
    FaultParameter("code", "number", "Discord's error code", 0, seldom=True),
    FaultParameter("message", "text", "Discord's message", "", seldom=True),
    FaultParameter("retry_after", "seconds", "with 429: seconds to wait", 1.0, seldom=True),
)
def status(context: FaultContext, given: Json) -> str:
    """Requests are answered with an error and not done."""
    return _add_request_fault(context, "status", given)


@fault_kind(
    REQUESTS,
    MATCH,
    FaultParameter("retry_after", "seconds", "for how many seconds", 2.0),
    FaultParameter("scope", "choice", "whose limit", "user", choices=("user", "shared", "global")),
)
def rate_limit(context: FaultContext, given: Json) -> str:
    """From the next matching request on, all are refused with 429 for some seconds."""
    context.pending.append(RateLimitFault(next(context.ids), "rate_limit", given))
    return f"Waiting. The next request begins a rate limit of {given['retry_after']:g} s ({given['scope']})."


@fault_kind(REQUESTS, *REQUEST_PARAMETERS, SECONDS)
def timeout(context: FaultContext, given: Json) -> str:
    """Requests hang, are not done, and the connection is cut."""
    return _add_request_fault(context, "timeout", given)


@fault_kind(REQUESTS, *REQUEST_PARAMETERS, FaultParameter("seconds", "seconds", "how many seconds late", 30.0))
def delay(context: FaultContext, given: Json) -> str:
    """Requests are done, but late."""
    return _add_request_fault(context, "delay", given)


@fault_kind(REQUESTS, *REQUEST_PARAMETERS)
def lost(context: FaultContext, given: Json) -> str:
    """Requests are done, but the answer is lost and the connection cut."""
    return _add_request_fault(context, "lost", given)


# --- the connection ----------------------------------------------------------------------------------------------


@fault_kind(CONNECTION, FaultParameter("seconds", "seconds", "for how many seconds", 10.0))
def freeze(context: FaultContext, given: Json) -> str:
    """The bot gets no answer, no event and no heartbeat for some seconds; then everything goes on."""
    context.frozen.begin(given["seconds"])
    return f"Frozen for {given['seconds']:g} s."


@fault_kind(CONNECTION, FaultParameter("seconds", "seconds", "for how many seconds", 10.0))
def unreachable(context: FaultContext, given: Json) -> str:
    """The gateway is cut, and every attempt to connect or ask fails at once for some seconds."""
    context.unreachable.begin(given["seconds"])
    context.frozen.end()  # frozen connections are cut, too
    context.abort_connections()
    return f"Unreachable for {given['seconds']:g} s."


@fault_kind(
    CONNECTION,
    FaultParameter("resumable", "flag", "the session can be resumed", True),
    FaultParameter("reconnect", "flag", "Discord asks to reconnect first", False),
)
def gateway_drop(context: FaultContext, given: Json) -> str:
    """The gateway's connection is closed once; the bot comes back when it likes."""
    context.gateway.drop_connections(given["resumable"], given["reconnect"])
    return "The gateway's connection is closed."


@fault_kind(CONNECTION, FaultParameter("resumable", "flag", "the session can be resumed", False))
def invalid_session(context: FaultContext, given: Json) -> str:
    """Discord declares the bot's session invalid (op 9)."""
    context.gateway.invalidate_sessions(given["resumable"])
    return f"The session is invalid{', but can be resumed' if given['resumable'] else ''}."


# --- looking up what a fault refers to ---------------------------------------------------------------------------


def _guild(state: State, given: Json) -> Guild:
    """Return the fault's guild, or the only one if none is given."""
    if given["guild_id"] is not None:
        return state.guilds[given["guild_id"]]
    if len(state.guilds) != 1:
        raise InvalidFault("Say in which server: guild_id.")
    return next(iter(state.guilds.values()))


def _guild_of_member(state: State, given: Json, refuse_owner: bool = False) -> Guild:
    guild = _guild(state, given)
    if given["user_id"] not in guild.members:
        raise InvalidFault(f"{_person_name(state, given)} is not in {guild.name}.")
    if refuse_owner:
        _refuse_owner(guild, given)
    return guild


def _refuse_owner(guild: Guild, given: Json) -> None:
    if guild.owner_id == given["user_id"]:
        raise InvalidFault(f"An owner cannot be removed. First, change_owner of {guild.name}.")


def _role_ids(guild: Guild, given: Json) -> list[int]:
    """The named roles, which must be the guild's. @everyone is no one's in particular."""
    if unknown := [each for each in given["role_ids"] if each not in guild.roles]:
        raise InvalidFault(f"role_ids: {unknown[0]} is no role of {guild.name}.")
    return [each for each in given["role_ids"] if each != guild.id]


def _lift_ban(state: State, guild: Guild, user_id: int) -> None:
    if user_id in guild.bans:
        state.unban(guild, user_id)


def _require_guild_channel(channel: Channel) -> Channel:
    if channel.guild_id is None:
        raise InvalidFault("That is not possible in direct messages.")
    return channel


def _channel_with_overwrites(state: State, given: Json) -> Channel:
    """Return the channel with the permissions that apply: for a thread, its parent."""
    channel = _require_guild_channel(state.channels[given["channel_id"]])
    return channel if channel.thread is None else state.channels[channel.parent_id or 0]


def _role(state: State, role_id: int) -> tuple[Guild, Role]:
    return next((guild, guild.roles[role_id]) for guild in state.guilds.values() if role_id in guild.roles)


def _person_name(state: State, given: Json) -> str:
    user = state.users[given["user_id"]]
    return user.global_name or user.username


def _channel_name(channel: Channel) -> str:
    return f"#{channel.name}" if channel.guild_id is not None else "the direct messages"
