"""All wording about the state of a game, and why the state forbids an action."""

from games.core.states import GameAction, State

STATE_TEXT = {
    State.DRAFT: "Draft",
    State.UNANNOUNCED: "Not announced yet",
    State.SCHEDULED: "Scheduled",
    State.IN_PROGRESS: "In progress",
    State.COMPLETED: "Over",
    State.CANCELLED: "Cancelled",
    State.ARCHIVED: "Archived",
}

ALREADY_CANCELLED = "This game was cancelled already."
NOT_CANCELLED = "This game is not cancelled, so there is nothing to undo."
NOT_STARTED = "This game has not started yet. Come back when it has."
ANNOUNCED = "This game is announced already."
NOT_ANNOUNCED = "This game is not announced yet, so there is nothing to try again. Announce it first."
NOBODY_TO_TELL = "This game is not announced yet, so there is nobody to write to. Announce it first."
HIDDEN = "This game is not announced yet, so nobody can sign up."

ROSTER_CLOSED = "This game has already started, so its roster is closed."

SIGNUP_ACTIONS = {GameAction.JOIN, GameAction.LEAVE, GameAction.RESPOND, GameAction.NOTE}


def signups_closed(state: State, cancel_reason: str = "") -> str:
    """Return why nobody can sign up or leave any more."""
    if state.hidden:
        return HIDDEN
    if state is State.CANCELLED:
        return f"This game was cancelled{f': {cancel_reason}' if cancel_reason else '.'}"
    if state is State.IN_PROGRESS:
        return f"{ROSTER_CLOSED} Ask the host."
    return "This game is over."


def no_longer_changeable(state: State) -> str:
    """Return why the game cannot be changed any more."""
    if state is State.CANCELLED:
        return "This game was cancelled, so it can no longer be changed. Schedule a new one."
    return "This game is over, so it can no longer be changed. Schedule a new one."


def not_allowed(action: GameAction, state: State, cancel_reason: str = "") -> str:
    """Return why the action is not allowed in this state."""
    if action in SIGNUP_ACTIONS:
        return signups_closed(state, cancel_reason)
    if action == GameAction.UNDO_CANCELLATION:
        return NOT_CANCELLED
    if action == GameAction.ANNOUNCE and not state.over:
        return ANNOUNCED
    if action == GameAction.MESSAGE_PLAYERS:
        return NOBODY_TO_TELL
    if action == GameAction.REPOST and state.hidden:
        return NOT_ANNOUNCED
    if action == GameAction.CLOSE_SIGNUPS and state is State.IN_PROGRESS:
        return signups_closed(state)
    if action == GameAction.ARCHIVE and state in {State.SCHEDULED, State.IN_PROGRESS}:
        return NOT_OVER
    if not state.over:
        return NOT_STARTED
    return no_longer_changeable(state)


NOT_OVER = "This game is not over yet. Archive it when it is, or let it be archived by itself."
