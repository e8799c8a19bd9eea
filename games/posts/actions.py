"""What became of a game's post, as the bot and the sweep find it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from games.core import wording
from games.core.base import Source
from games.core.kinds import NotificationKind
from games.core.payloads import PostDeletedPayload
from games.core.queue import notify
from games.core.scheduling import bump_revision, schedule_game_times, schedule_post_update
from games.models import Announcement, AuditEntry, Game
from games.models.announcement import PostProblem
from games.models.settings import DeletedPostPolicy
from guilds.directory.lookup import load_directory
from notifications.models import Notification
from notifications.queue import complete_if_current

POST_TRUSTED_FOR = timedelta(hours=6)  # how long a post is believed to be there without another look


@transaction.atomic
def record_shown_revision(game_id: int, message_id: int, revision: int, now: datetime) -> None:
    """The bot showed this revision by answering a click, so no edit is needed unless more has changed."""
    post = Announcement.objects.select_related("game", "channel").filter(game_id=game_id, message_id=message_id).first()
    # An answer renames no thread, and moves no post to the archive.
    if post is None or post.thread_name != post.thread_title or post.pending_archive_id is not None:
        return
    if complete_if_current(game_id, NotificationKind.ANNOUNCEMENT, revision, now):
        Announcement.objects.filter(pk=post.pk).update(shown_revision=revision)


# --- deleted in Discord ----------------------------------------------------------------------------------


def handle_deleted_posts(message_ids: Iterable[int], now: datetime) -> int:
    """Messages are no longer in Discord: the posts among them of games to come are put back. Says how many.

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
    if post.message_id not in deleted_ids:  # we took it down ourselves, or noticed already
        return False
    if game.state(now).over:  # the past is not posted again
        Announcement.objects.filter(pk=post.pk).update(message_id=None, lost_at=now)
        return False
    mark_post_deleted(game, post, now)
    bump_revision(game, now)
    return True


def mark_post_deleted(game: Game, post: Announcement, now: datetime) -> None:
    """Write down that the post was deleted by hand; the next edit makes a new one. Under the game's lock.

    Where the host is to be asked, that edit waits for the answer.
    """
    asks_host = game.settings.if_deleted == DeletedPostPolicy.ASK
    post.reset_message()
    post.lost_at = now
    if asks_host:
        post.set_problem(PostProblem.DELETED, wording.POST_DELETED)
        post.deletion_number += 1
    post.save()
    action = "lost_asked" if asks_host else "lost"
    AuditEntry.objects.create(guild_id=game.guild_id, game=game, door=Source.DISCORD, verb=action, at=now)
    if asks_host:
        payload = PostDeletedPayload(post.deletion_number)
        notify(game, NotificationKind.POST_DELETED, now, to=game.host_id, payload=payload, expires_at=game.ends_at)


def awaits_host_decision(post: Announcement) -> bool:
    """Whether somebody deleted the post and the host has yet to say whether it is put back."""
    return post.message_id is None and post.problem_code == PostProblem.DELETED


def recheck_all_posts(now: datetime) -> None:
    """The bot was away, so deletions were missed: every post of a game to come is to be looked for."""
    Announcement.objects.filter(game__in=Game.objects.upcoming(now).order_by()).update(checked_at=None)


def verify_posts(now: datetime, limit: int) -> int:
    """Look in Discord for the posts of games to come not seen for longest. Says how many were gone.

    Raises DirectoryDown.
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
            deleted += handle_deleted_posts([post.message_id], now)
    return deleted


# --- what a channel's or permission's coming and going does --------------------------------------------------


def handle_channels_changed(guild_id: int, now: datetime) -> int:
    """The guild's channels or permissions are not what they were. Says how many games that touches.

    A game whose channel was deleted says so at once, and one that could not be announced is tried again.
    """
    games = Game.objects.upcoming(now).filter(guild_id=guild_id).order_by("pk")
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
    # Nothing is to be edited there any more; the page says so, and looks again.
    post.message_id, post.lost_at = None, now
    post.set_problem(PostProblem.CHANNEL_DELETED, wording.channel_deleted(post.channel.name))
    post.save()
    Game.objects.filter(pk=game_id).update(revision=F("revision") + 1)
    return True


# --- the sweep -------------------------------------------------------------------------------------------


def repair_games(now: datetime) -> int:
    """Mend games to come whose post is missing or behind, or whose rows are; says how many.

    Nothing here happens in ordinary running: it repairs what a restored backup, rows deleted by hand or a
    permission given back later left undone.
    """
    repaired = 0
    hidden = Game.objects.drafts().filter(announce_at__isnull=False)
    for games in (Game.objects.upcoming(now), hidden):
        for pk in games.filter(guild__bot_removed_at=None).values_list("pk", flat=True):
            repaired += _repair_game(pk, now)
    # Where Discord was away until the move was given up. What it refuses is not archived, so this ends.
    unmoved = Announcement.objects.filter(
        game__archived_at__isnull=False, game__guild__bot_removed_at=None, problem_code=""
    )
    unmoved = unmoved.filter(game__archive_channel_id__gt=0).exclude(channel_id=F("game__archive_channel_id"))
    return repaired + sum(
        _retry_archive_move(pk, now) for pk in unmoved.order_by("game_id").values_list("game_id", flat=True)
    )


@transaction.atomic
def _retry_archive_move(game_id: int, now: datetime) -> bool:
    game = Game.objects.with_settings().select_for_update(no_key=True, of=("self",)).get(pk=game_id)
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
    before = rows.count()
    schedule_game_times(game, now)
    repaired = rows.count() > before
    if game.announced_at is None or awaits_host_decision(post):
        return int(repaired)
    behind = post.message_id is None or post.shown_revision < game.revision
    hopeless = bool(post.problem_code) and (
        bool(post.channel.missing_requirements) or post.channel.deleted_at is not None
    )
    if behind and not hopeless and not rows.filter(kind=NotificationKind.ANNOUNCEMENT).exists():
        schedule_post_update(game, now)
        repaired = True
    return int(repaired)
