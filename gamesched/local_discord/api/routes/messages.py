"""Messages of channels: https://docs.discord.com/developers/resources/message"""

from gamesched.local_discord.api import channel_messages
from gamesched.local_discord.api.request import Call, Route
from gamesched.local_discord.api.routes.path_lookup import the_channel
from gamesched.local_discord.state.entities import Json


async def get_messages(call: Call) -> list[Json]:
    found = channel_messages.read(call.world, the_channel(call), call.user, dict(call.request.query))
    return [call.world.message_payload(each) for each in found]


async def get_message(call: Call) -> Json:
    found = channel_messages.one(call.world, the_channel(call), call.user, call.id("message_id"))
    return call.world.message_payload(found)


async def post_message(call: Call) -> Json:
    made = channel_messages.post(call.world, the_channel(call), call.user, await call.json())
    return call.world.message_payload(made)


async def patch_message(call: Call) -> Json:
    channel, message_id = the_channel(call), call.id("message_id")
    made = channel_messages.edit(call.world, channel, call.user, message_id, await call.json())
    return call.world.message_payload(made)


async def delete_message(call: Call) -> None:
    channel_messages.delete(call.world, the_channel(call), call.user, call.id("message_id"))


async def trigger_typing(call: Call) -> None:
    the_channel(call)


async def bulk_delete(call: Call) -> None:
    channel_messages.bulk_delete(call.world, the_channel(call), call.user, await call.json())


ROUTES = [
    Route("GET", "/channels/{channel_id}/messages", get_messages),
    Route("POST", "/channels/{channel_id}/messages", post_message, limit="post"),
    Route("GET", "/channels/{channel_id}/messages/{message_id}", get_message),
    Route("PATCH", "/channels/{channel_id}/messages/{message_id}", patch_message, limit="edit"),
    Route("DELETE", "/channels/{channel_id}/messages/{message_id}", delete_message),
    Route("POST", "/channels/{channel_id}/typing", trigger_typing),
    Route("POST", "/channels/{channel_id}/messages/bulk-delete", bulk_delete),
]
