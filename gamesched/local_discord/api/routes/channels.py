"""Channels of guilds, and direct messages: https://docs.discord.com/developers/resources/channel"""

from aiohttp import web

from gamesched.local_discord.api import channels
from gamesched.local_discord.api.request import ApiRequest, Route, json_response
from gamesched.local_discord.api.routes.path_lookup import channel_from_path, guild_from_path
from gamesched.local_discord.api.threads import read_thread_changes
from gamesched.local_discord.api.validation import parse_snowflake
from gamesched.local_discord.errors import (
    cannot_act_on_dm,
    invalid_form_body,
    invalid_recipient,
    missing_permissions,
)
from gamesched.local_discord.state import hidden_channels, payloads
from gamesched.local_discord.state.entities import Json
from gamesched.local_discord.state.permissions import Permission


async def get_channels(request: ApiRequest) -> list[Json]:
    """Return the channels that the caller views."""
    guild = guild_from_path(request)
    visible = hidden_channels.visible_ids(request.state, guild, request.user.id)
    return [payloads.channel(each, []) for each in request.state.channels_of(guild) if each.id in visible]


async def get_channel(request: ApiRequest) -> Json:
    return request.state.channel_payload_for(channel_from_path(request), request.user.id)


async def open_dm(request: ApiRequest) -> Json:
    body = await request.json()
    recipients = body.get("recipients") or []
    recipient = body.get("recipient_id", recipients[0] if recipients else None)
    if recipient is None:
        raise invalid_form_body(("recipient_id",), "BASE_TYPE_REQUIRED", "This field is required")
    other = request.state.users.get(parse_snowflake(recipient, "recipient_id"))
    if other is None or other is request.user:
        raise invalid_recipient()
    if request.user.bot and not any(other.id in each.recipients for each in request.state.dms_of(request.user.id)):
        request.state.rate_limits.count_opened_dm(request.user.id)
    return request.state.channel_payload_for(request.state.get_or_create_dm(request.user, other), request.user.id)


async def get_own_dms(request: ApiRequest) -> list[Json]:
    if request.user.bot:
        return []
    return [request.state.channel_payload_for(each, request.user.id) for each in request.state.dms_of(request.user.id)]


async def post_channel(request: ApiRequest) -> web.Response:
    guild, body = guild_from_path(request, Permission.MANAGE_CHANNELS), await request.json()
    channel = channels.create_channel(request.state, guild, request.user.id, body)
    return json_response(payloads.channel(channel, []), 201)


async def patch_channels(request: ApiRequest) -> None:
    """Sort channels, and put them into categories."""
    guild, body = guild_from_path(request, Permission.MANAGE_CHANNELS), await request.json_value()
    channels.sort_channels(request.state, guild, body)


async def patch_channel(request: ApiRequest) -> Json:
    channel, body = channel_from_path(request), await request.json()
    guild = request.state.guild_of(channel)
    if guild is None:
        raise cannot_act_on_dm()
    bits = request.state.permissions(channel, request.user.id)
    if channel.thread is not None:
        parent = request.state.channels[channel.parent_id or 0]
        changes = read_thread_changes(parent, channel, body, request.user.id, bits)
    elif bits & Permission.MANAGE_CHANNELS:
        changes = channels.read_changes(request.state, guild, channel, body, bits)
    else:
        raise missing_permissions()
    if request.user.bot and channels.is_renamed(channel, changes):
        request.state.rate_limits.count_rename(channel.id)
    request.state.change_channel(channel, **changes)
    return request.state.channel_payload_for(channel, request.user.id)


async def delete_channel(request: ApiRequest) -> Json:
    """Delete a channel. A direct message channel is only closed, and stays."""
    channel = channel_from_path(request)
    payload = request.state.channel_payload_for(channel, request.user.id)
    if channel.guild_id is None:
        return payload
    needed = Permission.MANAGE_CHANNELS if channel.thread is None else Permission.MANAGE_THREADS
    if not request.state.permissions(channel, request.user.id) & needed:
        raise missing_permissions()
    request.state.delete_channel(channel)
    return payload


ROUTES = [
    Route("GET", "/users/@me/channels", get_own_dms),
    Route("POST", "/users/@me/channels", open_dm),
    Route("GET", "/guilds/{guild_id}/channels", get_channels),
    Route("POST", "/guilds/{guild_id}/channels", post_channel),
    Route("PATCH", "/guilds/{guild_id}/channels", patch_channels),
    Route("GET", "/channels/{channel_id}", get_channel),
    Route("PATCH", "/channels/{channel_id}", patch_channel),
    Route("DELETE", "/channels/{channel_id}", delete_channel),
]
