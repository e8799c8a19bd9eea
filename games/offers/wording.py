"""All wording about offered seats and standby."""

from collections.abc import Mapping
from datetime import datetime

from games.core.codes import AuditAction
from games.core.wording import timestamp

TAKE, DECLINE = "Take the seat", "Pass it on"
SEAT_TAKEN = "That seat is gone. You keep your place on the wait list."
OFFERED_TO_ANOTHER = "We offered that seat to someone else. Join, and we ask you in turn."
OFFER_EXPIRED = (
    "That offer is over, and the seat went on. You keep your place on the wait list; join again to get another offer."
)
DECLINED = "You passed the seat on. You keep your place on the wait list; join again to get another offer."
ON_STANDBY = "only waits"
ALREADY_ON_STANDBY = "You already only wait."
NOT_ON_STANDBY = "You don't only wait, so nothing changed."


def offer(title: str, guild: str, starts_at: datetime, url: str, until: str) -> str:
    return (
        f"🪑 A seat is free in **{title}** in {guild}, {timestamp(starts_at)}. Do you want it? "
        f"We keep it for you until {until}, then we ask the next person.\n{url}"
    )


def seat_offered_to_another(number: int) -> str:
    """Return the reply to Join while the only free seats are offered."""
    return f"We offer the free seat to someone who waited longer. You're number {number} on the wait list."


def offered_in_turn(number: int) -> str:
    """Return the reply to Join so close to the start that seats are offered."""
    return f"The game is full. You're number {number} on the wait list. We ask you when a seat is free."


def rejoined(number: int) -> str:
    """Return the reply to a person who is back in line for a seat."""
    return f"You're back in line: number {number} on the wait list."


def on_standby(number: int, gave_up: bool) -> str:
    """Return the reply to a person who is now on standby."""
    stays = f"You're number {number} on the wait list. You stay there until you want a seat."
    return f"You gave up your seat. {stays}" if gave_up else stays


AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.TAKE_OFFER: "took the offered seat",
    AuditAction.DECLINE_OFFER: "passed on the offered seat",
    AuditAction.OFFER_EXPIRED: "let an offered seat pass",
    AuditAction.STANDBY: "only waits",
    AuditAction.REJOIN_WAIT_LIST: "is back in line for a seat",
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a history.

    An expired offer is nobody's action, and others may act for a person.
    """
    if action != AuditAction.OFFER_EXPIRED and changes.get("for"):
        return f"{changes['for']} {AUDIT_ACTIONS[action]}, set by {who}"
    return f"{changes.get('for') or who} {AUDIT_ACTIONS[action]}"
