"""Pure decisions about games, over plain values and `now`. No database, no clock."""

import enum
import unicodedata
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from games.attendance import wording as attendance_wording
from games.signups import wording as signup_wording
from gamesched.lib.refusal import Refusal

TITLE_MAX = 200
DESCRIPTION_MAX = 2000
REASON_MAX = 300
REWARDS_MAX = 2000
NAME_MAX = 80  # of a template
SEATS_MAX = 100
LOCATION_MAX, INSTRUCTIONS_MAX = 200, 1000
DURATION_MIN, DURATION_MAX = 5, 7 * 24 * 60  # minutes
REMINDERS_MAX = 10
PLACEHOLDER_MAX, PLACEHOLDERS_MAX = 64, 20  # characters of one; how many a game may have
NAMED_MAX = SEATS_MAX + 50  # people and placeholders in a game to whom a host may still add
OPEN_GAMES_OF_HOST, OPEN_GAMES_IN_GUILD = 25, 500  # games to come at a time
OFFER_MIN, OFFER_MAX = 5, 24 * 60  # minutes
PRIORITY_ROLES_MAX = 8
REMINDER_MIN, REMINDER_MAX = 1, 30 * 24 * 60  # minutes before the start
TOLD_MAX, TOLD_SHOWN_MAX = 1000, 1200  # characters of a message to players: as typed, and as Discord is sent it
LEAD = timedelta(minutes=1)
HORIZON = timedelta(days=730)
KEPT_AFTER_LEAVING = timedelta(days=30)  # for which a server's data waits for the bot to be invited again
NOTHING_TOLD = "Write what they are to know."
TOO_FAR = "That is more than two years ahead. Choose an earlier date."


class To(enum.StrEnum):
    """For whom of a game's people a message is."""

    ALL = "all"
    SEATED = "seated"
    WAITING = "waiting"
    UNANSWERED = "unanswered"  # who was asked about it and said nothing


# --- what a person asks for ------------------------------------------------------------------------------


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


def tidy(plan: Plan) -> Plan:
    """The plan as it will be kept: texts trimmed, line ends unified, reminders once each, the earliest first."""
    return replace(
        plan,
        title=" ".join(plan.title.split()),
        description=tidy_lines(plan.description),
        **tidy_settings(plan.reminders, plan.location, plan.instructions),
    )


def tidy_settings(reminders: tuple[int, ...] | None, location: str | None, instructions: str | None) -> dict[str, Any]:
    """Settings as any level keeps them."""
    return {
        "reminders": None if reminders is None else tuple(sorted(set(reminders), reverse=True)),
        "location": None if location is None else " ".join(location.split()),
        "instructions": None if instructions is None else tidy_lines(instructions),
    }


def tidy_lines(text: str) -> str:
    """A text of several lines as it will be kept."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def check_plan(plan: Plan, now: datetime, old_start: datetime | None = None) -> Refusal | None:
    """What is wrong with a tidy plan, a sentence for each field; None for nothing.

    A start that stays what it was is not judged again, so that a game under way can still be corrected.
    """
    wrong: dict[str, str] = {}
    if not _visible(plan.title):
        wrong["title"] = "Give the game a title that people can see."
    elif len(plan.title) > TITLE_MAX:
        wrong["title"] = f"The title has {len(plan.title)} characters. Shorten it to {TITLE_MAX}."
    elif _has_controls(plan.title):
        wrong["title"] = "The title contains a character that cannot be shown. Type it again without."
    if len(plan.description) > DESCRIPTION_MAX:
        wrong["description"] = (
            f"The description has {len(plan.description):,} characters. Shorten it to {DESCRIPTION_MAX:,}."
        )
    elif _has_controls(plan.description.replace("\n", "").replace("\t", "")):
        wrong["description"] = "The description contains a character that cannot be shown. Type it again without."
    wrong |= check_settings({name: getattr(plan, name) for name in CHECKED})
    if plan.starts_at != old_start:
        if plan.starts_at < now + LEAD:
            wrong["time"] = "That time is past, or less than a minute ahead. Choose a later one."
        elif plan.starts_at > now + HORIZON:
            wrong["date"] = TOO_FAR
    return Refusal("bad_plan", " ".join(wrong.values()), wrong) if wrong else None


LENGTHS = ("signups_close", "offer_within", "minimum_by", "ask_if_moved", "archive_after")
CHECKED = ("seats", "duration", "reminders", "location", "instructions", "minimum", "offer_for", *LENGTHS)


def check_settings(settings: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with settings of any level, a sentence for each; None inherits and is never wrong."""
    said = {name: value for name, value in settings.items() if value is not None}
    wrong = {}
    if "seats" in said and not 0 <= said["seats"] <= SEATS_MAX:
        wrong["seats"] = f"Choose 1 to {SEATS_MAX} seats, or write unlimited."
    if "duration" in said and not DURATION_MIN <= said["duration"] <= DURATION_MAX:
        wrong["duration"] = "A game lasts 5 minutes to 7 days. Enter its length in minutes."
    reminders = said.get("reminders", ())
    if len(reminders) > REMINDERS_MAX:
        wrong["reminders"] = f"{len(reminders)} reminders are too many. Keep at most {REMINDERS_MAX}."
    elif any(not REMINDER_MIN <= minutes <= REMINDER_MAX for minutes in reminders):
        wrong["reminders"] = "A reminder comes 1 minute to 30 days before the start. Write 60, or 2h, or 1d."
    if "minimum" in said and not 0 <= said["minimum"] <= SEATS_MAX:
        wrong["minimum"] = f"Write 1 to {SEATS_MAX} players, or none."
    if "offer_for" in said and not OFFER_MIN <= said["offer_for"] <= OFFER_MAX:
        wrong["offer_for"] = "Give people 5 minutes to 1 day to take a seat."
    for name in LENGTHS:
        if not 0 <= said.get(name, 0) <= REMINDER_MAX:
            wrong[name] = "Write a length of time up to 30 days: 30, 2h, 1d. Or none."
    for name, longest in (("location", LOCATION_MAX), ("instructions", INSTRUCTIONS_MAX)):
        text = said.get(name, "")
        if len(text) > longest:
            wrong[name] = f"This has {len(text):,} characters. Shorten it to {longest:,}."
        elif _has_controls(text.replace("\n", "").replace("\t", "")):
            wrong[name] = "This contains a character that cannot be shown. Type it again without."
    return wrong


def tidy_texts(name: str, description: str) -> tuple[str, str]:
    """A template's name and description as they will be kept."""
    return " ".join(name.split()), tidy_lines(description)


def check_texts(name: str, description: str, others: Iterable[str]) -> dict[str, str]:
    """What is wrong with a template's tidy texts, beside the names of the others, a sentence for each."""
    wrong = {}
    if not _visible(name):
        wrong["name"] = "Give the template a name that people can see."
    elif len(name) > NAME_MAX:
        wrong["name"] = f"The name has {len(name)} characters. Shorten it to {NAME_MAX}."
    elif _has_controls(name):
        wrong["name"] = "The name contains a character that cannot be shown. Type it again without."
    elif name.casefold() in {other.casefold() for other in others}:
        wrong["name"] = "Another template has this name. Choose one that hosts can tell apart."
    if len(description) > DESCRIPTION_MAX:
        wrong["description"] = (
            f"The description has {len(description):,} characters. Shorten it to {DESCRIPTION_MAX:,}."
        )
    elif _has_controls(description.replace("\n", "").replace("\t", "")):
        wrong["description"] = "The description contains a character that cannot be shown. Type it again without."
    return wrong


def check_room(of_host: int, in_guild: int) -> Refusal | None:
    """Whether one more game may be scheduled beside those to come; bounds against abuse, not against use."""
    if of_host >= OPEN_GAMES_OF_HOST:
        sentence = f"{of_host} games to come here are the most that one host may have. Cancel one first, or wait."
    elif in_guild >= OPEN_GAMES_IN_GUILD:
        sentence = f"{in_guild} games to come are the most that a server may have. Wait until some are over."
    else:
        return None
    return Refusal("too_many", sentence)


def check_told(text: str, shown: str) -> str:
    """What is wrong with a tidy message to players, as typed and as it will be shown; '' for nothing."""
    if not _visible(text):
        return NOTHING_TOLD
    if len(text) > TOLD_MAX:
        return f"The message has {len(text):,} characters. Shorten it to {TOLD_MAX:,}."
    if _has_controls(text.replace("\n", "").replace("\t", "")):
        return "The message contains a character that cannot be shown. Type it again without."
    if len(shown) > TOLD_SHOWN_MAX:
        return "The message has too many lines or special characters for Discord. Write it in plainer words."
    return ""


def check_rewards(text: str) -> str:
    """What is wrong with a tidy text about rewards; '' for nothing."""
    if len(text) > REWARDS_MAX:
        return attendance_wording.rewards_too_long(len(text), REWARDS_MAX)
    return attendance_wording.REWARDS_BAD if _has_controls(text.replace("\n", "").replace("\t", "")) else ""


def check_reason(reason: str) -> Refusal | None:
    """What is wrong with the reason of a cancellation."""
    if len(reason) > REASON_MAX:
        sentence = f"The reason has {len(reason)} characters. Shorten it to {REASON_MAX}."
    elif _has_controls(reason.replace("\n", "")):
        sentence = "The reason contains a character that cannot be shown. Type it again without."
    else:
        return None
    return Refusal("bad_reason", sentence, {"reason": sentence})


def check_note(text: str) -> str:
    """What is wrong with a tidy note beside somebody's name; '' for nothing, and for none."""
    if len(text) > signup_wording.NOTE_MAX:
        return signup_wording.note_too_long(len(text))
    return signup_wording.NOTE_BAD if text and (_has_controls(text) or not _visible(text)) else ""


def check_placeholder(name: str) -> str:
    """What is wrong with a name kept for somebody who is not in Discord; '' for nothing."""
    if len(name) > PLACEHOLDER_MAX:
        return f"This has {len(name)} characters. Shorten it to {PLACEHOLDER_MAX}."
    if _has_controls(name) or not _visible(name):
        return "This contains a character that cannot be shown. Type it again without."
    return ""


def check_named(placeholders: int, everyone: int) -> Refusal | None:
    """Whether a game may have so many placeholders, and so many sign-ups after a host's additions."""
    if placeholders > PLACEHOLDERS_MAX:
        sentence = (
            f"That makes {placeholders} names of people not in Discord; a game may have {PLACEHOLDERS_MAX}. "
            "Write @ before those who are in this server."
        )
    elif everyone > NAMED_MAX:
        sentence = f"That makes {everyone} people; a host may name up to {NAMED_MAX}. Let the others join themselves."
    else:
        return None
    return Refusal("too_many_named", sentence, {"participants": sentence})


def _visible(text: str) -> bool:
    return any(unicodedata.category(c)[0] not in "CZ" and c not in "\u115f\u1160\u3164\uffa0\u2800" for c in text)


def _has_controls(text: str) -> bool:
    # Cc holds NUL, which PostgreSQL cannot store; Cs is half of a character. Cf (joiners) is how emoji are made.
    return any(unicodedata.category(c) in {"Cc", "Cs"} for c in text)


# --- wall clocks -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ClockProblem:
    """A wall-clock time that the zone skips, or has twice; with the moments that may be meant, in order."""

    sentence: str
    choices: tuple[datetime, ...]


def resolve(day: date, at: time, zone: str, fold: int | None = None) -> datetime | ClockProblem:
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


# --- reminders -------------------------------------------------------------------------------------------


def reminder_times(starts_at: datetime, reminders: Iterable[int]) -> list[tuple[int, datetime]]:
    """Each reminder, in minutes before the start, with its time."""
    return [(minutes, starts_at - timedelta(minutes=minutes)) for minutes in reminders]


DIGEST_HOUR = 18  # by the clock of whoever gets it: before the evening's games


def next_digest(now: datetime, zone: tzinfo) -> datetime:
    """When a daily digest comes next, for somebody in that zone."""
    local = now.astimezone(zone)
    at = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0, fold=0)
    if at.astimezone(UTC) <= now:
        at += timedelta(days=1)  # by the wall clock, whatever the day's length
    return at.astimezone(UTC)


def past_reminders(starts_at: datetime, reminders: Iterable[int], now: datetime) -> list[int]:
    """The reminders whose time has come and gone, which will not be sent."""
    return [minutes for minutes, at in reminder_times(starts_at, reminders) if at <= now]


# --- asking again ----------------------------------------------------------------------------------------


def answer_by(starts_at: datetime, now: datetime) -> datetime:
    """Until when people may say whether they still come: an hour before the start, and within a day.

    They have half an hour at least, but for games that start before that.
    """
    at = min(starts_at - timedelta(hours=1), now + timedelta(days=1))
    return min(max(at, now + timedelta(minutes=30)), starts_at)


def start_agreed(
    moves: Iterable[tuple[datetime, datetime]], starts_at: datetime, seated_at: datetime, answered_at: datetime | None
) -> datetime:
    """The start that held when somebody last agreed to one: when seated, or by their answer.

    `moves`: when the start was moved, and from where, the first first.
    """
    for at, start in moves:
        if at >= seated_at and (answered_at is None or at > answered_at):
            return start
    return starts_at


def next_week(starts_at: datetime, zone: str, now: datetime) -> datetime:
    """The wall clock in the zone on the same weekday, the next to come. It need not exist: see `resolve`."""
    tz = zoneinfo.ZoneInfo(zone)
    local = starts_at.astimezone(tz).replace(tzinfo=None)
    weeks = max((now.astimezone(tz).replace(tzinfo=None) - local) // timedelta(days=7), 0) + 1
    return local + timedelta(days=7 * weeks)
