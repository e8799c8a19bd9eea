"""What became of a game's post, as the bot and the sweep find it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from games.core import wording
from games.core.scheduling import bump_revision, schedule_game_times, schedule_post_update
from games.models import Announcement, AuditEntry, Game
from games.models.settings import DeletedPostPolicy
from guilds.directory.lookup import load_directory
from notifications.models import Notification
from notifications.queue import complete_if_current, schedule

POST_TRUSTED_FOR = timedelta(hours=6)  # how long a post is believed to be there without another look


@transaction.atomic
def record_shown_revision(game_id: int, message_id: int, revision: int, now: datetime) -> None:
    """The bot showed this revision by answering a click, so no edit is needed unless more has changed."""
    post = Announcement.objects.select_related("game", "channel").filter(game_id=game_id, message_id=message_id).first()
    # An answer renames no thread, and moves no post to the archive.
    if post is None or post.thread_name != post.thread_title or post.pending_archive_id is not None:
        return
    if complete_if_current(game_id, "announcement", revision, now):
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
        post.problem = wording.POST_DELETED
    post.save()
    action = "lost_asked" if asks_host else "lost"
    AuditEntry.objects.create(guild_id=game.guild_id, game=game, door="discord", verb=action, at=now)
    if asks_host:
        payload = {"number": deletion_number(post)}
        schedule(
            "deleted",
            game_id=game.pk,
            recipient_id=game.host_id,
            due_at=now,
            post_version=game.revision,
            payload=payload,
            expires_at=game.ends_at,
        )


def awaits_host_decision(post: Announcement) -> bool:
    """Whether somebody deleted the post and the host has yet to say whether it is put back."""
    return post.message_id is None and post.problem == wording.POST_DELETED


def deletion_number(post: Announcement) -> int:
    """Tells apart how often a post was deleted: each time its host is asked anew."""
    return int(post.lost_at.timestamp() * 1000) if post.lost_at is not None else 0


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
        problem="",
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
    troubled = games.filter(~Q(announcement__problem="") | Q(announcement__channel__deleted_at__isnull=False))
    return sum(_handle_channel_changed(pk, now) for pk in troubled.values_list("pk", flat=True))


@transaction.atomic
def _handle_channel_changed(game_id: int, now: datetime) -> bool:
    game = Game.objects.select_for_update(no_key=True).get(pk=game_id)
    post = Announcement.objects.select_related("channel").get(game=game)
    if post.channel.deleted_at is None:
        return bool(_repair_game(game_id, now))
    problem = wording.channel_deleted(post.channel.name)
    if post.problem == problem:
        return False
    # Nothing is to be edited there any more; the page says so, and looks again.
    post.message_id, post.problem, post.lost_at = None, problem, now
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
    unmoved = Announcement.objects.filter(game__archived_at__isnull=False, game__guild__bot_removed_at=None, problem="")
    unmoved = unmoved.filter(game__archive_channel_id__gt=0).exclude(channel_id=F("game__archive_channel_id"))
    return repaired + sum(
        _retry_archive_move(pk, now) for pk in unmoved.order_by("game_id").values_list("game_id", flat=True)
    )


@transaction.atomic
def _retry_archive_move(game_id: int, now: datetime) -> bool:
    game = Game.objects.with_settings().select_for_update(no_key=True, of=("self",)).get(pk=game_id)
    rows = Notification.objects.open().filter(game=game, kind="announcement")
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
    hopeless = bool(post.problem) and (bool(post.channel.missing_requirements) or post.channel.deleted_at is not None)
    if behind and not hopeless and not rows.filter(kind="announcement").exists():
        schedule_post_update(game, now)
        repaired = True
    return int(repaired)
