"""Threads and who is in them: https://docs.discord.com/developers/topics/threads"""

from typing import Any

from aiohttp import web

from gamesched.local_discord.api import channel_messages
from gamesched.local_discord.api.messages import between, integer, length, read_draft, snowflake
from gamesched.local_discord.api.request import Call, Route, answer
from gamesched.local_discord.api.routes.path_lookup import the_channel, the_guild
from gamesched.local_discord.errors import (
    already_a_thread,
    invalid,
    missing_access,
    missing_permissions,
    tag_is_required,
    thread_is_archived,
    unknown_member,
    unknown_user,
    wrong_channel_type,
)
from gamesched.local_discord.gateway.intents import MEMBERS as MEMBERS_INTENT
from gamesched.local_discord.state import payloads, threads
from gamesched.local_discord.state.entities import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_THREAD,
    FORUM,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    REQUIRE_TAG,
    TEXT,
    Channel,
    Json,
    Thread,
)
from gamesched.local_discord.state.permissions import Permission

DURATIONS = (60, 1440, 4320, 10080)  # minutes
SLOWEST = 21_600  # seconds


def read_duration(body: Json) -> int | None:
    """`auto_archive_duration` in minutes. Raises 50035 for any but Discord's four."""
    if body.get("auto_archive_duration") is None:
        return None
    minutes = integer(body["auto_archive_duration"], "auto_archive_duration")
    if minutes not in DURATIONS:
        said = "Value must be one of {4320, 60, 10080, 1440}."
        raise invalid(("auto_archive_duration",), "BASE_TYPE_CHOICES", said)
    return minutes


def _start(call: Call, parent: Channel, body: Json, kind: int, channel_id: int | None = None, **facts: Any) -> Channel:
    name = length(body.get("name"), 1, 100, "name")
    if read_duration(body) is not None:
        facts["auto_archive_duration"] = read_duration(body)
    if kind == PRIVATE_THREAD and body.get("invitable") is not None:
        facts["invitable"] = bool(body["invitable"])
    slow = between(integer(body.get("rate_limit_per_user") or 0, "rate_limit_per_user"), 0, SLOWEST)
    made = threads.start(call.world, parent, call.user.id, name, kind, channel_id, **facts)
    if slow:
        made.rate_limit_per_user = slow
        call.world.save_channel(made)
    return made


async def post_from_message(call: Call) -> web.Response:
    parent = the_channel(call, Permission.CREATE_PUBLIC_THREADS)
    if parent.type not in (TEXT, ANNOUNCEMENT):
        raise wrong_channel_type()
    message = channel_messages.one(call.world, parent, call.user, call.id("message_id"))
    if message.id in call.world.channels:
        raise already_a_thread()
    kind = PUBLIC_THREAD if parent.type == TEXT else ANNOUNCEMENT_THREAD
    made = _start(call, parent, await call.json(), kind, message.id)
    call.world.changed(message, edited=False)
    return answer(call.world.channel_for(made, call.user.id), 201)


async def post_thread(call: Call) -> web.Response:
    """A thread of its own; in a forum a post, which begins with its `message`."""
    parent, body = the_channel(call), await call.json()
    bits = call.world.permissions(parent, call.user.id)
    if parent.type == FORUM:
        return answer(_post(call, parent, body, bits), 201)
    given = body.get("type")
    kind = PRIVATE_THREAD if given is None else integer(given, "type")
    allowed = {TEXT: (PUBLIC_THREAD, PRIVATE_THREAD), ANNOUNCEMENT: (ANNOUNCEMENT_THREAD,)}.get(parent.type)
    if allowed is None:
        raise wrong_channel_type()
    if kind not in allowed:
        raise invalid(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {set(allowed)}.")
    private = kind == PRIVATE_THREAD
    if not bits & (Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS):
        raise missing_permissions()
    return answer(call.world.channel_for(_start(call, parent, body, kind), call.user.id), 201)


def _post(call: Call, forum: Channel, body: Json, bits: int) -> Json:
    if not bits & Permission.SEND_MESSAGES:
        raise missing_permissions()
    said = body.get("message")
    if not isinstance(said, dict):
        raise invalid(("message",), "BASE_TYPE_REQUIRED", "This field is required")
    read_draft(said).require_something()
    if said.get("embeds") and not bits & Permission.EMBED_LINKS:
        raise missing_permissions()
    tags = _tags(forum, body, bits)
    made = _start(call, forum, body, PUBLIC_THREAD, applied_tags=tags)
    message = channel_messages.post(call.world, made, call.user, said, message_id=made.id, may_speak=True)
    return call.world.channel_for(made, call.user.id) | {"message": call.world.message_payload(message)}


def _tags(forum: Channel, body: Json, bits: int) -> list[int]:
    """`applied_tags`. Raises 50035 for a tag that the forum has not, 50013 for a moderators' one, 40067 for none."""
    known = {tag["id"]: tag for tag in forum.available_tags}
    tags = [snowflake(each, "applied_tags", i) for i, each in enumerate(body.get("applied_tags") or [])]
    for i, tag in enumerate(tags):
        if tag not in known:
            raise invalid(("applied_tags", i), "INVALID_FORUM_TAG", "Unknown tag")
        if known[tag]["moderated"] and not bits & Permission.MANAGE_THREADS:
            raise missing_permissions()
    if forum.flags & REQUIRE_TAG and not tags:
        raise tag_is_required()
    return tags


async def get_archived(call: Call) -> Json:
    """Public ones, those archived last first. `before` is not read: so few are here that none is left off."""
    parent = the_channel(call, Permission.READ_MESSAGE_HISTORY)
    limit = integer(call.request.query.get("limit", "50"), "limit")
    found = threads.archived(call.world, parent)
    return _listed(call, found[:limit]) | {"has_more": len(found) > limit}


async def get_active(call: Call) -> Json:
    guild = the_guild(call)
    return _listed(call, threads.active(call.world, guild, call.user.id))


def _listed(call: Call, found: list[Channel]) -> Json:
    mine = [each for each in found if each.thread is not None and call.user.id in each.thread.members]
    return {
        "threads": [call.world.channel_for(each, call.user.id) for each in found],
        "members": [payloads.thread_member(each, call.user.id) for each in mine],
        "has_more": False,
    }


# --- members ------------------------------------------------------------------------------------------------


def _thread(call: Call, changing: bool = False) -> tuple[Channel, Thread]:
    channel = the_channel(call)
    if channel.thread is None:
        raise wrong_channel_type()
    if changing and channel.thread.archived:
        raise thread_is_archived()
    return channel, channel.thread


async def get_members(call: Call) -> list[Json]:
    """Raises 50001 for a bot without the privileged intent for members."""
    channel, thread = _thread(call)
    if call.user.bot and not call.services.gateway.privileged & MEMBERS_INTENT:
        raise missing_access()
    return [threads.member(call.world, channel, each, call.flag("with_member")) for each in thread.members]


async def get_member(call: Call) -> Json:
    channel, thread = _thread(call)
    user_id = _user(call)
    if user_id not in thread.members:
        raise unknown_member()
    return threads.member(call.world, channel, user_id, call.flag("with_member"))


def _user(call: Call) -> int:
    return call.user.id if call.request.match_info["user_id"] == "@me" else call.id("user_id")


async def put_member(call: Call) -> None:
    """Join, or bring someone in, which needs the right to speak there."""
    channel, thread = _thread(call, changing=True)
    user_id, guild = _user(call), call.world.guild_of(channel)
    if user_id not in call.world.users:
        raise unknown_user()
    if guild is None or user_id not in guild.members:
        raise unknown_member()
    if user_id != call.user.id:
        bits = call.world.permissions(channel, call.user.id)
        closed = channel.type == PRIVATE_THREAD and not thread.invitable and thread.owner_id != call.user.id
        if not bits & Permission.SEND_MESSAGES_IN_THREADS or (closed and not bits & Permission.MANAGE_THREADS):
            raise missing_permissions()
    threads.join(call.world, channel, [user_id])


async def delete_member(call: Call) -> None:
    """Leave, or throw someone out as a moderator or as the owner of a private thread."""
    channel, thread = _thread(call, changing=True)
    user_id = _user(call)
    mine = channel.type == PRIVATE_THREAD and thread.owner_id == call.user.id
    moderates = call.world.permissions(channel, call.user.id) & Permission.MANAGE_THREADS
    if user_id != call.user.id and not mine and not moderates:
        raise missing_permissions()
    threads.leave(call.world, channel, user_id)


MEMBERS = "/channels/{channel_id}/thread-members"

ROUTES = [
    Route("POST", "/channels/{channel_id}/messages/{message_id}/threads", post_from_message),
    Route("POST", "/channels/{channel_id}/threads", post_thread),
    Route("GET", "/guilds/{guild_id}/threads/active", get_active),
    Route("GET", "/channels/{channel_id}/threads/archived/public", get_archived),
    Route("GET", MEMBERS, get_members),
    Route("GET", MEMBERS + "/{user_id}", get_member),
    Route("PUT", MEMBERS + "/{user_id}", put_member),
    Route("DELETE", MEMBERS + "/{user_id}", delete_member),
]
