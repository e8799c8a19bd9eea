"""Pure rules of a game's life: when players come to see it, and until when a cancellation can be undone."""

import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from games.core.rules import (
    CHECKED_SETTINGS,
    DESCRIPTION_MAX,
    UNDO_WINDOW,
    check_settings,
    reminder_times,
    tidy_settings,
)
from games.core.text_rules import has_control_characters, is_visible, tidy_lines
from games.scheduling import wording as schedule_wording
from gamesched.lib.refusal import Refusal

# Whoever undoes a slip within it has disturbed nobody.
CANCELLATION_DELAY = timedelta(minutes=1)


class AnnounceWhen(StrEnum):
    """When a game is announced."""

    NOW = "now"
    LATER = "later"
    DRAFT = "draft"


@dataclass(frozen=True)
class AnnounceSchedule:
    """When players come to see a game; `at` is the time, for LATER."""

    when: AnnounceWhen = AnnounceWhen.NOW
    at: datetime | None = None


def check_announce(announce: AnnounceSchedule, starts_at: datetime, now: datetime) -> dict[str, str]:
    """What is wrong with it, a sentence for each field; where the start itself is wrong, its own rule says so."""
    if announce.when is AnnounceWhen.NOW:
        return {} if starts_at > now else {"time": schedule_wording.START_PAST}
    if announce.when is AnnounceWhen.DRAFT:
        return {}
    if announce.at is None:
        return {"announce_time": schedule_wording.NO_TIME}
    if announce.at <= now:
        return {"announce_time": schedule_wording.ANNOUNCE_PAST}
    return {} if announce.at < starts_at else {"announce_time": schedule_wording.ANNOUNCE_AFTER_START}


def undo_until(cancelled_at: datetime, ends_at: datetime) -> datetime:
    """Until when a cancellation can be undone: for a while, and not once the game would be over."""
    return min(cancelled_at + UNDO_WINDOW, ends_at)


TITLE_MAX = 200


OPEN_GAMES_OF_HOST, OPEN_GAMES_IN_GUILD = 25, 500  # games to come at a time


MIN_LEAD_TIME = timedelta(minutes=1)


MAX_LEAD_TIME = timedelta(days=730)


TOO_FAR = "That is more than two years ahead. Choose an earlier date."


@dataclass(frozen=True)
class Plan:
    """What a person may decide about a game. Durations and reminders in minutes; seats 0 for unlimited.

    Settings that are None are inherited: see `games.models.settings`.
    """

    title: str
    description: str
    starts_at: datetime
    zone: str
    channel_id: int
    template_id: int | None = None
    seats: int | None = None
    duration: int | None = None
    reminders: tuple[int, ...] | None = None
    location: str | None = None
    instructions: str | None = None
    player_role_ids: tuple[int, ...] | None = None
    notify_role_ids: tuple[int, ...] | None = None
    confirm_by_dm: bool | None = None
    reminder_place: str | None = None
    method: str | None = None
    priority_role_ids: tuple[int, ...] | None = None
    answers: bool | None = None
    plus_one: bool | None = None
    signups_close: int | None = None
    offer_within: int | None = None
    offer_for: int | None = None
    minimum: int | None = None
    minimum_by: int | None = None
    ask_if_moved: int | None = None
    silence_frees: bool | None = None
    if_deleted: str | None = None
    ask_rewards: bool | None = None
    archive_channel_id: int | None = None
    archive_after: int | None = None


def tidy_plan(plan: Plan) -> Plan:
    """The plan as it will be kept: texts trimmed, line ends unified, reminders once each, the earliest first."""
    return replace(
        plan,
        title=" ".join(plan.title.split()),
        description=tidy_lines(plan.description),
        **tidy_settings(plan.reminders, plan.location, plan.instructions),
    )


def check_plan(plan: Plan, now: datetime, old_start: datetime | None = None) -> Refusal | None:
    """What is wrong with a tidy plan, a sentence for each field; None for nothing.

    A start that stays what it was is not judged again, so that a game under way can still be corrected.
    """
    wrong: dict[str, str] = {}
    if not is_visible(plan.title):
        wrong["title"] = "Give the game a title that people can see."
    elif len(plan.title) > TITLE_MAX:
        wrong["title"] = f"The title has {len(plan.title)} characters. Shorten it to {TITLE_MAX}."
    elif has_control_characters(plan.title):
        wrong["title"] = "The title contains a character that cannot be shown. Type it again without."
    if len(plan.description) > DESCRIPTION_MAX:
        wrong["description"] = (
            f"The description has {len(plan.description):,} characters. Shorten it to {DESCRIPTION_MAX:,}."
        )
    elif has_control_characters(plan.description.replace("\n", "").replace("\t", "")):
        wrong["description"] = "The description contains a character that cannot be shown. Type it again without."
    wrong |= check_settings({name: getattr(plan, name) for name in CHECKED_SETTINGS})
    if plan.starts_at != old_start:
        if plan.starts_at < now + MIN_LEAD_TIME:
            wrong["time"] = "That time is past, or less than a minute ahead. Choose a later one."
        elif plan.starts_at > now + MAX_LEAD_TIME:
            wrong["date"] = TOO_FAR
    return Refusal("bad_plan", " ".join(wrong.values()), wrong) if wrong else None


def check_game_limits(of_host: int, in_guild: int) -> Refusal | None:
    """Whether one more game may be scheduled beside those to come; bounds against abuse, not against use."""
    if of_host >= OPEN_GAMES_OF_HOST:
        sentence = f"{of_host} games to come here are the most that one host may have. Cancel one first, or wait."
    elif in_guild >= OPEN_GAMES_IN_GUILD:
        sentence = f"{in_guild} games to come are the most that a server may have. Wait until some are over."
    else:
        return None
    return Refusal("too_many", sentence)


@dataclass(frozen=True)
class ClockProblem:
    """A wall-clock time that the zone skips, or has twice; with the moments that may be meant, in order."""

    sentence: str
    choices: tuple[datetime, ...]


def resolve_local_time(day: date, at: time, zone: str, fold: int | None = None) -> datetime | ClockProblem:
    """The moment, in UTC, at which clocks in the zone show this time.

    `fold` says which of the problem's two choices is meant, 0 for the earlier; for a time that comes twice that
    is PEP 495's fold. Without it nothing is guessed.
    """
    tz = zoneinfo.ZoneInfo(zone)
    local = datetime.combine(day, at, tzinfo=tz)
    first, second = (local.replace(fold=f).astimezone(zoneinfo.ZoneInfo("UTC")) for f in (0, 1))
    if first == second:
        return first
    shown = f"{at:%H:%M} on {day.day} {day:%B %Y}"
    if first.astimezone(tz).replace(tzinfo=None) != local.replace(tzinfo=None):
        if fold is not None:
            return first if fold else second
        return ClockProblem(
            f"{shown} does not exist in {zone}: clocks go forward over it. Choose a time next to it.",
            (second, first),
        )
    if fold is None:
        return ClockProblem(
            f"{shown} comes twice in {zone}: clocks go back over it. Choose which one you mean.", (first, second)
        )
    return second if fold else first


def past_reminders(starts_at: datetime, reminders: Iterable[int], now: datetime) -> list[int]:
    """The reminders whose time has come and gone, which will not be sent."""
    return [minutes for minutes, at in reminder_times(starts_at, reminders) if at <= now]
