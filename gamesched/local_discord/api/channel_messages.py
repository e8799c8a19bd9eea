"""Reads, creates, edits and deletes a channel's messages, with the permissions that each needs."""

from collections.abc import Iterable

from gamesched.local_discord.api.messages import MessageBody, apply_edit, read_message_body, save_files
from gamesched.local_discord.api.replies import read_replied_message
from gamesched.local_discord.api.uploads import Upload
from gamesched.local_discord.api.validation import parse_integer, parse_snowflake
from gamesched.local_discord.errors import (
    already_crossposted,
    authored_by_another_user,
    cannot_act_on_dm,
    cannot_send_to_user,
    in_slowmode,
    invalid_form_body,
    missing_permissions,
    no_mutual_guild,
    non_text_channel,
    too_old_to_bulk_delete,
    unknown_message,
    wrong_bulk_delete_count,
    wrong_channel_type,
)
from gamesched.local_discord.state import threads
from gamesched.local_discord.state.entities import (
    ANNOUNCEMENT,
    CATEGORY,
    CROSSPOSTED,
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
from gamesched.local_discord.state.state import State

BULK_DELETE_MIN, BULK_DELETE_MAX, BULK_DELETE_MAX_AGE = 2, 100, 14 * 24 * 3600.0  # messages, messages, seconds
OLD_MESSAGE_AGE = 3600.0  # seconds after which few edits are allowed


def list_messages(state: State, channel: Channel, user: User, query: dict[str, str]) -> list[Message]:
    """Return messages, newest first; `limit` (50), and one of `before`, `after`, `around` an id."""
    limit = parse_integer(query.get("limit", "50"), "limit")
    if not 1 <= limit <= 100:
        raise invalid_form_body(("limit",), "NUMBER_TYPE_MAX", "int value should be between 1 and 100.")
    if not state.permissions(channel, user.id) & Permission.READ_MESSAGE_HISTORY:
        return []
    visible_messages = [
        each for each in state.messages.get(channel.id, {}).values() if each.only_for in (None, user.id)
    ]
    if "after" in query:
        after = parse_snowflake(query["after"], "after")
        return [each for each in visible_messages if each.id > after][:limit][::-1]
    if "around" in query:
        around = parse_snowflake(query["around"], "around")
        older = [each for each in visible_messages if each.id <= around][-(limit // 2 + 1) :]
        return (older + [each for each in visible_messages if each.id > around][: limit // 2])[::-1]
    if "before" in query:
        before = parse_snowflake(query["before"], "before")
        visible_messages = [each for each in visible_messages if each.id < before]
    return visible_messages[-limit:][::-1]


def get_message(state: State, channel: Channel, user: User, message_id: int) -> Message:
    if not state.permissions(channel, user.id) & Permission.READ_MESSAGE_HISTORY:
        raise missing_permissions()
    return _visible_message(state, channel, user, message_id)


def _visible_message(state: State, channel: Channel, user: User, message_id: int) -> Message:
    message = state.visible_message(channel.id, message_id, user.id)
    # An ephemeral message can be reached through its interaction only.
    if message is None or (user.bot and message.flags & EPHEMERAL):
        raise unknown_message()
    return message


def create_message(
    state: State,
    channel: Channel,
    user: User,
    body: Json,
    uploads: Iterable[Upload] = (),
    message_id: int | None = None,
    may_send: bool = False,
) -> Message:
    """Create a message with its files, or return the one created with the same nonce.

    The first message of a forum post has a `message_id`, and the post's author `may_send` it without the permission.
    """
    if channel.type == VOICE and not user.bot:
        raise wrong_channel_type()
    if channel.type in (FORUM, CATEGORY):
        raise non_text_channel()
    bits = state.permissions(channel, user.id)
    message_body = read_message_body(body, uploads)
    message_body.require_content()
    replied = read_replied_message(state, channel, user, body)
    send_permission = Permission.SEND_MESSAGES if channel.thread is None else Permission.SEND_MESSAGES_IN_THREADS
    if not (may_send or bits & send_permission) or not _may_contain(bits, message_body):
        raise missing_permissions()
    _check_slowmode(state, channel, user, bits)
    threads.check_not_locked(state, channel, user.id)
    if message_body.enforce_nonce and message_body.nonce is not None:
        earlier_message = state.nonces.find_message(user.id, message_body.nonce)
        if earlier_message is not None:
            return earlier_message
    if channel.recipients:
        _check_dm(state, channel, user)
    if not user.bot and (message_body.embeds or message_body.components):
        raise invalid_form_body((), "USER_CANNOT_USE", "Only bots may send embeds and components.")
    users, roles, everyone = message_body.allowed_mentions.mentions_in(message_body.text or "")
    if replied is not None and message_body.allowed_mentions.replied_user and replied.author_id not in users:
        users.append(replied.author_id)
    attachments = save_files(state, channel.id, message_body, [])
    return state.add_message(
        Message(
            id=message_id or state.new_id(),
            channel_id=channel.id,
            author_id=user.id,
            content=message_body.content or "",
            embeds=message_body.embeds or [],
            attachments=attachments,
            replies_to=None if replied is None else replied.id,
            components=message_body.components or [],
            flags=(message_body.flags or 0) & ~EPHEMERAL,
            nonce=message_body.nonce,
            mentions=users,
            mention_roles=state.pingable_roles(channel, bits, roles),
            mention_everyone=everyone and bool(bits & Permission.MENTION_EVERYONE),
        )
    )


def _check_dm(state: State, channel: Channel, sender: User) -> None:
    for each in channel.recipients:
        other = state.users[each]
        if other is sender:
            continue
        if sender.bot and other.bot:
            raise cannot_send_to_user()
        if other.bot:
            continue
        if not {g.id for g in state.guilds_of(other.id)} & {g.id for g in state.guilds_of(sender.id)}:
            raise no_mutual_guild()
        if not other.dms_open:
            raise cannot_send_to_user()


def _may_contain(bits: int, message_body: MessageBody) -> bool:
    embeds, files = bool(message_body.embeds), bool(message_body.attachments.uploads)
    return not (embeds and not bits & Permission.EMBED_LINKS) and not (files and not bits & Permission.ATTACH_FILES)


def _check_slowmode(state: State, channel: Channel, user: User, bits: int) -> None:
    """Raise 20016 for a person whose last message is too young. Bots are exempt, and so is who may bypass it."""
    if user.bot or not channel.rate_limit_per_user or bits & Permission.BYPASS_SLOWMODE:
        return
    own = (each.id for each in reversed(state.messages.get(channel.id, {}).values()) if each.author_id == user.id)
    last = next(own, None)
    wait = 0.0 if last is None else snowflake_time(last) + channel.rate_limit_per_user - state.clock()
    if wait > 0:
        raise in_slowmode(round(wait, 3))


def edit_message(
    state: State, channel: Channel, user: User, message_id: int, body: Json, uploads: Iterable[Upload] = ()
) -> Message:
    """Edit one's own message. Fields that the body omits stay."""
    message = _visible_message(state, channel, user, message_id)
    if message.author_id != user.id:
        raise authored_by_another_user()
    threads.check_not_archived(channel)
    if user.bot and snowflake_time(message.id) + OLD_MESSAGE_AGE < state.clock():
        state.rate_limits.count_old_edit(channel.id)
    if message.flags & CROSSPOSTED:
        state.rate_limits.count_crosspost_edit(channel.id)
    message_body = read_message_body(body, uploads, edited=message)
    if not _may_contain(state.permissions(channel, user.id), message_body):
        raise missing_permissions()
    apply_edit(state, message, message_body)
    state.update_message(message)
    return message


def crosspost_message(state: State, channel: Channel, user: User, message_id: int) -> Message:
    """Publish a message of an announcement channel. Raise 50024 elsewhere, 40033 the second time.

    One's own needs SEND_MESSAGES, anyone's MANAGE_MESSAGES. No other server follows the channel here.
    """
    if channel.type != ANNOUNCEMENT:
        raise wrong_channel_type()
    message = _visible_message(state, channel, user, message_id)
    needed = Permission.SEND_MESSAGES if message.author_id == user.id else Permission.MANAGE_MESSAGES
    if not state.permissions(channel, user.id) & needed:
        raise missing_permissions()
    if message.flags & CROSSPOSTED:
        raise already_crossposted()
    message.flags |= CROSSPOSTED
    state.update_message(message, edited=False)
    return message


def bulk_delete_messages(state: State, channel: Channel, user: User, body: Json) -> None:
    """Delete 2 to 100 messages of the last fourteen days at once. Ids without a message are ignored."""
    if channel.guild_id is None:
        raise cannot_act_on_dm()
    if not state.permissions(channel, user.id) & Permission.MANAGE_MESSAGES:
        raise missing_permissions()
    given = body.get("messages")
    if not isinstance(given, list):
        raise invalid_form_body(("messages",), "BASE_TYPE_REQUIRED", "This field is required")
    ids = list(dict.fromkeys(parse_snowflake(each, "messages", i) for i, each in enumerate(given)))
    if not BULK_DELETE_MIN <= len(ids) <= BULK_DELETE_MAX:
        raise wrong_bulk_delete_count()
    if any(snowflake_time(each) < state.clock() - BULK_DELETE_MAX_AGE for each in ids):
        raise too_old_to_bulk_delete()
    state.bulk_delete_messages(channel, ids)


def delete_message(state: State, channel: Channel, user: User, message_id: int) -> None:
    """Delete one's own message, or as a moderator anyone's."""
    message = _visible_message(state, channel, user, message_id)
    if message.author_id != user.id and not state.permissions(channel, user.id) & Permission.MANAGE_MESSAGES:
        raise missing_permissions()
    threads.check_not_archived(channel)
    state.delete_message(message)
