"""Channels of guilds, and direct messages: https://docs.discord.com/developers/resources/channel"""

from aiohttp import web

from gamesched.local_discord.api.request import ApiRequest, Route, json_response
from gamesched.local_discord.api.routes.path_lookup import channel_from_path, guild_from_path
from gamesched.local_discord.api.routes.threads import MAX_SLOWMODE, read_auto_archive_duration
from gamesched.local_discord.api.validation import (
    check_length,
    check_list,
    check_object,
    check_range,
    parse_integer,
    parse_snowflake,
    read_text,
)
from gamesched.local_discord.errors import (
    cannot_act_on_dm,
    invalid_form_body,
    invalid_recipient,
    missing_permissions,
    thread_archived,
)
from gamesched.local_discord.state import hidden_channels, payloads
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

CREATABLE_TYPES = (TEXT, VOICE, CATEGORY, ANNOUNCEMENT, FORUM)


async def get_channels(request: ApiRequest) -> list[Json]:
    """Return the channels that the caller views."""
    guild = guild_from_path(request)
    visible = hidden_channels.visible_ids(request.state, guild, request.user.id)
    return [payloads.channel(each, []) for each in request.state.channels_of(guild) if each.id in visible]


async def get_channel(request: ApiRequest) -> Json:
    return request.state.channel_payload_for(channel_from_path(request), request.user.id)


async def open_dm(request: ApiRequest) -> Json:
    body = await request.json()
    recipients = body.get("recipients") or []
    recipient = body.get("recipient_id", recipients[0] if recipients else None)
    if recipient is None:
        raise invalid_form_body(("recipient_id",), "BASE_TYPE_REQUIRED", "This field is required")
    other = request.state.users.get(parse_snowflake(recipient, "recipient_id"))
    if other is None or other is request.user:
        raise invalid_recipient()
    if request.user.bot and not any(other.id in each.recipients for each in request.state.dms_of(request.user.id)):
        request.state.rate_limits.count_opened_dm(request.user.id)
    return request.state.channel_payload_for(request.state.get_or_create_dm(request.user, other), request.user.id)


async def get_own_dms(request: ApiRequest) -> list[Json]:
    if request.user.bot:
        return []
    return [request.state.channel_payload_for(each, request.user.id) for each in request.state.dms_of(request.user.id)]


async def post_channel(request: ApiRequest) -> web.Response:
    guild, body = guild_from_path(request, Permission.MANAGE_CHANNELS), await request.json()
    kind = TEXT if body.get("type") is None else parse_integer(body["type"], "type")
    if kind not in CREATABLE_TYPES:
        raise invalid_form_body(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {set(CREATABLE_TYPES)}.")
    changes = _read_changes(request, guild, kind, body | {"name": body.get("name")})
    channel = request.state.add_channel(guild, changes.pop("name"), kind, **changes)
    return json_response(payloads.channel(channel, []), 201)


def _read_changes(request: ApiRequest, guild: Guild, kind: int, body: Json) -> Json:
    """Return the channel's fields in the body."""
    changes: Json = {}
    if "name" in body:
        name = check_length(body["name"], 1, 100, "name")
        changes["name"] = name.lower().replace(" ", "-") if kind in (TEXT, ANNOUNCEMENT, FORUM) else name
    if "topic" in body and kind in (TEXT, ANNOUNCEMENT, FORUM):
        changes["topic"] = read_text(body, "topic", 4096 if kind == FORUM else 1024)
    if body.get("rate_limit_per_user") is not None:
        slow = parse_integer(body["rate_limit_per_user"], "rate_limit_per_user")
        changes["rate_limit_per_user"] = check_range(slow, 0, MAX_SLOWMODE, "rate_limit_per_user")
    if body.get("position") is not None:
        changes["position"] = parse_integer(body["position"], "position")
    if body.get("parent_id") is not None:
        parent = request.state.channels.get(parse_snowflake(body["parent_id"], "parent_id"))
        if parent is None or parent.guild_id != guild.id or parent.type != CATEGORY:
            raise invalid_form_body(("parent_id",), "CHANNEL_PARENT_INVALID", "Category does not exist")
        changes["parent_id"] = parent.id
    if kind == FORUM and body.get("flags") is not None:
        changes["flags"] = parse_integer(body["flags"], "flags") & REQUIRE_TAG
    if kind == FORUM and body.get("available_tags") is not None:
        tags = check_list(body["available_tags"], "available_tags")
        changes["available_tags"] = [_read_tag(request, each, i) for i, each in enumerate(tags)]
    if body.get("permission_overwrites") is not None:
        overwrites = check_list(body["permission_overwrites"], "permission_overwrites")
        changes["overwrites"] = [_read_overwrite(each, i) for i, each in enumerate(overwrites)]
    return changes


def _read_tag(request: ApiRequest, value: object, i: int) -> Json:
    """Return a tag, which keeps an id that it already has."""
    given = check_object(value, "available_tags", i)
    tag_id = parse_snowflake(given["id"], "available_tags", i, "id") if given.get("id") else request.state.new_id()
    name = check_length(given.get("name"), 1, 20, "available_tags", i, "name")
    return {"id": tag_id, "name": name, "moderated": bool(given.get("moderated"))}


def _read_overwrite(value: object, i: int) -> Overwrite:
    path = ("permission_overwrites", i)
    given = check_object(value, *path)
    return Overwrite(
        parse_snowflake(given.get("id"), *path, "id"),
        parse_integer(given.get("type", 0), *path, "type"),
        parse_integer(given.get("allow") or 0, *path, "allow"),
        parse_integer(given.get("deny") or 0, *path, "deny"),
    )


async def patch_channel(request: ApiRequest) -> Json:
    channel, body = channel_from_path(request), await request.json()
    guild = request.state.guild_of(channel)
    if guild is None:
        raise cannot_act_on_dm()
    if channel.thread is not None:
        changes = _read_thread_changes(channel, channel.thread, body, request.user.id, _permissions(request, channel))
    elif _permissions(request, channel) & Permission.MANAGE_CHANNELS:
        changes = _read_changes(request, guild, channel.type, body)
    else:
        raise missing_permissions()
    request.state.change_channel(channel, **changes)
    return request.state.channel_payload_for(channel, request.user.id)


def _permissions(request: ApiRequest, channel: Channel) -> int:
    return request.state.permissions(channel, request.user.id)


def _read_thread_changes(channel: Channel, thread: Thread, body: Json, user_id: int, bits: int) -> Json:
    """Return the thread's fields in the body. Raise 50013 where permission is missing.

    Anyone who may send there may unarchive; the owner archives and renames; locking is for moderators.
    """
    moderates = bool(bits & Permission.MANAGE_THREADS)
    changes: Json = {key: bool(body[key]) for key in ("archived", "locked", "invitable") if body.get(key) is not None}
    if body.get("name") is not None:
        changes["name"] = check_length(body["name"], 1, 100, "name")
    duration = read_auto_archive_duration(body)
    if duration is not None:
        changes["auto_archive_duration"] = duration
    opens = thread.archived and changes.get("archived") is False
    if thread.archived and not opens:
        raise thread_archived()
    own = moderates or thread.owner_id == user_id
    for key in changes:
        if key == "archived" and opens:
            allowed = moderates or (not thread.locked and bool(bits & Permission.SEND_MESSAGES_IN_THREADS))
        else:
            allowed = moderates if key == "locked" else own
        if not allowed:
            raise missing_permissions()
    return changes


async def delete_channel(request: ApiRequest) -> Json:
    """Delete a channel. A direct message channel is only closed, and stays."""
    channel = channel_from_path(request)
    payload = request.state.channel_payload_for(channel, request.user.id)
    if channel.guild_id is None:
        return payload
    needed = Permission.MANAGE_CHANNELS if channel.thread is None else Permission.MANAGE_THREADS
    if not _permissions(request, channel) & needed:
        raise missing_permissions()
    request.state.delete_channel(channel)
    return payload


ROUTES = [
    Route("GET", "/users/@me/channels", get_own_dms),
    Route("POST", "/users/@me/channels", open_dm),
    Route("GET", "/guilds/{guild_id}/channels", get_channels),
    Route("POST", "/guilds/{guild_id}/channels", post_channel),
    Route("GET", "/channels/{channel_id}", get_channel),
    Route("PATCH", "/channels/{channel_id}", patch_channel),
    Route("DELETE", "/channels/{channel_id}", delete_channel),
]
