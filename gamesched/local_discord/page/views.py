"""The chat page and what it needs beside Discord's own API: the live stream and the names of things."""

import asyncio
import json
import re

from aiohttp import WSMsgType, web

from gamesched.local_discord.api.request import SERVICES, answer
from gamesched.local_discord.page.assets import read_asset
from gamesched.local_discord.state import threads
from gamesched.local_discord.state.entities import CATEGORY, TEXT, Channel, Guild, Json, User
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import Event, World

ASSETS = {
    "chat.css": "text/css",
    "chat.js": "text/javascript",
    "commands.js": "text/javascript",
    "controls.js": "text/javascript",
    "markdown.js": "text/javascript",
    "messages.js": "text/javascript",
    "modals.js": "text/javascript",
    "panel.js": "text/javascript",
}
AVATARS = ("5865f2", "757e8a", "3ba55c", "faa61a", "ed4245", "eb459f")
SHAPE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="#{}"/>'
    '<circle cx="32" cy="25" r="11" fill="#fff"/><path d="M10 60c2-16 11-21 22-21s20 5 22 21z" fill="#fff"/></svg>'
)


async def front(request: web.Request) -> web.Response:
    world = request.app[SERVICES].world
    first = next((each for each in world.channels.values() if each.type == TEXT), None)
    place = f"/channels/{first.guild_id}/{first.id}" if first else "/channels/@me"
    raise web.HTTPFound(f"{place}?{request.query_string}")  # ?as=NAME, for one


async def chat(request: web.Request) -> web.Response:
    return web.Response(text=read_asset("chat.html"), content_type="text/html")


async def asset(request: web.Request) -> web.Response:
    kind = ASSETS.get(request.match_info["name"])
    if kind is None:
        raise web.HTTPNotFound
    headers = {"Cache-Control": "no-cache"}
    return web.Response(text=read_asset(request.match_info["name"]), content_type=kind, headers=headers)


async def picture(request: web.Request) -> web.Response:
    """Every avatar and icon: a generated shape in one of six colours."""
    digits = re.findall(r"\d+", request.path)
    colour = AVATARS[int(digits[0]) % len(AVATARS)] if digits else AVATARS[0]
    headers = {"Cache-Control": "max-age=86400"}
    return web.Response(text=SHAPE.format(colour), content_type="image/svg+xml", headers=headers)


def _viewer(request: web.Request) -> User:
    user = request.app[SERVICES].world.by_token("local-" + request.query.get("person", ""))
    if user is None:
        raise web.HTTPNotFound(text="Nobody of that name is here.")
    return user


async def view(request: web.Request) -> web.Response:
    """Everything around the messages, as one person sees it."""
    return answer(describe(request.app[SERVICES].world, _viewer(request)))


def describe(world: World, user: User) -> Json:
    guilds: list[Json] = []
    roles: Json = {}
    names: Json = {}
    for guild in world.guilds_of(user.id):
        channels = [
            {"id": str(c.id), "name": c.name, "type": c.type, "last": str(c.last_message_id or 0)}
            for c in _in_order(world, guild, user)
        ]
        members = [str(each) for each in guild.members]
        nicks = {str(each.user_id): each.nick for each in guild.members.values() if each.nick}
        colours = {
            str(each.user_id): role.color
            for each in guild.members.values()
            for role in (guild.roles.get(role_id) for role_id in each.roles)
            if role is not None and role.color
        }
        told: Json = {"id": str(guild.id), "name": guild.name, "channels": channels, "members": members}
        told["roles"] = [str(role_id) for role_id in guild.roles if role_id != guild.id]
        guilds.append(told | {"nicks": nicks, "colours": colours})
        roles |= {str(role.id): {"name": role.name, "color": role.color} for role in guild.roles.values()}
    for each in world.users.values():
        names[str(each.id)] = {"name": each.global_name or each.username, "bot": each.bot, "username": each.username}
    dms = []
    for channel in world.dms_of(user.id):
        other = next(each for each in channel.recipients if each != user.id)
        dms.append({"id": str(channel.id), "with": str(other), "last": str(channel.last_message_id or 0)})
    dms.sort(key=lambda dm: int(dm["last"]), reverse=True)
    return {"me": str(user.id), "bot": str(world.bot.id), "guilds": guilds, "dms": dms, "roles": roles, "names": names}


def _in_order(world: World, guild: Guild, user: User) -> list[Channel]:
    """The channels that a person sees, as the list shows them: threads below theirs, categories last."""
    seen = [c for c in world.channels_of(guild) if world.permissions(c, user.id) & Permission.VIEW_CHANNEL]
    inside = threads.active(world, guild, user.id)
    known = {channel.id for channel in seen}

    def below(parent: int | None) -> list[Channel]:
        of_it = [c for c in seen if (c.parent_id if c.parent_id in known else None) == parent]
        return [
            each
            for c in sorted(of_it, key=lambda c: (c.type == CATEGORY, c.position))
            for each in (c, *(t for t in inside if t.parent_id == c.id), *below(c.id))
        ]

    return below(None)


async def stream(request: web.Request) -> web.WebSocketResponse:
    """Events as they happen to one person. A web socket: browsers allow many of these beside each other."""
    world, user = request.app[SERVICES].world, _viewer(request)
    socket = web.WebSocketResponse(heartbeat=30, timeout=0.5)
    waiting: asyncio.Queue[str] = asyncio.Queue()

    def hear(event: Event) -> None:
        if _concerns(world, user, event):
            waiting.put_nowait(json.dumps({"t": event.name, "d": event.data}))

    async def write() -> None:
        while True:
            await socket.send_str(await waiting.get())

    forget = world.subscribe(hear)  # before the browser knows that it is connected
    streams = request.app[STREAMS]
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
        forget()
        streams.discard(socket)
    return socket


def _concerns(world: World, user: User, event: Event) -> bool:
    if event.only_for is not None:
        return event.only_for == user.id
    if event.channel_id is not None:
        channel = world.channels.get(event.channel_id)
        return channel is not None and bool(world.permissions(channel, user.id) & Permission.VIEW_CHANNEL)
    guild = world.guilds.get(event.guild_id or 0)
    return guild is not None and user.id in guild.members


STREAMS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("streams")

ROUTES = [
    web.get("/", front),
    web.get("/channels/{guild}", chat),
    web.get("/channels/{guild}/{channel}", chat),
    web.get("/channels/{guild}/{channel}/{message}", chat),
    web.get("/assets/{name}", asset),
    web.get("/embed/avatars/{name}", picture),
    web.get("/avatars/{user}/{name}", picture),
    web.get("/icons/{guild}/{name}", picture),
    web.get("/sandbox/view", view),
    web.get("/sandbox/stream", stream),
]
