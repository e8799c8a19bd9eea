"""Attendance: every seated player came, unless a host or manager says otherwise."""

from datetime import datetime

from django.db import transaction

from games.attendance import wording as attendance_wording
from games.core.audit_people import stored_participant
from games.core.base import ActionResult, Actor, managed_game, record
from games.core.codes import AuditAction
from games.core.notification_schedule import schedule_rewarded
from games.core.states import GameAction
from games.models import Signup
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names


@transaction.atomic
def mark_attendance(game_id: int, signup_id: int, no_show: bool, actor: Actor, now: datetime) -> ActionResult:
    """Mark a seated player as not having come, or undo that. Raises Refused.

    Only the player and those who manage the game ever see it, so the post stays as it is.
    """
    game, _ = managed_game(GameAction.MARK_ATTENDANCE, game_id, actor, now)
    signup = game.signups.seated().filter(pk=signup_id).first()
    if signup is None:
        raise Refused(Refusal("unknown_seat", attendance_wording.UNKNOWN_SEAT))
    name = name_of(signup, game.guild_id)
    if signup.no_show == no_show:
        return ActionResult(game, False, attendance_wording.attendance_marked(name, no_show, changed=False))
    signup.no_show = no_show
    signup.save(update_fields=["no_show"])
    changes = {"for": stored_participant(signup), "no_show": no_show}
    # Not `record_change`: the version must not grow if nothing changed that others see.
    record(game, actor, AuditAction.MARK_ATTENDANCE, changes, now)
    if not no_show:
        schedule_rewarded(game, now)
    return ActionResult(game, True, attendance_wording.attendance_marked(name, no_show, changed=True))


def name_of(signup: Signup, guild_id: int) -> str:
    """Return the name of a sign-up's person or placeholder in the guild."""
    if signup.user_id is None:
        return signup.guest_name
    return display_names(guild_id, [signup.user_id])[signup.user_id].text
