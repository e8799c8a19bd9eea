"""Joining a game at the time of another game: joining both, or swapping."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from games.core import choices, wording
from games.core.base import ActionResult, Actor, lock_person
from games.core.permissions import visible_to_player
from games.models import Game, Signup
from games.offers import overlap_wording
from games.offers.schedule_conflicts import ConflictPolicy, find_conflict
from games.signups import wording as signup_wording
from games.signups.actions import join, leave
from gamesched.lib.refusal import Refusal, Refused
from guilds.names import isolated, shown_name


@transaction.atomic
def answer_conflict(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Handle the choice in the prompt about another game at that time; `number` is that game's id.

    Raises Refused.
    """
    if actor.user is None or choice not in {"anyway", "swap"}:
        raise Refused(choices.outdated_refusal())
    if choice == "anyway":
        lock_person(actor.user.pk)  # a join of another game in this instant has to find this one
        return join(game_id, actor.user, actor, now, overlap=ConflictPolicy.ANYWAY)
    return swap_games(game_id, actor, now, number)


@transaction.atomic
def swap_games(game_id: int, actor: Actor, now: datetime, number: int | None = None) -> ActionResult:
    """Leave the user's other games at that time and join this one, or do neither.

    `number`: the game that the prompt named; if it is another by now, the prompt is raised again. Raises
    Refused.
    """
    who = actor.user
    lock_person(who.pk if who is not None else 0)
    game = visible_to_player(who).filter(pk=game_id).first() if who is not None else None
    if who is None or game is None:
        raise Refused(Refusal("unknown_game", wording.UNKNOWN_GAME))
    conflict = find_conflict(who, game.starts_at, game.ends_at, now, game)
    if conflict is None or (number is not None and conflict.number != number):
        return join(game_id, who, actor, now, overlap=ConflictPolicy.ASK)
    if conflict.hosting:
        raise Refused(Refusal("hosting", overlap_wording.HOSTING_CANNOT_SWAP))
    ids = [game_id, *(playing_game.pk for playing_game in conflict.playing)]
    # Lock all games first, in the order of their ids: somebody may swap the other way at this moment.
    list(Game.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
    left = Signup.objects.current().filter(game__in=conflict.playing, guest_of__user=who)
    guests = [shown_name(name) for name in left.order_by("pk").values_list("placeholder", flat=True)]
    for other in conflict.playing:
        leave(other.pk, who, actor, now)
    # Raises the prompt if they joined yet another game meanwhile, which rolls the leaving back too.
    result = join(game_id, who, actor, now, overlap=ConflictPolicy.ASK)
    titles = [f"“{isolated(playing_game.title)}”" for playing_game in conflict.playing]
    text = signup_wording.with_guest_left(overlap_wording.swapped(titles, result.text), guests)
    return replace(result, changed=True, text=text)
