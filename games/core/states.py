"""The states of a game, and the actions that each state allows; every action checks this table."""

import enum
from collections.abc import Mapping
from datetime import datetime


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


_HIDDEN = {State.DRAFT, State.UNANNOUNCED}
_UPCOMING = {*_HIDDEN, State.SCHEDULED}
_OPEN = {*_UPCOMING, State.IN_PROGRESS}
_STARTED = {State.IN_PROGRESS, State.COMPLETED, State.ARCHIVED}

ALLOWED: Mapping[str, frozenset[State]] = {
    "announce": frozenset(_HIDDEN),
    "repost": frozenset({State.SCHEDULED, State.IN_PROGRESS}),
    "edit": frozenset(_OPEN),
    "cancel": frozenset(_OPEN),
    "undo": frozenset({State.CANCELLED}),
    "join": frozenset({State.SCHEDULED}),
    "leave": frozenset({State.SCHEDULED}),
    "answer": frozenset({State.SCHEDULED}),
    "close": frozenset(_UPCOMING),
    "add": frozenset(_OPEN),
    "remove": frozenset(_OPEN),
    "seat": frozenset(_OPEN),
    "note": frozenset({State.SCHEDULED, State.IN_PROGRESS}),
    "hosts": frozenset(_OPEN),
    "tell": frozenset(State) - _HIDDEN,
    "attend": frozenset(_STARTED),
    "rewards": frozenset(_STARTED),
    "archive": frozenset({State.COMPLETED}),
}


def is_allowed(action: str, state: State) -> bool:
    """Return whether the action is allowed in this state."""
    return state in ALLOWED[action]
