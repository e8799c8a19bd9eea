"""What Discord shows of a series to those who run it: its rule, its next dates, and which of them can be skipped."""

from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Case, F, QuerySet, When
from django.urls import reverse

from games.core.escaping import escape_markdown
from games.core.wording import timestamp
from games.models import Game, Series
from games.series import actions, rules, wording
from guilds.names import isolated

TITLE_SHOWN = 200


@dataclass(frozen=True)
class SeriesDate:
    """A date of a series that has no game yet; `skipped` can be taken in again."""

    day: date
    skipped: bool


@dataclass(frozen=True)
class SeriesOverview:
    """A series through one of its games. `lines` are in Discord's markup; `dates` are those that can be skipped."""

    game_id: int
    lines: tuple[str, ...]
    url: str
    running: bool
    dates: tuple[SeriesDate, ...] = ()
    paused_until: date | None = None


def series_overview(game: Game, series: Series, now: datetime) -> SeriesOverview:
    """Return how a series stands, through one of its games."""
    title = f"**{isolated(escape_markdown(game.title, TITLE_SHOWN))}**"
    url = settings.PUBLIC_URL + reverse("game-repeat", args=[game.pk])
    if series.ended_at is not None:
        return SeriesOverview(game.pk, (f"{title}: {wording.ENDED_ALREADY}",), url, False)
    plan, made = actions.plan_of(series), actions.made_dates(series)
    shown = rules.next_dates(plan, now)
    lines = [f"{title}: {wording.repeats_by(series.rule)}, {wording.at_its_time(series.start_time, series.zone)}"]
    lines += [_date_line(one, one.day in made, one.day in plan.skipped) for one in shown]
    until = series.current_break(now)
    lines.append(wording.next_game(timestamp(series.make_at)) if series.make_at is not None else wording.NO_NEXT)
    lines += [wording.paused(until)] if until is not None else []
    lines += [wording.problem(series.problem_code)] if series.problem_code else []
    # Beyond those that are shown too, where each of these has its game already.
    ahead = sum(day >= series.today(now) for day in made)
    to_come = rules.next_dates(plan, now, rules.DATES_SHOWN + ahead)
    dates = [
        SeriesDate(one.day, one.day in plan.skipped)
        for one in to_come
        if one.day not in made and (until is None or one.day >= until)
    ]
    return SeriesOverview(game.pk, tuple(lines), url, True, tuple(dates[: rules.DATES_SHOWN]), until)


def _date_line(shown: rules.ShownDate, is_made: bool, is_skipped: bool) -> str:
    state = wording.PAUSED if shown.left_out else ""
    if is_made:
        state = wording.SCHEDULED
    elif is_skipped:
        state = wording.SKIPPED
    return " · ".join(filter(None, (f"- {timestamp(shown.starts_at)}", state, wording.CLOCKS[shown.clocks])))


def games_of_running_series(guild_id: int, now: datetime) -> QuerySet[Game]:
    """Return a game of each series of a guild that repeats: the next to come, or else its last."""
    soon = Case(When(starts_at__gt=now, cancelled_at=None, then=F("starts_at")))
    order = (soon.asc(nulls_last=True), "-starts_at", "pk")
    games = Game.objects.filter(guild=guild_id, series__ended_at=None, series__isnull=False)
    one_of_each = games.order_by("series", *order).distinct("series").values("pk")
    return Game.objects.with_guild_and_channel().filter(pk__in=one_of_each).order_by(*order)
