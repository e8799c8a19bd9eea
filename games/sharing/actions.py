"""Giving a game another share link."""

from datetime import datetime
from uuid import uuid4

from django.db import transaction

from games.core.base import ActionResult, Actor, locked_game, record, require_manager
from games.core.codes import AuditAction
from games.sharing.wording import RENEWED


@transaction.atomic
def renew_share_link(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """Give a game another share link; the one before leads nowhere from this moment. Raises Refused."""
    game, viewer = locked_game(game_id, actor, now)
    require_manager(game, viewer)
    game.share_token = uuid4()
    game.save()
    # Its post does not show the link, so nothing is sent to Discord.
    record(game, actor, AuditAction.RENEW_SHARE_LINK, {}, now)
    return ActionResult(game, True, RENEWED)
