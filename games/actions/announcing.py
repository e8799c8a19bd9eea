"""What became of a game's post, as the bot and the sweep find it."""

from datetime import datetime

from django.db import transaction

from games.actions.planning import plan_clock, show
from games.models import Announcement, Game
from notifications.actions import close_shown
from notifications.models import Notification


@transaction.atomic
def shown_by_answer(game_id: int, message_id: int, revision: int, now: datetime) -> None:
    """The bot showed this revision by answering a click, so no edit is needed unless more has changed."""
    posts = Announcement.objects.filter(game_id=game_id, message_id=message_id)
    if posts.exists() and close_shown(game_id, "announcement", revision, now):
        posts.update(shown_revision=revision)


def sweep(now: datetime) -> int:
    """Mend games to come whose post is missing or behind, or whose rows are; says how many.

    Nothing here happens in ordinary running: it repairs what a restored backup, rows deleted by hand or a
    permission given back later left undone.
    """
    mended = 0
    for pk in Game.objects.upcoming(now).filter(guild__gone_at=None).values_list("pk", flat=True):
        mended += _mend(pk, now)
    return mended


@transaction.atomic
def _mend(game_id: int, now: datetime) -> int:
    game = Game.objects.select_for_update(no_key=True).get(pk=game_id)
    if game.cancelled_at is not None or game.ends_at <= now:
        return 0
    post, _ = Announcement.objects.get_or_create(game=game, defaults={"channel_id": game.channel_id})
    rows = Notification.objects.open().filter(game=game)
    before = rows.count()
    plan_clock(game, now)
    mended = rows.count() > before
    behind = post.message_id is None or post.shown_revision < game.revision
    hopeless = bool(post.problem) and (bool(post.channel.missing) or post.channel.gone_at is not None)
    if behind and not hopeless and not rows.filter(kind="announcement").exists():
        show(game, now)
        mended = True
    return int(mended)
