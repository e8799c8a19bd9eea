"""Joining a game while one plays another at that time: both, or this one instead of that."""

from datetime import datetime

from django.db import transaction

from games.core import choices, wording
from games.core.base import ActionResult, Actor
from games.models import Game
from games.offers import overlap_wording
from games.offers.overlaps import ConflictPolicy, find_conflict
from games.signups.actions import join, leave
from gamesched.lib.refusal import Refusal, Refused


def answer_conflict(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """What somebody answered when they were asked about their other game, whose id `number` is. Raises Refused."""
    if actor.user is None or choice not in {"anyway", "swap"}:
        raise Refused(choices.outdated_refusal())
    if choice == "anyway":
        return join(game_id, actor.user, actor, now, overlap=ConflictPolicy.ANYWAY)
    return swap_games(game_id, actor, now, number)


@transaction.atomic
def swap_games(game_id: int, actor: Actor, now: datetime, number: int | None = None) -> ActionResult:
    """Leave the games that a person is in at that time and join this one, or do neither.

    `number`: of which game they were told; where it is another by now they are asked again. Raises Refused.
    """
    who = actor.user
    game = Game.objects.visible_to_member(who).filter(pk=game_id).first() if who is not None else None
    if who is None or game is None:
        raise Refused(Refusal("unknown_game", wording.UNKNOWN_GAME))
    conflict = find_conflict(who, game.starts_at, game.ends_at, now, game)
    if conflict is None or (number is not None and conflict.number != number):
        return join(game_id, who, actor, now, overlap=ConflictPolicy.ASK)
    if conflict.hosting:
        raise Refused(Refusal("hosting", overlap_wording.HOSTING_CANNOT_SWAP))
    ids = [game_id, *(one.pk for one in conflict.playing)]
    # All before anything else, in the order of their ids: somebody may swap the other way at this moment.
    list(Game.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
    for other in conflict.playing:
        leave(other.pk, who, actor, now)
    # Asks again where they joined yet another meanwhile, which undoes the leaving too.
    result = join(game_id, who, actor, now, overlap=ConflictPolicy.ASK)
    titles = [f"“{one.title}”" for one in conflict.playing]
    return ActionResult(result.game, True, overlap_wording.swapped(titles, result.text))
