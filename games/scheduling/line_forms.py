"""The one line at the top of a guild's page, its quick picks, and the form that it fills in."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext

from games.core.permissions import Viewer
from games.core.rules import next_week
from games.core.setting_kinds import PICTURE_NAME
from games.models import Game
from games.scheduling import line_wording
from games.scheduling.one_line import read_line
from games.scheduling.planned_line import LineChoices, initial_of_line
from gamesched.lib.ids import parse_id
from gamesched.lib.moments import in_zone, is_usable
from gamesched.lib.times_in_words import LINE_MAX
from guilds.models import Guild, User

LAST_SLOT = "last"  # the quick pick for the weekday and time of the last game
EVENING = 20  # o'clock: at that time the other quick picks are


def line_context(viewer: Viewer, now: datetime, *, hosted: bool) -> dict[str, Any]:
    """Return what a guild's page offers to write a game in one line, and the times to pick.

    `hosted`: whether they hosted a game here, whose time they may want again.
    """
    picks = [(f"{day} {EVENING}:00", gettext(label)) for day, label in line_wording.QUICK_PICKS.items()]
    if in_zone(now, viewer.person.tzinfo).hour >= EVENING:
        picks = picks[1:]  # this evening has begun
    return line_fields(gettext(line_wording.GO_ON), reverse("game-new", args=[viewer.guild_id])) | {
        "quick_picks": [*picks, (LAST_SLOT, gettext(line_wording.LAST_SLOT))] if hosted else picks
    }


def line_fields(button: str, address: str) -> dict[str, Any]:
    """Return what the field of a line needs, with the button that leads to the form at an address."""
    return {
        "line_label": gettext(line_wording.LINE_LABEL),
        "line_example": gettext(line_wording.LINE_EXAMPLE),
        "line_button": button,
        "line_address": address,
        "line_max": LINE_MAX,
    }


def typed_line(query: QueryDict) -> str:
    """Return the line of an address, with the time of a quick pick behind it."""
    return f"{query.get('what', '')} {_picked(query)}".strip()[: 2 * LINE_MAX]


def _picked(query: QueryDict) -> str:
    return "" if query.get("when") == LAST_SLOT else query.get("when", "")


@dataclass(frozen=True)
class FilledForm:
    """A form's initial values with what an address says, and the page's context that asks for what it does not."""

    initial: dict[str, Any]
    context: dict[str, Any] = field(default_factory=dict)


def fill_in(query: QueryDict, initial: dict[str, Any], guild: Guild, user: User, now: datetime) -> FilledForm:
    """Fill in a form from the line in an address, and from what that says beside it."""
    text, chosen = typed_line(query), chosen_beside(query)
    if query.get("when") == LAST_SLOT:
        initial = initial | _last_slot(guild, user, now)
    if not (text or chosen.starts_at):
        return FilledForm(initial)
    line = read_line(text, now, str(initial["zone"]))
    initial = initial | initial_of_line(line, chosen)
    typed = query.get("what", "").strip()
    if not initial.get("title") and not any(map(str.isalnum, typed)):
        initial["title"] = typed  # a comma alone is no time either, and nothing typed is lost
    if chosen.starts_at is not None or line.when.at is not None or query.get("when") == LAST_SLOT:
        return FilledForm(initial)
    problem = gettext(line_wording.LINE_PROBLEMS[line.when.problem or ""])
    nothing_guessed = {"date": None, "time": None}
    return FilledForm(initial | nothing_guessed, {"line": line, "text": text, "line_problem": problem})


def chosen_beside(query: QueryDict) -> LineChoices:
    """Return what an address says beside the line; what is no number says nothing."""
    numbers = {name: parse_id(query.get(name, "")) for name in ("at", "seats", "duration")}
    at = datetime.fromtimestamp(min(numbers["at"], 10**10), UTC) if numbers["at"] else None
    starts_at = at if at is not None and is_usable(at) else None
    cover = query.get("cover", "")
    cover = cover if PICTURE_NAME.fullmatch(cover) else ""
    return LineChoices(starts_at, seats=numbers["seats"], duration=numbers["duration"], cover=cover)


def _last_slot(guild: Guild, user: User, now: datetime) -> dict[str, Any]:
    """Return the weekday, time and length of the last game that somebody hosts here, in the next week to come."""
    game = Game.objects.filter(guild=guild, host=user, cancelled_at=None).order_by("-starts_at").first()
    if game is None:
        return {}
    at = next_week(game.starts_at, game.zone, now)
    return {"date": at.date(), "time": at.time(), "zone": game.zone, "duration": game.minutes}
