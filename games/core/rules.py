"""Pure rules about games, over plain values and `now`: no database, no clock."""

import zoneinfo
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from games.core.text_rules import has_control_characters, tidy_lines

DESCRIPTION_MAX = 2000
SEATS_MAX = 100
LOCATION_MAX, INSTRUCTIONS_MAX = 200, 1000
DURATION_MIN, DURATION_MAX = 5, 7 * 24 * 60  # minutes
REMINDERS_MAX = 10
OFFER_MIN, OFFER_MAX = 5, 24 * 60  # minutes
PRIORITY_ROLES_MAX = 8
REMINDER_MIN, REMINDER_MAX = 1, 30 * 24 * 60  # minutes before the start


# --- settings --------------------------------------------------------------------------------------------


def tidy_settings(reminders: tuple[int, ...] | None, location: str | None, instructions: str | None) -> dict[str, Any]:
    """Return the settings in the form in which every layer stores them."""
    return {
        "reminders": None if reminders is None else tuple(sorted(set(reminders), reverse=True)),
        "location": None if location is None else " ".join(location.split()),
        "instructions": None if instructions is None else tidy_lines(instructions),
    }


DURATION_SETTINGS = ("signups_close", "offer_within", "minimum_by", "ask_if_moved", "archive_after")
CHECKED_SETTINGS = (
    "seats",
    "duration",
    "reminders",
    "location",
    "instructions",
    "minimum",
    "offer_for",
    *DURATION_SETTINGS,
)


def check_settings(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the problem with each bad setting of a layer, as a sentence.

    None inherits and is never wrong.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    wrong = {}
    if "seats" in given and not 0 <= given["seats"] <= SEATS_MAX:
        wrong["seats"] = f"Choose 1 to {SEATS_MAX} seats, or write unlimited."
    if "duration" in given and not DURATION_MIN <= given["duration"] <= DURATION_MAX:
        wrong["duration"] = "A game lasts 5 minutes to 7 days. Enter its length in minutes."
    reminders = given.get("reminders", ())
    if len(reminders) > REMINDERS_MAX:
        wrong["reminders"] = f"{len(reminders)} reminders are too many. Keep at most {REMINDERS_MAX}."
    elif any(not REMINDER_MIN <= minutes <= REMINDER_MAX for minutes in reminders):
        wrong["reminders"] = "A reminder comes 1 minute to 30 days before the start. Write 60, or 2h, or 1d."
    if "minimum" in given and not 0 <= given["minimum"] <= SEATS_MAX:
        wrong["minimum"] = f"Write 1 to {SEATS_MAX} players, or none."
    if "offer_for" in given and not OFFER_MIN <= given["offer_for"] <= OFFER_MAX:
        wrong["offer_for"] = "Give people 5 minutes to 1 day to take a seat."
    for name in DURATION_SETTINGS:
        if not 0 <= given.get(name, 0) <= REMINDER_MAX:
            wrong[name] = "Write a length of time up to 30 days: 30, 2h, 1d. Or none."
    for name, longest in (("location", LOCATION_MAX), ("instructions", INSTRUCTIONS_MAX)):
        text = given.get(name, "")
        if len(text) > longest:
            wrong[name] = f"This has {len(text):,} characters. Shorten it to {longest:,}."
        elif has_control_characters(text.replace("\n", "").replace("\t", "")):
            wrong[name] = "This contains a character that cannot be shown. Type it again without."
    return wrong


# --- reminders -------------------------------------------------------------------------------------------


def reminder_times(starts_at: datetime, reminders: Iterable[int]) -> list[tuple[int, datetime]]:
    """Return each reminder, in minutes before the start, with its time."""
    return [(minutes, starts_at - timedelta(minutes=minutes)) for minutes in reminders]


# --- confirmations ---------------------------------------------------------------------------------------


def confirmation_deadline(starts_at: datetime, now: datetime) -> datetime:
    """Return until when players may confirm: an hour before the start, and within a day.

    They have at least half an hour, unless the game starts earlier.
    """
    at = min(starts_at - timedelta(hours=1), now + timedelta(days=1))
    return min(max(at, now + timedelta(minutes=30)), starts_at)


def agreed_start(
    moves: Iterable[tuple[datetime, datetime]], starts_at: datetime, seated_at: datetime, confirmed_at: datetime | None
) -> datetime:
    """Return the start that a player last agreed to: when seated, or by confirming.

    `moves`: when the start was moved, and from which start, the first move first.
    """
    for at, start in moves:
        if at >= seated_at and (confirmed_at is None or at > confirmed_at):
            return start
    return starts_at


def next_week(starts_at: datetime, zone: str, now: datetime) -> datetime:
    """Return the same weekday and local time in the next week that is still ahead of `now`.

    The local time may not exist there: see `resolve_local_time`.
    """
    tz = zoneinfo.ZoneInfo(zone)
    local = starts_at.astimezone(tz).replace(tzinfo=None)
    weeks = max((now.astimezone(tz).replace(tzinfo=None) - local) // timedelta(days=7), 0) + 1
    return local + timedelta(days=7 * weeks)


UNDO_WINDOW = timedelta(minutes=10)  # after cancelling
