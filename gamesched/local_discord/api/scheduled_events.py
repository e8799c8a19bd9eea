"""Scheduled events of a guild: https://docs.discord.com/developers/resources/guild-scheduled-event

Nothing changes its status by itself here: Discord starts, ends and cancels some events after their time.
"""

from datetime import UTC, datetime
from typing import Any

from gamesched.local_discord.api.messages import integer, length, snowflake, text
from gamesched.local_discord.errors import finished_event, invalid, too_many_events
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import VOICE, Guild, Json, ScheduledEvent
from gamesched.local_discord.state.events import Event
from gamesched.local_discord.state.state import World

MOST = 100  # scheduled or active in a guild
IN_A_VOICE_CHANNEL, EXTERNAL = 2, 3
GUILD_ONLY = 2
SCHEDULED, ACTIVE, COMPLETED, CANCELED = 1, 2, 3, 4
NEXT = {SCHEDULED: (ACTIVE, CANCELED), ACTIVE: (COMPLETED,)}


def current(guild: Guild) -> list[ScheduledEvent]:
    """Those that are scheduled or active."""
    return [each for each in guild.scheduled.values() if each.status in NEXT]


def create(world: World, guild: Guild, creator_id: int, body: Json) -> ScheduledEvent:
    """Raises 30038 for the hundred-and-first, 50035 for what the body lacks."""
    if len(current(guild)) >= MOST:
        raise too_many_events()
    for key in ("name", "privacy_level", "scheduled_start_time", "entity_type"):
        if body.get(key) is None:
            raise invalid((key,), "BASE_TYPE_REQUIRED", "This field is required")
    facts = _read(world, guild, body)
    made = ScheduledEvent(id=world.new_id(), guild_id=guild.id, creator_id=creator_id, **facts)
    _check(world, made, body)
    guild.scheduled[made.id] = made
    _tell(world, guild, "CREATE", made)
    return made


def change(world: World, guild: Guild, event: ScheduledEvent, body: Json) -> None:
    """Raises 180000 for one that is over, 50035 for a status that cannot follow, and as `create`."""
    if event.status not in NEXT:
        raise finished_event()
    facts = _read(world, guild, body)
    if body.get("status") is not None:
        status = integer(body["status"], "status")
        if status != event.status and status not in NEXT[event.status]:
            said = f"Cannot update event status from {event.status} to {status}"
            raise invalid(("status",), "GUILD_SCHEDULED_EVENT_INVALID_STATUS", said)
        facts["status"] = status
    after = ScheduledEvent(**{**vars(event), **facts})
    _check(world, after, body)
    vars(event).update(facts)
    _tell(world, guild, "UPDATE", event)


def delete(world: World, guild: Guild, event: ScheduledEvent) -> None:
    del guild.scheduled[event.id]
    _tell(world, guild, "DELETE", event)


def set_interest(world: World, guild: Guild, event: ScheduledEvent, user_id: int, interested: bool) -> None:
    """A person marks themselves as interested, or no longer."""
    if interested == (user_id in event.interested):
        return
    if interested:
        event.interested.append(user_id)
    else:
        event.interested.remove(user_id)
    world.save_guild(guild)
    told = {"guild_scheduled_event_id": str(event.id), "user_id": str(user_id), "guild_id": str(guild.id)}
    name = f"GUILD_SCHEDULED_EVENT_USER_{'ADD' if interested else 'REMOVE'}"
    world.publish(Event(name, told, guild.id))


def _tell(world: World, guild: Guild, what: str, event: ScheduledEvent) -> None:
    world.save_guild(guild)
    told = payloads.scheduled_event(event, world.users)
    world.publish(Event(f"GUILD_SCHEDULED_EVENT_{what}", told, guild.id))


# --- what a body says ---------------------------------------------------------------------------------------


def _read(world: World, guild: Guild, body: Json) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if "name" in body:
        facts["name"] = length(body["name"], 1, 100, "name")
    if "description" in body:
        facts["description"] = text(body, "description", 1000) or None
    if body.get("privacy_level") is not None and integer(body["privacy_level"], "privacy_level") != GUILD_ONLY:
        raise invalid(("privacy_level",), "BASE_TYPE_CHOICES", "Value must be one of {2}.")
    if body.get("entity_type") is not None:
        facts["entity_type"] = integer(body["entity_type"], "entity_type")
        if facts["entity_type"] not in (IN_A_VOICE_CHANNEL, EXTERNAL):
            raise invalid(("entity_type",), "BASE_TYPE_CHOICES", "Value must be one of {2, 3}.")
    for key, field in (("scheduled_start_time", "starts_at"), ("scheduled_end_time", "ends_at")):
        if key in body and (body[key] is not None or field == "ends_at"):
            facts[field] = None if body[key] is None else _moment(body[key], key)
    if facts.get("starts_at") is not None and facts["starts_at"] <= world.clock():
        said = "Cannot schedule event in the past."
        raise invalid(("scheduled_start_time",), "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST", said)
    if "channel_id" in body:
        facts["channel_id"] = None if body["channel_id"] is None else snowflake(body["channel_id"], "channel_id")
    if isinstance(body.get("entity_metadata"), dict):
        location = body["entity_metadata"].get("location")
        facts["location"] = None
        if location is not None:
            facts["location"] = length(location, 1, 100, "entity_metadata", "location")
    return facts


def _moment(value: object, key: str) -> float:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        said = f"Could not parse {value}. Should be ISO8601."
        raise invalid((key,), "DATETIME_TYPE_PARSE", said) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _check(world: World, event: ScheduledEvent, body: Json) -> None:
    """What an event of its kind must have. Raises 50035."""
    if event.ends_at is not None and event.ends_at <= event.starts_at:
        said = "The event cannot end before it starts."
        raise invalid(("scheduled_end_time",), "GUILD_SCHEDULED_EVENT_INVALID_END_TIME", said)
    if event.entity_type == EXTERNAL:
        if not event.location:
            path = ("entity_metadata", "location") if body.get("entity_metadata") else ("entity_metadata",)
            raise invalid(path, "BASE_TYPE_REQUIRED", "This field is required")
        if event.ends_at is None:
            raise invalid(("scheduled_end_time",), "BASE_TYPE_REQUIRED", "This field is required")
        if event.channel_id is not None:
            raise invalid(("channel_id",), "BASE_TYPE_BAD_TYPE", "An external event has no channel.")
        return
    channel = world.channels.get(event.channel_id or 0)
    if channel is None or channel.guild_id != event.guild_id or channel.type != VOICE:
        raise invalid(("channel_id",), "BASE_TYPE_REQUIRED", "This field is required")
    if event.location is not None:
        raise invalid(("entity_metadata",), "BASE_TYPE_BAD_TYPE", "Only an external event has a location.")
