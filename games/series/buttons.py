"""What Discord's commands say of a game that is one of a series, and the buttons under it: skip, pause and resume."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext

from games.core import choices
from games.core.base import ActionResult, Actor
from games.core.choices import PromptChoice, PromptKind
from games.models import Game
from games.series import actions, rules, wording
from games.series.summary import running_series
from gamesched.lib.refusal import Refused
from notifications.messages import Button

SKIP, PAUSE, RESUME = "skip", "pause", "resume"
BREAK = timedelta(weeks=4)


def this_one_only(game: Game, page: str) -> str:
    """Return that a change is of this game alone, with the address of the page for later ones; '' for no series."""
    if running_series(game) is None:
        return ""
    return wording.this_one_only(settings.PUBLIC_URL + reverse(page, args=[game.pk]))


def series_buttons(game: Game, now: datetime) -> tuple[Button, ...]:
    """Return the buttons by which those who manage a game skip the next date of its series, pause or resume it."""
    series = running_series(game)
    if series is None:
        return ()
    if (until := series.current_break(now)) is not None:
        return (_choice(game, until, RESUME).button(gettext(wording.RESUME)),)
    day = rules.next_day(actions.plan_of(series), actions.made_dates(series), now)
    if day is None:
        return ()
    return (
        _choice(game, day, SKIP).button(wording.skip_it(day)),
        _choice(game, day + BREAK, PAUSE).button(wording.pause_until(day + BREAK)),
    )


def _choice(game: Game, day: date, choice: str) -> PromptChoice:
    return PromptChoice(PromptKind.SERIES_DATES, game.pk, day.toordinal(), choice)


@transaction.atomic
def answer_button(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Skip a date, make a break until one, or end the break; `number` is the date's ordinal. Raises Refused.

    A button from before another break, made since, neither changes nor ends that one.
    """
    if not 0 < number <= date.max.toordinal():
        raise Refused(choices.outdated_refusal())
    day = date.fromordinal(number)
    if choice == SKIP:
        return actions.skip_date(game_id, day, actor, now)
    series, _, _ = actions.locked_series(game_id, actor, now)
    if choice not in {PAUSE, RESUME} or series.current_break(now) not in {None, day}:
        raise Refused(choices.outdated_refusal())
    if choice == PAUSE:
        return actions.pause_series(game_id, day, actor, now)
    return actions.resume_series(game_id, actor, now)
