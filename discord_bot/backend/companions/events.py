"""A game's event in its server's list: https://docs.discord.com/developers/resources/guild-scheduled-event"""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import discord
from django.utils.translation import gettext_noop

from discord_bot.backend.errors import INVALID_FORM
from games.companions.base import CompanionView, SentCompanion
from games.companions.event import EntityType, EventStatus, EventView, FoundEvent, moment
from games.pictures.actions import as_data_uri
from gamesched.lib.ids import parse_id
from gamesched.lib.orm import run_in_db_thread
from notifications.messages import OutgoingMessage, PermanentError

FINISHED, UNKNOWN_EVENT = 180000, 10070
GUILD_ONLY = 2  # the only privacy level
# What of an event, as `FoundEvent` names it, follows from each key of a request.
FOLLOWS = {
    "scheduled_start_time": {"starts_at"},
    "scheduled_end_time": {"ends_at"},
    "entity_type": {"entity_type", "channel_id", "location", "ends_at"},
    "status": {"status", "starts_at", "ends_at"},
}


async def make(client: discord.Client, message: OutgoingMessage, view: EventView) -> SentCompanion:
    """Make an event. After an earlier attempt, change what that made, if it made one."""
    if message.first_attempt_at is not None and (found := await _find(client, message.dedupe_marker, view.guild_id)):
        return await _change_found(client, found, view)
    body = await _body(view, {*view.shown}, EventStatus.SCHEDULED)
    data = await client.http.create_guild_scheduled_event(view.guild_id, privacy_level=GUILD_ONLY, **body)
    return _sent(view, data)


async def find(client: discord.Client, message: OutgoingMessage, view: CompanionView) -> int | None:
    """Return the event that an earlier attempt made."""
    found = await _find(client, message.dedupe_marker, view.guild_id)
    return found.id if found is not None else None


async def change(client: discord.Client, event_id: int, view: EventView) -> SentCompanion:
    """Change of an event what differs."""
    if view.is_final:
        return await _end(client, event_id, view)
    body = await _body(view, {*view.changed}, EventStatus(view.status_before))
    asked = frozenset().union(*(FOLLOWS.get(key, {key}) for key in body))
    if not body:
        return SentCompanion(view.guild_id, event_id, asked=asked)
    try:
        data = await client.http.edit_scheduled_event(view.guild_id, event_id, **body)
    except discord.HTTPException as reason:
        if reason.code == FINISHED:
            raise PermanentError(str(reason), PermanentError.UNKNOWN_MESSAGE) from None
        if reason.code != INVALID_FORM or not body.keys() & {"status", "scheduled_start_time"}:
            raise
        # Discord starts events by itself, and so do people; perhaps that has just happened.
        found = await _fetch(client, event_id, view)
        if found is None or found.status == view.status_before:
            raise
        return await _change_found(client, found, view)
    return replace(_sent(view, data), asked=asked | {"status"})


async def delete(client: discord.Client, event_id: int, view: CompanionView) -> None:
    await client.http.delete_scheduled_event(view.guild_id, event_id)


async def _end(client: discord.Client, event_id: int, view: EventView) -> SentCompanion:
    """End or cancel an event; one that is over or gone is as good."""
    ended = SentCompanion(view.guild_id, event_id)
    try:
        await client.http.edit_scheduled_event(view.guild_id, event_id, status=view.status)
    except discord.HTTPException as reason:
        if reason.code in (FINISHED, UNKNOWN_EVENT):
            return ended
        if reason.code != INVALID_FORM:
            raise
        found = await _fetch(client, event_id, view)
        if found is None:
            raise
        if not EventStatus(found.status).is_final:
            is_active = found.status == EventStatus.ACTIVE
            status = EventStatus.COMPLETED if is_active else EventStatus.CANCELED
            await client.http.edit_scheduled_event(view.guild_id, event_id, status=int(status))
    return ended


async def _fetch(client: discord.Client, event_id: int, view: CompanionView) -> FoundEvent | None:
    return read_event(await client.http.get_scheduled_event(view.guild_id, event_id, with_user_count=False))


async def _find(client: discord.Client, marker: str, guild_id: int) -> FoundEvent | None:
    """Return the event of ours that names the game's page."""
    own_id = client.user.id if client.user is not None else 0
    for data in await client.http.get_scheduled_events(guild_id, with_user_count=False):
        found = read_event(data) if parse_id(str(data.get("creator_id"))) == own_id else None
        if found is not None and (found.location == marker or marker in found.description.split()):
            return found
    return None


async def _change_found(client: discord.Client, found: FoundEvent, view: EventView) -> SentCompanion:
    """Change of an event what differs from what it shows for certain; which picture it has, it does not say."""
    if EventStatus(found.status).is_final:
        raise PermanentError(gettext_noop("Someone ended the event"), PermanentError.UNKNOWN_MESSAGE)
    changed = {name for name, value in view.shown.items() if getattr(found, name, ...) != value}
    body = await _body(view, changed, EventStatus(found.status))
    if not body:
        return SentCompanion(view.guild_id, found.id, answer=found.answer)
    return _sent(view, await client.http.edit_scheduled_event(view.guild_id, found.id, **body))


async def _body(view: EventView, changed: Collection[str], status: EventStatus) -> dict[str, Any]:
    """Return what is to be sent of an event that has this state."""
    body: dict[str, Any] = {}
    if "name" in changed:
        body["name"] = view.name
    if "description" in changed:
        body["description"] = view.description or None
    if "starts_at" in changed and status == EventStatus.SCHEDULED:  # one that has begun takes no other
        body["scheduled_start_time"] = view.starts_at
    if "ends_at" in changed:
        body["scheduled_end_time"] = view.ends_at
    if {"location", "channel_id"} & {*changed}:
        body |= _where(view)
    if "cover" in changed:
        body["image"] = await run_in_db_thread(as_data_uri, view.cover) if view.cover else None
    if view.status > status:
        body["status"] = view.status
    return body


def _where(view: EventView) -> dict[str, Any]:
    if view.channel_id is not None:
        return {"entity_type": int(EntityType.VOICE), "channel_id": str(view.channel_id), "entity_metadata": None}
    metadata = {"location": view.location}
    ends = {"scheduled_end_time": view.ends_at}  # needed by one that was in a channel
    return {"entity_type": int(EntityType.EXTERNAL), "channel_id": None, "entity_metadata": metadata, **ends}


def _sent(view: EventView, data: Any) -> SentCompanion:
    found = read_event(data)
    if found is None:
        event_id = parse_id(str(data.get("id"))) if isinstance(data, dict) else None
        if event_id is None:
            raise PermanentError(
                gettext_noop("We can't read Discord's answer about an event"), PermanentError.UNCERTAIN
            )
        return SentCompanion(view.guild_id, event_id)
    return SentCompanion(view.guild_id, found.id, answer=found.answer)


def read_event(data: Any) -> FoundEvent | None:
    """Return an event as Discord sends it; None for one that cannot be read."""
    if not isinstance(data, dict):
        return None
    event_id, guild_id = (parse_id(str(data.get(key))) for key in ("id", "guild_id"))
    metadata = data.get("entity_metadata")
    location = metadata.get("location") if isinstance(metadata, dict) else None
    try:
        starts_at = _read_time(data["scheduled_start_time"])
        ends_at = _read_time(data["scheduled_end_time"]) if data.get("scheduled_end_time") is not None else ""
        status, entity_type = int(data["status"]), int(data["entity_type"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if event_id is None or guild_id is None or status not in list(EventStatus):
        return None
    count = data.get("user_count")
    return FoundEvent(
        id=event_id,
        guild_id=guild_id,
        name=_read_text(data.get("name")),
        description=_read_text(data.get("description")),
        location=_read_text(location),
        channel_id=parse_id(str(data.get("channel_id"))),
        entity_type=entity_type,
        starts_at=starts_at,
        ends_at=ends_at,
        status=status,
        image=_read_text(data.get("image")),
        user_count=count if isinstance(count, int) and count >= 0 else None,
    )


def _read_text(text: Any) -> str:
    """Return a text without what PostgreSQL takes in none: NUL and halves of surrogate pairs."""
    return str(text or "").replace("\0", "").encode("utf-8", "ignore").decode()


def _read_time(text: Any) -> str:
    at = datetime.fromisoformat(text)
    return moment(at if at.tzinfo is not None else at.replace(tzinfo=UTC))
