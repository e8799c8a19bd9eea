"""Interactions, and the messages of their web hooks.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from typing import Any

from gamesched.local_discord.api.request import Call, Route
from gamesched.local_discord.state.entities import Json, Message

WEBHOOK = "/webhooks/{application_id}/{token}"


async def post_interaction(call: Call) -> None:
    """What Discord's own client sends when a person clicks or uses a command."""
    call.services.interactions.start(call.user, await call.json())


async def post_callback(call: Call) -> Any:
    token = call.request.match_info["token"]
    told = call.services.interactions.respond(call.id("interaction_id"), token, await call.json())
    return told if call.flag("with_response") else None


async def post_follow_up(call: Call) -> Json:
    token = call.request.match_info["token"]
    made = call.services.interactions.follow_up(call.id("application_id"), token, await call.json())
    return call.world.message_payload(made)


def _webhook_message(call: Call) -> Message:
    match = call.request.match_info
    return call.services.interactions.message_of(call.id("application_id"), match["token"], match["message_id"])


async def get_webhook_message(call: Call) -> Json:
    return call.world.message_payload(_webhook_message(call))


async def patch_webhook_message(call: Call) -> Json:
    message = _webhook_message(call)
    return call.world.message_payload(call.services.interactions.edit(message, await call.json()))


async def delete_webhook_message(call: Call) -> None:
    call.world.delete(_webhook_message(call))


ROUTES = [
    Route("POST", "/interactions", post_interaction),
    Route("POST", "/interactions/{interaction_id}/{token}/callback", post_callback, limit=None, exempt=True),
    Route("POST", WEBHOOK, post_follow_up, limit="webhook", exempt=True),
    Route("GET", WEBHOOK + "/messages/{message_id}", get_webhook_message, limit="webhook", exempt=True),
    Route("PATCH", WEBHOOK + "/messages/{message_id}", patch_webhook_message, limit="webhook", exempt=True),
    Route("DELETE", WEBHOOK + "/messages/{message_id}", delete_webhook_message, limit="webhook", exempt=True),
]
