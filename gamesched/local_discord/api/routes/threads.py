"""Threads and their members: https://docs.discord.com/developers/topics/threads"""

from typing import Any

from aiohttp import web

from gamesched.local_discord.api import channel_messages
from gamesched.local_discord.api.messages import read_message_body
from gamesched.local_discord.api.paging import is_before, page_of_ids, read_limit, read_time
from gamesched.local_discord.api.request import ApiRequest, Route, json_response
from gamesched.local_discord.api.routes.path_lookup import channel_from_path, guild_from_path
from gamesched.local_discord.api.threads import MAX_SLOWMODE, read_applied_tags, read_auto_archive_duration
from gamesched.local_discord.api.validation import check_length, check_range, parse_integer
from gamesched.local_discord.errors import (
    invalid_form_body,
    missing_access,
    missing_permissions,
    thread_already_created,
    thread_archived,
    too_many_thread_members,
    too_many_threads,
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
    TEXT,
    Channel,
    Json,
    Thread,
)
from gamesched.local_discord.state.permissions import Permission

MAX_ACTIVE_THREADS, MAX_THREAD_MEMBERS = 1000, 1000  # in a guild, in a thread


def _start_thread(
    request: ApiRequest, parent: Channel, body: Json, kind: int, channel_id: int | None = None, **fields: Any
) -> Channel:
    name = check_length(body.get("name"), 1, 100, "name")
    guild = request.state.guild_of(parent)
    in_guild = [] if guild is None else threads.in_guild(request.state, guild)
    if sum(each.thread is not None and not each.thread.archived for each in in_guild) >= MAX_ACTIVE_THREADS:
        raise too_many_threads()
    if read_auto_archive_duration(body) is not None:
        fields["auto_archive_duration"] = read_auto_archive_duration(body)
    if kind == PRIVATE_THREAD and body.get("invitable") is not None:
        fields["invitable"] = bool(body["invitable"])
    slow = check_range(parse_integer(body.get("rate_limit_per_user") or 0, "rate_limit_per_user"), 0, MAX_SLOWMODE)
    thread = threads.start(request.state, parent, request.user.id, name, kind, channel_id, **fields)
    if slow:
        thread.rate_limit_per_user = slow
        request.state.save_channel(thread)
    return thread


async def post_thread_from_message(request: ApiRequest) -> web.Response:
    parent = channel_from_path(request, Permission.CREATE_PUBLIC_THREADS)
    if parent.type not in (TEXT, ANNOUNCEMENT):
        raise wrong_channel_type()
    message = channel_messages.get_message(request.state, parent, request.user, request.path_id("message_id"))
    if message.id in request.state.channels:
        raise thread_already_created()
    kind = PUBLIC_THREAD if parent.type == TEXT else ANNOUNCEMENT_THREAD
    thread = _start_thread(request, parent, await request.json(), kind, message.id)
    request.state.update_message(message, edited=False)
    return json_response(request.state.channel_payload_for(thread, request.user.id), 201)


async def post_thread(request: ApiRequest) -> web.Response:
    """Create a thread without a message; in a forum a post, which starts with its `message`."""
    parent, body = channel_from_path(request), await request.json()
    bits = request.state.permissions(parent, request.user.id)
    if parent.type == FORUM:
        return json_response(_create_forum_post(request, parent, body, bits), 201)
    given = body.get("type")
    kind = PRIVATE_THREAD if given is None else parse_integer(given, "type")
    allowed = {TEXT: (PUBLIC_THREAD, PRIVATE_THREAD), ANNOUNCEMENT: (ANNOUNCEMENT_THREAD,)}.get(parent.type)
    if allowed is None:
        raise wrong_channel_type()
    if kind not in allowed:
        raise invalid_form_body(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {set(allowed)}.")
    private = kind == PRIVATE_THREAD
    if not bits & (Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS):
        raise missing_permissions()
    return json_response(
        request.state.channel_payload_for(_start_thread(request, parent, body, kind), request.user.id), 201
    )


def _create_forum_post(request: ApiRequest, forum: Channel, body: Json, bits: int) -> Json:
    if not bits & Permission.SEND_MESSAGES:
        raise missing_permissions()
    message_body = body.get("message")
    if not isinstance(message_body, dict):
        raise invalid_form_body(("message",), "BASE_TYPE_REQUIRED", "This field is required")
    read_message_body(message_body, request.uploads).require_content()
    if message_body.get("embeds") and not bits & Permission.EMBED_LINKS:
        raise missing_permissions()
    if request.uploads and not bits & Permission.ATTACH_FILES:
        raise missing_permissions()
    tags = read_applied_tags(forum, body.get("applied_tags"), bits)
    thread = _start_thread(request, forum, body, PUBLIC_THREAD, applied_tags=tags)
    message = channel_messages.create_message(
        request.state, thread, request.user, message_body, request.uploads, message_id=thread.id, may_send=True
    )
    return request.state.channel_payload_for(thread, request.user.id) | {
        "message": request.state.message_payload(message)
    }


async def get_archived_threads(request: ApiRequest) -> Json:
    """Return public archived threads, the last archived first; `limit` (50) and `before` a time."""
    parent = channel_from_path(request, Permission.READ_MESSAGE_HISTORY)
    return _archived_page(request, threads.archived(request.state, parent))


async def get_archived_private_threads(request: ApiRequest) -> Json:
    """Return private archived threads, for moderators."""
    parent = channel_from_path(request, Permission.READ_MESSAGE_HISTORY | Permission.MANAGE_THREADS)
    return _archived_page(request, threads.archived(request.state, parent, private=True))


async def get_joined_private_threads(request: ApiRequest) -> Json:
    """Return private archived threads that the actor is in."""
    parent = channel_from_path(request, Permission.READ_MESSAGE_HISTORY)
    archived = threads.archived(request.state, parent, private=True)
    return _archived_page(
        request, [each for each in archived if each.thread and request.user.id in each.thread.members]
    )


def _archived_page(request: ApiRequest, archived: list[Channel]) -> Json:
    query = request.http_request.query
    limit, before = read_limit(query, 50, 100), read_time(query, "before")
    older = [each for each in archived if each.thread and is_before(each.thread.archive_changed_at, before)]
    return _thread_list_payload(request, older[:limit]) | {"has_more": len(older) > limit}


async def get_active_threads(request: ApiRequest) -> Json:
    guild = guild_from_path(request)
    return _thread_list_payload(request, threads.active(request.state, guild, request.user.id))


def _thread_list_payload(request: ApiRequest, listed: list[Channel]) -> Json:
    mine = [each for each in listed if each.thread is not None and request.user.id in each.thread.members]
    return {
        "threads": [request.state.channel_payload_for(each, request.user.id) for each in listed],
        "members": [payloads.thread_member(each, request.user.id) for each in mine],
        "has_more": False,
    }


# --- members ------------------------------------------------------------------------------------------------


def _thread_from_path(request: ApiRequest, for_change: bool = False) -> tuple[Channel, Thread]:
    channel = channel_from_path(request)
    if channel.thread is None:
        raise wrong_channel_type()
    if for_change and channel.thread.archived:
        raise thread_archived()
    return channel, channel.thread


async def get_thread_members(request: ApiRequest) -> list[Json]:
    """Return the members, with `with_member` a page of them. Raise 50001 without the privileged members intent."""
    channel, thread = _thread_from_path(request)
    if request.user.bot and not request.services.gateway.privileged & MEMBERS_INTENT:
        raise missing_access()
    with_member = request.query_flag("with_member")
    ids = page_of_ids(request.http_request.query, thread.members, 100, 100) if with_member else list(thread.members)
    return [threads.member_payload(request.state, channel, each, with_member) for each in ids]


async def get_thread_member(request: ApiRequest) -> Json:
    channel, thread = _thread_from_path(request)
    user_id = _user_id_from_path(request)
    if user_id not in thread.members:
        raise unknown_member()
    return threads.member_payload(request.state, channel, user_id, request.query_flag("with_member"))


def _user_id_from_path(request: ApiRequest) -> int:
    return request.user.id if request.http_request.match_info["user_id"] == "@me" else request.path_id("user_id")


async def put_thread_member(request: ApiRequest) -> None:
    """Join, or add someone, which needs the permission to send there."""
    channel, thread = _thread_from_path(request, for_change=True)
    user_id, guild = _user_id_from_path(request), request.state.guild_of(channel)
    if user_id not in request.state.users:
        raise unknown_user()
    if guild is None or user_id not in guild.members:
        raise unknown_member()
    if len(thread.members) >= MAX_THREAD_MEMBERS and user_id not in thread.members:
        raise too_many_thread_members()
    if user_id != request.user.id:
        bits = request.state.permissions(channel, request.user.id)
        closed = channel.type == PRIVATE_THREAD and not thread.invitable and thread.owner_id != request.user.id
        if not bits & Permission.SEND_MESSAGES_IN_THREADS or (closed and not bits & Permission.MANAGE_THREADS):
            raise missing_permissions()
        parent = request.state.channels[channel.parent_id or 0]
        if not request.state.permissions(parent, user_id) & Permission.VIEW_CHANNEL:
            raise missing_access()  # Discord documents no answer
    threads.add_members(request.state, channel, [user_id])


async def delete_thread_member(request: ApiRequest) -> None:
    """Leave, or remove someone as a moderator or as the owner of a private thread."""
    channel, thread = _thread_from_path(request, for_change=True)
    user_id = _user_id_from_path(request)
    mine = channel.type == PRIVATE_THREAD and thread.owner_id == request.user.id
    moderates = request.state.permissions(channel, request.user.id) & Permission.MANAGE_THREADS
    if user_id != request.user.id and not mine and not moderates:
        raise missing_permissions()
    threads.remove_member(request.state, channel, user_id)


THREAD_MEMBERS = "/channels/{channel_id}/thread-members"

ROUTES = [
    Route("POST", "/channels/{channel_id}/messages/{message_id}/threads", post_thread_from_message),
    Route("POST", "/channels/{channel_id}/threads", post_thread),
    Route("GET", "/guilds/{guild_id}/threads/active", get_active_threads),
    Route("GET", "/channels/{channel_id}/threads/archived/public", get_archived_threads),
    Route("GET", "/channels/{channel_id}/threads/archived/private", get_archived_private_threads),
    Route("GET", "/channels/{channel_id}/users/@me/threads/archived/private", get_joined_private_threads),
    Route("GET", THREAD_MEMBERS, get_thread_members),
    Route("GET", THREAD_MEMBERS + "/{user_id}", get_thread_member),
    Route("PUT", THREAD_MEMBERS + "/{user_id}", put_thread_member),
    Route("DELETE", THREAD_MEMBERS + "/{user_id}", delete_thread_member),
]
