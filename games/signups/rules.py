"""Whether a user can sign up for a game, and why not: the same rule for action, page and post."""

from datetime import datetime, timedelta

from django.utils.translation import gettext

from games.core import state_wording
from games.core.roster import Roster
from games.core.settings import SeatMethod
from games.core.states import State
from games.core.wording import BLOCKED, timestamp
from games.models import Game
from games.signups import wording as signup_wording
from guilds.display_names import role_names
from guilds.models import User
from guilds.templatetags.zoned_times import when


def closes_at(game: Game) -> datetime | None:
    """Return when sign-ups close before the start; None if they do not."""
    minutes = game.settings.signups_close
    return game.starts_at - timedelta(minutes=minutes) if minutes else None


def signup_closed_reason(game: Game, now: datetime, who: User | None, in_discord: bool = False) -> str:
    """Return why a person cannot sign up, or '' if they can; None stands for anybody.

    Hosts can sign up until the start: closing is for others. Times are in the person's zone, or with
    `in_discord` as Discord's timestamps.
    """
    if (state := game.state(now)) is not State.SCHEDULED:
        if state is State.IN_PROGRESS and who is not None and game.is_hosted_by(who.pk):
            return gettext(state_wording.ROSTER_CLOSED)
        return state_wording.signups_closed(state, game.cancel_reason)
    close_time = closes_at(game)
    by_clock = close_time is not None and close_time <= now
    if game.closed_at is None and not by_clock and game.settings.method is not SeatMethod.PICKS:
        return ""
    if who is not None and game.is_hosted_by(who.pk):
        return ""
    format_time = timestamp if in_discord or who is None else lambda at: when(at, who.zone)
    if game.closed_at is not None:
        return signup_wording.closed_by_host(format_time(game.closed_at))
    if close_time is not None and by_clock:
        return signup_wording.closed_by_clock(format_time(close_time))
    return gettext(signup_wording.HOST_PICKS)


def blocked_reason(game: Game, user_id: int, blocked: bool) -> str:
    """Return why somebody whom the guild blocks cannot sign up, or '' if they can: hosts can."""
    return gettext(BLOCKED) if blocked and not game.is_hosted_by(user_id) else ""


def has_seat_to_join(game: Game, people: Roster) -> bool:
    """Return whether joining gives a seat, to those who may."""
    return not game.settings.method.by_host and people.open_seats != 0


def join_label(game: Game, people: Roster, hosts: bool = False) -> str:
    """Return the label of the button to join, for those who may; hosts are not called to join what is theirs."""
    if has_seat_to_join(game, people):
        return gettext(signup_wording.TAKE_A_SEAT_TOO if hosts else signup_wording.JOIN)
    return gettext(signup_wording.JOIN_WAITING)


def signup_text(game: Game, now: datetime, who: User | None = None, *, waits: bool = False) -> str:
    """Return how to get a seat and until when; '' if there is nothing to add to the buttons.

    For the post, or for the page that `who` sees; the page itself shows why nobody can sign up, and beside the
    button that the host picks. `waits`: they are on the wait list.
    """
    if game.state(now) is not State.SCHEDULED:
        return ""
    settings, close_time = game.settings, closes_at(game)
    if closed := signup_closed_reason(game, now, who):
        return closed if who is None else ""
    lines = []
    if settings.method is SeatMethod.PICKS_WAITING and (waits or who is None):
        lines.append(gettext(signup_wording.ON_LIST_OF_HOST if waits else signup_wording.PICKS_FROM_WAITING))
    if settings.method is SeatMethod.PRIORITY and settings.priority_role_ids:
        ids = settings.priority_role_ids
        names = [name for role in ids for name in role_names(game.guild_id, [role])] if who else []
        lines.append(signup_wording.by_role(names if who else [f"<@&{role}>" for role in ids]))
    if close_time is not None:
        lines.append(signup_wording.closes(when(close_time, who.zone) if who else timestamp(close_time)))
    return "\n".join(lines)
