"""Channels, of guilds and of two people: https://docs.discord.com/developers/resources/channel"""

from discord_bot.sandbox import payloads
from discord_bot.sandbox.call import Call, Route
from discord_bot.sandbox.errors import invalid
from discord_bot.sandbox.messages import snowflake
from discord_bot.sandbox.permissions import Permission
from discord_bot.sandbox.routes.found import the_channel, the_guild
from discord_bot.sandbox.things import Json


async def get_channels(call: Call) -> list[Json]:
    guild = the_guild(call)
    channels = call.world.channels_of(guild)
    if not call.user.bot:
        seen = Permission.VIEW_CHANNEL
        channels = [each for each in channels if call.world.permissions(each, call.user.id) & seen]
    return [payloads.channel(each, []) for each in channels]


async def get_channel(call: Call) -> Json:
    return call.world.channel_for(the_channel(call), call.user.id)


async def open_dm(call: Call) -> Json:
    body = await call.json()
    recipients = body.get("recipients") or []
    recipient = body.get("recipient_id", recipients[0] if recipients else None)
    other = call.world.users.get(snowflake(recipient, "recipient_id"))
    if other is None or other is call.user:
        raise invalid(("recipient_id",), "USER_INVALID", "Invalid Recipient(s)")
    return call.world.channel_for(call.world.dm(call.user, other), call.user.id)


async def get_my_dms(call: Call) -> list[Json]:
    if call.user.bot:
        return []
    return [call.world.channel_for(each, call.user.id) for each in call.world.dms_of(call.user.id)]


ROUTES = [
    Route("GET", "/users/@me/channels", get_my_dms),
    Route("POST", "/users/@me/channels", open_dm),
    Route("GET", "/guilds/{guild_id}/channels", get_channels),
    Route("GET", "/channels/{channel_id}", get_channel),
]
