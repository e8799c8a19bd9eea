"""Making the next games of series when they are due: each date once, however many workers run and whatever ends."""

import logging
from datetime import date, datetime

from django.db import transaction

from games.confirmations.change_notices import notify_carried
from games.core.base import CLOCK_ACTOR, record
from games.core.codes import AuditAction, NotificationKind
from games.core.payloads import SeriesProblemPayload
from games.core.permissions import load_game_viewer
from games.core.queue import notify
from games.models import Game, Series
from games.scheduling import actions as scheduling
from games.scheduling.cloning import copy_cohosts
from games.scheduling.publishing import may_announce
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.series import rules
from games.series.actions import made_dates, plan_next_game, plan_of
from games.series.correction import announcers
from games.series.game_values import game_plan
from games.series.regulars import seat_regulars
from games.series.rules import SeriesPlan
from gamesched.lib.refusal import Refusal, Refused

log = logging.getLogger(__name__)


def make_due_games(now: datetime) -> int:
    """Make the next games that are due, in a transaction each; return how many.

    An error in one series leaves it as it was, and is raised once the others are done: they do not wait for it.
    """
    due = Series.objects.filter(make_at__lte=now + rules.MADE_BEFORE, guild__bot_removed_at=None).order_by(
        "make_at", "pk"
    )
    count, failed = 0, None
    for series_id in list(due.values_list("pk", flat=True)):
        try:
            while make_next_game(series_id, now) is not None:
                count += 1
        except Exception as error:
            log.exception("The next game of series %s could not be made.", series_id)
            failed = error
    if failed is not None:
        raise failed
    return count


@transaction.atomic
def make_next_game(series_id: int, now: datetime) -> Game | None:
    """Make the next game of a series if it is due; None if it is not, or somebody else is about to.

    What refuses it is stored, the host is told once, and it is tried again until its start is past.
    """
    rows = Series.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    series = rows.filter(pk=series_id, make_at__lte=now + rules.MADE_BEFORE, ended_at=None).first()
    if series is None:
        return None
    plan = plan_of(series)
    day = rules.next_day(plan, made_dates(series), now)
    if day is None or plan.announced_on(day) > now + rules.MADE_BEFORE:
        plan_next_game(series, now)  # the one that was due can start no more
        series.save(update_fields=["make_at", "problem_code"])
        return None
    series.source = source = Game.objects.with_guild_and_channel().get(pk=series.source_id)
    try:
        game = _make_game(series, plan, day, source, now)
    except Refused as refused:
        _keep_problem(series, source, refused.refusal.code, now)
        return None
    series.problem_code = ""
    plan_next_game(series, now)
    series.save(update_fields=["make_at", "problem_code"])
    return game


@transaction.atomic
def _make_game(series: Series, series_plan: SeriesPlan, day: date, source: Game, now: datetime) -> Game:
    """Make the game of a date. Raises Refused, and then leaves nothing behind."""
    starts_at, announced_at = series_plan.start_on(day), series_plan.announced_on(day)
    plan = game_plan(series, starts_at)
    if series.host_confirms:
        announce = AnnounceSchedule(AnnounceWhen.DRAFT)
    elif announced_at <= now:
        announce = AnnounceSchedule()
    else:
        announce = AnnounceSchedule(AnnounceWhen.LATER, announced_at)
    game = scheduling.create_game(
        series.guild_id, plan, CLOCK_ACTOR, now, host=series.next_host, announce=announce
    ).game
    # Of the new game: a started one has its settings frozen, without who may host it.
    if not may_announce(game, *(load_game_viewer(game, one) for one in announcers(series))):
        raise Refused(Refusal("no_host", ""))
    game.series, game.series_date, game.series_start = series, day, starts_at
    game.save()
    copy_cohosts(source, game, CLOCK_ACTOR, now)
    if seat_regulars(series, game, now):
        notify_carried(game, now)
    if series.host_confirms:
        notify(game, NotificationKind.SERIES_ASK_HOST, now, to=game.host_id, expires_at=game.starts_at)
    return game


def _keep_problem(series: Series, source: Game, code: str, now: datetime) -> None:
    """Store why the next game was refused, and tell the host unless they know, or were forgotten."""
    if series.problem_code == code:
        return
    series.problem_code = code[:32]
    series.save(update_fields=["problem_code"])
    record(source, CLOCK_ACTOR, AuditAction.NOT_REPEATED, {"why": code}, now)
    host = series.next_host
    if host.forgotten_at is None:
        notify(source, NotificationKind.SERIES_NOT_MADE, now, to=host.pk, payload=SeriesProblemPayload(code))
