"""Pure rules of a game's plan: what makes a good one, when it is announced, until when a cancellation can be undone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext, gettext_noop, ngettext

from games.core import wording
from games.core.rules import DESCRIPTION_MAX, UNDO_WINDOW, reminder_times
from games.core.settings import GAME_SETTINGS, check_settings, tidy_settings
from games.core.text_rules import has_control_characters, is_visible, tidy_lines
from games.scheduling import wording as schedule_wording
from gamesched.lib.moments import LAST_YEAR, is_skipped, is_usable
from gamesched.lib.refusal import Refusal
from gamesched.lib.zones import find_zone, zone_info
from guilds.forms import UNKNOWN_ZONE
from guilds.names import tidy_line

# A mistake undone within this time has disturbed nobody.
CANCELLATION_DELAY = timedelta(minutes=1)


class AnnounceWhen(StrEnum):
    """When a game is announced."""

    NOW = "now"
    LATER = "later"
    DRAFT = "draft"


@dataclass(frozen=True)
class AnnounceSchedule:
    """When a game is announced; `at` is the time, for LATER."""

    when: AnnounceWhen = AnnounceWhen.NOW
    at: datetime | None = None


def check_announce(announce: AnnounceSchedule, starts_at: datetime, now: datetime) -> dict[str, str]:
    """Return the problem of each field of the schedule; a bad start itself is checked by `check_plan`."""
    if announce.when is AnnounceWhen.NOW:
        return {} if starts_at > now else {"time": gettext(schedule_wording.START_PAST)}
    if announce.when is AnnounceWhen.DRAFT:
        return {}
    if announce.at is None:
        return {"announce_time": gettext(schedule_wording.NO_TIME)}
    if announce.at <= now:
        return {"announce_time": gettext(schedule_wording.ANNOUNCE_PAST)}
    return {} if announce.at < starts_at else {"announce_time": gettext(schedule_wording.ANNOUNCE_AFTER_START)}


def undo_until(cancelled_at: datetime, ends_at: datetime) -> datetime:
    """Return until when a cancellation can be undone: for a while, and not once the game would be over."""
    return min(cancelled_at + UNDO_WINDOW, ends_at)


TITLE_MAX = 200


OPEN_GAMES_OF_HOST, OPEN_GAMES_IN_GUILD = 25, 500  # upcoming games at a time


# Posts of one host within a day, as many games as may be open: without it, who cancels at once announces for ever, and
# so does who moves a game from channel to channel.
POSTS_OF_HOST_IN_A_DAY = 25


# Cancellations of one game that may be undone within a day after people were told; each tells everybody twice.
NOTIFIED_UNDOS_A_DAY = 3


DAY = timedelta(days=1)


MIN_LEAD_TIME = timedelta(minutes=1)


MAX_LEAD_TIME = timedelta(days=730)


DATE_PAST = gettext_noop("That date is past. Choose a later one.")
TOO_FAR = gettext_noop("That's more than two years ahead. Choose an earlier date.")


@dataclass(frozen=True)
class Plan:
    """What a person may decide about a game.

    `settings` has the settings that the game says itself, by name; those that are missing, or None, are inherited.
    """

    title: str
    description: str
    starts_at: datetime
    zone: str
    channel_id: int
    template_id: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def change_plan(plan: Plan, **values: Any) -> Plan:
    """Return the plan with other values, by name; a setting's name changes its settings."""
    settings = {name: value for name, value in values.items() if name in GAME_SETTINGS}
    others = {name: value for name, value in values.items() if name not in GAME_SETTINGS}
    return replace(plan, **others, settings={**plan.settings, **settings})


def tidy_plan(plan: Plan) -> Plan:
    """Return the plan as stored: texts trimmed, line ends unified, each reminder once, the earliest first."""
    return replace(
        plan,
        title=tidy_line(plan.title),
        description=tidy_lines(plan.description),
        zone=find_zone(plan.zone) or plan.zone,
        settings=tidy_settings(plan.settings),
    )


def check_plan(plan: Plan, now: datetime, old_start: datetime | None = None) -> Refusal | None:
    """Return the refusal for a tidied plan, with a sentence for each field; None for a good one.

    An unchanged start is not checked again, so that a game under way can still be corrected.
    """
    wrong: dict[str, str] = {}
    if not is_visible(plan.title):
        wrong["title"] = gettext("Give the game a title people can see.")
    elif len(plan.title) > TITLE_MAX:
        text = ngettext(
            "The title has %(count)s characters. Shorten it to %(most)s.",
            "The title has %(count)s characters. Shorten it to %(most)s.",
            len(plan.title),
        )
        wrong["title"] = text % {"count": len(plan.title), "most": TITLE_MAX}
    elif has_control_characters(plan.title):
        wrong["title"] = gettext("The title has a character we can't show. Type it again without.")
    if len(plan.description) > DESCRIPTION_MAX:
        text = ngettext(
            "The description has %(length)s characters. Shorten it to %(most)s.",
            "The description has %(length)s characters. Shorten it to %(most)s.",
            len(plan.description),
        )
        wrong["description"] = text % {"length": f"{len(plan.description):,}", "most": f"{DESCRIPTION_MAX:,}"}
    elif has_control_characters(plan.description.replace("\n", "").replace("\t", "")):
        wrong["description"] = gettext("The description has a character we can't show. Type it again without.")
    if find_zone(plan.zone) != plan.zone:
        wrong["zone"] = gettext(UNKNOWN_ZONE)
    wrong |= check_settings(plan.settings)
    if plan.starts_at != old_start:
        wrong |= check_start(plan.starts_at, now)
    return Refusal("bad_plan", " ".join(wrong.values()), wrong) if wrong else None


def check_start(starts_at: datetime, now: datetime) -> dict[str, str]:
    """Return what is wrong with the start of an upcoming game, by field; {} for a good one."""
    if starts_at < now + MIN_LEAD_TIME:
        return {"time": gettext("That time is past, or less than a minute ahead. Choose a later one.")}
    return {"date": gettext(TOO_FAR)} if starts_at > now + MAX_LEAD_TIME else {}


def check_game_limits(of_host: int, in_guild: int) -> Refusal | None:
    """Return the refusal for one more upcoming game, or None. The limits are against abuse, not against use."""
    if of_host >= OPEN_GAMES_OF_HOST:
        text = ngettext(
            "You have %(count)d upcoming games here, the most for one host. Cancel one first, or wait.",
            "You have %(count)d upcoming games here, the most for one host. Cancel one first, or wait.",
            of_host,
        )
        return Refusal("too_many", text % {"count": of_host})
    if in_guild >= OPEN_GAMES_IN_GUILD:
        text = ngettext(
            "This server has %(count)d upcoming games, the most it may have. Wait until some are over.",
            "This server has %(count)d upcoming games, the most it may have. Wait until some are over.",
            in_guild,
        )
        return Refusal("too_many", text % {"count": in_guild})
    return None


def check_posts(announced: int) -> Refusal | None:
    """Return the refusal for one more post of a host who had so many within a day, or None."""
    if announced < POSTS_OF_HOST_IN_A_DAY:
        return None
    return Refusal("too_many_posts", schedule_wording.too_many_posts(announced))


@dataclass(frozen=True)
class ClockProblem:
    """A local time that the zone skips or has twice, with the moments that may be meant, in order; or none."""

    sentence: str
    choices: tuple[datetime, ...]
    comes_twice: bool = False


def resolve_local_time(day: date, at: time, zone: str, fold: int | None = None) -> datetime | ClockProblem:
    """Return the moment, in UTC, at which clocks in the zone show this time.

    `fold` chooses between the problem's two moments, 0 for the earlier; for a time that comes twice it is PEP
    495's fold. Without it nothing is guessed. A day that nobody can mean is a problem without choices.
    """
    if not is_usable(day):
        return ClockProblem(gettext(TOO_FAR if day.year > LAST_YEAR else DATE_PAST), ())
    tz = zone_info(zone)
    local = datetime.combine(day, at, tzinfo=tz)
    first, second = (local.replace(fold=f).astimezone(UTC) for f in (0, 1))
    if first == second:
        return first
    if is_skipped(local):
        if fold is not None:
            return first if fold else second
        return ClockProblem(wording.skipped_time(local, zone), (second, first))
    if fold is None:
        return ClockProblem(wording.repeated_time(local, zone), (first, second), comes_twice=True)
    return second if fold else first


def past_reminders(starts_at: datetime, reminders: Iterable[int], now: datetime) -> list[int]:
    """Return the reminders whose time is past, which will not be sent."""
    return [minutes for minutes, at in reminder_times(starts_at, reminders) if at <= now]
