"""Scheduling a game's notifications: its reminders, its start and end, its post."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from games.core import rules
from games.core.codes import GameSkipCode, NotificationKind
from games.core.minimum import schedule_minimum_checks
from games.core.payloads import StartPayload
from games.core.queue import close_notifications, notify
from games.models import Game, Signup
from gamesched.lib.compiled_query import CompiledQuery
from notifications.models import Notification, Preference

# After a click the bot shows the game in its reply; the row is for when it cannot, and waits for that.
POST_UPDATE_DELAY = timedelta(seconds=2)


# A seat gained and lost again within this delay sends no message; close to the start everyone is notified at once.
SEAT_CHANGE_DELAY = timedelta(minutes=1)


NOTIFY_NOW_WITHIN = timedelta(minutes=10)


# Who was told of so many changes of a game within a day is told of the next an hour later, of all at once: otherwise
# whoever changes it to and fro every minute sends a message every minute.
SLOW_AFTER, SLOW_DELAY = 6, timedelta(hours=1)


def notify_at(
    starts_at: datetime, now: datetime, delay: timedelta = SEAT_CHANGE_DELAY, told_today: int = 0
) -> datetime:
    """Return when to notify of a change: after `delay`, or now if the start is near.

    `told_today`: how many such changes of the game they were told of within a day.
    """
    if starts_at - now < NOTIFY_NOW_WITHIN:
        return now
    if told_today >= SLOW_AFTER:
        return max(now + delay, min(now + SLOW_DELAY, starts_at - NOTIFY_NOW_WITHIN))
    return now + delay


def bump_post_version(game: Game, now: datetime, delay: timedelta = timedelta()) -> None:
    """Save the game with its next post version, and schedule the update of its announcement."""
    game.post_version += 1
    game.save()
    schedule_post_update(game, now + delay)


def schedule_post_update(game: Game, at: datetime) -> None:
    """Schedule the update of the announcement, at the latest at `at`; unannounced games have none."""
    if game.announced_at is None:
        return
    notify(game, NotificationKind.ANNOUNCEMENT, at, keep_earlier=True)


def schedule_game_times(game: Game, now: datetime) -> None:
    """Schedule all that follows from the game's times, and unschedule what followed from earlier ones."""
    if game.announced_at is None:
        if game.announce_at is not None:
            notify(game, NotificationKind.AUTO_ANNOUNCE, game.announce_at)
        else:
            close_notifications(game, [NotificationKind.AUTO_ANNOUNCE], GameSkipCode.DRAFT, now)
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
    """Schedule the question for rewards at the game's end, and archiving some time later."""
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


def schedule_rewarded(game: Game, now: datetime) -> None:
    """Have those who got rewards told of them, once the game is archived; each is told once."""
    if game.archived_at is not None and game.rewards:
        notify(game, NotificationKind.REWARDED, now)


def _own_reminders(guild_id: int, game_id: int, host_id: int) -> "QuerySet[Preference, int | None]":
    seated = Signup.objects.seated().filter(game_id=game_id).values("user")
    chosen = Preference.objects.filter(guild_id=guild_id, reminder_minutes__isnull=False)
    return chosen.filter(Q(user_id=host_id) | Q(user__in=seated)).values_list("reminder_minutes", flat=True)


def _unscheduled_own_reminders(guild_id: int, game_id: int, host_id: int) -> "QuerySet[Preference, int | None]":
    scheduled = Notification.objects.open().filter(game_id=game_id, kind=NotificationKind.OWN_REMINDER)
    return _own_reminders(guild_id, game_id, host_id).exclude(reminder_minutes__in=scheduled.values("minutes"))


OWN_REMINDERS = CompiledQuery(_own_reminders)
UNSCHEDULED_OWN_REMINDERS = CompiledQuery(_unscheduled_own_reminders)


def schedule_own_reminders(game: Game, now: datetime, replace: bool = False) -> None:
    """Schedule the extra reminders that the host and seated players chose, one row for each length of time.

    The recipients are found when the row is due, so a player who leaves or chooses anew changes no rows.
    """
    if game.starts_at <= now or game.announced_at is None:
        return
    wanted = OWN_REMINDERS if replace else UNSCHEDULED_OWN_REMINDERS
    lengths = {length for length in wanted.all(game.guild_id, game.pk, game.host_id) if length}
    kept = _schedule_reminders(game, NotificationKind.OWN_REMINDER, lengths, now)
    if replace:
        close_notifications(game, [NotificationKind.OWN_REMINDER], GameSkipCode.TIMES_CHANGED, now, keep_minutes=kept)
