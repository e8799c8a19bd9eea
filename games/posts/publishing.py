"""Publishing a post: it is sent to the servers that follow its announcement channel, once, after it was made.

https://docs.discord.com/developers/resources/message#crosspost-message
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from games.core.codes import GameSkipCode, NotificationKind
from games.core.notification_schedule import refresh_pages
from games.core.notifications import game_of_notification
from games.core.queue import notify
from games.models import Announcement, Game
from games.models.announcement import PublishProblem
from games.models.layers import setting_expression
from guilds.models import ANNOUNCEMENT_CHANNEL, SEND_MESSAGES
from notifications.messages import OutgoingMessage, PermanentError, SentMessage
from notifications.models import Notification
from notifications.types import BuiltPost, Skip

PUBLISHED_MAX, WITHIN = 10, timedelta(hours=1)  # in one channel, Discord's limit
LOOKED_AT_AFTER = timedelta(minutes=1)  # where others are being published just now


@dataclass(frozen=True)
class PublishRequest:
    """That a message is to be published."""


def awaits_publishing(game: Game, post: Announcement, now: datetime) -> bool:
    """Return whether a post is to be published now. One that moved to another channel was published there."""
    in_channel = post.channel.type == ANNOUNCEMENT_CHANNEL and post.message_id is not None
    return in_channel and post.published_at is None and game.settings.publish and not game.state(now).over


def schedule_publishing(game: Game, post: Announcement, now: datetime) -> None:
    """Have a post published that was just made or edited, if it is to be, is not yet, and was not refused."""
    if awaits_publishing(game, post, now) and post.publish_problem_code != PublishProblem.REFUSED:
        notify(game, NotificationKind.PUBLISH, now, keep_earlier=True)


def publish_message(row: Notification, now: datetime) -> BuiltPost | Skip:
    """Return the request that publishes the post, or why it is not made now."""
    game = game_of_notification(row)
    post = game.announcement
    if not awaits_publishing(game, post, now):
        return Skip(GameSkipCode.NOT_WANTED)
    if not post.channel.bot_has(SEND_MESSAGES):
        _save_problem(game, PublishProblem.MISSING_PERMISSION)
        return Skip(GameSkipCode.MISSING_PERMISSION)
    if next_turn(row, post, now) is not None:
        return Skip(GameSkipCode.TOO_SOON)
    message = OutgoingMessage(channel_id=post.channel_id, message_id=post.message_id, post=PublishRequest())
    return BuiltPost(message, game.post_version)


def next_publishing_at(row: Notification, now: datetime) -> datetime | None:
    """Return when to try again, if the channel takes no more just now."""
    game = game_of_notification(row)
    post = game.announcement
    is_open = awaits_publishing(game, post, now) and not post.publish_problem_code
    return next_turn(row, post, now) if is_open else None


def next_turn(row: Notification, post: Announcement, now: datetime) -> datetime | None:
    """Return when the channel takes one more; None if it does now."""
    recent = Announcement.objects.filter(channel=post.channel_id, published_at__gt=now - WITHIN)
    times = list(recent.order_by("-published_at").values_list("published_at", flat=True)[:PUBLISHED_MAX])
    if len(times) == PUBLISHED_MAX and times[-1] is not None:
        return times[-1] + WITHIN
    ahead = Notification.objects.open().filter(
        kind=NotificationKind.PUBLISH, leased_until__gt=now, pk__lt=row.pk, game__announcement__channel=post.channel_id
    )
    return now + LOOKED_AT_AFTER if len(times) + ahead.count() >= PUBLISHED_MAX else None


def on_published(row: Notification, rendered: BuiltPost, sent: SentMessage, now: datetime) -> None:
    """Record that the post is published, unless it is another one by now."""
    game = game_of_notification(row)
    if game.announcement.message_id == sent.message_id:
        Announcement.objects.filter(game=game).update(published_at=now)
        _save_problem(game, None)


def on_publishing_failed(row: Notification, error: PermanentError, now: datetime) -> bool:
    """Record why the post is not published."""
    game = game_of_notification(row)
    if error.code in {PermanentError.UNKNOWN_MESSAGE, PermanentError.UNKNOWN_CHANNEL}:
        return False  # said of the post itself; the one that is put back is published
    is_missing = error.code == PermanentError.MISSING_PERMISSION
    _save_problem(game, PublishProblem.MISSING_PERMISSION if is_missing else PublishProblem.REFUSED)
    return False


def _save_problem(game: Game, code: PublishProblem | None) -> None:
    if game.announcement.publish_problem_code != (code or ""):
        Announcement.objects.filter(game=game).update(publish_problem_code=code or "")
        refresh_pages(game)


@transaction.atomic
def repair_publishing(now: datetime) -> int:
    """Have posts published that are not yet, and that nothing publishes; return how many. The sweep runs it."""
    rows = Notification.objects.open().filter(game=OuterRef("pk"), kind=NotificationKind.PUBLISH)
    games = Game.objects.with_guild_and_channel().select_related("announcement__channel")
    games = games.filter(~Exists(rows), guild__bot_removed_at=None, ends_at__gt=now, cancelled_at=None)
    unpublished = Q(
        ~Q(announcement__publish_problem_code=PublishProblem.REFUSED),
        announcement__message_id__isnull=False,
        announcement__published_at=None,
        announcement__channel__type=ANNOUNCEMENT_CHANNEL,
        announcement__channel__deleted_at=None,
    )
    found = games.filter(unpublished).alias(wanted=setting_expression("publish")).filter(wanted=True)
    waiting = [
        game
        for game in found.select_for_update(no_key=True, of=("self",)).order_by("pk")
        if not game.announcement.publish_problem_code or game.announcement.channel.bot_has(SEND_MESSAGES)
    ]
    for game in waiting:
        notify(game, NotificationKind.PUBLISH, now, keep_earlier=True)
    return len(waiting)
