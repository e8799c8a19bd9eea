"""What Discord shows of a series to those who run it: its rule, its next dates, and which of them can be skipped."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Case, F, QuerySet, When
from django.urls import reverse
from django.utils.translation import gettext

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
        return SeriesOverview(game.pk, (f"{title}: {gettext(wording.ENDED_ALREADY)}",), url, False)
    plan, games = actions.plan_of(series), _games_of(series)
    made = games.keys()
    shown = rules.next_dates(plan, now)
    lines = [f"{title}: {wording.repeats_by(series.rule)}, {wording.at_its_time(series.start_time, series.zone)}"]
    lines += [_date_line(one, games.get(one.day), one.day in plan.skipped) for one in shown]
    until = series.current_break(now)
    lines.append(
        wording.next_game(timestamp(series.make_at)) if series.make_at is not None else gettext(wording.NO_NEXT)
    )
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


def _games_of(series: Series) -> dict[date, Game]:
    """Return the games of a series by their dates, with no more than when each starts and whether it is cancelled."""
    games = Game.objects.filter(series=series.pk, series_date__isnull=False).order_by()
    return {one.series_date: one for one in games.only("series_date", "starts_at", "cancelled_at") if one.series_date}


def _date_line(shown: rules.ShownDate, game: Game | None, is_skipped: bool) -> str:
    state = gettext(wording.PAUSED) if shown.left_out else ""
    if game is not None:
        is_moved = abs(game.starts_at - shown.starts_at) >= timedelta(minutes=1)
        state = wording.moved_to(timestamp(game.starts_at)) if is_moved else gettext(wording.SCHEDULED)
        state = state if game.cancelled_at is None else gettext(wording.CANCELLED)
    elif is_skipped:
        state = gettext(wording.SKIPPED)
    return " · ".join(filter(None, (f"- {timestamp(shown.starts_at)}", state, gettext(wording.CLOCKS[shown.clocks]))))


def games_of_running_series(guild_id: int, now: datetime) -> QuerySet[Game]:
    """Return a game of each series of a guild that repeats: the next to come, or else its last."""
    soon = Case(When(starts_at__gt=now, cancelled_at=None, then=F("starts_at")))
    order = (soon.asc(nulls_last=True), "-starts_at", "pk")
    games = Game.objects.filter(guild=guild_id, series__ended_at=None, series__isnull=False)
    one_of_each = games.order_by("series", *order).distinct("series").values("pk")
    return Game.objects.with_guild_and_channel().filter(pk__in=one_of_each).order_by(*order)
