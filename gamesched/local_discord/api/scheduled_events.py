"""Scheduled events of a guild: https://docs.discord.com/developers/resources/guild-scheduled-event

Nothing changes its status by itself here: Discord starts, ends and cancels some events after their time.
"""

from datetime import UTC, datetime
from typing import Any

from gamesched.local_discord.api.validation import check_length, parse_integer, parse_snowflake, read_text
from gamesched.local_discord.errors import invalid_form_body, scheduled_event_finished, too_many_scheduled_events
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import VOICE, Guild, Json, ScheduledEvent
from gamesched.local_discord.state.events import Event
from gamesched.local_discord.state.state import State

MAX_EVENTS = 100  # scheduled or active in a guild
VOICE_CHANNEL, EXTERNAL = 2, 3
GUILD_ONLY = 2
SCHEDULED, ACTIVE, COMPLETED, CANCELED = 1, 2, 3, 4
NEXT_STATUSES = {SCHEDULED: (ACTIVE, CANCELED), ACTIVE: (COMPLETED,)}


def unfinished_events(guild: Guild) -> list[ScheduledEvent]:
    """Return the events that are scheduled or active."""
    return [each for each in guild.scheduled.values() if each.status in NEXT_STATUSES]


def create_event(state: State, guild: Guild, creator_id: int, body: Json) -> ScheduledEvent:
    """Create an event. Raise 30038 for the hundred-and-first, 50035 for missing fields."""
    if len(unfinished_events(guild)) >= MAX_EVENTS:
        raise too_many_scheduled_events()
    for key in ("name", "privacy_level", "scheduled_start_time", "entity_type"):
        if body.get(key) is None:
            raise invalid_form_body((key,), "BASE_TYPE_REQUIRED", "This field is required")
    fields = _read_fields(state, guild, body)
    event = ScheduledEvent(id=state.new_id(), guild_id=guild.id, creator_id=creator_id, **fields)
    _check_event(state, event, body)
    guild.scheduled[event.id] = event
    _publish_event(state, guild, "CREATE", event)
    return event


def edit_event(state: State, guild: Guild, event: ScheduledEvent, body: Json) -> None:
    """Edit an event. Raise 180000 if it has ended, 50035 for an impossible status, and as `create_event`."""
    if event.status not in NEXT_STATUSES:
        raise scheduled_event_finished()
    fields = _read_fields(state, guild, body)
    if body.get("status") is not None:
        status = parse_integer(body["status"], "status")
        if status != event.status and status not in NEXT_STATUSES[event.status]:
            problem = f"Cannot update event status from {event.status} to {status}"
            raise invalid_form_body(("status",), "GUILD_SCHEDULED_EVENT_INVALID_STATUS", problem)
        fields["status"] = status
    after = ScheduledEvent(**{**vars(event), **fields})
    _check_event(state, after, body)
    vars(event).update(fields)
    _publish_event(state, guild, "UPDATE", event)


def delete_event(state: State, guild: Guild, event: ScheduledEvent) -> None:
    del guild.scheduled[event.id]
    _publish_event(state, guild, "DELETE", event)


def set_interest(state: State, guild: Guild, event: ScheduledEvent, user_id: int, interested: bool) -> None:
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
    state.publish(Event(name, payload, guild.id))


def _publish_event(state: State, guild: Guild, action: str, event: ScheduledEvent) -> None:
    state.save_guild(guild)
    payload = payloads.scheduled_event(event, state.users)
    state.publish(Event(f"GUILD_SCHEDULED_EVENT_{action}", payload, guild.id))


# --- reading a body -----------------------------------------------------------------------------------------


def _read_fields(state: State, guild: Guild, body: Json) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if "name" in body:
        fields["name"] = check_length(body["name"], 1, 100, "name")
    if "description" in body:
        fields["description"] = read_text(body, "description", 1000) or None
    if body.get("privacy_level") is not None and parse_integer(body["privacy_level"], "privacy_level") != GUILD_ONLY:
        raise invalid_form_body(("privacy_level",), "BASE_TYPE_CHOICES", "Value must be one of {2}.")
    if body.get("entity_type") is not None:
        fields["entity_type"] = parse_integer(body["entity_type"], "entity_type")
        if fields["entity_type"] not in (VOICE_CHANNEL, EXTERNAL):
            raise invalid_form_body(("entity_type",), "BASE_TYPE_CHOICES", "Value must be one of {2, 3}.")
    for key, field in (("scheduled_start_time", "starts_at"), ("scheduled_end_time", "ends_at")):
        if key in body and (body[key] is not None or field == "ends_at"):
            fields[field] = None if body[key] is None else _parse_timestamp(body[key], key)
    if fields.get("starts_at") is not None and fields["starts_at"] <= state.clock():
        problem = "Cannot schedule event in the past."
        raise invalid_form_body(("scheduled_start_time",), "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST", problem)
    if "channel_id" in body:
        fields["channel_id"] = None if body["channel_id"] is None else parse_snowflake(body["channel_id"], "channel_id")
    if isinstance(body.get("entity_metadata"), dict):
        location = body["entity_metadata"].get("location")
        fields["location"] = None
        if location is not None:
            fields["location"] = check_length(location, 1, 100, "entity_metadata", "location")
    return fields


def _parse_timestamp(value: object, key: str) -> float:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        problem = f"Could not parse {value}. Should be ISO8601."
        raise invalid_form_body((key,), "DATETIME_TYPE_PARSE", problem) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _check_event(state: State, event: ScheduledEvent, body: Json) -> None:
    """Check the fields that an event of its type must have. Raise 50035."""
    if event.ends_at is not None and event.ends_at <= event.starts_at:
        problem = "The event cannot end before it starts."
        raise invalid_form_body(("scheduled_end_time",), "GUILD_SCHEDULED_EVENT_INVALID_END_TIME", problem)
    if event.entity_type == EXTERNAL:
        if not event.location:
            path = ("entity_metadata", "location") if body.get("entity_metadata") else ("entity_metadata",)
            raise invalid_form_body(path, "BASE_TYPE_REQUIRED", "This field is required")
        if event.ends_at is None:
            raise invalid_form_body(("scheduled_end_time",), "BASE_TYPE_REQUIRED", "This field is required")
        if event.channel_id is not None:
            raise invalid_form_body(("channel_id",), "BASE_TYPE_BAD_TYPE", "An external event has no channel.")
        return
    channel = state.channels.get(event.channel_id or 0)
    if channel is None or channel.guild_id != event.guild_id or channel.type != VOICE:
        raise invalid_form_body(("channel_id",), "BASE_TYPE_REQUIRED", "This field is required")
    if event.location is not None:
        raise invalid_form_body(("entity_metadata",), "BASE_TYPE_BAD_TYPE", "Only an external event has a location.")
