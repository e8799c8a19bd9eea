"""Writing the schedule of a game: its reminders, its start and end, its post."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from games.core import rules
from games.core.kinds import GameSkipCode, NotificationKind
from games.core.minimum import schedule_minimum_checks
from games.core.payloads import StartPayload
from games.core.queue import close_notifications, notify
from games.models import Game
from notifications.models import Notification, Preference

# After a click the bot shows the game in its answer; the row is for when it cannot, and waits for it.
POST_UPDATE_DELAY = timedelta(seconds=2)


# Who gains a seat and loses it again meanwhile hears of neither; close to the start everyone hears at once.
SEAT_CHANGE_DELAY = timedelta(minutes=1)


NOTIFY_NOW_WITHIN = timedelta(minutes=10)


def notify_at(starts_at: datetime, now: datetime, delay: timedelta = SEAT_CHANGE_DELAY) -> datetime:
    """When to tell of a change: once it had time to settle, but close to the start at once."""
    return now if starts_at - now < NOTIFY_NOW_WITHIN else now + delay


def bump_revision(game: Game, now: datetime, delay: timedelta = timedelta()) -> None:
    """Save the game under its next revision and have its announcement show it."""
    game.revision += 1
    game.save()
    schedule_post_update(game, now + delay)


def schedule_post_update(game: Game, at: datetime) -> None:
    """Have the announcement brought up to date, at the latest then. Of what players do not see yet there is none."""
    if game.announced_at is None:
        return
    notify(game, NotificationKind.ANNOUNCEMENT, at, keep_earlier=True)


def schedule_game_times(game: Game, now: datetime) -> None:
    """Plan everything that follows from the game's times, and drop what followed from earlier ones."""
    if game.announced_at is None:
        if game.announce_at is not None:
            notify(game, NotificationKind.ANNOUNCE, game.announce_at)
        else:
            close_notifications(game, [NotificationKind.ANNOUNCE], GameSkipCode.DRAFT, now)
        return
    kept = _schedule_reminders(game, NotificationKind.REMINDER, game.settings.reminders, now)
    close_notifications(game, [NotificationKind.REMINDER], GameSkipCode.TIMES_CHANGED, now, keep_minutes=kept)
    schedule_own_reminders(game, now, replace=True)
    close_time = game.starts_at - timedelta(minutes=game.settings.signups_close)
    if now < close_time < game.starts_at:
        notify(game, NotificationKind.SIGNUPS_CLOSE, close_time)
    else:
        close_notifications(game, [NotificationKind.SIGNUPS_CLOSE], GameSkipCode.SIGNUPS_CLOSED, now)
    schedule_minimum_checks(game, now)
    if game.starts_at > now:
        notify(game, NotificationKind.START, game.starts_at)
    if game.ends_at > now:
        notify(game, NotificationKind.END, game.ends_at)
    _schedule_afterwards(game, now)


def _schedule_reminders(game: Game, kind: NotificationKind, lengths: Iterable[int], now: datetime) -> list[int]:
    """Schedule a reminder for each length in minutes that is still to come; return these."""
    kept = []
    for minutes, at in rules.reminder_times(game.starts_at, lengths):
        if at > now:
            kept.append(minutes)
            payload = StartPayload(game.starts_at)
            notify(game, kind, at, dedupe_key=minutes, minutes=minutes, payload=payload, expires_at=game.starts_at)
    return kept


def _schedule_afterwards(game: Game, now: datetime) -> None:
    """Plan to ask the host for rewards when the game ends, and to archive it some time later."""
    settings = game.settings
    archived_at = game.ends_at + timedelta(minutes=settings.archive_after)
    for kind, at, wanted in (
        (NotificationKind.REWARDS, game.ends_at, settings.ask_rewards and not game.rewards),
        (NotificationKind.ARCHIVE, archived_at, settings.archive_channel_id and game.archived_at is None),
    ):
        if wanted:
            notify(game, kind, max(at, now))
        else:
            close_notifications(game, [kind], GameSkipCode.NOT_WANTED, now)


def schedule_own_reminders(game: Game, now: datetime, replace: bool = False) -> None:
    """Plan the extra reminders that the host and those seated chose: one row for each length of time.

    Who is meant is asked when it is due, so whoever leaves or chooses otherwise needs no change of rows.
    """
    if game.starts_at <= now or game.announced_at is None:
        return
    seated = game.signups.filter(left_at=None, seated_at__isnull=False).values("user")
    chosen = Preference.objects.filter(guild=game.guild_id, reminder_minutes__isnull=False)
    wanted = chosen.filter(Q(user=game.host_id) | Q(user__in=seated))
    if not replace:
        rows = Notification.objects.open().filter(game=game, kind=NotificationKind.OWN_REMINDER)
        wanted = wanted.exclude(reminder_minutes__in=rows.values("minutes"))
    lengths = {length for length in wanted.values_list("reminder_minutes", flat=True) if length}
    kept = _schedule_reminders(game, NotificationKind.OWN_REMINDER, lengths, now)
    if replace:
        close_notifications(game, [NotificationKind.OWN_REMINDER], GameSkipCode.TIMES_CHANGED, now, keep_minutes=kept)
