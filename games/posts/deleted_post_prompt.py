"""The host's decision about a deleted post."""

from datetime import datetime

from django.db import transaction

from games.core import choices
from games.core.base import ActionResult, Actor, locked_game, require_manager
from games.posts.actions import awaits_host_decision
from games.scheduling.actions import retry_announcement
from games.scheduling.cancellation import cancel_game
from gamesched.lib.refusal import Refused

PUT_BACK, CANCEL = "put_back", "cancel"


@transaction.atomic
def answer_deleted_post(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Put the post back, or cancel the game.

    Raises Refused, `outdated` once it was decided, or deleted again.
    """
    game, viewer = locked_game(game_id, actor, now)
    require_manager(game, viewer)
    post = game.announcement
    if not awaits_host_decision(post) or number != post.deletion_number or choice not in {PUT_BACK, CANCEL}:
        raise Refused(choices.outdated_refusal())
    return retry_announcement(game_id, actor, now) if choice == PUT_BACK else cancel_game(game_id, "", actor, now)
