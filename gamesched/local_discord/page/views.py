"""The chat page and its own endpoints besides Discord's API: the event stream and the names of everything."""

import asyncio
import json
import re

from aiohttp import WSMsgType, web

from gamesched.local_discord.api.request import SERVICES, json_response
from gamesched.local_discord.page import pictures
from gamesched.local_discord.page.assets import read_asset
from gamesched.local_discord.state import hidden_channels, payloads, scheduled_events, threads
from gamesched.local_discord.state.entities import APPLICATION_ID, CATEGORY, TEXT, Channel, Guild, Json, User
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import Event, State

ASSET_TYPES = {
    "chat.css": "text/css",
    "chat.js": "text/javascript",
    "commands.js": "text/javascript",
    "components.js": "text/javascript",
    "controls.js": "text/javascript",
    "events.js": "text/javascript",
    "markdown.js": "text/javascript",
    "messages.js": "text/javascript",
    "modals.js": "text/javascript",
    "panel.js": "text/javascript",
}
AVATAR_COLOURS = ("5865f2", "757e8a", "3ba55c", "faa61a", "ed4245", "eb459f")
AVATAR_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="#{}"/>'
    '<circle cx="32" cy="25" r="11" fill="#fff"/><path d="M10 60c2-16 11-21 22-21s20 5 22 21z" fill="#fff"/></svg>'
)


async def redirect_to_channel(request: web.Request) -> web.Response:
    state = request.app[SERVICES].state
    first = next((each for each in state.channels.values() if each.type == TEXT), None)
    path = f"/channels/{first.guild_id}/{first.id}" if first else "/channels/@me"
    raise web.HTTPFound(f"{path}?{request.query_string}")  # ?as=NAME, for one


async def chat_page(request: web.Request) -> web.Response:
    return web.Response(text=read_asset("chat.html"), content_type="text/html")


async def get_asset(request: web.Request) -> web.Response:
    kind = ASSET_TYPES.get(request.match_info["name"])
    if kind is None:
        raise web.HTTPNotFound
    headers = {"Cache-Control": "no-cache"}
    return web.Response(text=read_asset(request.match_info["name"]), content_type=kind, headers=headers)


async def get_default_avatar(request: web.Request) -> web.Response:
    """Return the picture of who has none: a shape in one of six colours."""
    digits = re.findall(r"\d+", request.path)
    colour = AVATAR_COLOURS[int(digits[0]) % len(AVATAR_COLOURS)] if digits else AVATAR_COLOURS[0]
    headers = {"Cache-Control": "max-age=86400"}
    return web.Response(text=AVATAR_SVG.format(colour), content_type="image/svg+xml", headers=headers)


async def get_avatar(request: web.Request) -> web.Response:
    """Return a person's picture, drawn from its hash."""
    user_id, size = int(request.match_info["user"]), pictures.nearest_size(request.query.get("size", ""))
    bot = user_id == APPLICATION_ID
    return _picture(pictures.bot_avatar(size) if bot else pictures.avatar(user_id, request.match_info["hash"], size))


async def get_icon(request: web.Request) -> web.Response:
    """Return a server's picture, drawn from its hash."""
    size = pictures.nearest_size(request.query.get("size", ""))
    return _picture(pictures.icon(int(request.match_info["guild"]), request.match_info["hash"], size))


def _picture(data: bytes) -> web.Response:
    return web.Response(body=data, content_type="image/png", headers={"Cache-Control": "max-age=86400"})


def _viewer(request: web.Request) -> User:
    user = request.app[SERVICES].state.user_by_token("local-" + request.query.get("person", ""))
    if user is None:
        raise web.HTTPNotFound(text="Nobody of that name is here.")
    return user


async def get_view(request: web.Request) -> web.Response:
    """Return everything around the messages, as one person sees it."""
    return json_response(view_payload(request.app[SERVICES].state, _viewer(request)))


def view_payload(state: State, user: User) -> Json:
    guilds: list[Json] = []
    roles: Json = {}
    names: Json = {}
    for guild in state.guilds_of(user.id):
        channels = [
            {"id": str(c.id), "name": c.name, "type": c.type, "last": str(c.last_message_id or 0)}
            | ({"user_limit": c.user_limit} if c.user_limit else {})
            for c in _sorted_channels(state, guild, user)
        ]
        members = [str(each) for each in guild.members]
        nicks = {str(each.user_id): each.nick for each in guild.members.values() if each.nick}
        colours = {
            str(each.user_id): role.color
            for each in guild.members.values()
            for role in (guild.roles.get(role_id) for role_id in each.roles)
            if role is not None and role.color
        }
        guild_payload: Json = {"id": str(guild.id), "name": guild.name, "channels": channels, "members": members}
        guild_payload["roles"] = [str(role_id) for role_id in guild.roles if role_id != guild.id]
        guild_payload |= {"voice": {str(each.user_id): str(each.channel_id) for each in guild.voice.values()}}
        guilds.append(guild_payload | {"nicks": nicks, "colours": colours} | _events_payload(state, guild, user))
        roles |= {str(role.id): {"name": role.name, "color": role.color} for role in guild.roles.values()}
    for each in state.users.values():
        name = {"name": each.global_name or each.username, "username": each.username}
        names[str(each.id)] = name | {"bot": each.bot, "avatar": each.avatar}
    dms = []
    for channel in state.dms_of(user.id):
        other = next(each for each in channel.recipients if each != user.id)
        dms.append({"id": str(channel.id), "with": str(other), "last": str(channel.last_message_id or 0)})
    dms.sort(key=lambda dm: int(dm["last"]), reverse=True)
    return {"me": str(user.id), "bot": str(state.bot.id), "guilds": guilds, "dms": dms, "roles": roles, "names": names}


def _events_payload(state: State, guild: Guild, user: User) -> Json:
    """Return the events that a person sees, who is interested, and which they may change."""
    events: list[Json] = []
    bits = state.guild_permissions(guild, user.id)
    for event in scheduled_events.unfinished(guild):
        channel = state.channels.get(event.channel_id or 0)
        if channel is not None and not state.permissions(channel, user.id) & Permission.VIEW_CHANNEL:
            continue
        own = Permission.CREATE_EVENTS if event.creator_id == user.id else 0
        payload = payloads.scheduled_event(event, state.users)
        payload["interested"] = [str(each) for each in event.interested]
        events.append(payload | {"may_change": bool(bits & (Permission.MANAGE_EVENTS | own))})
    return {"events": events, "may_create_events": bool(bits & Permission.CREATE_EVENTS)}


def _sorted_channels(state: State, guild: Guild, user: User) -> list[Channel]:
    """Return the channels that a person sees, in the list's order: threads below their channel, categories last."""
    visible_channels = [c for c in state.channels_of(guild) if state.permissions(c, user.id) & Permission.VIEW_CHANNEL]
    active_threads = threads.active(state, guild, user.id)
    known = {channel.id for channel in visible_channels}

    def below(parent: int | None) -> list[Channel]:
        of_it = [c for c in visible_channels if (c.parent_id if c.parent_id in known else None) == parent]
        return [
            each
            for c in sorted(of_it, key=lambda c: (c.type == CATEGORY, c.position))
            for each in (c, *(t for t in active_threads if t.parent_id == c.id), *below(c.id))
        ]

    return below(None)


async def stream_events(request: web.Request) -> web.WebSocketResponse:
    """Stream events visible to one person. By WebSocket, because browsers allow many of these at once."""
    state, user = request.app[SERVICES].state, _viewer(request)
    socket = web.WebSocketResponse(heartbeat=30, timeout=0.5)
    outgoing: asyncio.Queue[str] = asyncio.Queue()

    def hear(event: Event) -> None:
        if _is_visible(state, user, event):
            outgoing.put_nowait(json.dumps({"t": event.name, "d": _shown_to(state, user, event)}))

    async def write() -> None:
        while True:
            await socket.send_str(await outgoing.get())

    unsubscribe = state.subscribe(hear)  # before the browser knows that it is connected
    streams = request.app[EVENT_STREAMS]
    try:
        await socket.prepare(request)
        streams.add(socket)
        writer = asyncio.create_task(write())
        try:
            async for frame in socket:
                if frame.type is WSMsgType.ERROR:
                    break
        finally:
            writer.cancel()
    finally:
        unsubscribe()
        streams.discard(socket)
    return socket


def _shown_to(state: State, user: User, event: Event) -> Json:
    about_channel = event.name in ("CHANNEL_CREATE", "CHANNEL_UPDATE") and event.guild_id is not None
    channel = state.channels.get(int(event.data["id"])) if about_channel else None
    return event.data if channel is None else hidden_channels.payload_for(state, channel, user.id)


def _is_visible(state: State, user: User, event: Event) -> bool:
    if event.only_for is not None:
        return event.only_for == user.id
    if event.channel_id is not None:
        channel = state.channels.get(event.channel_id)
        return channel is not None and bool(state.permissions(channel, user.id) & Permission.VIEW_CHANNEL)
    guild = state.guilds.get(event.guild_id or 0)
    return guild is not None and user.id in guild.members


async def get_event_cover(request: web.Request) -> web.Response:
    """Return an event's picture; its hash is the file's id."""
    content_type, data = request.app[SERVICES].state.files.get(int(request.match_info["hash"], 16), ("", None))
    if data is None:
        raise web.HTTPNotFound
    return web.Response(body=data, content_type=content_type, headers={"X-Content-Type-Options": "nosniff"})


async def get_attachment(request: web.Request) -> web.Response:
    """Return a message's file. Only images are shown; whatever else came in is downloaded."""
    content_type, data = request.app[SERVICES].state.files.get(int(request.match_info["attachment"]), ("", None))
    if data is None:
        raise web.HTTPNotFound
    image = content_type in ("image/png", "image/jpeg", "image/gif", "image/webp")
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
    headers["Content-Disposition"] = "inline" if image else "attachment"
    return web.Response(body=data, content_type=content_type or "application/octet-stream", headers=headers)


EVENT_STREAMS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("streams")

ROUTES = [
    web.get("/", redirect_to_channel),
    web.get("/channels/{guild}", chat_page),
    web.get("/channels/{guild}/{channel}", chat_page),
    web.get("/channels/{guild}/{channel}/{message}", chat_page),
    web.get("/assets/{name}", get_asset),
    web.get("/embed/avatars/{name}", get_default_avatar),
    web.get(r"/attachments/{channel}/{attachment:\d+}/{name}", get_attachment),
    web.get(r"/guild-events/{event}/{hash:[0-9a-f]{32}}.png", get_event_cover),
    web.get(r"/avatars/{user:\d{1,20}}/{hash:[0-9a-f]{32}}.png", get_avatar),
    web.get(r"/icons/{guild:\d{1,20}}/{hash:[0-9a-f]{32}}.png", get_icon),
    web.get("/sandbox/view", get_view),
    web.get("/sandbox/stream", stream_events),
]
