"""The worker's scheduled tasks. Each returns a sentence, which the admin shows as its result."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import ParamSpec

from django.conf import settings
from django.core.management import call_command
from django.db.models import Exists, OuterRef, Q

from games.agenda.actions import repair_agendas, verify_agendas
from games.companions.sweep import check_events, sweep_companions
from games.core.codes import REMINDER_KINDS
from games.core.freezing import freeze_started_games, mend_settings, resync_drifted_games
from games.core.retention import delete_in_batches, delete_old_audit, delete_past_games, drop_past_pictures
from games.imports.actions import delete_old_files
from games.models import GameEdit, Signup
from games.pictures.actions import delete_unused
from games.polls.actions import repair_posts
from games.posts.actions import repair_games, verify_posts
from games.posts.publishing import repair_publishing
from games.privacy.actions import delete_forgotten_rows, forget_departed
from games.series.expansion import make_due_games
from games.server_settings.removals import purge_departed_guilds
from games.server_settings.rules import KEPT_AFTER_LEAVING
from games.signups.eligibility import drop_hidden_signups
from gamesched.lib.clock import db_now
from gamesched.lib.scheduled_tasks import delete_old_results, ensure_schedules, run_soon
from guilds.directory.lookup import DirectoryUnavailable, refresh_member, refresh_stale
from guilds.forgetting import purge_ended_memberships
from guilds.icons import read_icon_colours
from guilds.login.password_limit import delete_old_tries
from guilds.models import Member, SentForm
from guilds.personal_data import SENT_FORMS_KEPT
from notifications.models import Notification, Pause

P = ParamSpec("P")

ROLES_MAX_AGE = timedelta(hours=1)
SOON = timedelta(minutes=15)
MAX_LOOKUPS = 500  # in ten minutes at most: the bot's rate limit is for reminders first
MAX_AGENDA_LOOKUPS = 50  # in an hour
MAX_ICONS = 100  # in an hour

# Name, function, minutes between runs. Each run costs the database a dozen statements, so none runs every minute.
SCHEDULE = (
    ("Repeating games", "games.scheduled_tasks.make_repeating_games", 60),
    ("Look-ups", "games.scheduled_tasks.look_up", 10),
    ("Announcement sweep", "games.scheduled_tasks.sweep_announcements", 15),
    ("Events of servers", "games.scheduled_tasks.check_server_events", 24 * 60),
    ("Settling", "games.scheduled_tasks.put_right", 60),
    ("Purge", "games.scheduled_tasks.purge", 24 * 60),
    ("Guild purge", "games.scheduled_tasks.purge_guilds", 24 * 60),
    ("People purge", "games.scheduled_tasks.purge_people", 60),
    ("Backup", "gamesched.backup.scheduled_tasks.back_up", 60),
)
FORMER, FORMER_MINUTES = ("Directory refresh", "Announcement check"), {"Announcement sweep": 5}


def unless_unavailable(task: Callable[P, str]) -> Callable[P, str]:
    """Return a task that says so, instead of failing, while Discord cannot be asked."""

    @wraps(task)
    def ask(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return task(*args, **kwargs)
        except DirectoryUnavailable as reason:
            return f"Stopped: we can't ask Discord right now ({reason})."

    return ask


def look_up() -> str:
    """Look up in Discord what may have changed unheard: members and whether posts are still there."""
    now = db_now()
    return f"{_refresh_directory(now)} {_check_announcements(now)}"


def make_repeating_games() -> str:
    """Make the next games of series, a little before they are announced."""
    return f"Scheduled {make_due_games(db_now())} games of series."


def refresh_directory() -> str:
    """Refresh from Discord the members whose roles were read longest ago."""
    return _refresh_directory(db_now())


@unless_unavailable
def _refresh_directory(now: datetime) -> str:
    due = refresh_before_reminders(now, MAX_LOOKUPS)
    return f"Looked up {due + refresh_stale(now, ROLES_MAX_AGE, MAX_LOOKUPS - due)} members."


def refresh_before_reminders(now: datetime, limit: int) -> int:
    """Refresh members with a reminder due soon, so that none goes to one who left or lost the role.

    Returns how many.
    """
    soon = Notification.objects.open().filter(kind__in=REMINDER_KINDS, due_at__lte=now + SOON).values("game_id")
    signups = Signup.objects.current().people().filter(game__in=soon).order_by()
    member = Member.objects.filter(guild=OuterRef("game__guild"), user=OuterRef("user"), left_at=None)
    stale = signups.filter(Exists(member.exclude(roles_read_at__gt=now - SOON)))
    people = list(stale.values_list("game__guild_id", "user_id").distinct()[:limit])
    for guild_id, user_id in people:
        refresh_member(guild_id, user_id or 0)
    return len(people)


def sweep_announcements() -> str:
    """Repair games and polls without a post or without notifications that are due, and free seats of hidden games."""
    now = db_now()
    games, polls = repair_games(now), repair_posts(now)
    return f"Repaired {games} games and {polls} polls, and freed {drop_hidden_signups(now)} seats."


def put_right() -> str:
    """Put right what hardly ever differs: settings of games, what stands in Discord besides posts, and colours."""
    settled = f"{freeze_settings()} {sweep_what_is_in_discord()} {check_agendas()}"
    return f"{settled} Read the colours of {read_icon_colours(MAX_ICONS)} icons."


@unless_unavailable
def check_agendas() -> str:
    """Check the agendas that were not checked for longest, and put back deleted ones."""
    return f"Found {verify_agendas(db_now(), MAX_AGENDA_LOOKUPS)} agendas deleted."


def sweep_what_is_in_discord() -> str:
    """Have what stands in Discord besides posts looked at, where it is not as it should be."""
    now = db_now()
    games = sweep_companions(now) + repair_publishing(now)
    return f"Found {games} games and {repair_agendas(now)} agendas that lack something in Discord."


@unless_unavailable
def check_server_events() -> str:
    """Compare the servers' events with ours: some may be gone unheard, others left behind."""
    gone, left_behind = check_events(db_now())
    return f"Found {gone} events gone, and {left_behind} left behind."


def check_all_companions() -> str:
    """Look after everything in Discord at once, as after the bot was away or a backup was restored."""
    return f"{sweep_what_is_in_discord()} {check_server_events()}"


def check_all_companions_soon(**kwargs: object) -> None:
    """Have the worker do so now."""
    run_soon("games.scheduled_tasks.check_all_companions")


def check_announcements() -> str:
    """Check the posts that were not checked for longest, and put back deleted ones."""
    return _check_announcements(db_now())


@unless_unavailable
def _check_announcements(now: datetime) -> str:
    return f"Found {verify_posts(now, MAX_LOOKUPS)} posts deleted."


def freeze_settings() -> str:
    """Freeze the settings of started games, and resync upcoming games that were missed."""
    now = db_now()
    frozen, resolved = freeze_started_games(now), mend_settings(now)
    return f"Froze {frozen} started games, and repaired {resolved + resync_drifted_games(now)} upcoming ones."


def purge() -> str:
    """Delete expired sessions and counts, answers of old forms, unused pictures, and notifications long past."""
    call_command("clearsessions")
    kept, now = settings.NOTIFY_KEPT, db_now()
    delete_in_batches(SentForm.objects.filter(sent_at__lt=now - SENT_FORMS_KEPT))
    delete_old_tries(now)
    delete_old_results(now)
    delete_old_files(now)
    old = Notification.objects.filter(closed_at__lt=now - kept).exclude(Q(deliveries__status="pending"))
    count = delete_in_batches(old)
    delete_in_batches(GameEdit.objects.filter(at__lt=now - kept))
    Pause.objects.filter(resumed_at__lt=now - kept).delete()
    retained = _purge_by_choice(now)
    pictures = delete_unused(now)
    of_pictures = f" Deleted {pictures} pictures that nothing shows." if pictures else ""
    return f"Deleted {count} rows older than {kept.days} days.{retained}{of_pictures}"


def _purge_by_choice(now: datetime) -> str:
    """Delete what is kept for ever, unless the operator says how long."""
    said = ""
    if settings.GAMES_KEPT:
        games, days = delete_past_games(now - settings.GAMES_KEPT), settings.GAMES_KEPT.days
        said += f" Deleted {games} games that ended over {days} days ago."
    if settings.AUDIT_KEPT:
        said += f" Deleted {delete_old_audit(now - settings.AUDIT_KEPT)} old entries of the audit log."
    if settings.PICTURES_KEPT:
        said += f" Took the pictures of {drop_past_pictures(now - settings.PICTURES_KEPT)} past games."
    return said


def purge_guilds() -> str:
    """Delete all data of servers that the bot left long ago."""
    count = purge_departed_guilds(db_now())
    return f"Deleted {count} servers that the bot left more than {KEPT_AFTER_LEAVING.days} days ago."


def purge_people() -> str:
    """Delete what people left behind in servers, people who left the last one, and the rows of those forgotten."""
    now = db_now()
    ended, departed = purge_ended_memberships(now), forget_departed(now)
    rows = delete_forgotten_rows(now)
    return f"Deleted {ended} memberships and blocks that ended, forgot {departed} people, and deleted {rows} rows."


def ensure_game_schedules(**kwargs: object) -> None:
    """Create the schedules after each migration."""
    ensure_schedules(SCHEDULE, FORMER, FORMER_MINUTES)
