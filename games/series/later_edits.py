"""Editing a game of a series so that the later ones follow it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from games.core.base import ActionResult, Actor, lock_people, record
from games.core.codes import AuditAction
from games.models import Game, Series
from games.scheduling import actions as scheduling
from games.scheduling.rules import AnnounceSchedule, Plan, change_plan, tidy_plan
from games.series import rules, wording
from games.series.actions import locked_series, made_dates, plan_of, schedule_next_game, store_plan
from games.series.game_values import NAMES, follow_game
from games.series.rules import SeriesPlan
from games.signups.participants import Participant
from gamesched.lib.refusal import Refusal, Refused
from gamesched.lib.zones import zone_info


@transaction.atomic
def edit_this_and_later(
    game_id: int,
    plan: Plan,
    actor: Actor,
    now: datetime,
    edit_version: int | None = None,
    participants: Iterable[Participant] = (),
    announce: AnnounceSchedule | None = None,
    drop_unconfirmed: bool | None = None,
) -> ActionResult:
    """Edit a game as `edit_game` does, and have all later ones of its series follow it.

    Those that are scheduled already get what was changed, and the start unless they were moved themselves. Those to
    come are copies of this one. Raises Refused for all of them if one cannot be changed so.
    """
    _lock_games_and_people(game_id, actor)
    series, game, _ = locked_series(game_id, actor, now)
    before = scheduling.plan_from_game(game)
    old_plan, old_day = plan_of(series), game.series_date
    assert old_day is not None
    later = list(series.games.filter(series_date__gt=old_day, starts_at__gt=now, cancelled_at=None).order_by("pk"))
    result = scheduling.edit_game(game_id, plan, actor, now, edit_version, participants, announce, drop_unconfirmed)
    changed = _changes(before, tidy_plan(plan))
    moved = plan.starts_at != before.starts_at or plan.zone != before.zone
    new_plan = rules.moved_plan(old_plan, old_day, plan.starts_at, plan.zone) if moved else old_plan
    shift = new_plan.first_date - old_day if moved else timedelta()
    made = made_dates(series)
    if moved and (refusal := rules.check_move(new_plan, made, old_day)):
        raise Refused(refusal)
    for one in later:
        _edit_later_game(one, changed, old_plan, new_plan if moved else None, shift, actor, now)
    _shift_dates(series, rules.shifted_dates(made, old_day, shift))
    game = result.game
    store_plan(series, new_plan)
    follow_game(series, game)
    schedule_next_game(series, now)
    series.save()
    record(game, actor, AuditAction.EDIT_LATER, {}, now)
    days_stay = moved and not shift and plan.starts_at.astimezone(zone_info(plan.zone)).date() != old_day
    return ActionResult(game, True, wording.and_later(result.text, days_stay))


def _lock_games_and_people(game_id: int, actor: Actor) -> None:
    """Lock a series, then who announced its games to come and the actor, then these games in the order of their ids."""
    list(Series.objects.select_for_update(no_key=True, of=("self",)).filter(games=game_id).values_list("pk"))
    games = Game.objects.filter(series__games=game_id)
    people = {one for pair in games.values_list("host_id", "announced_by_id") for one in pair if one}
    lock_people(people | ({actor.user.pk} if actor.user is not None else set()))
    ids = list(games.values_list("pk", flat=True))
    list(Game.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))


def _changes(before: Plan, after: Plan) -> dict[str, Any]:
    """Return what an edit changes besides the start, as `change_plan` takes it."""
    changed = {name: getattr(after, name) for name in NAMES if getattr(after, name) != getattr(before, name)}
    for name in {*before.settings, *after.settings}:
        if before.settings.get(name) != after.settings.get(name):
            changed[name] = after.settings.get(name)
    return changed


def _edit_later_game(
    game: Game,
    changed: dict[str, Any],
    old_plan: SeriesPlan,
    new_plan: SeriesPlan | None,
    shift: timedelta,
    actor: Actor,
    now: datetime,
) -> None:
    """Change a later game in the same way; `new_plan` is None where the start stays."""
    values = dict(changed)
    assert game.series_date is not None
    if new_plan is not None and game.starts_at == old_plan.start_on(game.series_date):
        values |= {"starts_at": new_plan.start_on(game.series_date + shift), "zone": new_plan.zone}
    before = scheduling.plan_from_game(game)
    plan = change_plan(before, **values)
    if plan == before:
        return
    try:
        scheduling.edit_game(game.pk, plan, actor, now)
    except Refused as refused:
        raise Refused(_of_later_game(refused.refusal, game.series_date)) from None


def _of_later_game(refusal: Refusal, day: date) -> Refusal:
    """Return the refusal of a later game, which says so: the one that is edited may have nothing wrong."""
    fields = {name: wording.of_later_game(day, sentence) for name, sentence in refusal.fields.items()}
    return Refusal(refusal.code, wording.of_later_game(day, refusal.sentence), fields)


def _shift_dates(series: Series, new_dates: Mapping[date, date]) -> None:
    """Have games stand for other dates; cancelled ones too, or they would be made again.

    One by one, so that no two stand for the same at any time.
    """
    changed = {old: new for old, new in new_dates.items() if old != new}
    for old, new in sorted(changed.items(), reverse=any(new > old for old, new in changed.items())):
        series.games.filter(series_date=old).update(series_date=new)
