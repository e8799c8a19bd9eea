"""Members of a guild: https://docs.discord.com/developers/resources/guild#guild-member-object"""

from gamesched.local_discord.api.messages import between, integer, snowflake, text
from gamesched.local_discord.api.request import Call, Route
from gamesched.local_discord.api.routes.path_lookup import the_guild, the_member, the_role
from gamesched.local_discord.errors import invalid, missing_access, missing_permissions, unknown_role
from gamesched.local_discord.gateway.intents import MEMBERS
from gamesched.local_discord.state import payloads, permissions
from gamesched.local_discord.state.entities import Guild, Json, Member
from gamesched.local_discord.state.permissions import Permission

NICK_LONGEST = 32


async def get_member(call: Call) -> Json:
    return _payload(call, the_member(call, the_guild(call)))


def _payload(call: Call, member: Member) -> Json:
    return payloads.member(member, call.world.users[member.user_id])


async def get_members(call: Call) -> list[Json]:
    """By id; `limit` (1) and `after` an id. Raises 50001 without the privileged intent for members."""
    guild, query = the_guild(call), call.request.query
    if not call.user.bot or not call.services.gateway.privileged & MEMBERS:
        raise missing_access()
    limit = between(integer(query.get("limit", "1"), "limit"), 1, 1000, "limit")
    after = snowflake(query.get("after", "0"), "after")
    ids = sorted(each for each in guild.members if each > after)
    return [_payload(call, guild.members[each]) for each in ids[:limit]]


async def search_members(call: Call) -> list[Json]:
    """Those whose user name, display name or nick begins with `query`; `limit` (1)."""
    guild = the_guild(call)
    query = call.request.query.get("query", "").lower()
    if not 1 <= len(query) <= 100:
        raise invalid(("query",), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    limit = between(integer(call.request.query.get("limit", "1"), "limit"), 1, 1000, "limit")
    found = []
    for member in guild.members.values():
        user = call.world.users[member.user_id]
        names = (user.username, user.global_name, member.nick)
        if any(name and name.lower().startswith(query) for name in names):
            found.append(payloads.member(member, user))
    return found[:limit]


async def patch_me(call: Call) -> Json:
    """One's own `nick`."""
    guild, body = the_guild(call), await call.json()
    member = guild.members[call.user.id]
    if "nick" in body:
        _require(guild, call, Permission.CHANGE_NICKNAME)
        call.world.change_member(guild, member, nick=_nick(body))
    return _payload(call, member)


async def patch_member(call: Call) -> Json:
    """`nick` and `roles` of another member."""
    guild, body = the_guild(call), await call.json()
    member = the_member(call, guild)
    changes: Json = {}
    if "nick" in body:
        own = member.user_id == call.user.id
        _require(guild, call, Permission.CHANGE_NICKNAME if own else Permission.MANAGE_NICKNAMES)
        if not own and not permissions.outranks(guild, call.user.id, member.user_id):
            raise missing_permissions()
        changes["nick"] = _nick(body)
    if body.get("roles") is not None:
        given = body["roles"]
        if not isinstance(given, list):
            raise invalid(("roles",), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        wanted = list(dict.fromkeys(snowflake(each, "roles", i) for i, each in enumerate(given)))
        for role_id in set(wanted) ^ set(member.roles):
            _may_give(call, guild, role_id)
        changes["roles"] = wanted
    if changes:
        call.world.change_member(guild, member, **changes)
    return _payload(call, member)


def _require(guild: Guild, call: Call, permission: Permission) -> None:
    if not permissions.in_guild(guild, call.user.id) & permission:
        raise missing_permissions()


def _nick(body: Json) -> str | None:
    nick = text(body, "nick", NICK_LONGEST)
    return (nick or "").strip() or None


def _may_give(call: Call, guild: Guild, role_id: int) -> None:
    """Roles below one's own highest may be given and taken, except those that came with a bot."""
    _require(guild, call, Permission.MANAGE_ROLES)
    role = guild.roles.get(role_id)
    if role is None:
        raise unknown_role()
    if role.bot_id is not None or role.id == guild.id or not permissions.above(guild, call.user.id, role):
        raise missing_permissions()


async def put_role(call: Call) -> None:
    guild = the_guild(call)
    member, role = the_member(call, guild), the_role(call, guild)
    _may_give(call, guild, role.id)
    if role.id not in member.roles:
        call.world.change_member(guild, member, roles=[*member.roles, role.id])


async def delete_role(call: Call) -> None:
    guild = the_guild(call)
    member, role = the_member(call, guild), the_role(call, guild)
    _may_give(call, guild, role.id)
    if role.id in member.roles:
        call.world.change_member(guild, member, roles=[each for each in member.roles if each != role.id])


async def kick(call: Call) -> None:
    guild = the_guild(call, Permission.KICK_MEMBERS)
    member = the_member(call, guild)
    if not permissions.outranks(guild, call.user.id, member.user_id):
        raise missing_permissions()
    call.world.remove_member(guild, member.user_id)


ROUTES = [
    Route("GET", "/guilds/{guild_id}/members", get_members),
    Route("GET", "/guilds/{guild_id}/members/search", search_members, limit="search"),
    Route("PATCH", "/guilds/{guild_id}/members/@me", patch_me),
    Route("GET", "/guilds/{guild_id}/members/{user_id}", get_member, limit="member"),
    Route("PATCH", "/guilds/{guild_id}/members/{user_id}", patch_member),
    Route("DELETE", "/guilds/{guild_id}/members/{user_id}", kick),
    Route("PUT", "/guilds/{guild_id}/members/{user_id}/roles/{role_id}", put_role),
    Route("DELETE", "/guilds/{guild_id}/members/{user_id}/roles/{role_id}", delete_role),
]
