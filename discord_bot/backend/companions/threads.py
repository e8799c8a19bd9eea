"""Threads of games: started from their posts, with people in them. In a forum the post is the thread.

https://docs.discord.com/developers/topics/threads
"""

import time
from typing import Any, Literal

import discord
from django.utils.translation import gettext_noop

from discord_bot.backend.errors import PERMANENT, TEMPORARY
from discord_bot.backend.forums import THREAD_IS_ARCHIVED, UNKNOWN_CHANNEL, change_unarchiving
from discord_bot.backend.history import UNKNOWN_MESSAGE
from games.companions.base import SentCompanion
from games.companions.thread import ThreadView
from notifications.messages import OutgoingMessage, PermanentError, TemporaryError

ALREADY_STARTED = 160004  # error code for a message that has a thread
TAG_REQUIRED = 40067
NOBODY_THERE = {10007, 10013}  # unknown member, unknown user
MISSING_ACCESS = 50001  # after which nothing is sent to a channel for some seconds
MAX_TAGS = 5
# The longest: a game is planned for weeks, and what nobody wrote in for that long is hidden, not closed.
AUTO_ARCHIVE_MINUTES: Literal[10080] = 10080
PEOPLE_WITHIN = 4.0  # seconds of adding people; who is left waits for the next request
MAX_REFUSALS = 2  # people whom Discord refuses to add, before the bot is the reason


async def make(client: discord.Client, message: OutgoingMessage, view: ThreadView) -> SentCompanion:
    """Start the thread; one that was started before is brought up to date. Its people are added later."""
    if view.in_forum:
        if view.state_tag_ids:
            await _change(client, view.message_id, {}, view)
    else:
        try:
            await client.http.start_thread_with_message(
                view.channel_id, view.message_id, name=view.name, auto_archive_duration=AUTO_ARCHIVE_MINUTES
            )
        except discord.HTTPException as reason:
            if reason.code == UNKNOWN_MESSAGE:  # the post; once it is put back, its thread is made
                raise PermanentError(gettext_noop("The post was deleted."), str(reason.code)) from None
            if reason.code != ALREADY_STARTED:
                raise
            await _adopt(client, view)
    return SentCompanion(view.guild_id, view.message_id, done_ids=())


async def change(client: discord.Client, thread_id: int, view: ThreadView) -> SentCompanion:
    """Change what differs, then add and remove people, as many as there is time for."""
    fields: dict[str, Any] = {name: getattr(view, name) for name in ("name", "archived") if name in view.changed}
    is_tagged = not {"tag_id", "state_tag_ids"}.isdisjoint(view.changed)
    try:
        if fields or is_tagged:
            await _change(client, thread_id, fields, view if is_tagged else None)
        return await _change_people(client, thread_id, view)
    except discord.NotFound as reason:
        if reason.code != UNKNOWN_CHANNEL:
            raise
        # In a forum it is the post, of which its own update says that it is gone.
        code = PermanentError.UNKNOWN_CHANNEL if view.in_forum else PermanentError.UNKNOWN_MESSAGE
        raise PermanentError(gettext_noop("The thread was deleted."), code) from None


async def delete(client: discord.Client, thread_id: int, view: ThreadView) -> None:
    """Archive the thread: people wrote in it. Where the bot may not, it is archived when nobody writes any more.

    A forum's post is left alone.
    """
    if view.in_forum:
        return
    try:
        await _edit(client, thread_id, {"archived": True})
    except discord.Forbidden:
        return
    except discord.NotFound as reason:
        if reason.code != UNKNOWN_CHANNEL:
            raise
        raise PermanentError(gettext_noop("The thread was deleted."), PermanentError.UNKNOWN_MESSAGE) from None


async def _adopt(client: discord.Client, view: ThreadView) -> None:
    """Bring the thread of the post up to date: an earlier attempt started it, or somebody by hand."""
    try:
        found: Any = await client.http.get_channel(view.message_id)
    except discord.NotFound:  # it was deleted, and Discord starts no second one
        raise PermanentError(gettext_noop("Discord starts only one thread per post."), str(ALREADY_STARTED)) from None
    wanted = {"name": view.name, "archived": view.archived}
    has = {"name": found["name"], "archived": found["thread_metadata"]["archived"]}
    if fields := {name: value for name, value in wanted.items() if has[name] != value}:
        await _edit(client, view.message_id, fields)


async def _change(client: discord.Client, thread_id: int, fields: dict[str, Any], tagged: ThreadView | None) -> None:
    """Change these fields, and in a forum its tag for the state; tags that people chose stay."""
    if tagged is not None:
        thread: Any = await client.http.get_channel(thread_id)
        before = [int(tag) for tag in thread.get("applied_tags", ())]
        tags = [tag for tag in before if tag not in tagged.state_tag_ids]
        if tagged.tag_id and len(tags) < MAX_TAGS:
            tags.append(tagged.tag_id)
        if {*tags} != {*before}:
            fields |= {"applied_tags": [str(tag) for tag in tags]}
    if not fields:
        return
    try:
        await _edit(client, thread_id, fields)
    except discord.HTTPException as reason:
        if reason.code != TAG_REQUIRED:
            raise
        del fields["applied_tags"]  # none is for this state, and one must be there: the last one stays
        if fields:
            await _edit(client, thread_id, fields)


async def _edit(client: discord.Client, thread_id: int, fields: dict[str, Any]) -> None:
    """Change a thread, opened for it if it is archived. One that somebody else started is perhaps theirs to change."""
    try:
        await client.http.edit_channel(thread_id, **fields)
    except discord.Forbidden:
        thread: Any = await client.http.get_channel(thread_id)
        if client.user is None or int(thread["owner_id"]) == client.user.id:
            raise
    except discord.HTTPException as reason:
        if reason.code != THREAD_IS_ARCHIVED:
            raise
        if fields == {"archived": True}:
            return
        await client.http.edit_channel(thread_id, **fields | {"archived": False})
        if fields.get("archived"):
            await client.http.edit_channel(thread_id, archived=True)


async def _change_people(client: discord.Client, thread_id: int, view: ThreadView) -> SentCompanion:
    """Add and remove people, and return whom: a failure undoes nothing that was done before it."""
    done: dict[int, bool] = {}  # by id; True where Discord refused
    until = time.monotonic() + PEOPLE_WITHIN
    for user_id in (*view.remove, *view.add):
        send = client.http.add_user_to_thread if user_id in view.add else client.http.remove_user_from_thread
        try:
            await change_unarchiving(client, thread_id, lambda send=send, user_id=user_id: send(thread_id, user_id))  # type: ignore[misc]
            done[user_id] = False
        except (discord.HTTPException, TemporaryError) as reason:
            if isinstance(reason, discord.HTTPException) and reason.code in NOBODY_THERE:
                done[user_id] = False
            elif isinstance(reason, discord.HTTPException) and _is_refusal(reason):
                # Of one person it is their rights there, which may have changed a moment ago; of all it is the bot's.
                done[user_id] = True
                if all(done.values()) and len(done) in (MAX_REFUSALS, len(view.remove) + len(view.add)):
                    raise
                if reason.code == MISSING_ACCESS:
                    break
            elif done or view.changed:
                break
            else:
                raise
        if time.monotonic() > until:
            break
    return SentCompanion(view.guild_id, thread_id, done_ids=tuple(done))


def _is_refusal(reason: discord.HTTPException) -> bool:
    """Return whether Discord refuses a person, as far as we know: nobody else is to wait for them."""
    is_known = reason.code in PERMANENT or reason.code in TEMPORARY
    return isinstance(reason, discord.Forbidden) or (reason.status == 400 and not is_known)
