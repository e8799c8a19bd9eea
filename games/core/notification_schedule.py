"""Scheduling a game's notifications: its reminders, its start and end, its post."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from games.core import rules
from games.core.agendas import IF_LISTED, change_row
from games.core.codes import GameSkipCode, NotificationKind
from games.core.companions import switched_on
from games.core.minimum import plan_minimum_checks
from games.core.payloads import StartPayload
from games.core.queue import notify
from games.models import Game, Signup
from gamesched.lib.compiled_query import CompiledQuery
from notifications.models import Notification, Preference
from notifications.queue import Planned, schedule_all, unschedule_others
from notifications.types import Skip

# After a click the bot shows the game in its reply; the row is for when it cannot, and waits for that.
POST_UPDATE_DELAY = timedelta(seconds=2)


# A seat gained and lost again within this delay sends no message; close to the start everyone is notified at once.
SEAT_CHANGE_DELAY = timedelta(minutes=1)


NOTIFY_NOW_WITHIN = timedelta(minutes=10)


# Who was told of so many changes of a game within a day is told of the next an hour later, of all at once: otherwise
# whoever changes it to and fro every minute sends a message every minute.
SLOW_AFTER, SLOW_DELAY = 6, timedelta(hours=1)


def notify_at(
    starts_at: datetime, now: datetime, delay: timedelta = SEAT_CHANGE_DELAY, notified_today: int = 0
) -> datetime:
    """Return when to notify of a change: after `delay`, or now if the start is near.

    `notified_today`: how many such changes of the game they were told of within a day.
    """
    if starts_at - now < NOTIFY_NOW_WITHIN:
        return now
    if notified_today >= SLOW_AFTER:
        return max(now + delay, min(now + SLOW_DELAY, starts_at - NOTIFY_NOW_WITHIN))
    return now + delay


def bump_post_version(game: Game, now: datetime, delay: timedelta = timedelta()) -> None:
    """Save the game with its next post version, and schedule the update of its announcement."""
    game.post_version += 1
    game.changed_at = now
    game.save()
    schedule_post_update(game, now + delay)


def refresh_pages(game: Game) -> None:
    """Have open pages look again: they show what changed beside the game's row, such as a problem with its post."""
    Game.objects.filter(pk=game.pk).update(post_version=F("post_version"))


def schedule_post_update(game: Game, at: datetime) -> None:
    """Schedule the update of the announcement, of its companions and of agendas, at the latest at `at`.

    Unannounced games have none.
    """
    if game.announced_at is None:
        return
    kinds = [NotificationKind.ANNOUNCEMENT, *map(NotificationKind, switched_on(game.settings))]
    planned = [*(Planned(kind, at) for kind in kinds), change_row(at)]
    schedule_all(game.pk, planned, game.post_version, keep_earlier=True, condition=IF_LISTED)


# Why an open row of these kinds is closed that the game's times no longer want. START and END always follow the times,
# and one that is past stays: notifyd does what it is for.
_UNWANTED: dict[str, Skip] = {
    NotificationKind.REMINDER: Skip(GameSkipCode.TIMES_CHANGED),
    NotificationKind.OWN_REMINDER: Skip(GameSkipCode.TIMES_CHANGED),
    NotificationKind.SIGNUPS_CLOSE: Skip(GameSkipCode.SIGNUPS_CLOSED),
    NotificationKind.NUDGE: Skip(GameSkipCode.TIMES_CHANGED),
    NotificationKind.TOO_FEW_PLAYERS: Skip(GameSkipCode.TIMES_CHANGED),
    NotificationKind.REWARDS: Skip(GameSkipCode.NOT_WANTED),
    NotificationKind.ARCHIVE: Skip(GameSkipCode.NOT_WANTED),
}
_UNWANTED_BEFORE: dict[str, Skip] = {NotificationKind.AUTO_ANNOUNCE: Skip(GameSkipCode.DRAFT)}  # before it is announced


def schedule_game_times(game: Game, now: datetime) -> None:
    """Schedule all that follows from the game's times, and unschedule what followed from earlier ones."""
    announced = game.announced_at is not None
    planned = _plan_announced_game(game, now) if announced else _plan_hidden_game(game)
    schedule_all(game.pk, planned, game.post_version)
    unschedule_others(game.pk, planned, _UNWANTED if announced else _UNWANTED_BEFORE, now)


def _plan_hidden_game(game: Game) -> list[Planned]:
    """Return the announcement that is to come; a draft has none."""
    return [Planned(NotificationKind.AUTO_ANNOUNCE, game.announce_at)] if game.announce_at is not None else []


def _plan_announced_game(game: Game, now: datetime) -> list[Planned]:
    """Return all that follows from an announced game's times."""
    settings = game.settings
    planned = _plan_reminders(game, NotificationKind.REMINDER, settings.reminders, now)
    planned += _plan_reminders(game, NotificationKind.OWN_REMINDER, _own_lengths(game, OWN_REMINDERS, now), now)
    planned += plan_minimum_checks(game, now)
    close_time = game.starts_at - timedelta(minutes=settings.signups_close)
    if now < close_time < game.starts_at:
        planned.append(Planned(NotificationKind.SIGNUPS_CLOSE, close_time))
    for kind, at in ((NotificationKind.START, game.starts_at), (NotificationKind.END, game.ends_at)):
        if at > now:
            planned.append(Planned(kind, at))
    if settings.ask_rewards and not game.rewards:
        planned.append(Planned(NotificationKind.REWARDS, max(game.ends_at, now)))
    if settings.archive_channel_id and game.archived_at is None:
        archived_at = game.ends_at + timedelta(minutes=settings.archive_after)
        planned.append(Planned(NotificationKind.ARCHIVE, max(archived_at, now)))
    return planned


def _plan_reminders(game: Game, kind: NotificationKind, lengths: Iterable[int], now: datetime) -> list[Planned]:
    """Return a reminder for each length in minutes that is still to come."""
    payload = StartPayload(game.starts_at)
    return [
        Planned(kind, at, dedupe_key=minutes, minutes=minutes, payload=payload, expires_at=game.starts_at)
        for minutes, at in rules.reminder_times(game.starts_at, lengths)
        if at > now
    ]


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


def schedule_own_reminders(game: Game, now: datetime) -> None:
    """Schedule the extra reminders that the host and seated players chose, one row for each length of time.

    The recipients are found when the row is due, so a player who leaves or chooses anew changes no rows.
    """
    if game.announced_at is not None:
        lengths = _own_lengths(game, UNSCHEDULED_OWN_REMINDERS, now)
        schedule_all(game.pk, _plan_reminders(game, NotificationKind.OWN_REMINDER, lengths, now), game.post_version)


def _own_lengths(game: Game, query: "CompiledQuery[int | None]", now: datetime) -> set[int]:
    """Return the lengths in minutes that the host and seated players chose; none once the game has begun."""
    if game.starts_at <= now:
        return set()
    return {length for length in query.all(game.guild_id, game.pk, game.host_id) if length}
