"""Reads scheduled events in a request: https://docs.discord.com/developers/resources/guild-scheduled-event"""

from datetime import UTC, datetime
from typing import Any

from gamesched.local_discord.api.images import read_image
from gamesched.local_discord.api.validation import check_length, check_object, parse_integer, parse_snowflake, read_text
from gamesched.local_discord.errors import (
    invalid_form_body,
    missing_permissions,
    not_modelled,
    scheduled_event_finished,
    too_many_scheduled_events,
)
from gamesched.local_discord.state import scheduled_events
from gamesched.local_discord.state.entities import STAGE, VOICE, Guild, Json, ScheduledEvent
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.scheduled_events import (
    ACTIVE,
    EXTERNAL,
    NEXT_STATUSES,
    STAGE_INSTANCE,
    VOICE_CHANNEL,
)
from gamesched.local_discord.state.state import State

MAX_EVENTS = 100  # scheduled or active in a guild
FARTHEST = 5 * 365 * 86400.0  # seconds ahead; Discord says five years
GUILD_ONLY = 2
CHANNEL_TYPES = {STAGE_INSTANCE: STAGE, VOICE_CHANNEL: VOICE}
# What one needs in the channel besides the right to make or change events.
CHANNEL_PERMISSIONS = {
    STAGE_INSTANCE: Permission.VIEW_CHANNEL
    | Permission.MANAGE_CHANNELS
    | Permission.MUTE_MEMBERS
    | Permission.MOVE_MEMBERS,
    VOICE_CHANNEL: Permission.VIEW_CHANNEL | Permission.CONNECT,
}


def create_event(state: State, guild: Guild, creator_id: int, body: Json) -> ScheduledEvent:
    """Create an event. Raise 30038 for the hundred-and-first, 50035 for missing fields, 50013 for rights missing."""
    if len(scheduled_events.unfinished(guild)) >= MAX_EVENTS:
        raise too_many_scheduled_events()
    for key in ("name", "privacy_level", "scheduled_start_time", "entity_type"):
        if body.get(key) is None:
            raise invalid_form_body((key,), "BASE_TYPE_REQUIRED", "This field is required")
    fields = _read_fields(state, body)
    event = ScheduledEvent(id=state.new_id(), guild_id=guild.id, creator_id=creator_id, **fields)
    _check_event(state, event, body)
    if event.location is not None and event.entity_type != EXTERNAL:
        raise invalid_form_body(("entity_metadata",), "BASE_TYPE_BAD_TYPE", "Only an external event has a location.")
    check_channel_permissions(state, event, creator_id)
    event.image = _save_image(state, body)
    scheduled_events.add(state, guild, event)
    return event


def edit_event(state: State, guild: Guild, event: ScheduledEvent, body: Json, editor_id: int) -> None:
    """Edit an event. Raise 180000 if it has ended, 50035 for an impossible status, and as `create_event`."""
    if event.status not in NEXT_STATUSES:
        raise scheduled_event_finished()
    if event.status == ACTIVE and body.get("scheduled_start_time") is not None:
        problem = "Cannot update the start time of an event that has begun."  # also to the same time
        raise invalid_form_body(("scheduled_start_time",), "GUILD_SCHEDULED_EVENT_INVALID_START_BY_STATUS", problem)
    fields = _read_fields(state, body)
    if body.get("status") is not None:
        status = parse_integer(body["status"], "status")
        if status != event.status and status not in NEXT_STATUSES[event.status]:
            problem = f"Cannot update event status from {event.status} to {status}"
            raise invalid_form_body(("status",), "GUILD_SCHEDULED_EVENT_INVALID_STATUS", problem)
        fields["status"] = status
    if fields.get("entity_type", event.entity_type) != EXTERNAL:
        fields["location"] = None  # Discord discards the metadata of other events
    after = ScheduledEvent(**{**vars(event), **fields})
    _check_event(state, after, body)
    check_channel_permissions(state, after, editor_id)
    if "image" in body:
        fields["image"] = _save_image(state, body)
    scheduled_events.change(state, guild, event, **fields)


def _read_fields(state: State, body: Json) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if body.get("recurrence_rule") is not None:
        raise not_modelled(("recurrence_rule",), "recurring events")
    if body.get("image") is not None:
        read_image(body["image"], ("image",))
    if "name" in body:
        fields["name"] = check_length(body["name"], 1, 100, "name").strip()
        check_length(fields["name"], 1, 100, "name")  # Discord trims it first
    if "description" in body:
        fields["description"] = read_text(body, "description", 1000) or None
    if body.get("privacy_level") is not None and parse_integer(body["privacy_level"], "privacy_level") != GUILD_ONLY:
        raise invalid_form_body(("privacy_level",), "BASE_TYPE_CHOICES", "Value must be one of {2}.")
    if body.get("entity_type") is not None:
        fields["entity_type"] = parse_integer(body["entity_type"], "entity_type")
        if fields["entity_type"] not in (STAGE_INSTANCE, VOICE_CHANNEL, EXTERNAL):
            raise invalid_form_body(("entity_type",), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3}.")
    fields |= _read_times(state, body)
    if "channel_id" in body:
        fields["channel_id"] = None if body["channel_id"] is None else parse_snowflake(body["channel_id"], "channel_id")
    if body.get("entity_metadata") is not None:
        location = check_object(body["entity_metadata"], "entity_metadata").get("location")
        fields["location"] = None
        if location is not None:
            fields["location"] = check_length(location, 1, 100, "entity_metadata", "location")
    return fields


def _read_times(state: State, body: Json) -> dict[str, float | None]:
    """Return when an event starts and ends, as far as the body says. Raise 50035 for what is past, or too far ahead."""
    times: dict[str, float | None] = {}
    for key, field in (("scheduled_start_time", "starts_at"), ("scheduled_end_time", "ends_at")):
        if key in body and (body[key] is not None or field == "ends_at"):
            times[field] = None if body[key] is None else _parse_timestamp(body[key], key)
        if (times.get(field) or 0.0) > state.clock() + FARTHEST:
            problem = "Cannot schedule event more than 5 years in the future."
            raise invalid_form_body((key,), "GUILD_SCHEDULED_EVENT_SCHEDULE_FUTURE", problem)
    starts_at = times.get("starts_at")
    if starts_at is not None and starts_at <= state.clock():
        problem = "Cannot schedule event in the past."
        raise invalid_form_body(("scheduled_start_time",), "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST", problem)
    return times


def _save_image(state: State, body: Json) -> str | None:
    """Save the cover and return its hash, which here is the file's id."""
    if body.get("image") is None:
        return None
    content_type, data = read_image(body["image"], ("image",))
    file_id = state.new_id()
    state.save_file(file_id, content_type, data)
    return f"{file_id:032x}"


def _parse_timestamp(value: object, key: str) -> float:
    try:
        moment = datetime.fromisoformat(str(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        problem = f"Could not parse {value}. Should be ISO8601."
        raise invalid_form_body((key,), "DATETIME_TYPE_PARSE", problem) from None


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
    if channel is None or channel.guild_id != event.guild_id or channel.type != CHANNEL_TYPES[event.entity_type]:
        raise invalid_form_body(("channel_id",), "BASE_TYPE_REQUIRED", "This field is required")


def check_channel_permissions(state: State, event: ScheduledEvent, user_id: int) -> None:
    """Raise 50013 unless a person may hold an event in that channel."""
    channel, needed = state.channels.get(event.channel_id or 0), CHANNEL_PERMISSIONS.get(event.entity_type, 0)
    if channel is not None and state.permissions(channel, user_id) & needed != needed:
        raise missing_permissions()
