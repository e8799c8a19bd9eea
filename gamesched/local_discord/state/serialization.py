"""Reads entities back from the state file, and writes JSON. Fields that the file lacks get their default."""

import json
from collections.abc import Iterator
from typing import Any

from gamesched.local_discord.state.entities import (
    Channel,
    Guild,
    Member,
    Message,
    Overwrite,
    Role,
    ScheduledEvent,
    Thread,
    User,
    VoiceState,
)
from gamesched.local_discord.state.store import Store


def load_users(store: Store) -> Iterator[User]:
    for body in store.all("user"):
        yield User(**body)


def load_guilds(store: Store) -> Iterator[Guild]:
    for body in store.all("guild"):
        roles = {each["id"]: Role(**each) for each in body.pop("roles")}
        body["bans"] = {int(user_id): reason for user_id, reason in body.get("bans", {}).items()}
        scheduled = {each["id"]: ScheduledEvent(**each) for each in body.pop("scheduled", [])}
        members = {each["user_id"]: Member(**each) for each in body.pop("members")}
        voice = {each["user_id"]: VoiceState(**each) for each in body.pop("voice", [])}
        yield Guild(**body, roles=roles, members=members, scheduled=scheduled, voice=voice)


def load_channels(store: Store) -> Iterator[Channel]:
    for body in store.all("channel"):
        overwrites = [Overwrite(**each) for each in body.pop("overwrites")]
        thread = body.pop("thread", None)
        if thread is not None:
            joined_at = {int(user_id): at for user_id, at in thread.pop("members").items()}
            thread = Thread(**thread, members=joined_at)
        yield Channel(**body, overwrites=overwrites, thread=thread)


def load_messages(store: Store) -> Iterator[Message]:
    for body in store.all("message"):
        yield Message(**body)


def to_json(body: Any) -> str:
    """Return JSON that can be sent as UTF-8: halves of characters, which people may type, stay escaped."""
    text = json.dumps(body, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(body)
    return text
