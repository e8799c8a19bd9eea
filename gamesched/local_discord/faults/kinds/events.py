"""Scheduled events and threads that people change by hand, and who is in voice channels."""

from gamesched.local_discord.faults.kinds.lookup import (
    CHANNEL,
    PERSON,
    SERVER,
    channel_name,
    guild_of_member,
    person_name,
)
from gamesched.local_discord.faults.registry import FaultContext, FaultParameter, InvalidFault, fault_kind
from gamesched.local_discord.state import scheduled_events, threads, voice
from gamesched.local_discord.state.entities import Guild, Json, ScheduledEvent
from gamesched.local_discord.state.state import State

GROUP = "Events, threads and voice"
EVENT = FaultParameter("event_id", "event", "event", required=True)


def _find_event(state: State, given: Json) -> tuple[Guild, ScheduledEvent]:
    guild = next(each for each in state.guilds.values() if given["event_id"] in each.scheduled)
    return guild, guild.scheduled[given["event_id"]]


@fault_kind(GROUP, EVENT)
def delete_event(context: FaultContext, given: Json) -> str:
    """A scheduled event is deleted."""
    guild, event = _find_event(context.state, given)
    scheduled_events.delete(context.state, guild, event)
    return f"The event {event.name} is deleted."


@fault_kind(GROUP, EVENT)
def cancel_event(context: FaultContext, given: Json) -> str:
    """A scheduled event is cancelled, or ends if it has begun."""
    guild, event = _find_event(context.state, given)
    if event.status not in scheduled_events.NEXT_STATUSES:
        raise InvalidFault(f"The event {event.name} is over already.")
    status = scheduled_events.NEXT_STATUSES[event.status][-1]
    scheduled_events.change(context.state, guild, event, status=status)
    return f"The event {event.name} is {'cancelled' if status == scheduled_events.CANCELED else 'over'}."


@fault_kind(
    GROUP,
    EVENT,
    FaultParameter("name", "text", "new name"),
    FaultParameter("later", "number", "how many seconds later", 0),
)
def change_event(context: FaultContext, given: Json) -> str:
    """A scheduled event gets another name or another time."""
    guild, event = _find_event(context.state, given)
    fields: Json = {"name": given["name"] or event.name, "starts_at": event.starts_at + given["later"]}
    if event.ends_at is not None:
        fields["ends_at"] = event.ends_at + given["later"]
    scheduled_events.change(context.state, guild, event, **fields)
    return f"The event {event.name} is changed."


@fault_kind(
    GROUP,
    CHANNEL,
    FaultParameter("archived", "flag", "it is archived", True),
    FaultParameter("locked", "flag", "only moderators may open it", False),
)
def archive_thread(context: FaultContext, given: Json) -> str:
    """A thread or forum post is archived or locked, or opened again."""
    channel = context.state.channels[given["channel_id"]]
    if channel.thread is None:
        raise InvalidFault(f"{channel_name(channel)} is no thread.")
    threads.update(context.state, channel, archived=given["archived"], locked=given["locked"])
    said = [word for word in ("archived", "locked") if given[word]]
    return f"{channel_name(channel)} is {' and '.join(said) or 'open'}."


@fault_kind(GROUP, PERSON, FaultParameter("channel_id", "voice", "voice channel (none: they leave)"), SERVER)
def voice_state(context: FaultContext, given: Json) -> str:
    """Someone enters a voice channel, or leaves it."""
    if given["channel_id"] is None:
        guild = guild_of_member(context.state, given)
        voice.leave(context.state, guild, given["user_id"])
        return f"{person_name(context.state, given)} is in no voice channel."
    channel = context.state.channels[given["channel_id"]]
    try:
        voice.join(context.state, channel, given["user_id"])
    except voice.CannotJoin as reason:
        raise InvalidFault(str(reason)) from None
    return f"{person_name(context.state, given)} is in {channel.name}."
