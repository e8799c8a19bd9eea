"""Guilds and who is banned from them: https://docs.discord.com/developers/resources/guild"""

from urllib.parse import unquote

from gamesched.local_discord.api.messages import between, integer, length
from gamesched.local_discord.api.request import Call, Route
from gamesched.local_discord.api.routes.path_lookup import the_guild
from gamesched.local_discord.errors import invalid, missing_permissions, unknown_ban, unknown_user
from gamesched.local_discord.state import payloads, permissions, threads
from gamesched.local_discord.state.entities import Guild, Json, snowflake_time
from gamesched.local_discord.state.permissions import Permission

LONGEST_LOOK_BACK = 7 * 24 * 3600  # seconds: whose messages a ban may delete


async def get_guild(call: Call) -> Json:
    guild = the_guild(call)
    told = payloads.guild(guild)
    if call.flag("with_counts"):
        told |= {"approximate_member_count": len(guild.members), "approximate_presence_count": len(guild.members)}
    return told


async def patch_guild(call: Call) -> Json:
    """Only the name."""
    guild = the_guild(call, Permission.MANAGE_GUILD)
    body = await call.json()
    if body.get("name") is not None:
        call.world.change_guild(guild, name=length(body["name"], 2, 100, "name"))
    return payloads.guild(guild)


async def get_bans(call: Call) -> list[Json]:
    """`limit` (1000), and `before` or `after` the id of a user."""
    guild = the_guild(call, Permission.BAN_MEMBERS)
    limit = between(integer(call.request.query.get("limit", "1000"), "limit"), 1, 1000, "limit")
    ids = sorted(guild.bans)
    if "after" in call.request.query:
        ids = [each for each in ids if each > integer(call.request.query["after"], "after")]
    if "before" in call.request.query:
        ids = [each for each in ids if each < integer(call.request.query["before"], "before")][-limit:]
    return [_ban(call, guild, each) for each in ids[:limit]]


async def get_ban(call: Call) -> Json:
    guild = the_guild(call, Permission.BAN_MEMBERS)
    return _ban(call, guild, _banned(call, guild))


def _banned(call: Call, guild: Guild) -> int:
    user_id = call.id("user_id")
    if user_id not in guild.bans:
        raise unknown_ban()
    return user_id


def _ban(call: Call, guild: Guild, user_id: int) -> Json:
    return {"user": payloads.user(call.world.users[user_id]), "reason": guild.bans[user_id]}


async def put_ban(call: Call) -> None:
    """Also of who never was a member. `delete_message_seconds` takes their latest messages along."""
    guild = the_guild(call, Permission.BAN_MEMBERS)
    world, user_id, body = call.world, call.id("user_id"), await call.json()
    if user_id not in world.users:
        raise unknown_user()
    if user_id in guild.members and not permissions.outranks(guild, call.user.id, user_id):
        raise missing_permissions()
    # Described in the body; discord.py sends it in the query.
    given = body.get("delete_message_seconds") or call.request.query.get("delete_message_seconds", 0)
    seconds = integer(given, "delete_message_seconds")
    if not 0 <= seconds <= LONGEST_LOOK_BACK:
        said = f"int value should be between 0 and {LONGEST_LOOK_BACK}."
        raise invalid(("delete_message_seconds",), "NUMBER_TYPE_MAX", said)
    since = world.clock() - seconds
    reason = call.request.headers.get("X-Audit-Log-Reason")
    world.ban(guild, user_id, unquote(reason) if reason else None)
    for channel in [*world.channels_of(guild), *threads.of(world, guild)] if seconds else ():
        said_there = world.messages.get(channel.id, {}).values()
        latest = [each.id for each in said_there if each.author_id == user_id and snowflake_time(each.id) >= since]
        world.bulk_delete(channel, latest)


async def delete_ban(call: Call) -> None:
    guild = the_guild(call, Permission.BAN_MEMBERS)
    call.world.unban(guild, _banned(call, guild))


ROUTES = [
    Route("GET", "/guilds/{guild_id}", get_guild),
    Route("PATCH", "/guilds/{guild_id}", patch_guild),
    Route("GET", "/guilds/{guild_id}/bans", get_bans),
    Route("GET", "/guilds/{guild_id}/bans/{user_id}", get_ban),
    Route("PUT", "/guilds/{guild_id}/bans/{user_id}", put_ban),
    Route("DELETE", "/guilds/{guild_id}/bans/{user_id}", delete_ban),
]
