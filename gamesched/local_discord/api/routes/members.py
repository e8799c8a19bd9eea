"""Members of a guild: https://docs.discord.com/developers/resources/guild#guild-member-object"""

from datetime import UTC, datetime

from gamesched.local_discord.api.paging import page_of_ids
from gamesched.local_discord.api.request import ApiRequest, Route
from gamesched.local_discord.api.routes.path_lookup import guild_from_path, member_from_path, role_from_path
from gamesched.local_discord.api.validation import check_range, parse_integer, parse_snowflake, read_text
from gamesched.local_discord.errors import (
    invalid_form_body,
    missing_access,
    missing_permissions,
    not_in_voice,
    unknown_role,
)
from gamesched.local_discord.gateway.intents import MEMBERS
from gamesched.local_discord.state import payloads, permissions, voice
from gamesched.local_discord.state.entities import Channel, Guild, Json, Member
from gamesched.local_discord.state.permissions import Permission

MAX_NICK_LENGTH = 32
MAX_TIME_OUT = 28 * 24 * 3600.0  # seconds


async def get_member(request: ApiRequest) -> Json:
    return _member_payload(request, member_from_path(request, guild_from_path(request)))


def _member_payload(request: ApiRequest, member: Member) -> Json:
    return payloads.member(member, request.state.users[member.user_id])


async def get_members(request: ApiRequest) -> list[Json]:
    """Return members by id; `limit` (1) and `after` an id. Raise 50001 without the privileged members intent."""
    guild, query = guild_from_path(request), request.http_request.query
    if not request.user.bot or not request.services.gateway.privileged & MEMBERS:
        raise missing_access()
    ids = page_of_ids(query, guild.members, 1, 1000)
    return [_member_payload(request, guild.members[each]) for each in ids]


async def search_members(request: ApiRequest) -> list[Json]:
    """Return members with a user name, display name or nick that begins with `query`; `limit` (1)."""
    guild = guild_from_path(request)
    query = request.http_request.query.get("query", "").lower()
    if not 1 <= len(query) <= 100:
        raise invalid_form_body(("query",), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    limit = check_range(parse_integer(request.http_request.query.get("limit", "1"), "limit"), 1, 1000, "limit")
    matches = []
    for member in guild.members.values():
        user = request.state.users[member.user_id]
        names = (user.username, user.global_name, member.nick)
        if any(name and name.lower().startswith(query) for name in names):
            matches.append(payloads.member(member, user))
    return matches[:limit]


async def patch_current_member(request: ApiRequest) -> Json:
    """Change one's own `nick`."""
    guild, body = guild_from_path(request), await request.json()
    member = guild.members[request.user.id]
    if "nick" in body:
        _require_permission(guild, request, Permission.CHANGE_NICKNAME)
        request.state.change_member(guild, member, nick=_read_nick(body))
    return _member_payload(request, member)


async def patch_member(request: ApiRequest) -> Json:
    """Change `nick`, `roles`, `communication_disabled_until`, and where and how another member is in voice."""
    guild, body = guild_from_path(request), await request.json()
    member = member_from_path(request, guild)
    changes: Json = {}
    if "nick" in body:
        own = member.user_id == request.user.id
        _require_permission(guild, request, Permission.CHANGE_NICKNAME if own else Permission.MANAGE_NICKNAMES)
        if not own and not permissions.outranks(guild, request.user.id, member.user_id):
            raise missing_permissions()
        changes["nick"] = _read_nick(body)
    if body.get("roles") is not None:
        given = body["roles"]
        if not isinstance(given, list):
            raise invalid_form_body(("roles",), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
        role_ids = list(dict.fromkeys(parse_snowflake(each, "roles", i) for i, each in enumerate(given)))
        for role_id in set(role_ids) ^ set(member.roles):
            _require_assignable(request, guild, role_id)
        changes["roles"] = role_ids
    if "communication_disabled_until" in body:
        changes["timed_out_until"] = _read_time_out(request, guild, member, body["communication_disabled_until"])
    changes |= _read_voice_changes(request, guild, member, body)
    destination = _read_destination(request, guild, member, body) if "channel_id" in body else None
    if changes:
        request.state.change_member(guild, member, **changes)
    if destination is not None:
        voice.move(request.state, guild, member.user_id, destination)
    elif "channel_id" in body:
        voice.leave(request.state, guild, member.user_id)
    return _member_payload(request, member)


def _read_time_out(request: ApiRequest, guild: Guild, member: Member, given: object) -> float | None:
    """Return when a time-out ends, in seconds since 1970. Raise 50013 for administrators, whom nobody times out."""
    _require_permission(guild, request, Permission.MODERATE_MEMBERS)
    has_all = request.state.guild_permissions(guild, member.user_id) == permissions.ALL_PERMISSIONS
    if has_all or not permissions.outranks(guild, request.user.id, member.user_id):
        raise missing_permissions()
    if given is None:
        return None
    path = ("communication_disabled_until",)
    try:
        until = datetime.fromisoformat(str(given)).astimezone(UTC).timestamp()
    except ValueError:
        raise invalid_form_body(path, "DATETIME_TYPE_PARSE", f"Could not parse {given}. Should be ISO8601.") from None
    if until > request.state.clock() + MAX_TIME_OUT:
        raise invalid_form_body(path, "COMMUNICATION_DISABLED_UNTIL_TOO_FAR", "Must be at most 28 days from now.")
    return until


def _read_voice_changes(request: ApiRequest, guild: Guild, member: Member, body: Json) -> Json:
    """Return `mute` and `deaf`. Raise 40032 for who is in no voice channel."""
    changes: Json = {}
    for key, needed in (("mute", Permission.MUTE_MEMBERS), ("deaf", Permission.DEAFEN_MEMBERS)):
        if body.get(key) is not None:
            _require_permission(guild, request, needed)
            if member.user_id not in guild.voice:
                raise not_in_voice()
            changes[key] = bool(body[key])
    return changes


def _read_destination(request: ApiRequest, guild: Guild, member: Member, body: Json) -> Channel | None:
    """Return the voice channel to move a member to; None to disconnect them. Raise 40032, 50013, 50035."""
    _require_permission(guild, request, Permission.MOVE_MEMBERS)
    if member.user_id not in guild.voice:
        raise not_in_voice()
    if body["channel_id"] is None:
        return None
    channel = request.state.channels.get(parse_snowflake(body["channel_id"], "channel_id"))
    if channel is None or channel.guild_id != guild.id or channel.type not in voice.CHANNEL_TYPES:
        raise invalid_form_body(("channel_id",), "CHANNEL_NOT_VOICE", "That is no voice channel of this server.")
    needed = Permission.VIEW_CHANNEL | Permission.CONNECT
    if request.state.permissions(channel, request.user.id) & needed != needed:
        raise missing_permissions()
    return channel


def _require_permission(guild: Guild, request: ApiRequest, permission: Permission) -> None:
    if not request.state.guild_permissions(guild, request.user.id) & permission:
        raise missing_permissions()


def _read_nick(body: Json) -> str | None:
    nick = read_text(body, "nick", MAX_NICK_LENGTH)
    return (nick or "").strip() or None


def _require_assignable(request: ApiRequest, guild: Guild, role_id: int) -> None:
    """Raise unless the role is below the actor's highest and did not come with a bot."""
    _require_permission(guild, request, Permission.MANAGE_ROLES)
    role = guild.roles.get(role_id)
    if role is None:
        raise unknown_role()
    if role.bot_id is not None or role.id == guild.id or not permissions.outranks_role(guild, request.user.id, role):
        raise missing_permissions()


async def put_role(request: ApiRequest) -> None:
    guild = guild_from_path(request)
    member, role = member_from_path(request, guild), role_from_path(request, guild)
    _require_assignable(request, guild, role.id)
    if role.id not in member.roles:
        request.state.change_member(guild, member, roles=[*member.roles, role.id])


async def delete_role(request: ApiRequest) -> None:
    guild = guild_from_path(request)
    member, role = member_from_path(request, guild), role_from_path(request, guild)
    _require_assignable(request, guild, role.id)
    if role.id in member.roles:
        request.state.change_member(guild, member, roles=[each for each in member.roles if each != role.id])


async def kick_member(request: ApiRequest) -> None:
    guild = guild_from_path(request, Permission.KICK_MEMBERS)
    member = member_from_path(request, guild)
    if not permissions.outranks(guild, request.user.id, member.user_id):
        raise missing_permissions()
    request.state.remove_member(guild, member.user_id)


ROUTES = [
    Route("GET", "/guilds/{guild_id}/members", get_members),
    Route("GET", "/guilds/{guild_id}/members/search", search_members, rate_limit="search"),
    Route("PATCH", "/guilds/{guild_id}/members/@me", patch_current_member),
    Route("GET", "/guilds/{guild_id}/members/{user_id}", get_member, rate_limit="member"),
    Route("PATCH", "/guilds/{guild_id}/members/{user_id}", patch_member),
    Route("DELETE", "/guilds/{guild_id}/members/{user_id}", kick_member),
    Route("PUT", "/guilds/{guild_id}/members/{user_id}/roles/{role_id}", put_role),
    Route("DELETE", "/guilds/{guild_id}/members/{user_id}/roles/{role_id}", delete_role),
]
