"""The rewards that players got, as a host or manager writes them."""

from datetime import datetime

from django.db import transaction

from games.attendance import rules as attendance_rules
from games.attendance import wording as attendance_wording
from games.core import text_rules
from games.core.base import ActionResult, Actor, managed_game, record_change
from games.core.codes import AuditAction, GameSkipCode, NotificationKind
from games.core.notification_schedule import schedule_rewarded
from games.core.queue import close_notifications
from games.core.states import GameAction
from gamesched.lib.refusal import Refusal, Refused


@transaction.atomic
def set_rewards(game_id: int, text: str, actor: Actor, now: datetime, before: str | None = None) -> ActionResult:
    """Save, change or ('') remove a game's rewards. Raises Refused, with a sentence for the field `text`.

    `before` is the text when the form was opened: Refused as `stale` if somebody changed it since.
    """
    game, _ = managed_game(GameAction.WRITE_REWARDS, game_id, actor, now)
    text = text_rules.tidy_lines(text)
    if problem := attendance_rules.check_rewards(text):
        raise Refused(Refusal("bad_text", problem, {"text": problem}))
    if text == game.rewards:
        return ActionResult(game, False, attendance_wording.REWARDS_SAME)
    if before is not None and text_rules.tidy_lines(before) != game.rewards:
        raise Refused(Refusal("stale", attendance_wording.REWARDS_STALE))
    changes = {"rewards": [game.rewards, text]}
    game.rewards = text
    record_change(game, actor, AuditAction.WRITE_REWARDS, changes, now)
    if text:
        close_notifications(game, [NotificationKind.REWARDS], GameSkipCode.REWARDS_GIVEN, now)
        schedule_rewarded(game, now)
    return ActionResult(game, True, attendance_wording.REWARDS_SAVED if text else attendance_wording.REWARDS_TAKEN_OUT)
