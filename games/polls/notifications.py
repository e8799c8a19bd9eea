"""The posts of polls, what happens when a poll's time has come, and what its host hears of that."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial

from games.core.codes import GameSkipCode, NotificationKind
from games.core.escaping import escape_markdown
from games.core.notifications import GUILD_SHOWN, TITLE_SHOWN, build_message, post_problem_of, with_nonce
from games.core.payloads import PollPayload
from games.models import PollState, PostForm, TimePoll, TimePollPost
from games.models.announcement import THREAD_NAME_MAX, PostProblem
from games.polls import rules, wording
from games.polls.actions import close_on_time, counted, make_game_of_quorum, voters_of
from games.polls.post import poll_post
from gamesched.lib.refusal import Refused
from guilds.display_names import display_names
from guilds.names import isolated
from guilds.permissions import get_membership, may_view
from notifications.messages import ForumPost, OutgoingMessage, PermanentError, SentMessage
from notifications.models import Delivery, Notification, new_nonce
from notifications.policy import earlier_attempt_at, is_maybe_sent
from notifications.types import BuiltPost, NotificationType, Skip, SyncedPost, register

log = logging.getLogger(__name__)

# --- the post --------------------------------------------------------------------------------------------


def _poll_of(row: Notification) -> TimePoll | None:
    polls = TimePoll.objects.for_action().select_related("host", "post", "game", "winner")
    return polls.filter(pk=PollPayload.of(row).poll_id).first()


def _post_message(row: Notification, now: datetime) -> BuiltPost | Skip:
    poll = _poll_of(row)
    if poll is None or poll.guild.bot_removed_at is not None:
        return Skip(GameSkipCode.BOT_REMOVED)
    post, channel = poll.post, poll.channel
    if post.message_id is None and poll.state(now) in {PollState.CANCELLED, PollState.SCHEDULED}:
        return Skip(GameSkipCode.OVER_BEFORE_POST)
    if channel.deleted_at is not None:
        TimePollPost.objects.filter(poll=poll).update(problem_code=PostProblem.CHANNEL_DELETED)
        return Skip(GameSkipCode.CHANNEL_DELETED)
    view = poll_post(poll, voters_of(poll), now)
    if post.message_id is not None:
        view = replace(view, form=PostForm(post.form))
    message = OutgoingMessage(
        channel_id=channel.pk,
        post=view,
        nonce=post.nonce,
        message_id=post.message_id,
        maybe_sent=post.message_id is None and is_maybe_sent(row.first_attempt_at, now),
        first_attempt_at=earlier_attempt_at(row.first_attempt_at, now),
        dedupe_marker=poll.url,
        forum=ForumPost(poll.title[:THREAD_NAME_MAX].strip()) if channel.is_forum else None,
    )
    return BuiltPost(message, poll.post_version)


def _on_posted(row: Notification, rendered: BuiltPost, sent: SentMessage, now: datetime) -> None:
    TimePollPost.objects.filter(poll=PollPayload.of(row).poll_id).update(
        message_id=sent.message_id,
        shown_version=rendered.post_version,
        form=rendered.message.post.form,
        problem_code="",
    )


def _on_failed(row: Notification, error: PermanentError, now: datetime) -> bool:
    post = TimePollPost.objects.filter(poll=PollPayload.of(row).poll_id)
    if error.code == PermanentError.UNKNOWN_MESSAGE:  # somebody deleted it: it is put back
        post.update(message_id=None, nonce=new_nonce())
        return True
    post.update(problem_code=post_problem_of(error))
    return False


# --- when its time has come ------------------------------------------------------------------------------


def _close(row: Notification, now: datetime) -> Iterable[int] | Skip:
    poll = close_on_time(PollPayload.of(row).poll_id, now)
    return [poll.host_id] if poll is not None else Skip(GameSkipCode.DECIDED)


def _make_game(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Make the game that the quorum won; its host hears of it, and if it was refused tries on the page."""
    payload = PollPayload.of(row)
    try:
        if make_game_of_quorum(payload.poll_id, now) is None:
            return Skip(GameSkipCode.DECIDED)
    except Refused as refused:
        log.info("Poll %s could not become a game by itself: %s", payload.poll_id, refused.refusal.code)
    return list(TimePoll.objects.filter(pk=payload.poll_id).values_list("host_id", flat=True))


def _ended_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    """Return what the host hears of a poll that its time closed."""
    poll = _poll_of(delivery.notification)
    if poll is None or poll.state(now) is not PollState.CLOSED:
        return Skip(GameSkipCode.DECIDED)
    counts = counted(voters_of(poll))
    best = rules.best_option(list(poll.options.all()), counts, now)
    count = counts[best.pk] if best is not None else 0
    starts_at = best.starts_at if best is not None else None
    return _host_message(delivery, poll, partial(wording.ended, best=starts_at, count=count), now)


def _won_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    """Return what the host hears of a poll that its quorum decided: that it is a game, or could not become one."""
    poll = _poll_of(delivery.notification)
    if poll is None or poll.state(now) not in {PollState.CLOSED, PollState.SCHEDULED}:
        return Skip(GameSkipCode.DECIDED)
    game, winner = poll.game, poll.winner
    if game is None or winner is None:
        return _host_message(delivery, poll, wording.not_made, now)
    ticked, signed_up = voters_of(poll).get(winner.pk, []), set(game.signups.values_list("user_id", flat=True))
    missing = [pk for pk in ticked if pk not in signed_up]
    names = display_names(poll.guild_id, missing)
    left_out = [escape_markdown(names[pk].text) for pk in missing]
    text = partial(wording.won, starts_at=game.starts_at)
    # That somebody is blocked, say, is nobody else's to read in the channel.
    return _host_message(delivery, poll, partial(text, left_out=() if delivery.in_channel else left_out), now)


def _host_message(
    delivery: Delivery, poll: TimePoll, text: Callable[[str, str, str], str], now: datetime
) -> OutgoingMessage | Skip:
    """Return a message to a poll's host; `text` makes it of the title, the guild's name and the page's address."""
    if poll.guild.bot_removed_at is not None:
        return Skip(GameSkipCode.BOT_REMOVED)
    member = get_membership(delivery.recipient, poll.guild_id)
    if member is None or not may_view(member, poll.channel):
        return Skip(GameSkipCode.CHANNEL_HIDDEN if member is not None else GameSkipCode.NOT_A_MEMBER)
    title, guild = escape_markdown(poll.title, TITLE_SHOWN), escape_markdown(poll.guild.name, GUILD_SHOWN)
    url = with_nonce(delivery, poll.url)
    # In a forum, the post is a thread of its own; a mention belongs there.
    channel_id = (poll.post.message_id if poll.channel.is_forum else None) or poll.channel_id
    written = text(isolated(title), isolated(guild), url)
    return build_message(delivery, written, poll.guild_id, channel_id, now, title=poll.title)


def _guild_of(row: Notification) -> int | None:
    return PollPayload.of(row).guild_id


register(
    SyncedPost(NotificationKind.TIME_POLL, build_message=_post_message, on_synced=_on_posted, on_failed=_on_failed)
)
register(
    NotificationType(NotificationKind.TIME_POLL_END, recipients=_close, build_message=_ended_message, guild=_guild_of)
)
register(
    NotificationType(
        NotificationKind.TIME_POLL_GAME, recipients=_make_game, build_message=_won_message, guild=_guild_of
    )
)
