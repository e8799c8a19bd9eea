"""The announcement of a game: making, editing and taking down its post, and what becomes of that."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings

from games.core import choices, wording
from games.core.choices import Ask
from games.core.notifications import about, about_game, game_of, to_host
from games.models import Game
from games.posts import deleted_posts
from games.posts import wording as post_wording
from games.posts.actions import awaits_answer, lose, question
from games.posts.announcement import view
from games.posts.archive import archive_as_planned, not_archived
from games.scheduling import wording as schedule_wording
from games.scheduling.actions import take_down
from guilds.models import Channel
from notifications.messages import ForumPost, OutgoingMessage, PermanentError, SentMessage
from notifications.models import Delivery, Notification
from notifications.policy import is_maybe_sent, earlier_attempt_at
from notifications.types import Skip, NotificationType, SyncedPost, BuiltPost, register


def _post(row: Notification, now: datetime) -> BuiltPost | Skip:
    game = game_of(row)
    post = game.announcement
    archive = Channel.objects.filter(pk=post.archive_id).first() if post.archive_id else None
    channel, message_id = (archive, None) if archive is not None else (post.channel, post.message_id)
    if archive is None and message_id is None and game.state(now).over:
        return Skip("it was over before it was announced")
    if awaits_answer(post):
        return Skip("its host is asked first whether to put it back")
    if channel.gone_at is not None:
        # One refusal told us; the other games there need not ask.
        _not_shown(row, PermanentError("the channel was deleted", PermanentError.UNKNOWN_CHANNEL), now)
        return Skip("the channel was deleted")
    # A post that is put back, or moved, is no news; @everyone is nobody's to ping.
    first = message_id is None and archive is None and post.lost_at is None and post.shown_revision == 0
    roles = [role for role in game.effective.notify_role_ids if first and role != game.guild_id]
    letter = OutgoingMessage(
        channel_id=channel.pk,
        text=" ".join(f"<@&{role}>" for role in roles),
        ping_roles=tuple(roles),
        post=view(game, now),
        nonce=post.nonce,
        message_id=message_id,
        maybe_sent=message_id is None and is_maybe_sent(row.first_tried_at, now),
        first_attempt_at=earlier_attempt_at(row.first_tried_at, now),
        dedupe_marker=game.url,
        forum=ForumPost(post.thread_title, post.thread_name != post.thread_title) if channel.is_forum else None,
    )
    return BuiltPost(letter, game.revision)


def _shown(row: Notification, rendered: BuiltPost, sent: SentMessage, now: datetime) -> None:
    game = game_of(row)
    post = game.announcement
    if (sent.channel_id, rendered.message.nonce) != (post.archive_id or post.channel_id, post.nonce):
        # The game moved to another channel while its post was on its way to the old one. What waits to be archived
        # stays until it is.
        if sent.message_id != post.message_id:
            take_down(game, sent.channel_id, sent.message_id, now)
        return
    if post.archive_id is not None:
        if post.message_id is not None:
            take_down(game, post.channel_id, post.message_id, now)
        post.channel_id = sent.channel_id
    post.message_id, post.application_id = sent.message_id, _application_id()
    post.shown_revision, post.lost_at, post.problem = rendered.revision, None, ""
    post.checked_at = now
    post.thread_name = rendered.message.forum.name if rendered.message.forum else ""
    post.save()


def _not_shown(row: Notification, why: PermanentError, now: datetime) -> bool:
    game = game_of(row)
    post = game.announcement
    if why.code == PermanentError.UNKNOWN_MESSAGE:
        if post.message_id is not None:  # else we were told of it meanwhile
            lose(game, post, now)
        return True
    if post.archive_id is not None:
        not_archived(game, why, now)
        return False
    channel = post.channel
    if why.code == PermanentError.MISSING_PERMISSION:
        post.problem = wording.not_announced(post.message_id is not None, channel.name, channel.missing)
    elif why.code == PermanentError.UNCERTAIN:
        post.problem = wording.maybe_announced(channel.name)
    elif why.code == PermanentError.UNKNOWN_CHANNEL:
        post.problem = wording.channel_gone(channel.name)
    else:
        post.problem = wording.refused_by_discord(str(why)[:200])
    post.save()
    # Shown on the page, so open pages look again.
    Game.objects.filter(pk=game.pk).update(revision=game.revision)
    return False


def _application_id() -> int | None:
    return int(settings.DISCORD_CLIENT_ID) if settings.DISCORD_CLIENT_ID else None


def _old_post(row: Notification, now: datetime) -> BuiltPost | Skip:
    facts: dict[str, Any] = row.facts
    forum = ForumPost("") if Channel.objects.get(pk=int(facts["channel"])).is_forum else None
    letter = OutgoingMessage(channel_id=int(facts["channel"]), message_id=int(facts["message"]), delete=True, forum=forum)
    return BuiltPost(letter, row.revision)


def _done(row: Notification, rendered: BuiltPost, sent: SentMessage, now: datetime) -> None:
    """Nothing to write down: the row closes."""


def _give_up(row: Notification, why: PermanentError, now: datetime) -> bool:
    """Gone already, or out of reach: either way not ours to repeat."""
    return False


def _archive(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Nobody is written to: the post moves."""
    why = archive_as_planned(game_of(row), now)
    return Skip(why) if why else ()


def _deleted(delivery: Delivery, now: datetime) -> OutgoingMessage | Skip:
    game, number = game_of(delivery.notification), delivery.notification.facts["number"]
    post = game.announcement
    if game.state(now).over or not awaits_answer(post) or question(post) != number:
        return Skip("it was answered")
    put_back = Ask(deleted_posts.ASKED, game.pk, number, deleted_posts.PUT_BACK).button(
        schedule_wording.PUT_BACK, "primary"
    )
    cancel = Ask(deleted_posts.ASKED, game.pk, number, deleted_posts.CANCEL).button(schedule_wording.CANCEL, "danger")
    return about_game(delivery, game, post_wording.deleted(*about(delivery, game)), now, put_back, cancel)


choices.register(deleted_posts.ASKED, deleted_posts.answer)
register(SyncedPost("announcement", build_message=_post, on_synced=_shown, on_failed=_not_shown))
register(SyncedPost("takedown", build_message=_old_post, on_synced=_done, on_failed=_give_up))
register(NotificationType("archive", recipients=_archive))
register(NotificationType("deleted", recipients=to_host, build_message=_deleted))
