"""The lines of a game's history. For an action of another folder, `describe_action` of its wording returns the line."""

from collections.abc import Callable, Mapping
from typing import Any

from games.attendance import wording as attendance_wording
from games.confirmations import wording as confirmation_wording
from games.core.codes import AuditAction
from games.deliveries import wording as delivery_wording
from games.hosts import wording as host_wording
from games.offers import wording as offer_wording
from games.polls import wording as poll_wording
from games.scheduling import wording as schedule_wording
from games.series import wording as series_wording
from games.signups import wording as signup_wording

AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.CREATE: "scheduled the game",
    AuditAction.CANCEL: "cancelled the game",
    AuditAction.JOIN: "joined",
    AuditAction.LEAVE: "left",
    AuditAction.ADD: "added",
    AuditAction.REMOVE: "removed",
    AuditAction.REPOST: "had it announced again",
    AuditAction.LOSE_SEAT: "lost their seat",
    AuditAction.POST_DELETED: "deleted the announcement there, so it was put back",
}


def describe_action(action: str, who: str, changes: Mapping[str, Any]) -> str:
    """Return one line about scheduling, announcing or cancelling a game, or about who is in it."""
    person = changes.get("for")
    match action:
        case AuditAction.LOSE_SEAT:
            why = "left the server" if changes.get("left") else "lost the role"
            why = "may no longer see the channel" if changes.get("hidden") else why
            return f"{person} {why}, so the seat is free"
        case AuditAction.ADD | AuditAction.REMOVE:
            word = f": {changes['word']}" if changes.get("word") else ""
            return f"{who} {AUDIT_ACTIONS[action]} {person or ''}{word}"
        case AuditAction.JOIN | AuditAction.LEAVE if person:
            return f"{who} {'signed up' if action == AuditAction.JOIN else 'removed'} {person}"
    return f"{who} {AUDIT_ACTIONS[action]}"


WORDING_MODULES = (
    attendance_wording,
    signup_wording,
    host_wording,
    delivery_wording,
    schedule_wording,
    series_wording,
    offer_wording,
    poll_wording,
    confirmation_wording,
)
DESCRIBERS: dict[str, Callable[[str, str, Mapping[str, Any]], str]] = {
    **dict.fromkeys(AUDIT_ACTIONS, describe_action),
    **{action: words.describe_action for words in WORDING_MODULES for action in words.AUDIT_ACTIONS},
}


def history_text(
    action: str,
    who: str,
    changes: Mapping[str, Any],
    zone: str = "UTC",
    channels: Mapping[int, str] | None = None,
) -> str:
    """Return one line of a game's history; times in the zone, channels by the names given."""
    if action == AuditAction.EDIT:
        return confirmation_wording.edit_text(who, changes, zone, channels)
    describe = DESCRIBERS.get(action)
    return describe(action, who, changes) if describe is not None else f"{who} {action}"
