"""URLs below /sandbox/, which Discord lacks: tests and scripts read and change the state by them."""

from typing import Any

from aiohttp import web

from gamesched.local_discord.api.request import SERVICES, json_response
from gamesched.local_discord.api.validation import parse_json
from gamesched.local_discord.faults.registry import InvalidFault
from gamesched.local_discord.state import voice
from gamesched.local_discord.state.entities import TEXT, Json, User
from gamesched.local_discord.state.permissions import permissions_by_name
from gamesched.local_discord.state.state import State


async def get_people(request: web.Request) -> web.Response:
    """Return everyone, with the token for the Authorization header to act as them."""
    return json_response(
        [_person_payload(request.app[SERVICES].state, user) for user in request.app[SERVICES].state.people()]
    )


def _person_payload(state: State, user: User) -> Json:
    return {
        "id": str(user.id),
        "username": user.username,
        "global_name": user.global_name,
        "token": user.token,
        "dms_open": user.dms_open,
        "guilds": [str(guild.id) for guild in state.guilds_of(user.id)],
    }


async def add_people(request: web.Request) -> web.Response:
    """Add people: `names`, or `count` of nameless ones; `guild_id` and `role_ids` to join; `dms_open` (true)."""
    state, body = request.app[SERVICES].state, await _json_body(request)
    names = list(body.get("names") or [])
    if not names:
        first = len(state.users)
        names = [f"person{first + i}" for i in range(int(body.get("count", 1)))]
    users = []
    for name in names:
        if state.user_by_token(f"local-{name.lower()}") is not None:
            return json_response({"message": f"There is a {name} already."}, 400)
        user = User(state.new_id(), name.lower(), name.title(), dms_open=bool(body.get("dms_open", True)))
        users.append(state.add_user(user))
    if "guild_id" in body:
        roles = [int(each) for each in body.get("role_ids") or []]
        state.add_members(state.guilds[int(body["guild_id"])], users, roles)
    return json_response([_person_payload(state, user) for user in users], 201)


async def add_guild(request: web.Request) -> web.Response:
    """Add a guild: `name`, `owner_id`, `channels` (names); `with_bot` (true)."""
    state, body = request.app[SERVICES].state, await _json_body(request)
    guild = state.add_guild(str(body["name"]), int(body["owner_id"]))
    channels = [state.add_channel(guild, str(name)) for name in body.get("channels") or ["general"]]
    if body.get("with_bot", True):
        state.add_bot(guild)
    return json_response({"id": str(guild.id), "channels": [str(channel.id) for channel in channels]}, 201)


async def add_channel(request: web.Request) -> web.Response:
    """Add a channel: `guild_id`, `name`; `type` (0), `parent_id`, `user_limit`."""
    state, body = request.app[SERVICES].state, await _json_body(request)
    more = {key: int(body[key]) for key in ("parent_id", "user_limit") if body.get(key) is not None}
    guild = state.guilds[int(body["guild_id"])]
    channel = state.add_channel(guild, str(body["name"]), int(body.get("type") or TEXT), **more)
    return json_response({"id": str(channel.id)}, 201)


async def add_role(request: web.Request) -> web.Response:
    """Add a role: `guild_id`, `name`, `permissions` (names), `member_ids` who get it."""
    state, body = request.app[SERVICES].state, await _json_body(request)
    guild = state.guilds[int(body["guild_id"])]
    role = state.add_role(guild, str(body["name"]), permissions_by_name(list(body.get("permissions") or [])))
    for each in body.get("member_ids") or []:
        member = guild.members[int(each)]
        state.change_member(guild, member, roles=[*member.roles, role.id])
    return json_response({"id": str(role.id)}, 201)


async def set_voice(request: web.Request) -> web.Response:
    """Put a person, `user_id`, into a voice channel, or out of all of a guild: `channel_id`, or null and `guild_id`."""
    state, body = request.app[SERVICES].state, await _json_body(request)
    user_id = state.users[int(body["user_id"])].id
    if body.get("channel_id") is None:
        voice.leave(state, state.guilds[int(body["guild_id"])], user_id)
        return json_response(None)
    try:
        voice.join(state, state.channels[int(body["channel_id"])], user_id)
    except voice.CannotJoin as reason:
        return json_response({"message": str(reason)}, 400)
    return json_response(None)


async def get_interactions(request: web.Request) -> web.Response:
    return json_response(request.app[SERVICES].interactions.log(request.query.get("nonce")))


async def get_requests(request: web.Request) -> web.Response:
    """Return the requests of the bot and the application, oldest first."""
    return json_response(list(request.app[SERVICES].request_log))


async def get_faults(request: web.Request) -> web.Response:
    return json_response(request.app[SERVICES].faults.active())


async def add_fault(request: web.Request) -> web.Response:
    try:
        return json_response(request.app[SERVICES].faults.add(await _json_body(request)), 201)
    except InvalidFault as reason:
        return json_response({"message": str(reason)}, 400)


async def get_fault_kinds(request: web.Request) -> web.Response:
    """Return every kind of fault with what it does and its keys."""
    return json_response(request.app[SERVICES].faults.kinds())


async def get_fault_choices(request: web.Request) -> web.Response:
    """Return the possible values of faults' keys, by name, for a person to choose from."""
    return json_response(request.app[SERVICES].faults.choices())


async def clear_faults(request: web.Request) -> web.Response:
    request.app[SERVICES].faults.clear()
    return json_response(None)


async def get_clock(request: web.Request) -> web.Response:
    """Return `now` in seconds since 1970, and `rate`: how many of its seconds pass in a real one."""
    clock = request.app[SERVICES].state.clock
    return json_response({"now": clock(), "rate": clock.rate})


async def set_clock(request: web.Request) -> web.Response:
    """Set `rate`, above 0, and jump by `advance` seconds, at least 0. Return the same as `get_clock`."""
    clock, body = request.app[SERVICES].state.clock, await _json_body(request)
    if "rate" in body:
        clock.rate = float(body["rate"])
    clock.advance(float(body.get("advance", 0)))
    return await get_clock(request)


async def get_status(request: web.Request) -> web.Response:
    """Return whether the bot is connected."""
    services = request.app[SERVICES]
    return json_response({"bot_connected": services.gateway.is_connected(services.state.bot.id)})


async def _json_body(request: web.Request) -> Json:
    try:
        body: Any = parse_json(await request.read() or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="The body must be a JSON object.")
    return body


@web.middleware
async def json_errors(request: web.Request, handler: Any) -> web.StreamResponse:
    """Respond to a wrong id or a missing key below /sandbox/ with JSON instead of a traceback."""
    try:
        response: web.StreamResponse = await handler(request)
    except (KeyError, ValueError) as reason:
        if not request.path.startswith("/sandbox/"):
            raise
        return json_response({"message": f"Unknown or missing: {reason}"}, 400)
    return response


ROUTES = [
    web.get("/sandbox/people", get_people),
    web.post("/sandbox/people", add_people),
    web.post("/sandbox/guilds", add_guild),
    web.post("/sandbox/channels", add_channel),
    web.post("/sandbox/roles", add_role),
    web.post("/sandbox/voice", set_voice),
    web.get("/sandbox/interactions", get_interactions),
    web.get("/sandbox/requests", get_requests),
    web.get("/sandbox/faults", get_faults),
    web.post("/sandbox/faults", add_fault),
    web.delete("/sandbox/faults", clear_faults),
    web.get("/sandbox/faults/kinds", get_fault_kinds),
    web.get("/sandbox/faults/choices", get_fault_choices),
    web.get("/sandbox/clock", get_clock),
    web.post("/sandbox/clock", set_clock),
    web.get("/sandbox/status", get_status),
]
