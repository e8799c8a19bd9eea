"""Scheduled events of a guild: https://docs.discord.com/developers/resources/guild-scheduled-event"""

from gamesched.local_discord.api import scheduled_events
from gamesched.local_discord.api.messages import between, integer, snowflake
from gamesched.local_discord.api.request import Call, Route
from gamesched.local_discord.api.routes.path_lookup import the_guild
from gamesched.local_discord.errors import missing_permissions, unknown_scheduled_event
from gamesched.local_discord.state import payloads, permissions
from gamesched.local_discord.state.entities import Guild, Json, ScheduledEvent
from gamesched.local_discord.state.permissions import Permission


def _the_event(call: Call, guild: Guild) -> ScheduledEvent:
    found = guild.scheduled.get(call.id("event_id"))
    if found is None or not _seen(call, found):
        raise unknown_scheduled_event()
    return found


def _seen(call: Call, event: ScheduledEvent) -> bool:
    """An event in a channel is for those who see the channel."""
    channel = call.world.channels.get(event.channel_id or 0)
    return channel is None or bool(call.world.permissions(channel, call.user.id) & Permission.VIEW_CHANNEL)


def _payload(call: Call, event: ScheduledEvent) -> Json:
    return payloads.scheduled_event(event, call.world.users, call.flag("with_user_count"))


async def get_events(call: Call) -> list[Json]:
    guild = the_guild(call)
    return [_payload(call, each) for each in scheduled_events.current(guild) if _seen(call, each)]


async def get_event(call: Call) -> Json:
    return _payload(call, _the_event(call, the_guild(call)))


async def post_event(call: Call) -> Json:
    guild, body = the_guild(call, Permission.CREATE_EVENTS), await call.json()
    return _payload(call, scheduled_events.create(call.world, guild, call.user.id, body))


def _require(call: Call, guild: Guild, event: ScheduledEvent) -> None:
    """CREATE_EVENTS or MANAGE_EVENTS for one's own, MANAGE_EVENTS for those of others. Raises 50013."""
    needed = Permission.MANAGE_EVENTS
    if event.creator_id == call.user.id:
        needed |= Permission.CREATE_EVENTS
    if not permissions.in_guild(guild, call.user.id) & needed:
        raise missing_permissions()


async def patch_event(call: Call) -> Json:
    guild, body = the_guild(call), await call.json()
    event = _the_event(call, guild)
    _require(call, guild, event)
    scheduled_events.change(call.world, guild, event, body)
    return _payload(call, event)


async def delete_event(call: Call) -> None:
    guild = the_guild(call)
    event = _the_event(call, guild)
    _require(call, guild, event)
    scheduled_events.delete(call.world, guild, event)


async def get_users(call: Call) -> list[Json]:
    """Who is interested, by id; `limit` (100), `before`, `after`, `with_member`."""
    guild = the_guild(call)
    event, query = _the_event(call, guild), call.request.query
    limit = between(integer(query.get("limit", "100"), "limit"), 1, 100, "limit")
    ids = sorted(event.interested)
    if "after" in query:
        ids = [each for each in ids if each > snowflake(query["after"], "after")]
    elif "before" in query:
        ids = [each for each in ids if each < snowflake(query["before"], "before")][-limit:]
    return [_interest(call, guild, event, each) for each in ids[:limit]]


def _interest(call: Call, guild: Guild, event: ScheduledEvent, user_id: int) -> Json:
    user = call.world.users[user_id]
    told: Json = {"guild_scheduled_event_id": str(event.id), "user_id": str(user_id), "response": 1}
    told["user"] = payloads.user(user)
    if call.flag("with_member") and user_id in guild.members:
        told["member"] = payloads.member(guild.members[user_id], user)
    return told


async def put_interest(call: Call) -> None:
    """What Discord's own client sends when a person presses "Interested"."""
    guild = the_guild(call)
    scheduled_events.set_interest(call.world, guild, _the_event(call, guild), call.user.id, True)


async def delete_interest(call: Call) -> None:
    guild = the_guild(call)
    scheduled_events.set_interest(call.world, guild, _the_event(call, guild), call.user.id, False)


EVENTS = "/guilds/{guild_id}/scheduled-events"

ROUTES = [
    Route("GET", EVENTS, get_events),
    Route("POST", EVENTS, post_event),
    Route("GET", EVENTS + "/{event_id}", get_event),
    Route("PATCH", EVENTS + "/{event_id}", patch_event),
    Route("DELETE", EVENTS + "/{event_id}", delete_event),
    Route("GET", EVENTS + "/{event_id}/users", get_users),
    Route("PUT", EVENTS + "/{event_id}/users/@me", put_interest),
    Route("DELETE", EVENTS + "/{event_id}/users/@me", delete_interest),
]
