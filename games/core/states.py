"""The states of a game, and the actions that each state allows; every action checks this table."""

import enum
from collections.abc import Mapping
from datetime import datetime

from django.db.models import TextChoices


class State(enum.StrEnum):
    """The state of a game.

    States that follow from the clock are never stored; decisions are, with their time.
    """

    DRAFT = "draft"
    UNANNOUNCED = "unannounced"  # has a time at which it will be announced
    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    ARCHIVED = "archived"

    @property
    def hidden(self) -> bool:
        """Return whether only hosts and managers can see the game."""
        return self in {State.DRAFT, State.UNANNOUNCED}

    @property
    def upcoming(self) -> bool:
        """Return whether the game is still to be played, so that its free seats matter."""
        return self.hidden or self is State.SCHEDULED

    @property
    def over(self) -> bool:
        """Return whether the game will not be played any more."""
        return self in {State.COMPLETED, State.CANCELLED, State.ARCHIVED}


def state(
    starts_at: datetime,
    ends_at: datetime,
    cancelled_at: datetime | None,
    now: datetime,
    *,
    announced_at: datetime | None,
    announce_at: datetime | None = None,
    archived_at: datetime | None = None,
) -> State:
    """Return the state, at `now`, of a game with these times."""
    if cancelled_at is not None:
        return State.CANCELLED
    if announced_at is None:
        return State.UNANNOUNCED if announce_at is not None else State.DRAFT
    if now < starts_at:
        return State.SCHEDULED
    if now < ends_at:
        return State.IN_PROGRESS
    return State.ARCHIVED if archived_at is not None else State.COMPLETED


class GameAction(TextChoices):
    """What may be done to a game, in some of its states."""

    ANNOUNCE = "announce"
    REPOST = "repost"
    EDIT = "edit"
    CANCEL = "cancel"
    END = "end"
    UNDO_CANCELLATION = "undo"
    JOIN = "join"
    LEAVE = "leave"
    RESPOND = "answer"
    CLOSE_SIGNUPS = "close"
    ADD = "add"
    REMOVE = "remove"
    SEAT = "seat"
    NOTE = "note"
    CHOOSE_HOSTS = "hosts"
    MESSAGE_PLAYERS = "tell"
    MARK_ATTENDANCE = "attend"
    WRITE_REWARDS = "rewards"
    ARCHIVE = "archive"


_HIDDEN = {State.DRAFT, State.UNANNOUNCED}
_UPCOMING = {*_HIDDEN, State.SCHEDULED}
_OPEN = {*_UPCOMING, State.IN_PROGRESS}
_STARTED = {State.IN_PROGRESS, State.COMPLETED, State.ARCHIVED}

ALLOWED: Mapping[GameAction, frozenset[State]] = {
    GameAction.ANNOUNCE: frozenset(_HIDDEN),
    GameAction.REPOST: frozenset({State.SCHEDULED, State.IN_PROGRESS}),
    GameAction.EDIT: frozenset(_OPEN),
    GameAction.CANCEL: frozenset(_OPEN),
    GameAction.END: frozenset({State.IN_PROGRESS}),
    GameAction.UNDO_CANCELLATION: frozenset({State.CANCELLED}),
    GameAction.JOIN: frozenset({State.SCHEDULED}),
    GameAction.LEAVE: frozenset({State.SCHEDULED}),
    GameAction.RESPOND: frozenset({State.SCHEDULED}),
    GameAction.CLOSE_SIGNUPS: frozenset(_UPCOMING),
    GameAction.ADD: frozenset(_OPEN),
    GameAction.REMOVE: frozenset(_OPEN),
    GameAction.SEAT: frozenset(_OPEN),
    GameAction.NOTE: frozenset({State.SCHEDULED, State.IN_PROGRESS}),
    GameAction.CHOOSE_HOSTS: frozenset(_OPEN),
    GameAction.MESSAGE_PLAYERS: frozenset(State) - _HIDDEN,
    GameAction.MARK_ATTENDANCE: frozenset(_STARTED),
    GameAction.WRITE_REWARDS: frozenset(_STARTED),
    GameAction.ARCHIVE: frozenset({State.COMPLETED}),
}


def is_allowed(action: GameAction, state: State) -> bool:
    """Return whether the action is allowed in this state."""
    return state in ALLOWED[action]
