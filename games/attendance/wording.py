"""All wording about attendance, rewards and the archive."""

from collections.abc import Mapping
from datetime import datetime

from games.core.codes import AuditAction
from games.core.wording import timestamp

# --- who came --------------------------------------------------------------------------------------------

UNKNOWN_SEAT = "They have no seat in this game, so you can't mark them."
BAD_DAY = "Write the days as 2026-11-25, the first one first. Leave either out for no end."


def attendance_marked(name: str, no_show: bool, changed: bool) -> str:
    """Return the reply to marking a player."""
    if changed:
        return f"You marked that {name} didn't come." if no_show else f"You marked that {name} came after all."
    return f"You already marked that {name} didn't come." if no_show else f"You already marked that {name} came."


def you_did_not_come(host: str) -> str:
    """Return the text for the player who was marked, and for nobody else."""
    return f"The host marked that you didn't come. If that's wrong, ask {host}."


def nobody_is_seated_as(name: str) -> str:
    return f"Nobody with a seat is called “{name}”. Give the name as the list shows it, or the Discord id."


# --- rewards ---------------------------------------------------------------------------------------------

REWARDS_HELP = "Up to 2,000 characters. Every member of the server can read them. Empty removes them."
REWARDS_SAVED = "The rewards are saved. In Discord people click to see them."
REWARDS_TAKEN_OUT = "The rewards are removed."
REWARDS_SAME = "You changed nothing."
REWARDS_STALE = (
    "Someone else wrote the rewards meanwhile; see them on the page. We kept what you typed below: join both and "
    "save again."
)
REWARDS_BAD = "The rewards have a character that we can't show. Type them again without."


def rewards_too_long(length: int, most: int) -> str:
    return f"The rewards have {length:,} characters. Shorten them to {most:,}."


def rewards_due(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message to the host when the game ends."""
    return f"🏆 **{title}** in {guild}, {timestamp(starts_at)}, is over. Write down what the players got:\n{url}"


def rewarded(title: str, guild: str, starts_at: datetime, url: str, rewards: str) -> str:
    """Return the message to those who got rewards, hidden until they click on them."""
    return f"🏆 You got rewards for **{title}** in {guild}, {timestamp(starts_at)}:\n{rewards}\n{url}"


# --- history ---------------------------------------------------------------------------------------------

AUDIT_ACTIONS = (AuditAction.MARK_ATTENDANCE, AuditAction.WRITE_REWARDS, AuditAction.ARCHIVE)


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a game's history."""
    if action == AuditAction.MARK_ATTENDANCE:
        if changes.get("no_show"):
            return f"{who} marked that {changes.get('for')} didn't come"
        return f"{who} marked that {changes.get('for')} came after all"
    if action == AuditAction.WRITE_REWARDS:
        return f"{who} wrote down the rewards"
    if changes.get("stayed"):
        return "We couldn't archive it"
    return "We archived it as planned" if changes.get("planned") else f"{who} archived it"
