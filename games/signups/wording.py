"""All wording about responses to a game: joining, Maybe, Can't make it, notes and guests."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from games.core.codes import AuditAction
from games.core.wording import timestamp
from games.signups.notification_wording import their_guest_left, your_guest_left

NOTE_MAX = 100  # characters, as typed

JOIN, JOIN_WAITING = "Join", "Join the wait list"
HOST_PICKS = "The host picks who plays this game, so nobody signs up for it. Ask the host."
PICKS_FROM_WAITING = "The host picks who plays from those who joined the wait list."


def closed_by_host(since: str) -> str:
    return f"The host closed the sign-ups of this game: {since}. Who is in can still leave. Ask the host."


def closed_by_clock(since: str) -> str:
    return f"Sign-ups for this game closed: {since}. Who is in can still leave. Ask the host."


def closes(when: str) -> str:
    return f"Sign-ups close {when}."


def by_role(roles: Sequence[str]) -> str:
    """Return who comes first where seats are given by role."""
    return f"First {', then '.join(roles)}, then everybody else."


def waiting_for_host(number: int, already: bool) -> str:
    """Return the reply to Join where the host gives the seats."""
    still = "already " if already else ""
    return f"You are {still}number {number} on the wait list. The host picks who plays, and you are told."


# --- other responses -------------------------------------------------------------------------------------

LABELS = {"tentative": "Maybe", "absent": "Can't make it"}
NO_RESPONSES = "This game takes no other answers than Join and Leave."
ONLY_THEY = "Only they themselves can say whether they come. You may remove them on the game's page."
RESPONSE_WITHDRAWN = "Your answer is taken back."
_RESPONSE_SAVED = {"tentative": "It is noted that you may come.", "absent": "It is noted that you can't make it."}


def responded(kind: str, was_in: bool, was_seated: bool, already: bool) -> str:
    """Return the reply to Maybe and Can't make it."""
    if already:
        return f"You said so already: {LABELS[kind].lower()}."
    gave_up = " You gave up your seat." if was_seated else " You are no longer on the wait list." if was_in else ""
    return _RESPONSE_SAVED[kind] + gave_up


def with_guest_left(text: str, guests: Sequence[str]) -> str:
    """Add to a reply whom the person had brought, and who leaves with them."""
    return f"{text} {your_guest_left(', '.join(guests))}" if guests else text


def with_their_guest_left(text: str, guests: Sequence[str]) -> str:
    return f"{text} {their_guest_left(', '.join(guests))}" if guests else text


def with_guest_waiting(text: str, guests: Sequence[str]) -> str:
    """Add to a reply whom the person had brought, and who waits with them."""
    return f"{text} {', '.join(guests)}, whom you brought, waits with you." if guests else text


def heading(kind: str, number: int) -> str:
    """Return `Maybe (3)`."""
    return f"{LABELS[kind]} ({number})"


# --- notes -----------------------------------------------------------------------------------------------

ADD_NOTE = "Add a note"
NOTE_LABEL, NOTE_HELP = "Note", "Shown beside your name: late by 15 min"
NOTHING_TO_NOTE = "Join first, or answer; then a note can stand beside your name."
NOTE_SAME = "The note says so already."
NOTE_BAD = "The note contains a character that cannot be shown. Type it again without."


def note_too_long(length: int) -> str:
    return f"The note has {length} characters. Shorten it to {NOTE_MAX}."


def note_saved(text: str) -> str:
    return "The note is shown beside the name." if text else "The note is taken away."


# --- guests ----------------------------------------------------------------------------------------------

BRING, GUEST_LABEL = "Bring somebody", "Their name"
GUEST_HELP = "Somebody who is not in Discord; you pass on what they are to know."
NO_PLUS_ONE = "For this game nobody can be brought along. Ask the host to add them."
JOIN_TO_BRING = "Join first; then you can bring somebody."
NO_NAME = "Write the name of whom you bring."
NO_GUEST = "You bring nobody, so there is nobody to take back."


def has_guest_already(name: str) -> str:
    return f"You bring {name} already, and one is the most. Take them back first, on the game's page."


def guest_added(name: str, place: str, seated: bool) -> str:
    return f"{name} is in with you: {place}." if seated else f"{name} is {place}."


def guest_removed(name: str) -> str:
    return f"{name} does not come with you any more."


def you_typed(text: str) -> str:
    """Return the addition to a refusal in Discord, where a form does not come back; '' for no text."""
    return f"\nYou typed: {text}" if text else ""


# --- notifications ---------------------------------------------------------------------------------------


def dropped_out(title: str, guild: str, starts_at: datetime, url: str, who: str) -> str:
    return f"🚪 {who}, whom you had added, no longer comes to **{title}** in {guild}, {timestamp(starts_at)}.\n{url}"


# --- history ---------------------------------------------------------------------------------------------

AUDIT_ACTIONS = (
    *(AuditAction.JOIN, AuditAction.LEAVE, AuditAction.ADD, AuditAction.REMOVE, AuditAction.LOSE_SEAT),
    *(AuditAction.RESPOND, AuditAction.NOTE, AuditAction.ADD_GUEST, AuditAction.REMOVE_GUEST),
)


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a game's history."""
    person = str(changes.get("for") or "")
    match action:
        case AuditAction.JOIN:
            return f"{who} signed up {person}" if person else f"{who} joined"
        case AuditAction.LEAVE:
            return f"{who} removed {person}" if person else f"{who} left"
        case AuditAction.ADD | AuditAction.REMOVE:
            word = f": {changes['word']}" if changes.get("word") else ""
            return f"{who} {'added' if action == AuditAction.ADD else 'removed'} {person}{word}"
        case AuditAction.LOSE_SEAT:
            why = "left the server" if changes.get("left") else "lost the role"
            why = "may no longer see the channel" if changes.get("hidden") else why
            return f"{person} {why}, so the seat is free"
        case AuditAction.RESPOND:
            if not (kind := str(changes.get("kind") or "")):
                return f"{who} took their answer back"
            label = LABELS[kind].lower()
            return f"{who} answered{f' for {person}' if person else ''}: {label}"
        case AuditAction.NOTE:
            what = f"the note of {person}" if person else "a note"
            text = str(changes.get("note") or "")
            return f"{who} wrote {what}: {text}" if text else f"{who} took {what} away"
        case AuditAction.ADD_GUEST:
            return f"{who} brings {changes.get('name')}"
        case _:
            return f"{who} no longer brings {changes.get('name')}"


NOBODY_NAMED = "Write whom to add."


ALREADY_DONE = {"close": "Sign-ups are closed already.", "reopen": "Sign-ups are open, so there is nothing to reopen."}


DONE = {
    "close": "Sign-ups are closed. You can still add people.",
    "reopen": "Sign-ups are open again.",
}


ADD_HELP = (
    "One in each line: @ and a member's name, or a plain name for somebody not in Discord. They come behind everyone "
    "who is in, and are told."
)


NOT_ADDED = "Nobody was added."


def not_in(text: str) -> str:
    return f"Nobody in this game is called {text!r}. `manage.py game show` names those who are."


def seated_already(name: str) -> str:
    return f"{name} has a seat already."


def waiting_already(name: str) -> str:
    return f"{name} is on the wait list already."


def seated(name: str, instead: str) -> str:
    """Return the reply to Seat."""
    if not instead:
        return f"{name} has a seat now."
    return f"{name} has a seat now, and {instead} is first on the wait list."


def moved_to_wait_list(name: str) -> str:
    """Return the reply to To the wait list."""
    return f"{name} is on the wait list now, until you seat them again."


def reordered(name: str, number: int, seated: bool) -> str:
    """Return the reply to Up and Down."""
    return f"{name} is number {number} {'of those seated' if seated else 'on the wait list'}."


def has_host_already(name: str, viewer: bool) -> str:
    """Return the reply to Take over if somebody has taken over already."""
    return "You are the host already." if viewer else f"{name} is the host now, so nobody else is needed."
