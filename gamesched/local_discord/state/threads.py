"""Threads, which are channels inside channels: https://docs.discord.com/developers/topics/threads"""

from typing import Any, Protocol

from gamesched.local_discord.errors import thread_archived, thread_locked
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.channels import Channels
from gamesched.local_discord.state.clock import Clock
from gamesched.local_discord.state.entities import (
    PRIVATE_THREAD,
    Channel,
    Guild,
    Json,
    Message,
    Thread,
    User,
    snowflake_time,
)
from gamesched.local_discord.state.events import Event
from gamesched.local_discord.state.permissions import Permission


class ThreadState(Protocol):
    """What threads need of the state, which itself is built on this module."""

    clock: Clock
    users: dict[int, User]
    channels: Channels

    def new_id(self) -> int: ...
    def guild_of(self, channel: Channel) -> Guild | None: ...
    def permissions(self, channel: Channel, user_id: int) -> int: ...
    def save_channel(self, channel: Channel) -> None: ...
    def publish(self, event: Event) -> None: ...


def in_guild(state: ThreadState, guild: Guild) -> list[Channel]:
    """Return every thread of a guild, archived ones too."""
    return state.channels.of_guild(guild.id, threads=True)


def active(state: ThreadState, guild: Guild, user_id: int) -> list[Channel]:
    """Return a guild's threads that are not archived and that this person sees, newest first."""
    visible_threads = [
        each for each in in_guild(state, guild) if state.permissions(each, user_id) & Permission.VIEW_CHANNEL
    ]
    return sorted((each for each in visible_threads if not _thread_of(each).archived), key=lambda each: -each.id)


def archived(state: ThreadState, parent: Channel, private: bool = False) -> list[Channel]:
    """Return a channel's public or private archived threads, the last archived first."""
    threads_inside = [
        each for each in state.channels.values() if each.parent_id == parent.id and each.thread is not None
    ]
    archived_threads = [
        each for each in threads_inside if _thread_of(each).archived and (each.type == PRIVATE_THREAD) == private
    ]
    return sorted(archived_threads, key=lambda each: -_thread_of(each).archive_changed_at)


def archived_at(channel: Channel) -> float | None:
    """Return when Discord archives a quiet thread, in seconds since 1970; None if it is archived."""
    thread = _thread_of(channel)
    if thread.archived:
        return None
    last_message = snowflake_time(channel.last_message_id) if channel.last_message_id else 0.0
    return max(thread.archive_changed_at, last_message) + thread.auto_archive_duration * 60


def _thread_of(channel: Channel) -> Thread:
    assert channel.thread is not None, "not a thread"
    return channel.thread


def permissions(state: ThreadState, channel: Channel, user_id: int) -> int:
    """Return a person's permission bits in a thread: those in its channel, and 0 in another's private thread."""
    bits = state.permissions(state.channels[channel.parent_id or 0], user_id)
    hidden = channel.type == PRIVATE_THREAD and user_id not in _thread_of(channel).members
    return 0 if hidden and not bits & Permission.MANAGE_THREADS else bits


def start(
    state: ThreadState,
    parent: Channel,
    owner_id: int,
    name: str,
    kind: int,
    channel_id: int | None = None,
    **fields: Any,
) -> Channel:
    """Create a thread with its owner in it. From a message it has that message's id, given as `channel_id`.

    `fields` are those of `Thread`.
    """
    now = state.clock()
    if parent.default_auto_archive_duration is not None:
        fields = {"auto_archive_duration": parent.default_auto_archive_duration} | fields
    thread = Thread(owner_id, created_at=now, archive_changed_at=now, **fields)
    channel = Channel(channel_id or state.new_id(), kind, name, parent.guild_id, parent_id=parent.id, thread=thread)
    state.channels[channel.id] = channel
    thread.members[owner_id] = now
    state.save_channel(channel)
    payload = payloads.thread(channel) | {"newly_created": True}
    state.publish(Event("THREAD_CREATE", payload, channel.guild_id, channel.id))
    _publish_members_update(state, channel, added=[owner_id])
    return channel


def update(state: ThreadState, channel: Channel, **fields: Any) -> None:
    """Rename, archive, lock and so on; `fields` are those of `Thread`, and some of `Channel`."""
    thread = _thread_of(channel)
    for key in ("name", "rate_limit_per_user", "flags"):
        if key in fields:
            setattr(channel, key, fields.pop(key))
    if fields.get("archived", thread.archived) != thread.archived:
        thread.archive_changed_at = state.clock()
    for key, value in fields.items():
        setattr(thread, key, value)
    state.save_channel(channel)
    state.publish(Event("THREAD_UPDATE", payloads.thread(channel), channel.guild_id, channel.id))


def add_members(state: ThreadState, channel: Channel, user_ids: list[int]) -> None:
    """Add people; those already in it stay as they are."""
    new = [each for each in user_ids if each not in _thread_of(channel).members]
    for user_id in new:
        _thread_of(channel).members[user_id] = state.clock()
    if not new:
        return
    state.save_channel(channel)
    _publish_members_update(state, channel, added=new)
    if channel.type == PRIVATE_THREAD:  # who could not see it is told of it
        for user_id in new:
            state.publish(
                Event("THREAD_CREATE", payloads.thread(channel, user_id), channel.guild_id, channel.id, user_id)
            )


def remove_member(state: ThreadState, channel: Channel, user_id: int) -> None:
    if _thread_of(channel).members.pop(user_id, None) is not None:
        state.save_channel(channel)
        _publish_members_update(state, channel, removed=[user_id])


def check_not_archived(channel: Channel) -> None:
    """Raise 50083 for an archived thread: only a new message unarchives it, other changes are refused."""
    if channel.thread is not None and channel.thread.archived:
        raise thread_archived()


def check_not_locked(state: ThreadState, channel: Channel, user_id: int) -> None:
    """Raise 160005 in a locked thread, or 50083 if it is archived too: only moderators may send there."""
    moderates = state.permissions(channel, user_id) & Permission.MANAGE_THREADS
    if channel.thread is not None and channel.thread.locked and not moderates:
        raise thread_archived() if channel.thread.archived else thread_locked()


def apply_new_message(state: ThreadState, channel: Channel, message: Message) -> None:
    """Update the thread of a new message: count it, unarchive, and add its author and those it mentions."""
    thread = _thread_of(channel)
    thread.total_sent += 1
    if message.id != channel.id:  # the first message of a forum post does not count
        thread.message_count += 1
    if thread.archived:
        update(state, channel, archived=False)
    guild = state.guild_of(channel)
    mentioned_members = [each for each in message.mentions if guild is not None and each in guild.members]
    add_members(state, channel, [message.author_id, *(u for u in mentioned_members if state.permissions(channel, u))])


def member_payload(state: ThreadState, channel: Channel, user_id: int, with_member: bool = False) -> Json:
    """Return a thread member object; `with_member` adds the guild member."""
    payload = payloads.thread_member(channel, user_id)
    guild = state.guild_of(channel)
    if with_member and guild is not None and user_id in guild.members:
        payload["member"] = payloads.member(guild.members[user_id], state.users[user_id])
    return payload


def _publish_members_update(
    state: ThreadState, channel: Channel, added: list[int] | None = None, removed: list[int] | None = None
) -> None:
    payload: Json = {
        "id": str(channel.id),
        "guild_id": str(channel.guild_id),
        "member_count": len(_thread_of(channel).members),
    }
    if added:
        payload["added_members"] = [member_payload(state, channel, each, with_member=True) for each in added]
    if removed:
        payload["removed_member_ids"] = [str(each) for each in removed]
    state.publish(Event("THREAD_MEMBERS_UPDATE", payload, channel.guild_id, channel.id))
