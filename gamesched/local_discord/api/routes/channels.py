"""Channels, of guilds and of two people: https://docs.discord.com/developers/resources/channel"""

from aiohttp import web

from gamesched.local_discord.api.messages import between, integer, length, snowflake, text
from gamesched.local_discord.api.request import Call, Route, answer
from gamesched.local_discord.api.routes.path_lookup import the_channel, the_guild
from gamesched.local_discord.api.routes.threads import SLOWEST, read_duration
from gamesched.local_discord.errors import invalid, missing_permissions, not_in_a_dm, thread_is_archived
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import (
    ANNOUNCEMENT,
    CATEGORY,
    FORUM,
    REQUIRE_TAG,
    TEXT,
    VOICE,
    Channel,
    Guild,
    Json,
    Overwrite,
    Thread,
)
from gamesched.local_discord.state.permissions import Permission

KINDS = (TEXT, VOICE, CATEGORY, ANNOUNCEMENT, FORUM)


async def get_channels(call: Call) -> list[Json]:
    guild = the_guild(call)
    channels = call.world.channels_of(guild)
    if not call.user.bot:
        seen = Permission.VIEW_CHANNEL
        channels = [each for each in channels if call.world.permissions(each, call.user.id) & seen]
    return [payloads.channel(each, []) for each in channels]


async def get_channel(call: Call) -> Json:
    return call.world.channel_for(the_channel(call), call.user.id)


async def open_dm(call: Call) -> Json:
    body = await call.json()
    recipients = body.get("recipients") or []
    recipient = body.get("recipient_id", recipients[0] if recipients else None)
    other = call.world.users.get(snowflake(recipient, "recipient_id"))
    if other is None or other is call.user:
        raise invalid(("recipient_id",), "USER_INVALID", "Invalid Recipient(s)")
    if call.user.bot and not any(other.id in each.recipients for each in call.world.dms_of(call.user.id)):
        call.world.limits.open_dm(call.user.id)
    return call.world.channel_for(call.world.dm(call.user, other), call.user.id)


async def get_my_dms(call: Call) -> list[Json]:
    if call.user.bot:
        return []
    return [call.world.channel_for(each, call.user.id) for each in call.world.dms_of(call.user.id)]


async def post_channel(call: Call) -> web.Response:
    guild, body = the_guild(call, Permission.MANAGE_CHANNELS), await call.json()
    kind = TEXT if body.get("type") is None else integer(body["type"], "type")
    if kind not in KINDS:
        raise invalid(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {set(KINDS)}.")
    changes = _changes(call, guild, kind, body | {"name": body.get("name")})
    made = call.world.add_channel(guild, changes.pop("name"), kind, **changes)
    return answer(payloads.channel(made, []), 201)


def _changes(call: Call, guild: Guild, kind: int, body: Json) -> Json:
    """What the body names of a channel."""
    changes: Json = {}
    if "name" in body:
        name = length(body["name"], 1, 100, "name")
        changes["name"] = name.lower().replace(" ", "-") if kind in (TEXT, ANNOUNCEMENT, FORUM) else name
    if "topic" in body and kind in (TEXT, ANNOUNCEMENT, FORUM):
        changes["topic"] = text(body, "topic", 4096 if kind == FORUM else 1024)
    if body.get("rate_limit_per_user") is not None:
        slow = integer(body["rate_limit_per_user"], "rate_limit_per_user")
        changes["rate_limit_per_user"] = between(slow, 0, SLOWEST, "rate_limit_per_user")
    if body.get("position") is not None:
        changes["position"] = integer(body["position"], "position")
    if body.get("parent_id") is not None:
        parent = call.world.channels.get(snowflake(body["parent_id"], "parent_id"))
        if parent is None or parent.guild_id != guild.id or parent.type != CATEGORY:
            raise invalid(("parent_id",), "CHANNEL_PARENT_INVALID", "Category does not exist")
        changes["parent_id"] = parent.id
    if kind == FORUM and body.get("flags") is not None:
        changes["flags"] = integer(body["flags"], "flags") & REQUIRE_TAG
    if kind == FORUM and body.get("available_tags") is not None:
        changes["available_tags"] = [_tag(call, each, i) for i, each in enumerate(body["available_tags"])]
    if body.get("permission_overwrites") is not None:
        changes["overwrites"] = [_overwrite(each, i) for i, each in enumerate(body["permission_overwrites"])]
    return changes


def _tag(call: Call, given: Json, i: int) -> Json:
    """A tag keeps the id that it was given once."""
    tag_id = snowflake(given["id"], "available_tags", i, "id") if given.get("id") else call.world.new_id()
    name = length(given.get("name"), 1, 20, "available_tags", i, "name")
    return {"id": tag_id, "name": name, "moderated": bool(given.get("moderated"))}


def _overwrite(given: Json, i: int) -> Overwrite:
    path = ("permission_overwrites", i)
    return Overwrite(
        snowflake(given.get("id"), *path, "id"),
        integer(given.get("type", 0), *path, "type"),
        integer(given.get("allow") or 0, *path, "allow"),
        integer(given.get("deny") or 0, *path, "deny"),
    )


async def patch_channel(call: Call) -> Json:
    channel, body = the_channel(call), await call.json()
    guild = call.world.guild_of(channel)
    if guild is None:
        raise not_in_a_dm()
    if channel.thread is not None:
        changes = _thread_changes(channel, channel.thread, body, call.user.id, _bits(call, channel))
    elif _bits(call, channel) & Permission.MANAGE_CHANNELS:
        changes = _changes(call, guild, channel.type, body)
    else:
        raise missing_permissions()
    call.world.change_channel(channel, **changes)
    return call.world.channel_for(channel, call.user.id)


def _bits(call: Call, channel: Channel) -> int:
    return call.world.permissions(channel, call.user.id)


def _thread_changes(channel: Channel, thread: Thread, body: Json, user_id: int, bits: int) -> Json:
    """Anyone who may speak there unarchives; its owner closes and renames; all else is for moderators."""
    moderates = bool(bits & Permission.MANAGE_THREADS)
    changes: Json = {key: bool(body[key]) for key in ("archived", "locked", "invitable") if body.get(key) is not None}
    if body.get("name") is not None:
        changes["name"] = length(body["name"], 1, 100, "name")
    duration = read_duration(body)
    if duration is not None:
        changes["auto_archive_duration"] = duration
    opens = thread.archived and changes.get("archived") is False
    if thread.archived and not opens:
        raise thread_is_archived()
    own = moderates or thread.owner_id == user_id
    for key in changes:
        if key == "archived" and opens:
            allowed = moderates or (not thread.locked and bool(bits & Permission.SEND_MESSAGES_IN_THREADS))
        else:
            allowed = moderates if key == "locked" else own
        if not allowed:
            raise missing_permissions()
    return changes


async def delete_channel(call: Call) -> Json:
    """A direct message channel is only closed, and stays."""
    channel = the_channel(call)
    told = call.world.channel_for(channel, call.user.id)
    if channel.guild_id is None:
        return told
    needed = Permission.MANAGE_CHANNELS if channel.thread is None else Permission.MANAGE_THREADS
    if not _bits(call, channel) & needed:
        raise missing_permissions()
    call.world.delete_channel(channel)
    return told


ROUTES = [
    Route("GET", "/users/@me/channels", get_my_dms),
    Route("POST", "/users/@me/channels", open_dm),
    Route("GET", "/guilds/{guild_id}/channels", get_channels),
    Route("POST", "/guilds/{guild_id}/channels", post_channel),
    Route("GET", "/channels/{channel_id}", get_channel),
    Route("PATCH", "/channels/{channel_id}", patch_channel),
    Route("DELETE", "/channels/{channel_id}", delete_channel),
]
