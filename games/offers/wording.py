"""All wording about offered seats and standby."""

from collections.abc import Mapping
from datetime import datetime

from games.core.codes import AuditAction
from games.core.wording import timestamp

TAKE, DECLINE = "Take the seat", "Pass it on"
SEAT_TAKEN = "That seat is gone, so there is none to take. You keep your place on the wait list."
OFFERED_TO_ANOTHER = "That seat is offered to somebody else. Join to be asked in your turn."
OFFER_EXPIRED = (
    "That offer is over, and the seat was passed on. You keep your place on the wait list; "
    "join again to be asked once more."
)
DECLINED = "You passed the seat on. You keep your place on the wait list; join again to be asked once more."
ON_STANDBY = "waits on purpose"
ALREADY_ON_STANDBY = "You wait on purpose already."
NOT_ON_STANDBY = "You do not wait on purpose, so nothing changed."


def offer(title: str, guild: str, starts_at: datetime, url: str, until: str) -> str:
    return (
        f"🪑 A seat is free in **{title}** in {guild}, {timestamp(starts_at)}. Do you want it? "
        f"It is kept for you until {until}, then the next is asked.\n{url}"
    )


def seat_offered_to_another(number: int) -> str:
    """Return the reply to Join while the only free seats are offered."""
    return f"The free seat is offered to somebody who waits longer. You are number {number} on the wait list."


def offered_in_turn(number: int) -> str:
    """Return the reply to Join so close to the start that seats are offered."""
    return f"The game is full. You are number {number} on the wait list, and are asked when a seat gets free."


def rejoined(number: int) -> str:
    """Return the reply to a person who is back in line for a seat."""
    return f"You are back in line: number {number} on the wait list."


def on_standby(number: int, gave_up: bool) -> str:
    """Return the reply to a person who is now on standby."""
    gave = "You gave your seat up. " if gave_up else ""
    return f"{gave}You are number {number} on the wait list, and stay there until you say that you want a seat."


AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.TAKE_OFFER: "took the seat offered",
    AuditAction.DECLINE_OFFER: "passed on the seat offered",
    AuditAction.OFFER_EXPIRED: "let an offered seat pass",
    AuditAction.STANDBY: "waits on purpose",
    AuditAction.REJOIN_WAIT_LIST: "is back in line for a seat",
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a history.

    An expired offer is nobody's action, and others may act for a person.
    """
    if action != AuditAction.OFFER_EXPIRED and changes.get("for"):
        return f"{changes['for']} {AUDIT_ACTIONS[action]}, set by {who}"
    return f"{changes.get('for') or who} {AUDIT_ACTIONS[action]}"
