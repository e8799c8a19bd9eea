"""Guilds and their bans: https://docs.discord.com/developers/resources/guild"""

from urllib.parse import unquote

from gamesched.local_discord.api.paging import page_of_ids
from gamesched.local_discord.api.request import ApiRequest, Route
from gamesched.local_discord.api.routes.path_lookup import guild_from_path
from gamesched.local_discord.api.validation import check_length, parse_integer
from gamesched.local_discord.errors import invalid_form_body, missing_permissions, unknown_ban, unknown_user
from gamesched.local_discord.state import payloads, permissions, threads
from gamesched.local_discord.state.entities import Guild, Json, snowflake_time
from gamesched.local_discord.state.permissions import Permission

MAX_DELETE_MESSAGE_SECONDS = 7 * 24 * 3600  # maximum age of the messages that a ban may delete


async def get_guild(request: ApiRequest) -> Json:
    guild = guild_from_path(request)
    payload = payloads.guild(guild)
    if request.query_flag("with_counts"):
        payload |= payloads.approximate_counts(guild)
    return payload


async def patch_guild(request: ApiRequest) -> Json:
    """Change the name; other fields are ignored."""
    guild = guild_from_path(request, Permission.MANAGE_GUILD)
    body = await request.json()
    if body.get("name") is not None:
        request.state.change_guild(guild, name=check_length(body["name"], 2, 100, "name"))
    return payloads.guild(guild)


async def get_bans(request: ApiRequest) -> list[Json]:
    """Return bans; `limit` (1000), and `before` or `after` the id of a user."""
    guild = guild_from_path(request, Permission.BAN_MEMBERS)
    ids = page_of_ids(request.http_request.query, guild.bans, 1000, 1000)
    return [_ban_payload(request, guild, each) for each in ids]


async def get_ban(request: ApiRequest) -> Json:
    guild = guild_from_path(request, Permission.BAN_MEMBERS)
    return _ban_payload(request, guild, _banned_user_id(request, guild))


def _banned_user_id(request: ApiRequest, guild: Guild) -> int:
    user_id = request.path_id("user_id")
    if user_id not in guild.bans:
        raise unknown_ban()
    return user_id


def _ban_payload(request: ApiRequest, guild: Guild, user_id: int) -> Json:
    return {"user": payloads.user(request.state.users[user_id]), "reason": guild.bans[user_id]}


async def put_ban(request: ApiRequest) -> None:
    """Ban a person, who need not be a member. `delete_message_seconds` also deletes their latest messages."""
    guild = guild_from_path(request, Permission.BAN_MEMBERS)
    state, user_id, body = request.state, request.path_id("user_id"), await request.json()
    if user_id not in state.users:
        raise unknown_user()
    if user_id in guild.members and not permissions.outranks(guild, request.user.id, user_id):
        raise missing_permissions()
    # Described in the body; discord.py sends it in the query.
    given = body.get("delete_message_seconds") or request.http_request.query.get("delete_message_seconds", 0)
    seconds = parse_integer(given, "delete_message_seconds")
    if not 0 <= seconds <= MAX_DELETE_MESSAGE_SECONDS:
        problem = f"int value should be between 0 and {MAX_DELETE_MESSAGE_SECONDS}."
        raise invalid_form_body(("delete_message_seconds",), "NUMBER_TYPE_MAX", problem)
    since = state.clock() - seconds
    reason = request.http_request.headers.get("X-Audit-Log-Reason")
    state.ban(guild, user_id, unquote(reason) if reason else None)
    for channel in [*state.channels_of(guild), *threads.in_guild(state, guild)] if seconds else ():
        messages = state.messages.get(channel.id, {}).values()
        latest = [each.id for each in messages if each.author_id == user_id and snowflake_time(each.id) >= since]
        state.bulk_delete_messages(channel, latest)


async def delete_ban(request: ApiRequest) -> None:
    guild = guild_from_path(request, Permission.BAN_MEMBERS)
    request.state.unban(guild, _banned_user_id(request, guild))


ROUTES = [
    Route("GET", "/guilds/{guild_id}", get_guild),
    Route("PATCH", "/guilds/{guild_id}", patch_guild),
    Route("GET", "/guilds/{guild_id}/bans", get_bans),
    Route("GET", "/guilds/{guild_id}/bans/{user_id}", get_ban),
    Route("PUT", "/guilds/{guild_id}/bans/{user_id}", put_ban),
    Route("DELETE", "/guilds/{guild_id}/bans/{user_id}", delete_ban),
]
