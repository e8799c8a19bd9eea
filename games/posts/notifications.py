"""The posts of games: making, editing, taking down and archiving them, and recording the result."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext

from games.companions.thread import forum_tag_id
from games.core import choices
from games.core.agendas import schedule_change
from games.core.choices import PromptChoice, PromptKind
from games.core.codes import GameSkipCode, NotificationKind
from games.core.companions import switched_on
from games.core.notification_schedule import refresh_pages
from games.core.notifications import (
    common_game_texts,
    game_message,
    game_of_notification,
    host_recipient,
    own_application_id,
    post_problem_of,
)
from games.core.payloads import PostDeletedPayload, TakedownPayload
from games.core.queue import notify
from games.core.settings import ThreadStart
from games.models import CompanionKind, Game, PostForm
from games.models.announcement import PostProblem
from games.posts import deleted_post_prompt
from games.posts import wording as post_wording
from games.posts.actions import awaits_host_decision, mark_post_deleted
from games.posts.announcement import announcement_view
from games.posts.archive import archive_on_schedule, record_archive_failure
from games.posts.publishing import (
    next_publishing_at,
    on_published,
    on_publishing_failed,
    publish_message,
    schedule_publishing,
)
from games.scheduling import wording as schedule_wording
from games.scheduling.actions import schedule_takedown
from guilds.models import ANNOUNCEMENT_CHANNEL, Channel
from notifications.messages import ForumPost, OutgoingMessage, PermanentError, SentMessage
from notifications.models import Delivery, Notification
from notifications.policy import earlier_attempt_at, is_maybe_sent
from notifications.types import BuiltPost, NotificationType, Skip, SyncedPost, register


def _announcement_message(row: Notification, now: datetime) -> BuiltPost | Skip:
    game = game_of_notification(row)
    post = game.announcement
    archive = Channel.objects.filter(pk=post.pending_archive_id).first() if post.pending_archive_id else None
    channel, message_id = (archive, None) if archive is not None else (post.channel, post.message_id)
    if archive is None and message_id is None and game.state(now).over:
        return Skip(GameSkipCode.OVER_BEFORE_POST)
    if awaits_host_decision(post):
        return Skip(GameSkipCode.HOST_DECIDES)
    if channel.deleted_at is not None:
        # One refusal is enough: the other games there need not try.
        _on_post_failed(row, PermanentError(GameSkipCode.CHANNEL_DELETED.label, PermanentError.UNKNOWN_CHANNEL), now)
        return Skip(GameSkipCode.CHANNEL_DELETED)
    # A post that is put back or moved pings no roles.
    first = message_id is None and archive is None and post.post_deleted_at is None and post.shown_version == 0
    view = announcement_view(game, now)
    if message_id is not None:
        view = replace(view, form=PostForm(post.form))
    message = OutgoingMessage(
        channel_id=channel.pk,
        ping_roles=view.notified_role_ids if first else (),
        post=view,
        nonce=post.nonce,
        message_id=message_id,
        maybe_sent=message_id is None and is_maybe_sent(row.first_attempt_at, now),
        first_attempt_at=earlier_attempt_at(row.first_attempt_at, now),
        dedupe_marker=game.url,
        forum=_forum_post(game, message_id, now) if channel.is_forum else None,
        is_published=post.published_at is not None and channel.type == ANNOUNCEMENT_CHANNEL,
    )
    return BuiltPost(message, game.post_version)


def _forum_post(game: Game, message_id: int | None, now: datetime) -> ForumPost:
    post = game.announcement
    return ForumPost(
        post.thread_title,
        rename=post.thread_name != post.thread_title,
        tag_id=forum_tag_id(game, now) if message_id is None else 0,
        archived=game.state(now).over and game.settings.thread != ThreadStart.NEVER,
    )


def _on_posted(row: Notification, rendered: BuiltPost, sent: SentMessage, now: datetime) -> None:
    game = game_of_notification(row)
    post = game.announcement
    if (sent.channel_id, rendered.message.nonce) != (post.pending_archive_id or post.channel_id, post.nonce):
        # The game moved to another channel while its post was being sent to the old one. A post waiting to be
        # archived stays until it is.
        if sent.message_id != post.message_id:
            schedule_takedown(game, sent.channel_id, sent.message_id, now)
        return
    if post.pending_archive_id is not None:
        if post.message_id is not None:
            schedule_takedown(game, post.channel_id, post.message_id, now)
        post.channel_id = sent.channel_id
    if post.message_id != sent.message_id:
        schedule_change(game, now)
        post.publish_problem_code = ""  # it was said of another message
    post.message_id, post.application_id = sent.message_id, own_application_id()
    post.shown_version, post.post_deleted_at = rendered.post_version, None
    post.clear_problem()
    post.checked_at = now
    post.thread_name = rendered.message.forum.name if rendered.message.forum else ""
    post.form = rendered.message.post.form
    post.save()
    if rendered.message.message_id is None and CompanionKind.THREAD in switched_on(game.settings):
        notify(game, NotificationKind.THREAD, now, keep_earlier=True)  # it is made from the post
    schedule_publishing(game, post, now)


def _on_post_failed(row: Notification, error: PermanentError, now: datetime) -> bool:
    game = game_of_notification(row)
    post = game.announcement
    if error.code == PermanentError.UNKNOWN_MESSAGE:
        if post.message_id is not None:  # otherwise the deletion is recorded already
            mark_post_deleted(game, post, now)
        return True
    if post.pending_archive_id is not None:
        record_archive_failure(game, error, now)
        return False
    code = post_problem_of(error)
    post.set_problem(code, str(error) if code is PostProblem.REFUSED else "")
    post.save()
    refresh_pages(game)
    return False


def _takedown_message(row: Notification, now: datetime) -> BuiltPost | Skip:
    payload = TakedownPayload.of(row)
    forum = ForumPost("") if Channel.objects.get(pk=payload.channel_id).is_forum else None
    message = OutgoingMessage(channel_id=payload.channel_id, message_id=payload.message_id, delete=True, forum=forum)
    return BuiltPost(message, row.post_version)


def _on_taken_down(row: Notification, rendered: BuiltPost, sent: SentMessage, now: datetime) -> None:
    """Do nothing: the row is closed."""


def _on_takedown_failed(row: Notification, error: PermanentError, now: datetime) -> bool:
    """Do nothing: the post is deleted already, or out of reach; retrying helps neither."""
    return False


def _archive_now(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Archive the game; nobody is notified."""
    return archive_on_schedule(game_of_notification(row), now) or ()


def _deleted_post_message(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game = game_of_notification(delivery.notification)
    number = PostDeletedPayload.of(delivery.notification).deletion_number
    post = game.announcement
    if game.state(now).over or not awaits_host_decision(post) or post.deletion_number != number:
        return Skip(GameSkipCode.ANSWERED)
    put_back = PromptChoice(PromptKind.DELETED_POST, game.pk, number, deleted_post_prompt.PUT_BACK).button(
        gettext(schedule_wording.PUT_BACK), "primary"
    )
    cancel = PromptChoice(PromptKind.DELETED_POST, game.pk, number, deleted_post_prompt.CANCEL).button(
        gettext(schedule_wording.CANCEL), "danger"
    )
    return game_message(delivery, game, post_wording.deleted(*common_game_texts(delivery, game)), now, put_back, cancel)


choices.register_handler(PromptKind.DELETED_POST, deleted_post_prompt.answer_deleted_post)
register(
    SyncedPost(
        NotificationKind.ANNOUNCEMENT,
        build_message=_announcement_message,
        on_synced=_on_posted,
        on_failed=_on_post_failed,
    )
)
register(
    SyncedPost(
        NotificationKind.TAKEDOWN,
        build_message=_takedown_message,
        on_synced=_on_taken_down,
        on_failed=_on_takedown_failed,
    )
)
register(
    SyncedPost(
        NotificationKind.PUBLISH,
        build_message=publish_message,
        on_synced=on_published,
        on_failed=on_publishing_failed,
        next_at=next_publishing_at,
    )
)
register(NotificationType(NotificationKind.ARCHIVE, recipients=_archive_now))
register(
    NotificationType(NotificationKind.POST_DELETED, recipients=host_recipient, build_message=_deleted_post_message)
)
