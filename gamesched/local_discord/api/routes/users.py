"""The current user, and the gateway's URL: https://docs.discord.com/developers/resources/user"""

from gamesched.local_discord.api.paging import page_of_ids
from gamesched.local_discord.api.request import ApiRequest, Route
from gamesched.local_discord.api.routes.path_lookup import guild_from_path
from gamesched.local_discord.errors import invalid_guild, unauthorized, unknown_user
from gamesched.local_discord.gateway.intents import application_flags
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import APPLICATION_ID, Guild, Json


async def get_current_user(request: ApiRequest) -> Json:
    actor = request.actor
    if actor.scopes is not None and "identify" not in actor.scopes:
        raise unauthorized()
    payload = payloads.user(actor.user) | {"locale": "en-US", "mfa_enabled": False, "premium_type": 0}
    if actor.is_bot:
        payload |= {"bio": "", "email": None, "mfa_enabled": True, "verified": True}
    elif actor.scopes is None or "email" in actor.scopes:
        payload |= {"email": f"{actor.user.username}@example.org", "verified": True}
    return payload


async def get_current_user_guilds(request: ApiRequest) -> list[Json]:
    actor = request.actor
    if actor.scopes is not None and "guilds" not in actor.scopes:
        raise unauthorized()
    own_ids = [guild.id for guild in request.state.guilds_of(actor.user.id)]
    ids = page_of_ids(request.http_request.query, own_ids, 200, 200)
    return [_own_guild_payload(request, request.state.guilds[each], actor.user.id) for each in ids]


def _own_guild_payload(request: ApiRequest, guild: Guild, user_id: int) -> Json:
    payload = payloads.own_guild(guild, user_id, request.state.guild_permissions(guild, user_id))
    return payload | payloads.approximate_counts(guild) if request.query_flag("with_counts") else payload


async def get_user(request: ApiRequest) -> Json:
    if request.actor.scopes is not None:
        raise unauthorized()
    user = request.state.users.get(request.path_id("user_id"))
    if user is None:
        raise unknown_user()
    return payloads.user(user)


async def get_application(request: ApiRequest) -> Json:
    if not request.user.bot:
        raise unauthorized()
    owner = next(iter(request.state.people()))
    flags = application_flags(request.services.gateway.privileged)
    return {
        "id": str(APPLICATION_ID),
        "name": request.user.username,
        "icon": None,
        "description": "",
        "summary": "",
        "type": None,
        "bot": payloads.user(request.user),
        "bot_public": True,
        "bot_require_code_grant": False,
        "owner": payloads.user(owner),
        "team": None,
        "verify_key": "0" * 64,
        "flags": flags,
        "flags_new": str(flags),
        "hook": True,
        "redirect_uris": list(request.services.settings.redirect_uris),
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "approximate_guild_count": len(request.state.guilds_of(APPLICATION_ID)),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "eligible_oauth2_scopes": [],
    }


async def get_gateway(request: ApiRequest) -> Json:
    return {"url": f"ws://{request.http_request.host}/gateway"}


async def get_gateway_bot(request: ApiRequest) -> Json:
    if not request.user.bot:
        raise unauthorized()
    limit_status = request.state.rate_limits.peek("sessions", request.user.id)
    max_concurrency = request.state.rate_limits.max_concurrency
    session_start_limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": max_concurrency}
    if limit_status is not None:
        session_start_limit |= {
            "total": limit_status.limit.requests,
            "remaining": limit_status.remaining,
            "reset_after": round(limit_status.reset_after * 1000),
        }
    return {
        "url": f"ws://{request.http_request.host}/gateway",
        "shards": request.services.gateway.recommended_shards(request.user.id),
        "session_start_limit": session_start_limit,
    }


async def leave_guild(request: ApiRequest) -> None:
    """Leave a guild; its owner cannot."""
    guild = guild_from_path(request)
    if guild.owner_id == request.user.id:
        raise invalid_guild()
    request.state.remove_member(guild, request.user.id)


ROUTES = [
    Route("GET", "/users/@me", get_current_user),
    Route("GET", "/users/@me/guilds", get_current_user_guilds),
    Route("GET", "/users/{user_id}", get_user),
    Route("GET", "/applications/@me", get_application),
    Route("GET", "/oauth2/applications/@me", get_application),
    Route("GET", "/gateway", get_gateway),
    Route("GET", "/gateway/bot", get_gateway_bot),
    Route("DELETE", "/users/@me/guilds/{guild_id}", leave_guild),
]
