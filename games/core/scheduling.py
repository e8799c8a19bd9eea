"""Writing the schedule of a game: its reminders, its start and end, its post."""

from datetime import datetime, timedelta

from django.db.models import Q

from games.core import rules
from games.core.minimum import schedule_minimum_checks
from games.models import Game
from notifications.models import Notification, Preference
from notifications.queue import schedule, unschedule

# After a click the bot shows the game in its answer; the row is for when it cannot, and waits for it.
POST_UPDATE_DELAY = timedelta(seconds=2)


# Who gains a seat and loses it again meanwhile hears of neither; close to the start everyone hears at once.
SEAT_CHANGE_DELAY = timedelta(minutes=1)


NOTIFY_NOW_WITHIN = timedelta(minutes=10)


REMINDER_KINDS = ("reminder", "own_reminder")


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
    schedule("announcement", game_id=game.pk, due_at=at, post_version=game.revision, keep_earlier=True)


def schedule_game_times(game: Game, now: datetime) -> None:
    """Plan everything that follows from the game's times, and drop what followed from earlier ones."""
    if game.announced_at is None:
        if game.announce_at is not None:
            schedule("announce", game_id=game.pk, due_at=game.announce_at, post_version=game.revision)
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
                post_version=game.revision,
                payload=payload,
                expires_at=game.starts_at,
            )
    unschedule(["reminder"], game.pk, now, "the game's times changed", keep_dedupe_keys=tuple(kept))
    schedule_own_reminders(game, now, replace=True)
    close_time = game.starts_at - timedelta(minutes=game.settings.signups_close)
    if now < close_time < game.starts_at:
        schedule("signups_close", game_id=game.pk, due_at=close_time, post_version=game.revision)
    else:
        unschedule(["signups_close"], game.pk, now, "they close with the start, or closed already")
    schedule_minimum_checks(game, now)
    if game.starts_at > now:
        schedule("start", game_id=game.pk, due_at=game.starts_at, post_version=game.revision)
    if game.ends_at > now:
        schedule("end", game_id=game.pk, due_at=game.ends_at, post_version=game.revision)
    _schedule_afterwards(game, now)


def _schedule_afterwards(game: Game, now: datetime) -> None:
    """Plan to ask the host for rewards when the game ends, and to archive it some time later."""
    settings = game.settings
    archived_at = game.ends_at + timedelta(minutes=settings.archive_after)
    for kind, at, wanted in (
        ("rewards", game.ends_at, settings.ask_rewards and not game.rewards),
        ("archive", archived_at, settings.archive_channel_id and game.archived_at is None),
    ):
        if wanted:
            schedule(kind, game_id=game.pk, due_at=max(at, now), post_version=game.revision)
        else:
            unschedule([kind], game.pk, now, "it is not wanted any more")


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
        rows = Notification.objects.open().filter(game=game, kind="own_reminder")
        wanted = wanted.exclude(reminder_minutes__in=rows.values("offset"))
    lengths = {length for length in wanted.values_list("reminder_minutes", flat=True) if length}
    kept = []
    for minutes, at in rules.reminder_times(game.starts_at, lengths):
        if at > now:
            kept.append(minutes)
            schedule(
                "own_reminder",
                game_id=game.pk,
                dedupe_key=minutes,
                due_at=at,
                post_version=game.revision,
                payload={"starts_at": game.starts_at.isoformat()},
                expires_at=game.starts_at,
            )
    if replace:
        unschedule(["own_reminder"], game.pk, now, "the game's times changed", keep_dedupe_keys=tuple(kept))
