"""The substitutes of a series, who are asked in order when a regular drops out of one of its games."""

from datetime import datetime, timedelta

from django.db import transaction

from games.core import choices
from games.core.base import CLOCK_ACTOR, ActionResult, Actor, locked_game, require_state
from games.core.codes import NotificationKind
from games.core.queue import drop_place_notifications, notify
from games.core.roster import own_signup
from games.core.seating import current_signups
from games.core.states import GameAction
from games.models import Game, GameResponse
from games.series import wording
from games.series.regulars import present_players
from games.signups.actions import join_locked
from gamesched.lib.refusal import Refusal, Refused
from notifications.models import Delivery

STEP_IN, PASS_ON = "yes", "no"


def ask_next(game: Game, now: datetime) -> int | None:
    """Return the next substitute to ask, and see to it that another is asked if they do not answer.

    None if no regular's seat is free, or nobody is left. Needs the game's lock.
    """
    candidates, wanted = _candidates(game, now)
    if not candidates or wanted < 1:
        return None
    substitute_id = candidates[0]
    due_at = now if wanted > 1 else now + timedelta(minutes=game.settings.offer_for)
    # Another row than the one by which this one is asked: that is still open.
    notify(game, NotificationKind.SUBSTITUTE, due_at, dedupe_key=substitute_id, expires_at=game.starts_at)
    return substitute_id


def _candidates(game: Game, now: datetime) -> tuple[list[int], int]:
    """Return the substitutes who may be asked, in order, and how many of them are wanted."""
    assert game.series is not None
    substitutes = list(game.series.players.filter(is_substitute=True).values_list("user_id", flat=True))
    if not substitutes:
        return [], 0
    signups = current_signups(game)
    people = {one.user_id for one in signups}
    left = game.signups.filter(carried=True, left_at__isnull=False).exclude(user__in=people - {None})
    dropped = left.values("user").distinct().count()
    cannot = set(game.responses.filter(kind=GameResponse.Kind.ABSENT).values_list("user_id", flat=True))
    prompted = _prompted(game)
    answer_from = now - timedelta(minutes=game.settings.offer_for)
    awaited = [pk for pk in substitutes if pk not in people | cannot and prompted.get(pk, answer_from) > answer_from]
    wanted = dropped - sum(pk in people for pk in substitutes) - len(awaited)
    if game.settings.seats:
        free = game.settings.seats - sum(one.seated_at is not None for one in signups)
        wanted = min(wanted, free - len(awaited))
    unprompted = [pk for pk in substitutes if pk not in people | cannot | prompted.keys()]
    present = present_players(game, unprompted, now)
    return [pk for pk in unprompted if pk in present], wanted


def _prompted(game: Game) -> dict[int, datetime]:
    """Return who was asked to step in, and when."""
    rows = Delivery.objects.filter(notification__game=game, notification__kind=NotificationKind.SUBSTITUTE)
    return dict(rows.values_list("recipient_id", "notification__due_at"))


@transaction.atomic
def answer_substitute(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Step in for a regular, even if sign-ups are closed; or pass it on to the next. Raises Refused.

    `number`: whom the question was for; only they may answer.
    """
    game, _ = locked_game(game_id, actor, now)
    require_state(game, GameAction.JOIN, now)
    who = actor.user
    if who is None or who.pk not in _prompted(game) or number != who.pk:
        raise Refused(Refusal("not_prompted", choices.NOT_FOR_YOU))
    if game.series is None or choice not in {STEP_IN, PASS_ON}:
        raise Refused(choices.outdated_refusal())
    signups = current_signups(game)
    if own_signup(signups, who) is None and choice == PASS_ON:
        GameResponse.objects.update_or_create(
            game=game, user=who, defaults={"kind": GameResponse.Kind.ABSENT, "at": now}
        )
        notify(game, NotificationKind.SUBSTITUTE, now, expires_at=game.starts_at, keep_earlier=True)
        return ActionResult(game, True, wording.PASSED_ON)
    # By the schedule, as the host named them: who is added needs no open sign-ups.
    result = join_locked(game, CLOCK_ACTOR.viewer_of(game), signups, who, CLOCK_ACTOR, now)
    drop_place_notifications(game, who.pk, now)
    return result
