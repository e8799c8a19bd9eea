"""All wording about the ledger: who was told, who was not and why, and what hosts write to players."""

from collections.abc import Mapping

from notifications.models import Delivery, Status
from notifications.rules import minutes_text

TITLES = {
    "cancelled": "Cancellation",
    "moved": "Seats given and taken",
    "confirmed": "Copies of the answer to Join",
    "lost_seat": "A seat is free",
    "added": "Added to the game",
    "removed": "Removed from the game",
    "told": "Message to the players",
    "welcome": "How to set the server up",
}


def notice_title(kind: str, offset: int | None) -> str:
    """`Reminder 1 hour before`, `Cancellation`: what a letter was about."""
    if kind == "reminder" and offset is not None:
        return f"Reminder {minutes_text(offset)} before"
    return TITLES.get(kind) or kind.replace("_", " ").capitalize()


def outcome(delivery: Delivery) -> str:
    """What became of one letter, in words."""
    why = delivery.error.rstrip(".")
    match delivery.status:
        case Status.SENT if delivery.in_channel:
            return "Their direct messages are closed, so they were called in the channel instead."
        case Status.SENT:
            return "Reached."
        case Status.PENDING:
            return f"Still being tried: {why}." if why else "On its way."
        case Status.FAILED:
            return f"Failed: {why}." if why else "Failed."
        case Status.UNCERTAIN:
            return f"May have arrived: {why}."
    return f"Not sent: {why}." if why else "Not sent."


def reached(count: int, asked: int) -> str:
    if not asked:
        return "nobody to tell"
    return f"{count} of {asked} reached"


IN_CHANNEL = "Everyone, in the channel"


# --- sending again, giving up ----------------------------------------------------------------------------


def unknown_delivery(delivery_id: int) -> str:
    return f"There is no message {delivery_id}, or it is too old. `notifications list` shows what did not arrive."


OF_NOBODY = "This message belongs to no server, so there is nobody who may decide about it."


def resent(name: str) -> str:
    return f"The message to {name} is being sent again."


def already_resent(name: str, status: str) -> str:
    return f"The message to {name} was sent again already: it is {status}."


def not_failed(name: str, status: str) -> str:
    return f"The message to {name} is {status}; only what failed or may not have arrived is sent again."


def given_up(name: str) -> str:
    return f"The message to {name} is given up."


def nothing_to_give_up(name: str, status: str) -> str:
    return f"The message to {name} is {status}; there is nothing to give up."


def given_up_by(name: str) -> str:
    return f"Given up by {name}."


VERB_TEXT = {"resend": "sent again the message to {for}", "drop": "gave up the message to {for}"}


def ledger_line(verb: str, who: str, changes: Mapping[str, object]) -> str:
    """One line of a history: who sent what to whom again, or gave it up."""
    what = changes.get("what")
    return f"{who} {VERB_TEXT[verb].format(**changes)}{f': {what}' if what else ''}"
