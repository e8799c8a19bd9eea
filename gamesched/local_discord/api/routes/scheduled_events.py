"""Scheduled events of a guild: https://docs.discord.com/developers/resources/guild-scheduled-event"""

from gamesched.local_discord.api.paging import page_of_ids
from gamesched.local_discord.api.request import ApiRequest, Route
from gamesched.local_discord.api.routes.path_lookup import guild_from_path
from gamesched.local_discord.api.scheduled_events import create_event, edit_event
from gamesched.local_discord.api.validation import parse_snowflake
from gamesched.local_discord.errors import missing_permissions, unknown_scheduled_event
from gamesched.local_discord.state import payloads, scheduled_events
from gamesched.local_discord.state.entities import Guild, Json, ScheduledEvent
from gamesched.local_discord.state.permissions import Permission


def _event_from_path(request: ApiRequest, guild: Guild) -> ScheduledEvent:
    event = guild.scheduled.get(request.path_id("event_id"))
    if event is None or not _is_visible(request, event):
        raise unknown_scheduled_event()
    return event


def _is_visible(request: ApiRequest, event: ScheduledEvent) -> bool:
    """Return whether the actor sees the event; one in a channel is visible to those who see the channel."""
    channel = request.state.channels.get(event.channel_id or 0)
    return channel is None or bool(request.state.permissions(channel, request.user.id) & Permission.VIEW_CHANNEL)


def _event_payload(request: ApiRequest, event: ScheduledEvent) -> Json:
    return payloads.scheduled_event(event, request.state.users, request.query_flag("with_user_count"))


async def get_events(request: ApiRequest) -> list[Json]:
    guild = guild_from_path(request)
    return [_event_payload(request, each) for each in scheduled_events.unfinished(guild) if _is_visible(request, each)]


async def get_event(request: ApiRequest) -> Json:
    return _event_payload(request, _event_from_path(request, guild_from_path(request)))


async def post_event(request: ApiRequest) -> Json:
    guild, body = guild_from_path(request), await request.json()
    channel_id = None if body.get("channel_id") is None else parse_snowflake(body["channel_id"], "channel_id")
    _require_permission(request, guild, channel_id, Permission.CREATE_EVENTS)
    return _event_payload(request, create_event(request.state, guild, request.user.id, body))


def _require_permission(request: ApiRequest, guild: Guild, channel_id: int | None, needed: int) -> None:
    """Raise 50013 without one of these permissions, in the guild or in the event's channel."""
    channel = request.state.channels.get(channel_id or 0)
    bits = request.state.guild_permissions(guild, request.user.id)
    if channel is not None and channel.guild_id == guild.id:
        bits |= request.state.permissions(channel, request.user.id)
    if not bits & needed:
        raise missing_permissions()


def _require_may_manage(request: ApiRequest, guild: Guild, event: ScheduledEvent) -> None:
    """Raise 50013 without MANAGE_EVENTS; for one's own event CREATE_EVENTS suffices."""
    own = Permission.CREATE_EVENTS if event.creator_id == request.user.id else 0
    _require_permission(request, guild, event.channel_id, Permission.MANAGE_EVENTS | own)


async def patch_event(request: ApiRequest) -> Json:
    guild, body = guild_from_path(request), await request.json()
    event = _event_from_path(request, guild)
    _require_may_manage(request, guild, event)
    edit_event(request.state, guild, event, body, request.user.id)
    return _event_payload(request, event)


async def delete_event(request: ApiRequest) -> None:
    guild = guild_from_path(request)
    event = _event_from_path(request, guild)
    _require_may_manage(request, guild, event)
    scheduled_events.delete(request.state, guild, event)


async def get_interested_users(request: ApiRequest) -> list[Json]:
    """Return interested users by id; `limit` (100), `before`, `after`, `with_member`."""
    guild = guild_from_path(request)
    event = _event_from_path(request, guild)
    ids = page_of_ids(request.http_request.query, event.interested, 100, 100)
    return [_interest_payload(request, guild, event, each) for each in ids]


async def get_interested_count(request: ApiRequest) -> Json:
    """Return how many are interested; no event has exceptions here."""
    event = _event_from_path(request, guild_from_path(request))
    return {"guild_scheduled_event_count": len(event.interested), "guild_scheduled_event_exception_counts": {}}


def _interest_payload(request: ApiRequest, guild: Guild, event: ScheduledEvent, user_id: int) -> Json:
    user = request.state.users[user_id]
    payload: Json = {"guild_scheduled_event_id": str(event.id), "user_id": str(user_id), "response": 1}
    payload["user"] = payloads.user(user)
    if request.query_flag("with_member") and user_id in guild.members:
        payload["member"] = payloads.member(guild.members[user_id], user)
    return payload


async def put_interest(request: ApiRequest) -> None:
    """Mark the actor as interested, as Discord's own client does for "Interested"."""
    guild = guild_from_path(request)
    scheduled_events.set_interest(request.state, guild, _event_from_path(request, guild), request.user.id, True)


async def delete_interest(request: ApiRequest) -> None:
    guild = guild_from_path(request)
    scheduled_events.set_interest(request.state, guild, _event_from_path(request, guild), request.user.id, False)


EVENTS = "/guilds/{guild_id}/scheduled-events"

ROUTES = [
    Route("GET", EVENTS, get_events),
    Route("POST", EVENTS, post_event),
    Route("GET", EVENTS + "/{event_id}", get_event),
    Route("PATCH", EVENTS + "/{event_id}", patch_event),
    Route("DELETE", EVENTS + "/{event_id}", delete_event),
    Route("GET", EVENTS + "/{event_id}/users", get_interested_users),
    Route("GET", EVENTS + "/{event_id}/users/counts", get_interested_count),
    Route("PUT", EVENTS + "/{event_id}/users/@me", put_interest),
    Route("DELETE", EVENTS + "/{event_id}/users/@me", delete_interest),
]
