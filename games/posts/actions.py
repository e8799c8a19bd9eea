"""What became of a game's post, as the bot and the sweep find it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from games.core import wording
from games.core.scheduling import plan_clock, show, touch
from games.models import Announcement, AuditEntry, Game
from games.models.settings import IfDeleted
from guilds.directory.lookup import load_directory
from notifications.models import Notification
from notifications.queue import complete_if_current, schedule

SEEN_FOR = timedelta(hours=6)  # how long a post is believed to be there without another look


@transaction.atomic
def shown_by_answer(game_id: int, message_id: int, revision: int, now: datetime) -> None:
    """The bot showed this revision by answering a click, so no edit is needed unless more has changed."""
    post = Announcement.objects.select_related("game", "channel").filter(game_id=game_id, message_id=message_id).first()
    # An answer renames no thread, and moves no post to the archive.
    if post is None or post.thread_name != post.thread_title or post.archive_id is not None:
        return
    if complete_if_current(game_id, "announcement", revision, now):
        Announcement.objects.filter(pk=post.pk).update(shown_revision=revision)


# --- deleted in Discord ----------------------------------------------------------------------------------


def posts_deleted(message_ids: Iterable[int], now: datetime) -> int:
    """Messages are no longer in Discord: the posts among them of games to come are put back. Says how many.

    Where the settings say so, the host is asked first.
    """
    gone = set(message_ids)
    lost = Announcement.objects.filter(message_id__in=gone).order_by("game_id")
    return sum(_put_back(game_id, gone, now) for game_id in lost.values_list("game_id", flat=True))


@transaction.atomic
def _put_back(game_id: int, gone: set[int], now: datetime) -> bool:
    game = Game.objects.select_for_update(no_key=True).get(pk=game_id)
    post = Announcement.objects.select_related("channel").get(game=game)
    if post.message_id not in gone:  # we took it down ourselves, or noticed already
        return False
    if game.state(now).over:  # the past is not posted again
        Announcement.objects.filter(pk=post.pk).update(message_id=None, lost_at=now)
        return False
    lose(game, post, now)
    touch(game, now)
    return True


def lose(game: Game, post: Announcement, now: datetime) -> None:
    """Write down that the post was deleted by hand; the next edit makes a new one. Under the game's lock.

    Where the host is to be asked, that edit waits for the answer.
    """
    ask = game.effective.if_deleted == IfDeleted.ASK
    post.begin_anew()
    post.lost_at = now
    if ask:
        post.problem = wording.POST_DELETED
    post.save()
    verb = "lost_asked" if ask else "lost"
    AuditEntry.objects.create(guild_id=game.guild_id, game=game, door="discord", verb=verb, at=now)
    if ask:
        facts = {"number": question(post)}
        schedule(
            "deleted",
            game_id=game.pk,
            recipient_id=game.host_id,
            due_at=now,
            revision=game.revision,
            payload=facts,
            expires_at=game.ends_at,
        )


def awaits_answer(post: Announcement) -> bool:
    """Whether somebody deleted the post and the host has yet to say whether it is put back."""
    return post.message_id is None and post.problem == wording.POST_DELETED


def question(post: Announcement) -> int:
    """Tells apart how often a post was deleted: each time its host is asked anew."""
    return int(post.lost_at.timestamp() * 1000) if post.lost_at is not None else 0


def doubt_posts(now: datetime) -> None:
    """The bot was away, so deletions were missed: every post of a game to come is to be looked for."""
    Announcement.objects.filter(game__in=Game.objects.upcoming(now).order_by()).update(checked_at=None)


def look_for_posts(now: datetime, limit: int) -> int:
    """Look in Discord for the posts of games to come not seen for longest. Says how many were gone.

    Raises DirectoryDown.
    """
    due = Announcement.objects.filter(
        Q(checked_at=None) | Q(checked_at__lt=now - SEEN_FOR),
        game__in=Game.objects.upcoming(now).filter(guild__gone_at=None, guild__unavailable=False).order_by(),
        message_id__isnull=False,
        problem="",
    ).order_by(F("checked_at").asc(nulls_first=True), "pk")
    found = load_directory()
    gone = 0
    for post in due.select_related("channel")[:limit]:
        assert post.message_id is not None
        if found.has_message(post.place_id, post.message_id):
            Announcement.objects.filter(pk=post.pk).update(checked_at=now)
        else:
            gone += posts_deleted([post.message_id], now)
    return gone


# --- what a channel's or permission's coming and going does --------------------------------------------------


def channels_changed(guild_id: int, now: datetime) -> int:
    """The guild's channels or permissions are not what they were. Says how many games that touches.

    A game whose channel was deleted says so at once, and one that could not be announced is tried again.
    """
    games = Game.objects.upcoming(now).filter(guild_id=guild_id).order_by("pk")
    troubled = games.filter(~Q(announcement__problem="") | Q(announcement__channel__gone_at__isnull=False))
    return sum(_channel_changed(pk, now) for pk in troubled.values_list("pk", flat=True))


@transaction.atomic
def _channel_changed(game_id: int, now: datetime) -> bool:
    game = Game.objects.select_for_update(no_key=True).get(pk=game_id)
    post = Announcement.objects.select_related("channel").get(game=game)
    if post.channel.gone_at is None:
        return bool(_mend(game_id, now))
    problem = wording.channel_gone(post.channel.name)
    if post.problem == problem:
        return False
    # Nothing is to be edited there any more; the page says so, and looks again.
    post.message_id, post.problem, post.lost_at = None, problem, now
    post.save()
    Game.objects.filter(pk=game_id).update(revision=F("revision") + 1)
    return True


# --- the sweep -------------------------------------------------------------------------------------------


def sweep(now: datetime) -> int:
    """Mend games to come whose post is missing or behind, or whose rows are; says how many.

    Nothing here happens in ordinary running: it repairs what a restored backup, rows deleted by hand or a
    permission given back later left undone.
    """
    mended = 0
    hidden = Game.objects.drafts().filter(announce_at__isnull=False)
    for games in (Game.objects.upcoming(now), hidden):
        for pk in games.filter(guild__gone_at=None).values_list("pk", flat=True):
            mended += _mend(pk, now)
    # Where Discord was away until the move was given up. What it refuses is not archived, so this ends.
    unmoved = Announcement.objects.filter(game__archived_at__isnull=False, game__guild__gone_at=None, problem="")
    unmoved = unmoved.filter(game__archive_channel_id__gt=0).exclude(channel_id=F("game__archive_channel_id"))
    return mended + sum(_move_again(pk, now) for pk in unmoved.order_by("game_id").values_list("game_id", flat=True))


@transaction.atomic
def _move_again(game_id: int, now: datetime) -> bool:
    game = Game.objects.with_levels().select_for_update(no_key=True, of=("self",)).get(pk=game_id)
    rows = Notification.objects.open().filter(game=game, kind="announcement")
    if game.announcement.archive_id is None or rows.exists():
        return False
    show(game, now)
    return True


@transaction.atomic
def _mend(game_id: int, now: datetime) -> int:
    game = Game.objects.select_for_update(no_key=True).get(pk=game_id)
    if game.state(now).over:
        return 0
    post, _ = Announcement.objects.get_or_create(game=game, defaults={"channel_id": game.channel_id})
    rows = Notification.objects.open().filter(game=game)
    before = rows.count()
    plan_clock(game, now)
    mended = rows.count() > before
    if game.announced_at is None or awaits_answer(post):
        return int(mended)
    behind = post.message_id is None or post.shown_revision < game.revision
    hopeless = bool(post.problem) and (bool(post.channel.missing) or post.channel.gone_at is not None)
    if behind and not hopeless and not rows.filter(kind="announcement").exists():
        show(game, now)
        mended = True
    return int(mended)
