"""Starting, changing, pausing and ending a series, and skipping one of its dates."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import takewhile
from types import MappingProxyType
from typing import Any

from django.db import transaction

from games.core.base import ActionResult, Actor, locked_game, record_change, require_manager
from games.core.codes import AuditAction
from games.core.notification_schedule import schedule_post_update
from games.core.permissions import Viewer
from games.core.states import GameAction, is_allowed
from games.models import Game, Series, SeriesPlayer
from games.series import rules, wording
from games.series.game_values import follow_game
from games.series.recurrence import read_recurrence
from games.series.rules import SeriesPlan
from gamesched.lib.days_in_words import find_day
from gamesched.lib.refusal import Refusal, Refused
from gamesched.lib.scheduled_tasks import run_soon
from gamesched.lib.zones import zone_info

TIMES = ("first_date", "start_time", "zone", "lead_days", "host_confirms", "asks_regulars", "paused_until")


def plan_of(series: Series) -> SeriesPlan:
    """Return a series' plan, without its players."""
    values = {name: getattr(series, name) for name in TIMES}
    return SeriesPlan(read_recurrence(series.rule), **values, skipped=frozenset(series.skipped))


def store_plan(series: Series, plan: SeriesPlan) -> None:
    """Write a plan, without its players, into its series; the caller saves the row."""
    series.rule = str(plan.recurrence)
    for name in TIMES:
        setattr(series, name, getattr(plan, name))
    series.skipped = sorted(plan.skipped)


def plan_next_game(series: Series, now: datetime) -> None:
    """Set when the next game of a series is due to be made; the caller saves the row."""
    plan = plan_of(series)
    day = rules.next_day(plan, made_dates(series), now) if series.ended_at is None else None
    series.make_at = plan.announced_on(day) if day is not None else None
    if day is None:
        series.problem_code = ""


def schedule_next_game(series: Series, now: datetime) -> None:
    """Set when the next game is due, and have the worker make it now if it is; the caller saves the row."""
    plan_next_game(series, now)
    if series.make_at is not None and series.make_at <= now + rules.MADE_BEFORE:
        run_soon("games.scheduled_tasks.make_repeating_games")


def players_of(series: Series) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the regulars and the substitutes of a series, each in their order."""
    players = list(series.players.values_list("user_id", "is_substitute"))
    return tuple(pk for pk, substitute in players if not substitute), tuple(pk for pk, is_one in players if is_one)


def made_dates(series: Series) -> set[date]:
    """Return the dates of a series that have a game, cancelled ones too."""
    dates = Game.objects.filter(series=series.pk).order_by().values_list("series_date", flat=True)
    return {day for day in dates if day is not None}


def cancelled_dates(series: Series) -> set[date]:
    """Return the dates of a series whose game is cancelled."""
    games = Game.objects.filter(series=series.pk, cancelled_at__isnull=False).order_by()
    return {day for day in games.values_list("series_date", flat=True) if day is not None}


def lock_series_of(game_id: int) -> Series | None:
    """Lock the series that a game is one of, before people and games; None for none."""
    return Series.objects.select_for_update(no_key=True, of=("self",)).filter(games=game_id).first()


def locked_series(game_id: int, actor: Actor, now: datetime) -> tuple[Series, Game, Viewer]:
    """Lock the series of a game that the actor manages, then the game. Raises Refused."""
    series = lock_series_of(game_id)
    game, viewer = locked_game(game_id, actor, now)
    require_manager(game, viewer)
    if series is None or game.series_id != series.pk:
        raise Refused(Refusal("no_series", wording.NO_SERIES))
    return series, game, viewer


def _require_running(series: Series) -> None:
    if series.ended_at is not None:
        raise Refused(Refusal("ended", wording.ENDED_ALREADY))


def plan_for(game: Game) -> tuple[date, datetime]:
    """Return the date that a game stands for in its series, or would, and its local start."""
    local = game.starts_at.astimezone(zone_info(game.zone))
    return game.series_date or local.date(), local


@transaction.atomic
def repeat_game(game_id: int, plan: SeriesPlan, actor: Actor, now: datetime) -> ActionResult:
    """Have a game repeat by a plan, or by another plan from this game on.

    Later games that are scheduled already stay. Raises Refused, with a sentence for a field.
    """
    series = lock_series_of(game_id)
    game, viewer = locked_game(game_id, actor, now)
    require_manager(game, viewer)
    if refusal := rules.check_plan(plan, now):
        raise Refused(refusal)
    if series is None or game.series_id != series.pk:
        series = Series(guild_id=game.guild_id, created_at=now)
    series.ended_at = None
    if series.source_id != game.pk or is_allowed(GameAction.EDIT, game.state(now)):
        follow_game(series, game)  # one that is over changed no more, but `correct_series` may have changed the series
    store_plan(series, plan)
    series.save()
    if game.series_id != series.pk:
        game.series, game.series_date, game.series_start = series, plan.first_date, game.starts_at
        game.save()
    schedule_next_game(series, now)
    series.save(update_fields=["make_at"])
    _store_players(series, game, plan)
    _update_posts(series, now)
    record_change(game, actor, AuditAction.REPEAT, {"rule": series.rule}, now)
    later = series.games.filter(series_date__gt=plan.first_date, starts_at__gt=now, cancelled_at=None)
    return ActionResult(game, True, wording.started(plan.recurrence, later.exclude(pk=game.pk).count()))


def _store_players(series: Series, game: Game, plan: SeriesPlan) -> None:
    ids = [*plan.regulars, *plan.substitutes]
    members = set(game.guild.members.filter(left_at=None, user__in=ids).values_list("user_id", flat=True))
    series.players.all().delete()
    SeriesPlayer.objects.bulk_create(
        SeriesPlayer(series=series, user_id=user_id, position=position, is_substitute=user_id not in plan.regulars)
        for position, user_id in enumerate(ids, 1)
        if user_id in members
    )


@transaction.atomic
def skip_date(game_id: int, day: date, actor: Actor, now: datetime) -> ActionResult:
    """Leave out one date of a series that has no game yet. Raises Refused."""
    series, game, _ = locked_series(game_id, actor, now)
    plan = plan_of(series)
    if day in made_dates(series):
        raise Refused(Refusal("made", wording.MADE_ALREADY))
    # Without those skipped already, or each would let a later one be skipped for ever.
    days = replace(plan, skipped=()).days_to_come(now)
    if series.ended_at is not None or day not in takewhile(lambda one: one <= day, days):
        raise Refused(Refusal("not_a_date", wording.NOT_A_DATE))
    if day in plan.skipped:
        return ActionResult(game, False, wording.skipped(day))
    kept = [one for one in series.skipped if one >= series.today(now)]
    if len(kept) >= rules.SKIPPED_MAX:
        raise Refused(Refusal("too_many_skipped", wording.TOO_MANY_SKIPPED))
    series.skipped = sorted([*kept, day])
    return save_change(series, game, actor, AuditAction.SKIP_DATE, now, wording.skipped(day), _dated(day))


@transaction.atomic
def unskip_date(game_id: int, day: date, actor: Actor, now: datetime) -> ActionResult:
    """Take a date in again that was to be left out. Raises Refused."""
    series, game, _ = locked_series(game_id, actor, now)
    _require_running(series)
    if day not in series.skipped:
        return ActionResult(game, False, wording.unskipped(day))
    series.skipped = [one for one in series.skipped if one != day]
    return save_change(series, game, actor, AuditAction.UNSKIP_DATE, now, wording.unskipped(day), _dated(day))


@transaction.atomic
def pause_series(game_id: int, until: date | None, actor: Actor, now: datetime) -> ActionResult:
    """Make no game of any date before `until`; games that are scheduled already stay. Raises Refused."""
    series, game, _ = locked_series(game_id, actor, now)
    _require_running(series)
    if refusal := rules.check_break(until, series.today(now)):
        raise Refused(refusal)
    assert until is not None
    if series.paused_until == until:
        return ActionResult(game, False, wording.paused(until))
    series.paused_until = until
    return save_change(series, game, actor, AuditAction.PAUSE_SERIES, now, wording.paused(until), _dated(until))


@transaction.atomic
def pause_until(game_id: int, words: str, actor: Actor, now: datetime) -> ActionResult:
    """Pause a series until a day in words, read in the zone of the series. Raises Refused."""
    series, _, _ = locked_series(game_id, actor, now)
    found = find_day(words, now, series.zone)
    if found.day is None:
        raise Refused(Refusal("no_day", wording.DAY_PROBLEMS.get(found.problem or "", wording.WHICH_DAY)))
    return pause_series(game_id, found.day, actor, now)


@transaction.atomic
def resume_series(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """End the break of a series before its time. Raises Refused."""
    series, game, _ = locked_series(game_id, actor, now)
    _require_running(series)
    if series.paused_until is None:
        return ActionResult(game, False, wording.NOT_PAUSED)
    series.paused_until = None
    return save_change(series, game, actor, AuditAction.RESUME_SERIES, now, wording.RESUMED)


@transaction.atomic
def end_series(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Make no more games of a series; those that are scheduled already stay. Raises Refused."""
    series, game, _ = locked_series(game_id, actor, now)
    if series.ended_at is not None:
        return ActionResult(game, False, wording.ENDED_ALREADY)
    series.ended_at = now
    _update_posts(series, now)
    return save_change(series, game, actor, AuditAction.END_SERIES, now, wording.ENDED)


def _dated(day: date) -> dict[str, Any]:
    return {"date": day.isoformat()}


def save_change(
    series: Series,
    game: Game,
    actor: Actor,
    action: AuditAction,
    now: datetime,
    text: str,
    changes: Mapping[str, Any] = MappingProxyType({}),
) -> ActionResult:
    """Save a changed series, and record the change with the game through which it was made."""
    schedule_next_game(series, now)
    series.save()
    record_change(game, actor, action, changes, now)
    return ActionResult(game, True, text)


def _update_posts(series: Series, now: datetime) -> None:
    """Schedule the update of the posts of games to come, which say how they repeat."""
    for game in series.games.upcoming(now):
        schedule_post_update(game, now)
