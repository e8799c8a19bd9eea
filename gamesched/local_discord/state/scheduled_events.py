"""Scheduled events of a guild, and how they change: https://docs.discord.com/developers/resources/guild-scheduled-event"""

from typing import Any

from gamesched.local_discord.state import payloads, voice
from gamesched.local_discord.state.core import StateCore
from gamesched.local_discord.state.entities import Guild, ScheduledEvent
from gamesched.local_discord.state.events import Event

STAGE_INSTANCE, VOICE_CHANNEL, EXTERNAL = 1, 2, 3
SCHEDULED, ACTIVE, COMPLETED, CANCELED = 1, 2, 3, 4
NEXT_STATUSES = {SCHEDULED: (ACTIVE, CANCELED), ACTIVE: (COMPLETED,)}
# Discord speaks of "a few hours" and "a few minutes".
CANCELED_AFTER, ENDED_AFTER = 3 * 3600.0, 300.0  # seconds beyond the start; seconds without anybody there


def unfinished(guild: Guild) -> list[ScheduledEvent]:
    """Return the events that are scheduled or active, oldest first."""
    events = (each for each in guild.scheduled.values() if each.status in NEXT_STATUSES)
    return sorted(events, key=lambda each: each.id)


def add(state: StateCore, guild: Guild, event: ScheduledEvent) -> None:
    guild.scheduled[event.id] = event
    _publish(state, guild, "CREATE", event)


def change(state: StateCore, guild: Guild, event: ScheduledEvent, **fields: Any) -> None:
    """Set fields of an event. One that becomes active waits for people from now on."""
    if fields.get("status") == ACTIVE and event.status != ACTIVE:
        event.empty_since = state.clock()
    vars(event).update(fields)
    _publish(state, guild, "UPDATE", event)


def delete(state: StateCore, guild: Guild, event: ScheduledEvent) -> None:
    del guild.scheduled[event.id]
    _publish(state, guild, "DELETE", event)


def end_in_channel(state: StateCore, guild: Guild, channel_id: int) -> None:
    """End or cancel the events in a channel that is deleted."""
    for event in unfinished(guild):
        if event.channel_id == channel_id:
            change(state, guild, event, status=NEXT_STATUSES[event.status][-1])


def set_interest(state: StateCore, guild: Guild, event: ScheduledEvent, user_id: int, interested: bool) -> None:
    """Mark a person as interested, or no longer."""
    if interested == (user_id in event.interested):
        return
    if interested:
        event.interested.append(user_id)
    else:
        event.interested.remove(user_id)
    state.save_guild(guild)
    payload = {"guild_scheduled_event_id": str(event.id), "user_id": str(user_id), "guild_id": str(guild.id)}
    name = f"GUILD_SCHEDULED_EVENT_USER_{'ADD' if interested else 'REMOVE'}"
    state.publish(Event(name, payload, guild.id, event.channel_id))


def next_change(guild: Guild, event: ScheduledEvent) -> tuple[float, int] | None:
    """Return when Discord changes an event's status by itself, in seconds since 1970, and to which."""
    if event.status == SCHEDULED:
        if event.entity_type == EXTERNAL:
            return event.starts_at, ACTIVE
        return event.starts_at + CANCELED_AFTER, CANCELED
    if event.status == ACTIVE and event.entity_type == EXTERNAL:
        return (event.ends_at or event.starts_at), COMPLETED
    if event.status == ACTIVE and not voice.people_in(guild, event.channel_id or 0):
        return event.empty_since + ENDED_AFTER, COMPLETED
    return None


def _publish(state: StateCore, guild: Guild, action: str, event: ScheduledEvent) -> None:
    state.save_guild(guild)
    payload = payloads.scheduled_event(event, state.users)
    state.publish(Event(f"GUILD_SCHEDULED_EVENT_{action}", payload, guild.id, event.channel_id))
