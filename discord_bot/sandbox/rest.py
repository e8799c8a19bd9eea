"""The HTTP API, version 10, as far as a scheduler and its people need it.

https://discord.com/developers/docs/reference
"""

from typing import Any

from discord_bot.sandbox import channel_messages, payloads
from discord_bot.sandbox.call import Call, Route
from discord_bot.sandbox.errors import (
    invalid,
    missing_access,
    unauthorized,
    unknown_channel,
    unknown_guild,
    unknown_member,
    unknown_user,
)
from discord_bot.sandbox.intents import application_flags
from discord_bot.sandbox.messages import integer, snowflake
from discord_bot.sandbox.permissions import Permission
from discord_bot.sandbox.things import APPLICATION_ID, Channel, Guild, Json, Message

# --- who one is ---------------------------------------------------------------------------------------------


async def get_me(call: Call) -> Json:
    actor = call.actor
    if actor.scopes is not None and "identify" not in actor.scopes:
        raise unauthorized()
    told = payloads.user(actor.user) | {"locale": "en-US", "mfa_enabled": False, "premium_type": 0}
    if actor.is_bot or actor.scopes is None or "email" in actor.scopes:
        told |= {"email": f"{actor.user.username}@example.org", "verified": True}
    return told


async def get_my_guilds(call: Call) -> list[Json]:
    actor = call.actor
    if actor.scopes is not None and "guilds" not in actor.scopes:
        raise unauthorized()
    return [payloads.own_guild(guild, actor.user.id) for guild in call.world.guilds_of(actor.user.id)]


async def get_user(call: Call) -> Json:
    if call.actor.scopes is not None:
        raise unauthorized()
    found = call.world.users.get(call.id("user_id"))
    if found is None:
        raise unknown_user()
    return payloads.user(found)


async def get_application(call: Call) -> Json:
    if not call.user.bot:
        raise unauthorized()
    owner = next(iter(call.world.people()))
    flags = application_flags(call.services.gateway.privileged)
    return {
        "id": str(APPLICATION_ID),
        "name": call.user.username,
        "icon": None,
        "description": "",
        "summary": "",
        "type": None,
        "bot": payloads.user(call.user),
        "bot_public": True,
        "bot_require_code_grant": False,
        "owner": payloads.user(owner),
        "team": None,
        "verify_key": "0" * 64,
        "flags": flags,
        "flags_new": str(flags),
        "hook": True,
        "redirect_uris": list(call.services.settings.redirects),
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": len(call.world.guilds_of(APPLICATION_ID)),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
    }


async def get_gateway(call: Call) -> Json:
    return {"url": f"ws://{call.request.host}/gateway"}


async def get_gateway_bot(call: Call) -> Json:
    if not call.user.bot:
        raise unauthorized()
    taken = call.world.limits.look("sessions", call.user.id)
    left = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    if taken is not None:
        left |= {"total": taken.limit.requests, "remaining": taken.left, "reset_after": round(taken.wait * 1000)}
    return {"url": f"ws://{call.request.host}/gateway", "shards": 1, "session_start_limit": left}


# --- guilds -------------------------------------------------------------------------------------------------


def _guild(call: Call) -> Guild:
    found = call.world.guilds.get(call.id("guild_id"))
    if found is None or call.user.id not in found.members or found.unavailable:
        raise unknown_guild()
    return found


async def get_guild(call: Call) -> Json:
    return payloads.guild(_guild(call))


async def get_channels(call: Call) -> list[Json]:
    guild = _guild(call)
    channels = call.world.channels_of(guild)
    if not call.user.bot:
        seen = Permission.VIEW_CHANNEL
        channels = [each for each in channels if call.world.permissions(each, call.user.id) & seen]
    return [payloads.channel(each, []) for each in channels]


async def get_roles(call: Call) -> list[Json]:
    guild = _guild(call)
    return [payloads.role(guild, each) for each in guild.roles.values()]


async def get_member(call: Call) -> Json:
    guild, user_id = _guild(call), call.id("user_id")
    if user_id not in call.world.users:
        raise unknown_user()
    if user_id not in guild.members:
        raise unknown_member()
    return payloads.member(guild.members[user_id], call.world.users[user_id])


async def search_members(call: Call) -> list[Json]:
    guild = _guild(call)
    query = call.request.query.get("query", "").lower()
    if not query:
        raise invalid(("query",), "BASE_TYPE_REQUIRED", "This field is required")
    limit = integer(call.request.query.get("limit", "1"), "limit")
    if not 1 <= limit <= 1000:
        raise invalid(("limit",), "NUMBER_TYPE_MAX", "int value should be between 1 and 1000.")
    found = []
    for member in guild.members.values():
        user = call.world.users[member.user_id]
        names = (user.username, user.global_name, member.nick)
        if any(name and name.lower().startswith(query) for name in names):
            found.append(payloads.member(member, user))
    return found[:limit]


# --- channels -----------------------------------------------------------------------------------------------


def _channel(call: Call) -> Channel:
    found = call.world.channels.get(call.id("channel_id"))
    if found is None:
        raise unknown_channel()
    if not call.world.permissions(found, call.user.id) & Permission.VIEW_CHANNEL:
        raise missing_access()
    return found


async def get_channel(call: Call) -> Json:
    return call.world.channel_for(_channel(call), call.user.id)


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


async def get_messages(call: Call) -> list[Json]:
    found = channel_messages.read(call.world, _channel(call), call.user, dict(call.request.query))
    return [call.world.message_payload(each) for each in found]


async def get_message(call: Call) -> Json:
    found = channel_messages.one(call.world, _channel(call), call.user, call.id("message_id"))
    return call.world.message_payload(found)


async def post_message(call: Call) -> Json:
    made = channel_messages.post(call.world, _channel(call), call.user, await call.json())
    return call.world.message_payload(made)


async def patch_message(call: Call) -> Json:
    channel, message_id = _channel(call), call.id("message_id")
    made = channel_messages.edit(call.world, channel, call.user, message_id, await call.json())
    return call.world.message_payload(made)


async def delete_message(call: Call) -> None:
    channel_messages.delete(call.world, _channel(call), call.user, call.id("message_id"))


async def trigger_typing(call: Call) -> None:
    _channel(call)


# --- commands, interactions ---------------------------------------------------------------------------------


def _scope(call: Call) -> int:
    if not call.user.bot or call.id("application_id") != call.user.id:
        raise unauthorized()
    return call.id("guild_id") if "guild_id" in call.request.match_info else 0


async def get_commands(call: Call) -> list[Json]:
    return call.world.commands.get(_scope(call), [])


async def put_commands(call: Call) -> list[Json]:
    scope, body = _scope(call), await call.json_list()
    if not isinstance(body, list) or len(body) > 100:
        raise invalid((), "BASE_TYPE_BAD_LENGTH", "Must be between 0 and 100 in length.")
    for i, command in enumerate(body):
        if not isinstance(command, dict) or not isinstance(command.get("name"), str):
            raise invalid((i, "name"), "BASE_TYPE_REQUIRED", "This field is required")
        if not 1 <= len(command["name"]) <= 32:
            raise invalid((i, "name"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 32 in length.")
        if command.get("type", 1) == 1 and not 1 <= len(str(command.get("description") or "")) <= 100:
            raise invalid((i, "description"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    names = [(command["name"], command.get("type", 1)) for command in body]
    if len(set(names)) != len(names):
        raise invalid((), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    return call.world.set_commands(scope, body)


async def post_interaction(call: Call) -> None:
    """What Discord's own client sends when a person clicks or uses a command."""
    call.services.interactions.start(call.user, await call.json())


async def post_callback(call: Call) -> Any:
    token = call.request.match_info["token"]
    told = call.services.interactions.respond(call.id("interaction_id"), token, await call.json())
    return told if call.request.query.get("with_response", "").lower() in ("1", "true") else None


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


WEBHOOK = "/webhooks/{application_id}/{token}"

ROUTES = [
    Route("GET", "/users/@me", get_me),
    Route("GET", "/users/@me/guilds", get_my_guilds),
    Route("GET", "/users/@me/channels", get_my_dms),
    Route("POST", "/users/@me/channels", open_dm),
    Route("GET", "/users/{user_id}", get_user),
    Route("GET", "/applications/@me", get_application),
    Route("GET", "/oauth2/applications/@me", get_application),
    Route("GET", "/gateway", get_gateway),
    Route("GET", "/gateway/bot", get_gateway_bot),
    Route("GET", "/guilds/{guild_id}", get_guild),
    Route("GET", "/guilds/{guild_id}/channels", get_channels),
    Route("GET", "/guilds/{guild_id}/roles", get_roles),
    Route("GET", "/guilds/{guild_id}/members/search", search_members, limit="search"),
    Route("GET", "/guilds/{guild_id}/members/{user_id}", get_member, limit="member"),
    Route("GET", "/channels/{channel_id}", get_channel),
    Route("GET", "/channels/{channel_id}/messages", get_messages),
    Route("POST", "/channels/{channel_id}/messages", post_message, limit="post"),
    Route("GET", "/channels/{channel_id}/messages/{message_id}", get_message),
    Route("PATCH", "/channels/{channel_id}/messages/{message_id}", patch_message, limit="edit"),
    Route("DELETE", "/channels/{channel_id}/messages/{message_id}", delete_message),
    Route("POST", "/channels/{channel_id}/typing", trigger_typing),
    Route("GET", "/applications/{application_id}/commands", get_commands),
    Route("PUT", "/applications/{application_id}/commands", put_commands),
    Route("GET", "/applications/{application_id}/guilds/{guild_id}/commands", get_commands),
    Route("PUT", "/applications/{application_id}/guilds/{guild_id}/commands", put_commands),
    Route("POST", "/interactions", post_interaction),
    Route("POST", "/interactions/{interaction_id}/{token}/callback", post_callback, limit=None, exempt=True),
    Route("POST", WEBHOOK, post_follow_up, limit="webhook", exempt=True),
    Route("GET", WEBHOOK + "/messages/{message_id}", get_webhook_message, limit="webhook", exempt=True),
    Route("PATCH", WEBHOOK + "/messages/{message_id}", patch_webhook_message, limit="webhook", exempt=True),
    Route("DELETE", WEBHOOK + "/messages/{message_id}", delete_webhook_message, limit="webhook", exempt=True),
]
