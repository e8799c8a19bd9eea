"""What follows from the state of a game's post, as the bot and the sweep find it in Discord."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from games.core.base import DISCORD_ACTOR, record
from games.core.codes import AuditAction, NotificationKind
from games.core.drift import games_with_other_times
from games.core.notification_schedule import bump_post_version, schedule_game_times, schedule_post_update
from games.core.payloads import PostDeletedPayload
from games.core.queue import notify
from games.core.settings import DeletedPostPolicy
from games.models import Announcement, Game
from games.models.announcement import PostProblem
from gamesched.lib.compiled_query import CompiledQuery
from guilds.directory.lookup import load_directory
from guilds.models import Channel
from guilds.shards import WHOLE, Shard
from notifications.models import Notification
from notifications.queue import complete_if_current

POST_TRUSTED_FOR = timedelta(hours=6)  # how long a post counts as present without being checked again


CLICKED_POST = CompiledQuery(
    lambda game_id, message_id: (
        Announcement.objects.select_related("game", "channel")
        .only("thread_name", "channel__type", "game__title", "game__archived_at")
        .filter(game_id=game_id, message_id=message_id)
    )
)


@transaction.atomic
def record_shown_post_version(game_id: int, message_id: int, post_version: int, now: datetime) -> None:
    """Record that the reply to a click showed this post version, so that the post needs no edit for it."""
    post = CLICKED_POST.first(game_id, message_id)
    # A reply renames no thread, and moves no post to the archive.
    if post is None or post.thread_name != post.thread_title or post.pending_archive_id is not None:
        return
    if complete_if_current(game_id, NotificationKind.ANNOUNCEMENT, post_version, now):
        Announcement.objects.filter(pk=post.pk).update(shown_version=post_version)


# --- deleted in Discord ----------------------------------------------------------------------------------


def repost_deleted_posts(message_ids: Iterable[int], now: datetime) -> int:
    """Repost deleted announcements of games that are not over; return how many.

    Where the settings say so, the host is asked first.
    """
    deleted_ids = set(message_ids)
    announcements = Announcement.objects.filter(message_id__in=deleted_ids).order_by("game_id")
    return sum(
        _handle_deleted_post(game_id, deleted_ids, now) for game_id in announcements.values_list("game_id", flat=True)
    )


@transaction.atomic
def _handle_deleted_post(game_id: int, deleted_ids: set[int], now: datetime) -> bool:
    game = Game.objects.select_for_update(no_key=True).get(pk=game_id)
    post = Announcement.objects.select_related("channel").get(game=game)
    if post.message_id not in deleted_ids:  # taken down by the bot, or handled already
        return False
    if game.state(now).over:  # games that are over are not reposted
        Announcement.objects.filter(pk=post.pk).update(message_id=None, post_deleted_at=now)
        return False
    mark_post_deleted(game, post, now)
    bump_post_version(game, now)
    return True


def mark_post_deleted(game: Game, post: Announcement, now: datetime) -> None:
    """Record that somebody deleted the post; the next update posts it again. Needs the game's lock.

    If the host is to be asked, that update waits for the decision.
    """
    asks_host = game.settings.if_deleted == DeletedPostPolicy.ASK
    post.reset_message()
    # Gone from the servers that follow, too: what is put back is published again.
    post.published_at = None
    post.post_deleted_at = now
    if asks_host:
        post.set_problem(PostProblem.DELETED)
        post.deletion_number += 1
    post.save()
    action = AuditAction.POST_DELETED_ASK_HOST if asks_host else AuditAction.POST_DELETED
    record(game, DISCORD_ACTOR, action, {}, now)
    if asks_host:
        payload = PostDeletedPayload(post.deletion_number)
        notify(game, NotificationKind.POST_DELETED, now, to=game.host_id, payload=payload, expires_at=game.ends_at)


def awaits_host_decision(post: Announcement) -> bool:
    """Return whether the post was deleted and the host has not decided yet whether it is put back."""
    return post.message_id is None and post.problem_code == PostProblem.DELETED


def recheck_all_posts(now: datetime, shard: Shard = WHOLE) -> None:
    """Mark every post of upcoming games to be checked: the bot was away, and may have missed deletions."""
    posts = Announcement.objects.exclude(checked_at=None).filter(shard.holds("game__guild_id"))
    posts.filter(game__in=Game.objects.upcoming(now).order_by()).update(checked_at=None)


def verify_posts(now: datetime, limit: int) -> int:
    """Check in Discord the posts that were not checked for longest; return how many were deleted.

    Only posts of games that are not over are checked. Raises DirectoryUnavailable.
    """
    due = Announcement.objects.filter(
        Q(checked_at=None) | Q(checked_at__lt=now - POST_TRUSTED_FOR),
        game__in=Game.objects.upcoming(now).filter(guild__bot_removed_at=None, guild__unavailable=False).order_by(),
        message_id__isnull=False,
        problem_code="",
    ).order_by(F("checked_at").asc(nulls_first=True), "pk")
    discord = load_directory()
    deleted = 0
    for post in due.select_related("channel")[:limit]:
        assert post.message_id is not None
        if discord.has_message(post.message_channel_id, post.message_id):
            Announcement.objects.filter(pk=post.pk).update(checked_at=now)
        else:
            deleted += repost_deleted_posts([post.message_id], now)
    return deleted


# --- changes of channels and permissions ---------------------------------------------------------------------


def handle_channels_changed(guild_ids: Collection[int], now: datetime) -> int:
    """Update the games that a change of these guilds' channels or permissions affects; return how many.

    A game whose channel was deleted shows that at once, and a failed announcement is retried.
    """
    games = Game.objects.upcoming(now).filter(guild__in=guild_ids).order_by("pk")
    troubled = games.filter(~Q(announcement__problem_code="") | Q(announcement__channel__deleted_at__isnull=False))
    return sum(_handle_channel_changed(pk, now) for pk in troubled.values_list("pk", flat=True))


@transaction.atomic
def _handle_channel_changed(game_id: int, now: datetime) -> bool:
    game = Game.objects.select_for_update(no_key=True).get(pk=game_id)
    post = Announcement.objects.select_related("channel").get(game=game)
    if post.channel.deleted_at is None:
        return bool(_repair_game(game_id, now))
    if post.problem_code == PostProblem.CHANNEL_DELETED:
        return False
    # There is nothing to edit any more; the page shows the problem, and open pages refresh.
    post.message_id, post.post_deleted_at = None, now
    post.set_problem(PostProblem.CHANNEL_DELETED)
    post.save()
    Game.objects.filter(pk=game_id).update(post_version=F("post_version") + 1)
    return True


# --- the sweep -------------------------------------------------------------------------------------------


def repair_games(now: datetime) -> int:
    """Repair games whose post is missing or outdated, or whose notifications are missing; return how many.

    Normal operation needs none of this: it repairs what a restored backup, rows deleted by hand or a permission
    given back later left undone. Takes a few statements where nothing is to repair, however many games there are.
    """
    # Announced and not over, or hidden with a time for its announcement.
    to_come = Q(announced_at__isnull=False, ends_at__gt=now) | Q(announced_at=None, announce_at__isnull=False)
    games = Game.objects.filter(to_come, cancelled_at=None, guild__bot_removed_at=None)
    differing = {*games_with_other_times(games, now), *_games_with_other_posts(games)}
    repaired = sum(_repair_game(pk, now) for pk in sorted(differing))
    # Discord was away until the move was given up. A move that Discord refuses is not archived, so this ends.
    unmoved = Announcement.objects.filter(
        game__archived_at__isnull=False, game__guild__bot_removed_at=None, problem_code=""
    )
    unmoved = unmoved.filter(game__archive_channel_id__gt=0).exclude(channel_id=F("game__archive_channel_id"))
    return repaired + sum(
        _retry_archive_move(pk, now) for pk in unmoved.order_by("game_id").values_list("game_id", flat=True)
    )


def _games_with_other_posts(games: "QuerySet[Game]") -> list[int]:
    """Return the ids of those of these games whose post has no row, or is missing or outdated without being updated."""
    updates = Notification.objects.open().filter(game=OuterRef("pk"), kind=NotificationKind.ANNOUNCEMENT)
    is_behind = Q(announcement__message_id=None) | Q(announcement__shown_version__lt=F("post_version"))
    awaits_host = Q(announcement__message_id=None, announcement__problem_code=PostProblem.DELETED)
    behind = Q(is_behind, ~awaits_host, ~Exists(updates), announced_at__isnull=False)
    found = games.filter(Q(announcement=None) | behind).order_by("pk")
    rows = list(found.values_list("pk", "announcement__problem_code", "announcement__channel"))
    troubled = Channel.objects.in_bulk({channel_id for _, problem_code, channel_id in rows if problem_code})
    hopeless = {pk for pk, channel in troubled.items() if channel.is_hopeless}
    return [pk for pk, problem_code, channel_id in rows if not (problem_code and channel_id in hopeless)]


@transaction.atomic
def _retry_archive_move(game_id: int, now: datetime) -> bool:
    game = Game.objects.with_guild_and_channel().select_for_update(no_key=True, of=("self",)).get(pk=game_id)
    rows = Notification.objects.open().filter(game=game, kind=NotificationKind.ANNOUNCEMENT)
    if game.announcement.pending_archive_id is None or rows.exists():
        return False
    schedule_post_update(game, now)
    return True


@transaction.atomic
def _repair_game(game_id: int, now: datetime) -> int:
    game = Game.objects.select_for_update(no_key=True).get(pk=game_id)
    if game.state(now).over:
        return 0
    post, _ = Announcement.objects.get_or_create(game=game, defaults={"channel_id": game.channel_id})
    rows = Notification.objects.open().filter(game=game)
    times = rows.values_list("kind", "recipient_id", "dedupe_key", "due_at")
    before = set(times.all())
    schedule_game_times(game, now)
    repaired = set(times.all()) != before
    if game.announced_at is None or awaits_host_decision(post):
        return int(repaired)
    behind = post.message_id is None or post.shown_version < game.post_version
    hopeless = bool(post.problem_code) and post.channel.is_hopeless
    if behind and not hopeless and not rows.filter(kind=NotificationKind.ANNOUNCEMENT).exists():
        schedule_post_update(game, now)
        repaired = True
    return int(repaired)
