"""Ending a running game before its time."""

from datetime import datetime

from django.db import transaction

from games.core.base import ActionResult, Actor, locked_game, record_change, require_manager, require_state
from games.core.codes import AuditAction, GameSkipCode, NotificationKind
from games.core.notification_schedule import schedule_game_times
from games.core.queue import close_notifications
from games.core.states import GameAction, State
from games.core.webhooks import queue_event
from games.models import WebhookEvent
from games.scheduling import wording as schedule_wording


@transaction.atomic
def end_game(game_id: int, actor: Actor, now: datetime) -> ActionResult:
    """End a running game now: all that follows its end comes as it would have come at the planned time.

    Its duration stays as planned, for when it is scheduled again. Raises Refused for a game that is not running.
    """
    game, viewer = locked_game(game_id, actor, now)
    require_manager(game, viewer)
    if game.state(now) in {State.COMPLETED, State.ARCHIVED}:
        return ActionResult(game, False, schedule_wording.ALREADY_OVER)
    require_state(game, GameAction.END, now)
    game.ends_at = max(now, game.starts_at + datetime.resolution)  # no game ends when it starts
    record_change(game, actor, AuditAction.END, {}, now)
    schedule_game_times(game, now)
    # The post is built again right now, so that the planned end has nothing left to do.
    kinds = [NotificationKind.END, NotificationKind.CHANGES_END]
    close_notifications(game, kinds, GameSkipCode.TIMES_CHANGED, now)
    queue_event(game, WebhookEvent.ENDED)
    return ActionResult(game, True, schedule_wording.ENDED)
