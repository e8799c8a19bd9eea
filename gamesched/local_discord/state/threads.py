"""Threads, which are channels inside channels: https://docs.discord.com/developers/topics/threads"""

from typing import TYPE_CHECKING, Any

from gamesched.local_discord.errors import thread_is_archived
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import PRIVATE_THREAD, Channel, Guild, Json, Message, Thread
from gamesched.local_discord.state.events import Event
from gamesched.local_discord.state.permissions import Permission

if TYPE_CHECKING:
    from gamesched.local_discord.state.state import World


def of(world: "World", guild: Guild) -> list[Channel]:
    """Every thread of a guild, archived ones too."""
    return [each for each in world.channels.values() if each.guild_id == guild.id and each.thread is not None]


def active(world: "World", guild: Guild, user_id: int) -> list[Channel]:
    """The threads of a guild that are not archived and that this person sees, newest first."""
    seen = [each for each in of(world, guild) if world.permissions(each, user_id) & Permission.VIEW_CHANNEL]
    return sorted((each for each in seen if not _facts(each).archived), key=lambda each: -each.id)


def archived(world: "World", parent: Channel) -> list[Channel]:
    """The public threads of a channel that are archived, the last first."""
    inside = [each for each in world.channels.values() if each.parent_id == parent.id and each.thread is not None]
    found = [each for each in inside if _facts(each).archived and each.type != PRIVATE_THREAD]
    return sorted(found, key=lambda each: -_facts(each).archive_changed_at)


def _facts(channel: Channel) -> Thread:
    assert channel.thread is not None, "not a thread"
    return channel.thread


def permissions(world: "World", channel: Channel, user_id: int) -> int:
    """What a person may do in a thread: what they may in its channel, and nothing in a private one of others."""
    bits = world.permissions(world.channels[channel.parent_id or 0], user_id)
    hidden = channel.type == PRIVATE_THREAD and user_id not in _facts(channel).members
    return 0 if hidden and not bits & Permission.MANAGE_THREADS else bits


def start(
    world: "World", parent: Channel, owner_id: int, name: str, kind: int, channel_id: int | None = None, **facts: Any
) -> Channel:
    """Open a thread with its owner in it. From a message it has that message's id, given as `channel_id`.

    `facts` are fields of `Thread`.
    """
    now = world.clock()
    thread = Thread(owner_id, created_at=now, archive_changed_at=now, **facts)
    channel = Channel(channel_id or world.new_id(), kind, name, parent.guild_id, parent_id=parent.id, thread=thread)
    world.channels[channel.id] = channel
    thread.members[owner_id] = now
    world.save_channel(channel)
    told = payloads.thread(channel) | {"newly_created": True}
    world.publish(Event("THREAD_CREATE", told, channel.guild_id, channel.id))
    _members_changed(world, channel, added=[owner_id])
    return channel


def change(world: "World", channel: Channel, name: str | None = None, **facts: Any) -> None:
    """Rename, archive, lock and so on; `facts` are fields of `Thread`."""
    thread = _facts(channel)
    if name is not None:
        channel.name = name
    if facts.get("archived", thread.archived) != thread.archived:
        thread.archive_changed_at = world.clock()
    for key, value in facts.items():
        setattr(thread, key, value)
    world.save_channel(channel)
    world.publish(Event("THREAD_UPDATE", payloads.thread(channel), channel.guild_id, channel.id))


def join(world: "World", channel: Channel, user_ids: list[int]) -> None:
    """Add people; those already in it stay as they are."""
    new = [each for each in user_ids if each not in _facts(channel).members]
    for user_id in new:
        _facts(channel).members[user_id] = world.clock()
    if new:
        world.save_channel(channel)
        _members_changed(world, channel, added=new)


def leave(world: "World", channel: Channel, user_id: int) -> None:
    if _facts(channel).members.pop(user_id, None) is not None:
        world.save_channel(channel)
        _members_changed(world, channel, removed=[user_id])


def check_active(channel: Channel) -> None:
    """What stands in an archived thread stays as it is; only a new message unarchives it. Raises 50083."""
    if channel.thread is not None and channel.thread.archived:
        raise thread_is_archived()


def check_open(world: "World", channel: Channel, user_id: int) -> None:
    """In a locked thread only moderators write. Raises 50083."""
    moderates = world.permissions(channel, user_id) & Permission.MANAGE_THREADS
    if channel.thread is not None and channel.thread.locked and not moderates:
        raise thread_is_archived()


def posted(world: "World", channel: Channel, message: Message) -> None:
    """A message was posted: it counts, unarchives, and brings in its author and those it mentions."""
    thread = _facts(channel)
    thread.total_sent += 1
    if message.id != channel.id:  # the first message of a forum post does not count
        thread.message_count += 1
    if thread.archived:
        change(world, channel, archived=False)
    guild = world.guild_of(channel)
    seen = [each for each in message.mentions if guild is not None and each in guild.members]
    join(world, channel, [message.author_id, *(u for u in seen if world.permissions(channel, u))])


def member(world: "World", channel: Channel, user_id: int, with_member: bool = False) -> Json:
    """A thread member object; `with_member` adds the guild member."""
    told = payloads.thread_member(channel, user_id)
    guild = world.guild_of(channel)
    if with_member and guild is not None and user_id in guild.members:
        told["member"] = payloads.member(guild.members[user_id], world.users[user_id])
    return told


def _members_changed(
    world: "World", channel: Channel, added: list[int] | None = None, removed: list[int] | None = None
) -> None:
    told: Json = {
        "id": str(channel.id),
        "guild_id": str(channel.guild_id),
        "member_count": len(_facts(channel).members),
    }
    if added:
        told["added_members"] = [member(world, channel, each, with_member=True) for each in added]
    if removed:
        told["removed_member_ids"] = [str(each) for each in removed]
    world.publish(Event("THREAD_MEMBERS_UPDATE", told, channel.guild_id, channel.id))
