"""All wording about the state of a game, and why the state forbids an action."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from games.core.states import GameAction, State

STATE_TEXT = {
    State.DRAFT: gettext_noop("Draft"),
    State.UNANNOUNCED: gettext_noop("Not announced yet"),
    State.SCHEDULED: gettext_noop("Scheduled"),
    State.IN_PROGRESS: gettext_noop("In progress"),
    State.COMPLETED: gettext_noop("Over"),
    State.CANCELLED: gettext_noop("Cancelled"),
    State.ARCHIVED: gettext_noop("Archived"),
}

ALREADY_CANCELLED = gettext_noop("This game is already cancelled.")
NOT_CANCELLED = gettext_noop("This game isn't cancelled, so there's nothing to undo.")
NOT_STARTED = gettext_noop("This game hasn't started yet. Come back when it has.")
ANNOUNCED = gettext_noop("This game is already announced.")
NOT_ANNOUNCED = gettext_noop("This game isn't announced yet, so there's nothing to retry. Announce it first.")
NOBODY_TO_TELL = gettext_noop("This game isn't announced yet, so there's nobody to write to. Announce it first.")
HIDDEN = gettext_noop("This game isn't announced yet, so nobody can sign up.")

ROSTER_CLOSED = gettext_noop("This game has started, so its roster is closed.")

SIGNUP_ACTIONS = {GameAction.JOIN, GameAction.LEAVE, GameAction.RESPOND, GameAction.NOTE}


def signups_closed(state: State, cancel_reason: str = "") -> str:
    """Return why nobody can sign up or leave any more."""
    if state.hidden:
        return _(HIDDEN)
    if state is State.CANCELLED and cancel_reason:
        return _("This game is cancelled: %(reason)s") % {"reason": cancel_reason}
    if state is State.CANCELLED:
        return _("This game is cancelled.")
    if state is State.IN_PROGRESS:
        return _("This game has started, so its roster is closed. Ask the host.")
    return _("This game is over.")


def no_longer_changeable(state: State) -> str:
    """Return why the game cannot be changed any more."""
    if state is State.CANCELLED:
        return _("This game is cancelled, so you can't change it. Schedule a new one.")
    return _("This game is over, so you can't change it. Schedule a new one.")


def not_allowed(action: GameAction, state: State, cancel_reason: str = "") -> str:
    """Return why the action is not allowed in this state."""
    if action in SIGNUP_ACTIONS:
        return signups_closed(state, cancel_reason)
    if action == GameAction.UNDO_CANCELLATION:
        return _(NOT_CANCELLED)
    if action == GameAction.ANNOUNCE and not state.over:
        return _(ANNOUNCED)
    if action == GameAction.MESSAGE_PLAYERS:
        return _(NOBODY_TO_TELL)
    if action == GameAction.REPOST and state.hidden:
        return _(NOT_ANNOUNCED)
    if action == GameAction.CLOSE_SIGNUPS and state is State.IN_PROGRESS:
        return signups_closed(state)
    if action == GameAction.ARCHIVE and state in {State.SCHEDULED, State.IN_PROGRESS}:
        return _(NOT_OVER)
    if not state.over:
        return _(NOT_STARTED)
    return no_longer_changeable(state)


NOT_OVER = gettext_noop("This game isn't over yet. Archive it once it is, or let us do it.")
