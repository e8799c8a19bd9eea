"""Pinned messages: https://docs.discord.com/developers/resources/message#get-channel-pins"""

from gamesched.local_discord.api import channel_messages
from gamesched.local_discord.api.paging import is_before, read_limit, read_time
from gamesched.local_discord.api.request import ApiRequest, Route
from gamesched.local_discord.api.routes.path_lookup import channel_from_path
from gamesched.local_discord.errors import too_many_pins
from gamesched.local_discord.state import payloads, threads
from gamesched.local_discord.state.entities import Channel, Json, Message
from gamesched.local_discord.state.permissions import Permission

MAX_PINS = 250


def _pinned_messages(request: ApiRequest, channel: Channel) -> list[Message]:
    """Return them, the last pinned first; none for who may not read the history."""
    may_read = request.state.permissions(channel, request.user.id) & Permission.READ_MESSAGE_HISTORY
    return request.state.pinned_messages(channel.id) if may_read else []


async def get_pins(request: ApiRequest) -> Json:
    """Return a page of pins, the last pinned first; `limit` (50) and `before` a time."""
    channel, query = channel_from_path(request), request.http_request.query
    limit, before = read_limit(query, 50, 50), read_time(query, "before")
    pinned = [each for each in _pinned_messages(request, channel) if is_before(each.pinned_at or 0.0, before)]
    items = [
        {"pinned_at": payloads.iso_timestamp(each.pinned_at or 0.0), "message": request.state.message_payload(each)}
        for each in pinned[:limit]
    ]
    return {"items": items, "has_more": len(pinned) > limit}


async def get_all_pins(request: ApiRequest) -> list[Json]:
    """Return all pins at once, as the older route does."""
    return [request.state.message_payload(each) for each in _pinned_messages(request, channel_from_path(request))]


async def put_pin(request: ApiRequest) -> None:
    channel, message = _message_to_pin(request)
    if message.pinned_at is None and len(request.state.pinned_messages(channel.id)) >= MAX_PINS:
        raise too_many_pins()
    if message.pinned_at is None:
        request.state.set_pinned(message, True)
        notice = Message(request.state.new_id(), channel.id, request.user.id, replies_to=message.id, is_pin_notice=True)
        request.state.add_message(notice)


async def delete_pin(request: ApiRequest) -> None:
    _, message = _message_to_pin(request)
    if message.pinned_at is not None:
        request.state.set_pinned(message, False)


def _message_to_pin(request: ApiRequest) -> tuple[Channel, Message]:
    channel = channel_from_path(request, Permission.PIN_MESSAGES)
    threads.check_not_archived(channel)
    return channel, channel_messages.get_message(request.state, channel, request.user, request.path_id("message_id"))


ROUTES = [
    Route("GET", "/channels/{channel_id}/messages/pins", get_pins),
    Route("PUT", "/channels/{channel_id}/messages/pins/{message_id}", put_pin),
    Route("DELETE", "/channels/{channel_id}/messages/pins/{message_id}", delete_pin),
    Route("GET", "/channels/{channel_id}/pins", get_all_pins),
    Route("PUT", "/channels/{channel_id}/pins/{message_id}", put_pin),
    Route("DELETE", "/channels/{channel_id}/pins/{message_id}", delete_pin),
]
