"""Every kind of fault: what it does is its docstring, which the page's panel and `GET /sandbox/faults/kinds` show."""

from random import Random

from gamesched.local_discord.faults.registry import KINDS, NEWEST, NEWEST_OF_BOT, BadFault, Key, Scene, kind
from gamesched.local_discord.faults.request_faults import Closed, Fault
from gamesched.local_discord.state.entities import APPLICATION_ID, Channel, Guild, Json, Message, Overwrite, Role
from gamesched.local_discord.state.state import World

__all__ = ["KINDS"]

REQUESTS, CONNECTION, MESSAGES = "Requests", "Connection", "Messages"
CHANNELS, PEOPLE, BOT = "Channels and roles", "People", "The bot"

# --- messages ----------------------------------------------------------------------------------------------------

CHANNEL = Key("channel_id", "channel", "channel", required=True)


@kind(MESSAGES, CHANNEL, Key("message_id", "message", "message", NEWEST_OF_BOT))
def delete_message(scene: Scene, given: Json) -> str:
    """A message is deleted behind the bot's back."""
    channel = scene.world.channels[given["channel_id"]]
    message = _message(scene.world, channel, given["message_id"])
    scene.world.delete(message)
    return f"{_excerpt(message)} is deleted from {_name(channel)}."


@kind(
    MESSAGES,
    CHANNEL,
    Key("count", "count", "how many of the newest", 10),
    Key("message_ids", "messages", "or these messages", seldom=True),
)
def delete_messages(scene: Scene, given: Json) -> str:
    """Many messages are deleted at once, which is one event."""
    channel = scene.world.channels[given["channel_id"]]
    ids = given["message_ids"] or [each.id for each in _public(scene.world, channel)][-given["count"] :]
    before = len(scene.world.messages.get(channel.id, {}))
    scene.world.bulk_delete(channel, ids)
    gone = before - len(scene.world.messages.get(channel.id, {}))
    return f"Deleted from {_name(channel)}: {gone} of its messages."


def _public(world: World, channel: Channel) -> list[Message]:
    return [each for each in world.messages.get(channel.id, {}).values() if each.only_for is None]


def _message(world: World, channel: Channel, wanted: int | str) -> Message:
    found = [
        each
        for each in _public(world, channel)
        if wanted == NEWEST or each.id == wanted or (wanted == NEWEST_OF_BOT and each.author_id == APPLICATION_ID)
    ]
    if not found:
        raise BadFault(f"There is no such message in {_name(channel)}.")
    return found[-1]


def _excerpt(message: Message) -> str:
    said = message.content or next((embed["title"] for embed in message.embeds if embed.get("title")), "")
    return f"“{said if len(said) <= 40 else said[:39] + '…'}”" if said else "A message"


# --- channels and roles ------------------------------------------------------------------------------------------

TARGET = Key("user_id", "member", "of whom", APPLICATION_ID, seldom=True)


@kind(CHANNELS, CHANNEL)
def delete_channel(scene: Scene, given: Json) -> str:
    """A channel is deleted, with all in it."""
    channel = _in_a_guild(scene.world.channels[given["channel_id"]])
    scene.world.delete_channel(channel)
    return f"{_name(channel)} is deleted."


@kind(CHANNELS, Key("role_id", "role", "role", required=True))
def delete_role(scene: Scene, given: Json) -> str:
    """A role is deleted, and all lose it."""
    guild, role = _role(scene.world, given["role_id"])
    if role.id == guild.id:
        raise BadFault("Discord lets nobody delete @everyone.")
    scene.world.delete_role(guild, role)
    return f"The role {role.name} is deleted."


@kind(
    CHANNELS,
    CHANNEL,
    Key("take", "permissions", "what is taken (none: all is given back)", required=True),
    TARGET,
)
def permissions(scene: Scene, given: Json) -> str:
    """In a channel, the bot or someone may no longer do some things."""
    bits = sum(set(given["take"]))
    channel = _outer(scene.world, given)
    scene.world.overwrite(channel, Overwrite(given["user_id"], 1, 0, bits))
    return f"Permissions are {'taken' if bits else 'given back'} in {_name(channel)}."


@kind(CHANNELS, CHANNEL, Key("permissions", "permissions", "what (none: as at first)", ()), TARGET)
def give(scene: Scene, given: Json) -> str:
    """In a channel, the bot or someone is allowed some things, or is as before any were taken."""
    channel, target = _outer(scene.world, given), given["user_id"]
    bits = sum(set(given["permissions"]))
    old = next((each for each in channel.overwrites if each.id == target), Overwrite(target, 1))
    new = Overwrite(target, 1, old.allow | bits, old.deny & ~bits) if bits else Overwrite(target, 1)
    scene.world.overwrite(channel, new)
    return f"Permissions are given in {_name(channel)}."


@kind(
    CHANNELS,
    Key("channel_id", "channel", "channel", one_of="what"),
    Key("role_id", "role", "role", one_of="what"),
    Key("user_id", "member", "person; with a server, their nick there", one_of="what"),
    Key("guild_id", "guild", "server", one_of="what"),
    Key("name", "text", "new name", required=True),
)
def rename(scene: Scene, given: Json) -> str:
    """A channel, a role, a person or a server gets another name."""
    world, name, user_id = scene.world, given["name"], given["user_id"]
    if not name and (user_id is None or given["guild_id"] is None):
        raise BadFault("Only a nick may be empty.")
    if given["channel_id"] is not None:
        world.rename_channel(_in_a_guild(world.channels[given["channel_id"]]), name)
    elif given["role_id"] is not None:
        guild, role = _role(world, given["role_id"])
        world.change_role(guild, role, name=name)
    elif user_id is not None and given["guild_id"] is not None:
        guild = _guild_with(world, given)
        world.change_member(guild, guild.members[user_id], nick=name or None)
    elif user_id is not None:
        world.rename_user(world.users[user_id], name)
    elif given["guild_id"] is not None:
        world.change_guild(world.guilds[given["guild_id"]], name=name)
    else:
        raise BadFault("Say what to rename: channel_id, role_id, user_id or guild_id.")
    return f"The name is {name} now."


# --- people ------------------------------------------------------------------------------------------------------

PERSON = Key("user_id", "person", "person", required=True)
SERVER = Key("guild_id", "guild", "server (the only one)")


@kind(PEOPLE, PERSON, SERVER)
def remove_member(scene: Scene, given: Json) -> str:
    """Someone leaves the server or is kicked."""
    guild = _guild_with(scene.world, given, but_owner=True)
    scene.world.remove_member(guild, given["user_id"])
    return f"{_who(scene.world, given)} is no longer in {guild.name}."


@kind(PEOPLE, PERSON, SERVER)
def ban_member(scene: Scene, given: Json) -> str:
    """Someone is banned from the server."""
    guild = _guild(scene.world, given)
    _not_the_owner(guild, given)
    scene.world.ban(guild, given["user_id"])
    return f"{_who(scene.world, given)} is banned from {guild.name}."


@kind(PEOPLE, PERSON, SERVER, Key("role_ids", "roles", "with these roles", ()))
def add_member(scene: Scene, given: Json) -> str:
    """Someone joins the server, even after a ban."""
    guild = _guild(scene.world, given)
    _lift_ban(scene.world, guild, given["user_id"])
    if given["user_id"] in guild.members:
        raise BadFault(f"{_who(scene.world, given)} is in {guild.name} already.")
    scene.world.add_members(guild, [scene.world.users[given["user_id"]]], _roles_of(guild, given))
    return f"{_who(scene.world, given)} is in {guild.name}."


@kind(PEOPLE, PERSON, Key("role_ids", "roles", "has these roles only", required=True), SERVER)
def change_roles(scene: Scene, given: Json) -> str:
    """Someone gets other roles."""
    guild = _guild_with(scene.world, given)
    scene.world.change_member(guild, guild.members[given["user_id"]], roles=_roles_of(guild, given))
    names = ", ".join(guild.roles[each].name for each in guild.members[given["user_id"]].roles)
    return f"Roles of {_who(scene.world, given)}: {names or 'none'}."


@kind(PEOPLE, PERSON, SERVER)
def change_owner(scene: Scene, given: Json) -> str:
    """The server belongs to someone else."""
    guild = _guild_with(scene.world, given)
    scene.world.change_guild(guild, owner_id=given["user_id"])
    return f"{guild.name} belongs to {_who(scene.world, given)}."


@kind(PEOPLE, PERSON, Key("open", "flag", "open again", False))
def close_dms(scene: Scene, given: Json) -> str:
    """Someone takes no direct messages."""
    scene.world.set_dms(scene.world.users[given["user_id"]], given["open"])
    return f"{_who(scene.world, given)} takes {'' if given['open'] else 'no '}direct messages."


# --- the bot -----------------------------------------------------------------------------------------------------


@kind(BOT, SERVER)
def kick_bot(scene: Scene, given: Json) -> str:
    """The bot is removed from the server."""
    guild = _guild(scene.world, given)
    if APPLICATION_ID not in guild.members:
        raise BadFault(f"The bot is not in {guild.name}.")
    scene.world.remove_member(guild, APPLICATION_ID)
    return f"The bot is no longer in {guild.name}."


@kind(BOT, SERVER)
def invite_bot(scene: Scene, given: Json) -> str:
    """The bot is invited to the server, or comes back."""
    guild = _guild(scene.world, given)
    if APPLICATION_ID in guild.members:
        raise BadFault(f"The bot is in {guild.name} already.")
    _lift_ban(scene.world, guild, APPLICATION_ID)
    scene.world.add_bot(guild)
    return f"The bot is in {guild.name}."


@kind(BOT, SERVER, Key("over", "flag", "it is over", False))
def outage(scene: Scene, given: Json) -> str:
    """The server is unavailable, until it is said to be over."""
    guild = _guild(scene.world, given)
    scene.world.set_unavailable(guild, not given["over"])
    return f"{guild.name} is {'' if given['over'] else 'un'}available."


# --- requests ----------------------------------------------------------------------------------------------------

MATCH = Key("match", "request", "which requests", "*")
SECONDS = Key("seconds", "seconds", "for how many seconds", 30.0)
COUNTED = (
    MATCH,
    Key("times", "number", "how many of them (0: until cleared)", 1),
    Key("probability", "part", "which part of them (0.3: three in ten)", 1.0, seldom=True),
    Key("seed", "number", "the same number draws the same ones", seldom=True),
)


def _wait(scene: Scene, name: str, given: Json) -> str:
    times, part = given["times"], given["probability"]
    draw = Random(given["seed"])  # noqa: S311 (a draw, not a secret)
    scene.waiting.append(Fault(next(scene.numbers), name, given, times or None, part, draw))
    which = "" if given["match"] == "*" else f" like {given['match']}"
    how_many = {0: "Requests", 1: "The next request"}.get(times, f"The next {times} requests")
    return f"Waiting. {how_many}{which}: {name}{'' if part == 1 else f' for {part:.0%} of them'}."


@kind(
    REQUESTS,
    *COUNTED,
    Key("status", "status", "HTTP status", 500),
    Key("code", "number", "Discord's error code", 0, seldom=True),
    Key("message", "text", "Discord's message", "", seldom=True),
    Key("retry_after", "seconds", "with 429: seconds to wait", 1.0, seldom=True),
)
def status(scene: Scene, given: Json) -> str:
    """Requests are answered with an error and not done."""
    return _wait(scene, "status", given)


@kind(
    REQUESTS,
    MATCH,
    Key("retry_after", "seconds", "for how many seconds", 2.0),
    Key("scope", "choice", "whose limit", "user", choices=("user", "shared", "global")),
)
def rate_limit(scene: Scene, given: Json) -> str:
    """From the next matching request on, all are refused with 429 for some seconds."""
    scene.waiting.append(Closed(next(scene.numbers), "rate_limit", given))
    return f"Waiting. The next request begins a rate limit of {given['retry_after']:g} s ({given['scope']})."


@kind(REQUESTS, *COUNTED, SECONDS)
def timeout(scene: Scene, given: Json) -> str:
    """Requests hang, are not done, and the connection is cut."""
    return _wait(scene, "timeout", given)


@kind(REQUESTS, *COUNTED, Key("seconds", "seconds", "how many seconds late", 30.0))
def delay(scene: Scene, given: Json) -> str:
    """Requests are done, but late."""
    return _wait(scene, "delay", given)


@kind(REQUESTS, *COUNTED)
def lost(scene: Scene, given: Json) -> str:
    """Requests are done, but the answer is lost and the connection cut."""
    return _wait(scene, "lost", given)


# --- the connection ----------------------------------------------------------------------------------------------


@kind(CONNECTION, Key("seconds", "seconds", "for how many seconds", 10.0))
def freeze(scene: Scene, given: Json) -> str:
    """The bot gets no answer, no event and no heartbeat for some seconds; then everything goes on."""
    scene.frozen.begin(given["seconds"])
    return f"Frozen for {given['seconds']:g} s."


@kind(CONNECTION, Key("seconds", "seconds", "for how many seconds", 10.0))
def unreachable(scene: Scene, given: Json) -> str:
    """The gateway is cut, and every attempt to connect or ask fails at once for some seconds."""
    scene.unreachable.begin(given["seconds"])
    scene.frozen.end()  # what hangs is cut, too
    scene.cut()
    return f"Unreachable for {given['seconds']:g} s."


@kind(
    CONNECTION,
    Key("resumable", "flag", "the session can be resumed", True),
    Key("reconnect", "flag", "Discord asks to reconnect first", False),
)
def gateway_drop(scene: Scene, given: Json) -> str:
    """The gateway's connection is closed once; the bot comes back when it likes."""
    scene.gateway.drop(given["resumable"], given["reconnect"])
    return "The gateway's connection is closed."


@kind(CONNECTION, Key("resumable", "flag", "the session can be resumed", False))
def invalid_session(scene: Scene, given: Json) -> str:
    """Discord declares the bot's session invalid (op 9)."""
    scene.gateway.invalidate(given["resumable"])
    return f"The session is invalid{', but can be resumed' if given['resumable'] else ''}."


# --- what they mean ----------------------------------------------------------------------------------------------


def _guild(world: World, given: Json) -> Guild:
    """The server that is meant: the only one when none is named."""
    if given["guild_id"] is not None:
        return world.guilds[given["guild_id"]]
    if len(world.guilds) != 1:
        raise BadFault("Say in which server: guild_id.")
    return next(iter(world.guilds.values()))


def _guild_with(world: World, given: Json, but_owner: bool = False) -> Guild:
    guild = _guild(world, given)
    if given["user_id"] not in guild.members:
        raise BadFault(f"{_who(world, given)} is not in {guild.name}.")
    if but_owner:
        _not_the_owner(guild, given)
    return guild


def _not_the_owner(guild: Guild, given: Json) -> None:
    if guild.owner_id == given["user_id"]:
        raise BadFault(f"An owner cannot be removed. First, change_owner of {guild.name}.")


def _roles_of(guild: Guild, given: Json) -> list[int]:
    """The named roles, which must be the guild's. @everyone is no one's in particular."""
    if strange := [each for each in given["role_ids"] if each not in guild.roles]:
        raise BadFault(f"role_ids: {strange[0]} is no role of {guild.name}.")
    return [each for each in given["role_ids"] if each != guild.id]


def _lift_ban(world: World, guild: Guild, user_id: int) -> None:
    if user_id in guild.bans:
        world.unban(guild, user_id)


def _in_a_guild(channel: Channel) -> Channel:
    if channel.guild_id is None:
        raise BadFault("That is not possible in direct messages.")
    return channel


def _outer(world: World, given: Json) -> Channel:
    """The channel whose permissions count: of a thread the one around it."""
    channel = _in_a_guild(world.channels[given["channel_id"]])
    return channel if channel.thread is None else world.channels[channel.parent_id or 0]


def _role(world: World, role_id: int) -> tuple[Guild, Role]:
    return next((guild, guild.roles[role_id]) for guild in world.guilds.values() if role_id in guild.roles)


def _who(world: World, given: Json) -> str:
    user = world.users[given["user_id"]]
    return user.global_name or user.username


def _name(channel: Channel) -> str:
    return f"#{channel.name}" if channel.guild_id is not None else "the direct messages"
