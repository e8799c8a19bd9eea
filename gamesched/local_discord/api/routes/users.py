"""Who one is, and the way to the gateway: https://docs.discord.com/developers/resources/user"""

from gamesched.local_discord.api.request import Call, Route
from gamesched.local_discord.api.routes.path_lookup import the_guild
from gamesched.local_discord.errors import invalid_guild, unauthorized, unknown_user
from gamesched.local_discord.gateway.intents import application_flags
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import APPLICATION_ID, Json


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


async def leave_guild(call: Call) -> None:
    """The owner cannot."""
    guild = the_guild(call)
    if guild.owner_id == call.user.id:
        raise invalid_guild()
    call.world.remove_member(guild, call.user.id)


ROUTES = [
    Route("GET", "/users/@me", get_me),
    Route("GET", "/users/@me/guilds", get_my_guilds),
    Route("GET", "/users/{user_id}", get_user),
    Route("GET", "/applications/@me", get_application),
    Route("GET", "/oauth2/applications/@me", get_application),
    Route("GET", "/gateway", get_gateway),
    Route("GET", "/gateway/bot", get_gateway_bot),
    Route("DELETE", "/users/@me/guilds/{guild_id}", leave_guild),
]
