"""Scheduling a game's notifications: its reminders, its start and end, its post."""

from datetime import datetime, timedelta

from django.db.models import Q

from games.core import rules
from games.core.minimum import schedule_minimum_checks
from games.models import Game
from notifications.models import Notification, Preference
from notifications.queue import schedule, unschedule

# After a click the bot shows the game in its reply; the row is for when it cannot, and waits for that.
POST_UPDATE_DELAY = timedelta(seconds=2)


# A seat gained and lost again within this delay sends no message; close to the start everyone is notified at once.
SEAT_CHANGE_DELAY = timedelta(minutes=1)


NOTIFY_NOW_WITHIN = timedelta(minutes=10)


REMINDER_KINDS = ("reminder", "own_reminder")


def notify_at(starts_at: datetime, now: datetime, delay: timedelta = SEAT_CHANGE_DELAY) -> datetime:
    """Return when to notify of a change: after a delay in which it may be undone, or at once close to the start."""
    return now if starts_at - now < NOTIFY_NOW_WITHIN else now + delay


def bump_revision(game: Game, now: datetime, delay: timedelta = timedelta()) -> None:
    """Save the game with its next revision, and schedule the update of its announcement."""
    game.post_version += 1
    game.save()
    schedule_post_update(game, now + delay)


def schedule_post_update(game: Game, at: datetime) -> None:
    """Schedule the update of the announcement, at the latest at `at`; unannounced games have none."""
    if game.announced_at is None:
        return
    schedule("announcement", game_id=game.pk, due_at=at, revision=game.post_version, keep_earlier=True)


def schedule_game_times(game: Game, now: datetime) -> None:
    """Schedule all that follows from the game's times, and unschedule what followed from earlier ones."""
    if game.announced_at is None:
        if game.announce_at is not None:
            schedule("announce", game_id=game.pk, due_at=game.announce_at, revision=game.post_version)
        else:
            unschedule(["announce"], game.pk, now, "it is a draft")
        return
    payload = {"starts_at": game.starts_at.isoformat()}
    kept = []
    for minutes, at in rules.reminder_times(game.starts_at, game.settings.reminders):
        if at > now:
            kept.append(minutes)
            schedule(
                "reminder",
                game_id=game.pk,
                dedupe_key=minutes,
                due_at=at,
                revision=game.post_version,
                payload=payload,
                expires_at=game.starts_at,
            )
    unschedule(["reminder"], game.pk, now, "the game's times changed", keep_dedupe_keys=tuple(kept))
    schedule_own_reminders(game, now, replace=True)
    close_time = game.starts_at - timedelta(minutes=game.settings.signups_close)
    if now < close_time < game.starts_at:
        schedule("signups_close", game_id=game.pk, due_at=close_time, revision=game.post_version)
    else:
        unschedule(["signups_close"], game.pk, now, "they close with the start, or closed already")
    schedule_minimum_checks(game, now)
    if game.starts_at > now:
        schedule("start", game_id=game.pk, due_at=game.starts_at, revision=game.post_version)
    if game.ends_at > now:
        schedule("end", game_id=game.pk, due_at=game.ends_at, revision=game.post_version)
    _schedule_afterwards(game, now)


def _schedule_afterwards(game: Game, now: datetime) -> None:
    """Schedule the question for rewards at the game's end, and archiving some time later."""
    settings = game.settings
    archived_at = game.ends_at + timedelta(minutes=settings.archive_after)
    for kind, at, wanted in (
        ("rewards", game.ends_at, settings.ask_rewards and not game.rewards),
        ("archive", archived_at, settings.archive_channel_id and game.archived_at is None),
    ):
        if wanted:
            schedule(kind, game_id=game.pk, due_at=max(at, now), revision=game.post_version)
        else:
            unschedule([kind], game.pk, now, "it is not wanted any more")


def schedule_own_reminders(game: Game, now: datetime, replace: bool = False) -> None:
    """Schedule the extra reminders that the host and seated players chose, one row for each length of time.

    The recipients are found when the row is due, so a player who leaves or chooses anew changes no rows.
    """
    if game.starts_at <= now or game.announced_at is None:
        return
    seated = game.signups.seated().values("user")
    chosen = Preference.objects.filter(guild=game.guild_id, reminder__isnull=False)
    wanted = chosen.filter(Q(user=game.host_id) | Q(user__in=seated))
    if not replace:
        rows = Notification.objects.open().filter(game=game, kind="own_reminder")
        wanted = wanted.exclude(reminder__in=rows.values("offset"))
    lengths = {length for length in wanted.values_list("reminder", flat=True) if length}
    kept = []
    for minutes, at in rules.reminder_times(game.starts_at, lengths):
        if at > now:
            kept.append(minutes)
            schedule(
                "own_reminder",
                game_id=game.pk,
                dedupe_key=minutes,
                due_at=at,
                revision=game.post_version,
                payload={"starts_at": game.starts_at.isoformat()},
                expires_at=game.starts_at,
            )
    if replace:
        unschedule(["own_reminder"], game.pk, now, "the game's times changed", keep_dedupe_keys=tuple(kept))
