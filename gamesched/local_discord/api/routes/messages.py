"""Messages of channels: https://docs.discord.com/developers/resources/message"""

from gamesched.local_discord.api import channel_messages
from gamesched.local_discord.api.request import ApiRequest, Route
from gamesched.local_discord.api.routes.path_lookup import channel_from_path
from gamesched.local_discord.state.entities import Json


async def get_messages(request: ApiRequest) -> list[Json]:
    messages = channel_messages.list_messages(
        request.state, channel_from_path(request), request.user, dict(request.http_request.query)
    )
    return [request.state.message_payload(each) for each in messages]


async def get_message(request: ApiRequest) -> Json:
    message = channel_messages.get_message(
        request.state, channel_from_path(request), request.user, request.path_id("message_id")
    )
    return request.state.message_payload(message)


async def post_message(request: ApiRequest) -> Json:
    body = await request.json()
    message = channel_messages.create_message(
        request.state, channel_from_path(request), request.user, body, request.uploads
    )
    return request.state.message_payload(message)


async def patch_message(request: ApiRequest) -> Json:
    channel, message_id, body = channel_from_path(request), request.path_id("message_id"), await request.json()
    message = channel_messages.edit_message(request.state, channel, request.user, message_id, body, request.uploads)
    return request.state.message_payload(message)


async def delete_message(request: ApiRequest) -> None:
    channel_messages.delete_message(
        request.state, channel_from_path(request), request.user, request.path_id("message_id")
    )


async def crosspost_message(request: ApiRequest) -> Json:
    message = channel_messages.crosspost_message(
        request.state, channel_from_path(request), request.user, request.path_id("message_id")
    )
    return request.state.message_payload(message)


async def trigger_typing(request: ApiRequest) -> None:
    channel_from_path(request)


async def bulk_delete_messages(request: ApiRequest) -> None:
    channel_messages.bulk_delete_messages(request.state, channel_from_path(request), request.user, await request.json())


ROUTES = [
    Route("GET", "/channels/{channel_id}/messages", get_messages),
    Route("POST", "/channels/{channel_id}/messages", post_message, rate_limit="post"),
    Route("GET", "/channels/{channel_id}/messages/{message_id}", get_message),
    Route("PATCH", "/channels/{channel_id}/messages/{message_id}", patch_message, rate_limit="edit"),
    Route("DELETE", "/channels/{channel_id}/messages/{message_id}", delete_message),
    Route("POST", "/channels/{channel_id}/messages/{message_id}/crosspost", crosspost_message, rate_limit="crosspost"),
    Route("POST", "/channels/{channel_id}/typing", trigger_typing),
    Route("POST", "/channels/{channel_id}/messages/bulk-delete", bulk_delete_messages),
]
