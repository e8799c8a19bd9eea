"""Interactions, and the messages of their webhooks.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

from typing import Any

from gamesched.local_discord.api.request import ApiRequest, Route
from gamesched.local_discord.state.entities import Json, Message

WEBHOOK = "/webhooks/{application_id}/{token}"


async def post_interaction(request: ApiRequest) -> None:
    """Create an interaction, as Discord's own client does when a person clicks or uses a command, with files or not."""
    body = await request.json()
    request.services.interactions.create(request.user, body, request.uploads)


async def post_callback(request: ApiRequest) -> Any:
    token = request.http_request.match_info["token"]
    body = await request.json()
    payload = request.services.interactions.respond(request.path_id("interaction_id"), token, body, request.uploads)
    return payload if request.query_flag("with_response") else None


async def post_followup(request: ApiRequest) -> Json:
    token = request.http_request.match_info["token"]
    body = await request.json()
    message = request.services.interactions.create_followup(
        request.path_id("application_id"), token, body, request.uploads
    )
    return request.state.message_payload(message)


def _webhook_message(request: ApiRequest) -> Message:
    match = request.http_request.match_info
    return request.services.interactions.get_response(
        request.path_id("application_id"), match["token"], match["message_id"]
    )


async def get_webhook_message(request: ApiRequest) -> Json:
    return request.state.message_payload(_webhook_message(request))


async def patch_webhook_message(request: ApiRequest) -> Json:
    message, body = _webhook_message(request), await request.json()
    return request.state.message_payload(request.services.interactions.edit_response(message, body, request.uploads))


async def delete_webhook_message(request: ApiRequest) -> None:
    request.state.delete_message(_webhook_message(request))


ROUTES = [
    Route("POST", "/interactions", post_interaction),
    Route(
        "POST",
        "/interactions/{interaction_id}/{token}/callback",
        post_callback,
        rate_limit=None,
        exempt_from_global=True,
    ),
    Route("POST", WEBHOOK, post_followup, rate_limit="webhook", exempt_from_global=True),
    Route(
        "GET", WEBHOOK + "/messages/{message_id}", get_webhook_message, rate_limit="webhook", exempt_from_global=True
    ),
    Route(
        "PATCH",
        WEBHOOK + "/messages/{message_id}",
        patch_webhook_message,
        rate_limit="webhook",
        exempt_from_global=True,
    ),
    Route(
        "DELETE",
        WEBHOOK + "/messages/{message_id}",
        delete_webhook_message,
        rate_limit="webhook",
        exempt_from_global=True,
    ),
]
