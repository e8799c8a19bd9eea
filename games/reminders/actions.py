"""A user's notification preferences in a guild, and the test reminder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext

from games.core import rules
from games.core.base import Actor
from games.core.codes import NotificationKind
from games.core.freezing import locked_games
from games.core.notification_schedule import schedule_own_reminders
from games.core.payloads import GuildPayload
from games.core.permissions import Viewer
from games.models import Follow, Game
from games.reminders import wording as reminder_wording
from games.reminders.new_game_notifications import own_test_reminders
from gamesched.lib.refusal import Refusal, Refused
from guilds.directory.upsert import mark_dms_open
from guilds.models import User
from guilds.permissions import get_membership
from notifications.models import DeliveryMethod, Preference
from notifications.queue import schedule

TEST_INTERVAL, TESTS_IN_A_DAY = timedelta(minutes=1), 10
DAY = timedelta(days=1)
NOW, DAILY = "now", "daily"


@dataclass(frozen=True)
class NotificationPreferences:
    """All that a user chooses in a guild.

    `news` is '', NOW or DAILY; `templates` has the same for each template, by its id.
    """

    how: str = DeliveryMethod.DM
    reminder: int | None = None  # minutes before the start
    quiet_from: time | None = None
    quiet_to: time | None = None
    news: str = ""
    templates: Mapping[int, str] = field(default_factory=dict)


def get_preferences(user: User, guild_id: int) -> NotificationPreferences:
    """Return a user's choices; the defaults if they never chose."""
    row = Preference.objects.filter(user=user, guild_id=guild_id).first() or Preference()
    follows = Follow.objects.filter(user=user, guild_id=guild_id).values_list("template_id", "digest")
    news = {template_id or 0: DAILY if digest else NOW for template_id, digest in follows}
    whole = news.pop(0, "")
    return NotificationPreferences(row.method, row.reminder_minutes, row.quiet_from, row.quiet_to, whole, news)


@transaction.atomic
def save_preferences(guild_id: int, choices: NotificationPreferences, actor: Actor, now: datetime) -> str:
    """Save the actor's own choices, and reschedule their own reminders; return a sentence for them.

    Raises Refused, with a sentence for each field.
    """
    user = _require_member(guild_id, actor)
    _check_choices(actor.viewer(guild_id), choices)
    games: list[Game] = []
    if choices.reminder != get_preferences(user, guild_id).reminder:
        to_come = Game.objects.filter(guild_id=guild_id, cancelled_at=None, starts_at__gt=now).hosted_or_joined_by(user)
        games = locked_games(to_come)
    fields = {
        "method": choices.how,
        "reminder_minutes": choices.reminder,
        "quiet_from": choices.quiet_from,
        "quiet_to": choices.quiet_to,
    }
    Preference.objects.update_or_create(user=user, guild_id=guild_id, defaults=fields)
    Follow.objects.filter(user=user, guild_id=guild_id).delete()
    Follow.objects.bulk_create(
        [
            Follow(user=user, guild_id=guild_id, template_id=template_id, digest=when == DAILY)
            for template_id, when in [(None, choices.news), *choices.templates.items()]
            if when
        ]
    )
    for game in games:
        schedule_own_reminders(game, now)
    return gettext(reminder_wording.SAVED)


def _check_choices(viewer: Viewer, choices: NotificationPreferences) -> None:
    problems = {}
    if choices.reminder is not None and not rules.REMINDER_MIN <= choices.reminder <= rules.REMINDER_MAX:
        problems["reminder"] = gettext(reminder_wording.BAD_REMINDER)
    if (choices.quiet_from is None) is not (choices.quiet_to is None):
        problems["quiet_to" if choices.quiet_to is None else "quiet_from"] = gettext(reminder_wording.BOTH_ENDS)
    elif choices.quiet_from is not None and choices.quiet_from == choices.quiet_to:
        problems["quiet_to"] = gettext(reminder_wording.NO_HOURS)
    followed = {template_id for template_id, when in choices.templates.items() if when}
    if followed - {template.pk for template in viewer.templates}:
        problems["news"] = gettext(reminder_wording.UNKNOWN_TEMPLATE)
    if problems:
        raise Refused(Refusal("bad_choices", " ".join(problems.values()), problems))


@transaction.atomic
def send_test_reminder(guild_id: int, actor: Actor, now: datetime) -> str:
    """Schedule a test reminder to the actor, once a minute and ten times a day at most; return a sentence.

    Raises Refused, also for whom Discord lets do nothing: it may be a mention in a channel.
    """
    user = _require_member(guild_id, actor)
    actor.viewer(guild_id).require_may_act(now)
    # Locked, so that two clicks at once cannot both find no earlier test.
    Preference.objects.get_or_create(user=user, guild_id=guild_id)
    Preference.objects.select_for_update().get(user=user, guild_id=guild_id)
    recent = own_test_reminders(user.pk, guild_id).filter(due_at__gt=now - DAY)
    times = list(recent.values_list("due_at", flat=True)[:TESTS_IN_A_DAY])
    if times and now - times[0] < TEST_INTERVAL:
        raise Refused(Refusal("too_soon", reminder_wording.TEST_TOO_SOON))
    if len(times) == TESTS_IN_A_DAY:
        raise Refused(Refusal("too_often", reminder_wording.TEST_TOO_OFTEN))
    # Who tests may have opened their direct messages just now.
    mark_dms_open(user)
    schedule(
        NotificationKind.TEST_REMINDER,
        game_id=None,
        recipient_id=user.pk,
        dedupe_key=guild_id,  # one row for each guild
        due_at=now,
        payload=GuildPayload(guild_id),
    )
    return reminder_wording.TEST_UNDER_WAY


def _require_member(guild_id: int, actor: Actor) -> User:
    member = get_membership(actor.user, guild_id) if actor.user is not None else None
    if member is None:
        raise Refused(Refusal("unknown_guild", reminder_wording.NO_GUILD))
    return member.user
