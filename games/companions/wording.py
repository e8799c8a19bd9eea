"""What people read about companions: their states, their problems with what to do, and lines of the history."""

from collections.abc import Mapping, Sequence

from games.core.codes import AuditAction
from games.models.companion import CompanionKind, CompanionProblem

LABELS: Mapping[str, str] = {
    CompanionKind.EVENT: "event",
    CompanionKind.THREAD: "thread",
    CompanionKind.VOICE: "voice channel",
    CompanionKind.ROLE: "role",
}
# What Discord has room for, in words.
FULL: Mapping[str, str] = {
    CompanionKind.EVENT: "The server has 100 events, the most Discord allows.",
    CompanionKind.THREAD: "The thread has 1,000 people, the most Discord allows.",
    CompanionKind.VOICE: "The server has 500 channels, the most Discord allows.",
    CompanionKind.ROLE: "The server has 250 roles, the most Discord allows.",
}
MAKE_ROOM: Mapping[str, str] = {
    CompanionKind.EVENT: "End or delete one in Discord. We try again every hour.",
    CompanionKind.THREAD: "Remove someone there. We try again every hour.",
    CompanionKind.VOICE: "Delete one in Discord. We try again every hour.",
    CompanionKind.ROLE: "Delete one in Discord. We try again every hour.",
}
# What the server has no room for, where that above is what one that is there has no room for.
SERVER_FULL: Mapping[str, tuple[str, str]] = {
    CompanionKind.THREAD: (
        "The server has the most open threads Discord allows.",
        "Close one in Discord. We try again every hour.",
    ),
}
TRY_AGAIN, MAKE_AGAIN = "Try again", "Make it again"
LET_GO = "Someone deleted it in Discord, and your settings keep such changes."
MADE_BEFORE_START = "We make it 15 minutes before the start."
MADE_AT_START = "We make it when the game starts."
NOT_MADE = "It isn't there yet."
NOTHING_TO_TRY = "There's nothing to try again."


def lacking(kind: str, missing: Sequence[str]) -> str:
    """Return which permissions the bot lacks for a kind of companion."""
    if not missing:
        return f"Discord doesn't let the bot make or change the {LABELS[kind]}."
    return f"The bot needs {' and '.join(missing)} for the {LABELS[kind]}."


def permission_advice(kind: str, missing: Sequence[str]) -> str:
    """Return where to give the bot what it lacks."""
    if missing:
        return "Give that to the bot's role in Discord. We then try again right away."
    if kind == CompanionKind.ROLE:
        return "Move the bot's role higher in Discord's list of roles."
    return "Check the bot's permissions in Discord, in that channel too."


def problem_texts(kind: str, code: str, said: str, missing: Sequence[str], is_there: bool = False) -> tuple[str, str]:
    """Return in one sentence why a companion is missing or out of date, and what to do; '' for nothing."""
    match code:
        case CompanionProblem.MISSING_PERMISSION:
            return lacking(kind, missing), permission_advice(kind, missing)
        case CompanionProblem.LIMIT_REACHED:
            full = FULL[kind], MAKE_ROOM[kind]
            return full if is_there else SERVER_FULL.get(kind, full)
        case CompanionProblem.CHANNEL_DELETED:
            return "Its channel was deleted in Discord.", "Choose another channel for the game."
        case CompanionProblem.CHANNEL_HIDDEN:
            text = f"Everyone would see the {LABELS[kind]}, but not everyone sees the game's channel."
            return text, "Choose another channel, or a voice channel for the game."
        case CompanionProblem.MAYBE_MADE:
            return f"Discord didn't say whether it made the {LABELS[kind]}.", "Check in Discord, then try again."
        case CompanionProblem.REFUSED:
            text = f"Discord refused the {LABELS[kind]}: “{said[:200]}”" if said else "Discord refused it."
            return text, "Change the game, or try again."
    return said or f"Something is wrong with the {LABELS[kind]}.", ""


def made_text(kind: str, people: int | None) -> str:
    """Return what one that is there is like; '' where its link says enough."""
    if kind == CompanionKind.EVENT and people:
        return f"{people} interested in Discord's event."
    if kind == CompanionKind.VOICE and people:
        return f"{people} in it"
    return "The players have it." if kind == CompanionKind.ROLE else ""


def tried_again(kind: str) -> str:
    return f"We're trying to make the {LABELS[kind]} again."


def made_again(kind: str) -> str:
    return f"We're making the {LABELS[kind]} again."


# --- history ---------------------------------------------------------------------------------------------

AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.COMPANION_PUT_BACK: "deleted the {name}, and we put it back",
    AuditAction.COMPANION_LET_GO: "deleted the {name}, and it stays deleted",
    AuditAction.REMAKE_COMPANION: "made the {name} again",
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a history."""
    return f"{who} {AUDIT_ACTIONS[action].format(name=LABELS.get(str(changes.get('companion')), 'companion'))}"
