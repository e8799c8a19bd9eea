"""Speaking in threads, and in forums, where a message begins a thread, which has the message's id.

https://docs.discord.com/developers/resources/channel#start-thread-in-forum-or-media-channel
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import discord

from discord_bot import render
from discord_bot.backend import history
from notifications.messages import ForumPost, Letter, Permanent, Sent

UNKNOWN_CHANNEL = 10003
ARCHIVED = 50083
CLOCKS_DIFFER = timedelta(minutes=5)  # at most, ours from the one in Discord's ids
ARCHIVED_READ = 100  # threads closed last that are looked through; one made a moment ago is hardly closed


def first_tag(forum: discord.ForumChannel) -> discord.ForumTag | None:
    """The tag that a post here gets, where it must have one: the first that is not for moderators only."""
    return next((tag for tag in forum.available_tags if not tag.moderated), None)


def lacks_a_tag(forum: discord.ForumChannel) -> bool:
    """Whether posts here must have a tag, and there is none that the bot may give."""
    return forum.flags.require_tag and first_tag(forum) is None


async def send(client: discord.Client, letter: Letter, post: ForumPost) -> Sent:
    """Make, edit or delete a post. Raises what discord.py raises, and Permanent."""
    assert letter.channel_id is not None, "a forum is a channel"
    if letter.message_id is None:
        return await _make(client, letter, post)
    try:
        if letter.delete:
            await _delete(client, letter.message_id)
        else:
            await _edit(client, letter, letter.message_id, post.name if post.rename else None)
    except discord.NotFound as reason:
        if reason.code != UNKNOWN_CHANNEL:
            raise
        raise Permanent("The post was deleted.", Permanent.UNKNOWN_MESSAGE) from None
    return Sent(letter.channel_id, letter.message_id)


async def _make(client: discord.Client, letter: Letter, post: ForumPost) -> Sent:
    forum = await client.fetch_channel(letter.channel_id or 0)
    if not isinstance(forum, discord.ForumChannel):
        raise Permanent("This is not a forum.", Permanent.UNKNOWN_CHANNEL)
    if letter.tried_at is not None and (found := await _made_already(client, forum, letter, post, letter.tried_at)):
        if letter.post is not None:  # as it was then; it may show what was, under the name it had
            await _edit(client, letter, found.id, post.name if found.name != post.name else None)
        return Sent(forum.id, found.id)
    if lacks_a_tag(forum):
        raise Permanent("Posts in this forum must have a tag.", Permanent.MISSING_PERMISSION)
    tag = first_tag(forum) if forum.flags.require_tag else None
    made = await forum.create_thread(
        name=post.name,
        content=letter.text or None,
        **(render.message(letter.post) if letter.post is not None else {}),
        allowed_mentions=render.pings(letter),
        applied_tags=[tag] if tag else [],
    )
    return Sent(forum.id, made.thread.id)


async def _made_already(
    client: discord.Client, forum: discord.ForumChannel, letter: Letter, post: ForumPost, tried_at: datetime
) -> discord.Thread | None:
    """The thread of ours, begun since it was first tried, whose first message bears the letter's mark.

    Raises Permanent, uncertain, where the forum may not be read.
    """
    assert client.user is not None
    since = discord.utils.time_snowflake(tried_at - CLOCKS_DIFFER)
    try:
        threads = [each for each in await forum.guild.active_threads() if each.parent_id == forum.id]
        threads += [each async for each in forum.archived_threads(limit=ARCHIVED_READ)]
        ours = [each for each in threads if each.owner_id == client.user.id and each.id >= since]
        for thread in sorted(ours, key=lambda each: each.name != post.name):
            try:
                first = await thread.fetch_message(thread.id)
            except discord.NotFound:
                continue
            if render.marked(first, letter):
                return thread
    except discord.Forbidden:
        raise Permanent(history.UNREADABLE, Permanent.UNCERTAIN) from None
    return None


async def _edit(client: discord.Client, letter: Letter, thread_id: int, name: str | None) -> None:
    """Edit the first message, then call the thread by a new `name`, which Discord allows twice in ten minutes."""
    message = client.get_partial_messageable(thread_id).get_partial_message(thread_id)
    shown, none = render.message(letter.post), discord.AllowedMentions.none()
    await opened(client, thread_id, lambda: message.edit(**shown, allowed_mentions=none))
    if name is not None:
        await (await _thread(client, thread_id)).edit(name=name)


async def _delete(client: discord.Client, thread_id: int) -> None:
    """Delete the thread; where that is for moderators only, what we said in it, and close it."""
    thread = await _thread(client, thread_id)
    try:
        await thread.delete()
    except discord.Forbidden:
        await opened(client, thread_id, thread.get_partial_message(thread_id).delete)
        await thread.edit(archived=True)


async def opened(client: discord.Client, thread_id: int, change: Callable[[], Awaitable[object]]) -> None:
    """Change a message. In a thread that was closed by its age nothing changes until it is opened again."""
    try:
        await change()
    except discord.HTTPException as reason:
        if reason.code != ARCHIVED:
            raise
        await (await _thread(client, thread_id)).edit(archived=False)
        await change()


async def _thread(client: discord.Client, thread_id: int) -> discord.Thread:
    found = await client.fetch_channel(thread_id)
    assert isinstance(found, discord.Thread)
    return found
