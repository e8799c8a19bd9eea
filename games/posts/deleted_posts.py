"""What the host answers when asked about a deleted post."""

from datetime import datetime

from django.db import transaction

from games.core import choices
from games.core.base import Actor, Done, locked_game, require_manager
from games.posts.actions import awaits_answer, question
from games.scheduling.actions import announce_again, cancel
from gamesched.lib.refusal import Refused

ASKED = "deleted"
PUT_BACK, CANCEL = "put_back", "cancel"


@transaction.atomic
def answer(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> Done:
    """Put the post back, or cancel the game. Raises Refused, as `outdated` once it was answered or deleted again."""
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    post = game.announcement
    if not awaits_answer(post) or number != question(post) or choice not in {PUT_BACK, CANCEL}:
        raise Refused(choices.outdated())
    return announce_again(game_id, actor, now) if choice == PUT_BACK else cancel(game_id, "", actor, now)
