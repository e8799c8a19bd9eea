"""Who of those seated came: everybody, unless whoever runs the game says otherwise."""

from datetime import datetime

from django.db import transaction

from games.attendance import wording as attendance_wording
from games.core.base import ActionResult, Actor, locked_game, require_manager, require_state
from games.core.states import GameAction
from games.models import AuditEntry, Signup
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names


@transaction.atomic
def mark_attendance(game_id: int, signup_id: int, no_show: bool, actor: Actor, now: datetime) -> ActionResult:
    """Say of somebody with a seat that they did not come, or take that back. Raises Refused.

    Only they themself and those who run the game ever see it, so the post stays as it is.
    """
    game = locked_game(game_id, actor)
    require_manager(game, actor)
    require_state(game, GameAction.MARK_ATTENDANCE, now)
    signup = game.signups.current().filter(pk=signup_id, seated_at__isnull=False).first()
    if signup is None:
        raise Refused(Refusal("unknown_seat", attendance_wording.UNKNOWN_SEAT))
    name = name_of(signup, game.guild_id)
    if signup.no_show == no_show:
        return ActionResult(game, False, attendance_wording.attendance_marked(name, no_show, changed=False))
    signup.no_show = no_show
    signup.save(update_fields=["no_show"])
    changes = {"for": name, "no_show": no_show}
    # Not `changed`: no revision is counted where nothing changed that others see.
    AuditEntry.objects.create(
        guild_id=game.guild_id, game=game, actor=actor.user, door=actor.source, verb="attend", changes=changes, at=now
    )
    return ActionResult(game, True, attendance_wording.attendance_marked(name, no_show, changed=True))


def name_of(signup: Signup, guild_id: int) -> str:
    """What somebody is called in the guild."""
    if signup.user_id is None:
        return signup.placeholder
    return display_names(guild_id, [signup.user_id])[signup.user_id].text
