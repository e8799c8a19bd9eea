"""Reading, writing, editing and deleting the messages of a channel, with the permissions each needs."""

from gamesched.local_discord.api.messages import apply, integer, read_draft, snowflake
from gamesched.local_discord.errors import (
    closed_dms,
    invalid,
    missing_permissions,
    no_mutual_guild,
    not_a_text_channel,
    not_in_a_dm,
    not_the_author,
    too_old_to_delete,
    unknown_message,
    wrong_channel_type,
    wrong_number_to_delete,
)
from gamesched.local_discord.state import threads
from gamesched.local_discord.state.entities import (
    CATEGORY,
    EPHEMERAL,
    FORUM,
    VOICE,
    Channel,
    Json,
    Message,
    User,
    snowflake_time,
)
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import World

BULK_LEAST, BULK_MOST, BULK_OLDEST = 2, 100, 14 * 24 * 3600.0  # messages, messages, seconds
OLD = 3600.0  # seconds after which few edits are allowed


def read(world: World, channel: Channel, user: User, query: dict[str, str]) -> list[Message]:
    """Newest first; `limit` (50), and one of `before`, `after`, `around` an id."""
    limit = integer(query.get("limit", "50"), "limit")
    if not 1 <= limit <= 100:
        raise invalid(("limit",), "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    if not world.permissions(channel, user.id) & Permission.READ_MESSAGE_HISTORY:
        return []
    seen = [each for each in world.messages.get(channel.id, {}).values() if each.only_for in (None, user.id)]
    if "after" in query:
        after = snowflake(query["after"], "after")
        return [each for each in seen if each.id > after][:limit][::-1]
    if "around" in query:
        around = snowflake(query["around"], "around")
        older = [each for each in seen if each.id <= around][-(limit // 2 + 1) :]
        return (older + [each for each in seen if each.id > around][: limit // 2])[::-1]
    if "before" in query:
        before = snowflake(query["before"], "before")
        seen = [each for each in seen if each.id < before]
    return seen[-limit:][::-1]


def one(world: World, channel: Channel, user: User, message_id: int) -> Message:
    if not world.permissions(channel, user.id) & Permission.READ_MESSAGE_HISTORY:
        raise missing_permissions()
    return _found(world, channel, user, message_id)


def _found(world: World, channel: Channel, user: User, message_id: int) -> Message:
    found = world.message(channel.id, message_id, user.id)
    # An ephemeral message can be reached through its interaction only.
    if found is None or (user.bot and found.flags & EPHEMERAL):
        raise unknown_message()
    return found


def post(
    world: World,
    channel: Channel,
    user: User,
    body: Json,
    message_id: int | None = None,
    may_speak: bool = False,
) -> Message:
    """Say something, or with a nonce already used, get what was said with it.

    The first message of a forum post has a `message_id`, and who made the post `may_speak` in it once.
    """
    if channel.type == VOICE and not user.bot:
        raise wrong_channel_type()
    if channel.type in (FORUM, CATEGORY):
        raise not_a_text_channel()
    bits = world.permissions(channel, user.id)
    draft = read_draft(body)
    draft.require_something()
    speak = Permission.SEND_MESSAGES if channel.thread is None else Permission.SEND_MESSAGES_IN_THREADS
    if not (may_speak or bits & speak) or (draft.embeds and not bits & Permission.EMBED_LINKS):
        raise missing_permissions()
    threads.check_open(world, channel, user.id)
    if draft.enforce_nonce and draft.nonce is not None:
        first = world.nonces.first(user.id, draft.nonce)
        if first is not None:
            return first
    if channel.recipients:
        _check_dm(world, channel, user)
    if not user.bot and (draft.embeds or draft.components):
        raise invalid((), "USER_CANNOT_USE", "Only bots may send embeds and components.")
    content = draft.content or ""
    users, roles, everyone = draft.pings.of(content)
    return world.post(
        Message(
            id=message_id or world.new_id(),
            channel_id=channel.id,
            author_id=user.id,
            content=content,
            embeds=draft.embeds or [],
            components=draft.components or [],
            flags=(draft.flags or 0) & ~EPHEMERAL,
            nonce=draft.nonce,
            mentions=users,
            mention_roles=_allowed_roles(world, channel, bits, roles),
            mention_everyone=everyone and bool(bits & Permission.MENTION_EVERYONE),
        )
    )


def _check_dm(world: World, channel: Channel, sender: User) -> None:
    for each in channel.recipients:
        other = world.users[each]
        if other is sender or other.bot:
            continue
        if not {g.id for g in world.guilds_of(other.id)} & {g.id for g in world.guilds_of(sender.id)}:
            raise no_mutual_guild()
        if not other.dms_open:
            raise closed_dms()


def _allowed_roles(world: World, channel: Channel, bits: int, roles: list[int]) -> list[int]:
    guild = world.guild_of(channel)
    if guild is None:
        return []
    known = [guild.roles[each] for each in roles if each in guild.roles]
    return [role.id for role in known if role.mentionable or bits & Permission.MENTION_EVERYONE]


def edit(world: World, channel: Channel, user: User, message_id: int, body: Json) -> Message:
    """Change what one said oneself. What the body does not name stays."""
    message = _found(world, channel, user, message_id)
    if message.author_id != user.id:
        raise not_the_author()
    threads.check_active(channel)
    if user.bot and snowflake_time(message.id) + OLD < world.clock():
        world.limits.edit_old(channel.id)
    draft = read_draft(body)
    if draft.embeds and not world.permissions(channel, user.id) & Permission.EMBED_LINKS:
        raise missing_permissions()
    apply(message, draft)
    world.changed(message)
    return message


def bulk_delete(world: World, channel: Channel, user: User, body: Json) -> None:
    """Delete 2 to 100 messages of the last fourteen days at once. Ids of no message are passed over."""
    if channel.guild_id is None:
        raise not_in_a_dm()
    if not world.permissions(channel, user.id) & Permission.MANAGE_MESSAGES:
        raise missing_permissions()
    given = body.get("messages")
    if not isinstance(given, list):
        raise invalid(("messages",), "BASE_TYPE_REQUIRED", "This field is required")
    ids = list(dict.fromkeys(snowflake(each, "messages", i) for i, each in enumerate(given)))
    if not BULK_LEAST <= len(ids) <= BULK_MOST:
        raise wrong_number_to_delete()
    if any(snowflake_time(each) < world.clock() - BULK_OLDEST for each in ids):
        raise too_old_to_delete()
    world.bulk_delete(channel, ids)


def delete(world: World, channel: Channel, user: User, message_id: int) -> None:
    """Take back what one said, or as a moderator what anyone said."""
    message = _found(world, channel, user, message_id)
    if message.author_id != user.id and not world.permissions(channel, user.id) & Permission.MANAGE_MESSAGES:
        raise missing_permissions()
    threads.check_active(channel)
    world.delete(message)
