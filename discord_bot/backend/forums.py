"""Sends to threads, and to forums, where a message starts a thread that has the message's id.

https://docs.discord.com/developers/resources/channel#start-thread-in-forum-or-media-channel
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import discord
from django.utils.translation import gettext_noop

from discord_bot import render
from discord_bot.backend import history
from notifications.messages import ForumPost, OutgoingMessage, PermanentError, SentMessage

UNKNOWN_CHANNEL = 10003
THREAD_IS_ARCHIVED = 50083
CLOCK_TOLERANCE = timedelta(minutes=5)  # maximum difference between our clock and the one in Discord's ids
MAX_ARCHIVED_THREADS = 100  # newest archived threads to search; a thread made a moment ago is hardly archived


def default_tag(forum: discord.ForumChannel) -> discord.ForumTag | None:
    """Return the first tag that is not for moderators only; None if there is none."""
    return next((tag for tag in forum.available_tags if not tag.moderated), None)


def lacks_required_tag(forum: discord.ForumChannel) -> bool:
    """Return whether posts here must have a tag, but there is none that the bot may use."""
    return forum.flags.require_tag and default_tag(forum) is None


async def send_forum_post(client: discord.Client, message: OutgoingMessage, post: ForumPost) -> SentMessage:
    """Create, edit or delete a post. Raise discord.py's exceptions and PermanentError."""
    assert message.channel_id is not None, "a forum is a channel"
    if message.message_id is None:
        return await _create(client, message, post)
    try:
        if message.delete:
            await _delete(client, message.message_id)
        else:
            await _edit(client, message, message.message_id, post.name if post.rename else None, post.archived)
    except discord.NotFound as reason:
        if reason.code != UNKNOWN_CHANNEL:
            raise
        raise PermanentError(gettext_noop("The post was deleted."), PermanentError.UNKNOWN_MESSAGE) from None
    return SentMessage(message.channel_id, message.message_id)


async def _create(client: discord.Client, message: OutgoingMessage, post: ForumPost) -> SentMessage:
    forum = await client.fetch_channel(message.channel_id or 0)
    if not isinstance(forum, discord.ForumChannel):
        raise PermanentError(gettext_noop("This isn't a forum."), PermanentError.UNKNOWN_CHANNEL)
    if message.first_attempt_at is not None and (
        thread := await _find_created_thread(client, forum, message, post, message.first_attempt_at)
    ):
        if message.post is not None:  # it may show an older state, under an older name
            await _edit(client, message, thread.id, post.name if thread.name != post.name else None)
        return SentMessage(forum.id, thread.id)
    if lacks_required_tag(forum):
        raise PermanentError(gettext_noop("Posts in this forum need a tag."), PermanentError.MISSING_PERMISSION)
    tag = forum.get_tag(post.tag_id) or (default_tag(forum) if forum.flags.require_tag else None)
    created = await forum.create_thread(
        name=post.name,
        content=message.text or None,
        **(render.post_message(message.post) if message.post is not None else {}),
        allowed_mentions=render.allowed_mentions(message),
        applied_tags=[tag] if tag else [],
    )
    return SentMessage(forum.id, created.thread.id)


async def _find_created_thread(
    client: discord.Client,
    forum: discord.ForumChannel,
    message: OutgoingMessage,
    post: ForumPost,
    first_attempt_at: datetime,
) -> discord.Thread | None:
    """Return our thread, created since the first attempt, whose first message has the dedupe marker.

    Raise PermanentError (UNCERTAIN) if the bot may not read the forum.
    """
    assert client.user is not None
    since = discord.utils.time_snowflake(first_attempt_at - CLOCK_TOLERANCE)
    try:
        threads = [each for each in await forum.guild.active_threads() if each.parent_id == forum.id]
        threads += [each async for each in forum.archived_threads(limit=MAX_ARCHIVED_THREADS)]
        ours = [each for each in threads if each.owner_id == client.user.id and each.id >= since]
        for thread in sorted(ours, key=lambda each: each.name != post.name):
            try:
                first = await thread.fetch_message(thread.id)
            except discord.NotFound:
                continue
            if render.has_marker(first, message):
                return thread
    except discord.Forbidden:
        raise PermanentError(history.UNREADABLE_TEXT, PermanentError.UNCERTAIN) from None
    return None


async def _edit(
    client: discord.Client, outgoing: OutgoingMessage, thread_id: int, name: str | None, archived: bool = False
) -> None:
    """Edit the first message, then rename the thread if `name` is given. Discord allows two renames in ten minutes.

    A thread that had to be opened for it is archived again if it is to be `archived`.
    """
    message = client.get_partial_messageable(thread_id).get_partial_message(thread_id)
    content = render.post_message(outgoing.post)
    opened = await change_unarchiving(
        client, thread_id, lambda: message.edit(**content, allowed_mentions=render.NO_PINGS)
    )
    if opened and archived:
        await (await _fetch_thread(client, thread_id)).edit(archived=True)
    elif name is not None:
        await (await _fetch_thread(client, thread_id)).edit(name=name)


async def _delete(client: discord.Client, thread_id: int) -> None:
    """Delete the thread. If that needs a moderator's permission, delete our message and archive the thread."""
    thread = await _fetch_thread(client, thread_id)
    try:
        await thread.delete()
    except discord.Forbidden:
        await change_unarchiving(client, thread_id, thread.get_partial_message(thread_id).delete)
        await thread.edit(archived=True)


async def change_unarchiving(client: discord.Client, thread_id: int, change: Callable[[], Awaitable[object]]) -> bool:
    """Change something in a thread. If that is archived, which prevents changes, unarchive it and try again.

    Return whether it was unarchived.
    """
    try:
        await change()
    except discord.HTTPException as reason:
        if reason.code != THREAD_IS_ARCHIVED:
            raise
        await client.http.edit_channel(thread_id, archived=False)
        await change()
        return True
    return False


async def _fetch_thread(client: discord.Client, thread_id: int) -> discord.Thread:
    channel = await client.fetch_channel(thread_id)
    assert isinstance(channel, discord.Thread)
    return channel
