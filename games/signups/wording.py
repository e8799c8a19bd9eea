"""All wording about responses to a game: joining, Maybe, Can't make it, notes and guests."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from games.core.codes import AuditAction
from games.core.wording import timestamp
from games.signups.notification_wording import their_guest_left, your_guest_left

NOTE_MAX = 100  # characters, as typed

JOIN, JOIN_WAITING = "Join", "Join the wait list"
HOST_PICKS_WHO_PLAYS = "The host picks who plays"
HOST_PICKS = "The host picks who plays this game. Ask the host."
PICKS_FROM_WAITING = "Join the wait list; the host picks who plays."


def closed_by_host(since: str) -> str:
    return f"The host closed the sign-ups of this game: {since}. Ask the host to add you."


def closed_by_clock(since: str) -> str:
    return f"Sign-ups for this game closed: {since}. Ask the host to add you."


def closes(when: str) -> str:
    return f"Sign-ups close {when}."


def by_role(roles: Sequence[str]) -> str:
    """Return who comes first where seats are given by role."""
    return f"First {', then '.join(roles)}, then everyone else."


def waiting_for_host(number: int, already: bool) -> str:
    """Return the reply to Join where the host gives the seats."""
    if already:
        return f"You're already number {number} on the wait list. We notify you if the host picks you."
    return f"You're number {number} on the wait list. We notify you if the host picks you."


def own_place(number: int, seats: int, seated: bool) -> str:
    """Return where the reader stands, beside the button to leave."""
    if not seated:
        return f"You're number {number} on the wait list"
    return f"You're in: seat {number} of {seats}" if seats else f"You're in: number {number}"


def free_seats(free: int | None, waiting: int) -> str:
    """Return for how many a seat is free, beside the button to join; None for everyone."""
    if free is None:
        return "Everyone gets a seat"
    if free:
        return "1 seat free" if free == 1 else f"{free} seats free"
    return f"Full, {waiting} waiting" if waiting else "Full"


# --- other responses -------------------------------------------------------------------------------------

LABELS = {"tentative": "Maybe", "absent": "Can't make it"}
NO_RESPONSES = "This game takes only Join and Leave."
ONLY_THEY = "Only they can say whether they come. You can remove them on the game's page."
RESPONSE_WITHDRAWN = "You took your answer back."
_RESPONSE_SAVED = {"tentative": "You said maybe.", "absent": "You said that you can't make it."}


def responded(kind: str, was_in: bool, was_seated: bool, already: bool) -> str:
    """Return the reply to Maybe and Can't make it."""
    if already:
        return f"You already said so: {LABELS[kind].lower()}."
    gave_up = " You gave up your seat." if was_seated else " You left the wait list." if was_in else ""
    return _RESPONSE_SAVED[kind] + gave_up


def with_guest_left(text: str, guests: Sequence[str]) -> str:
    """Add to a reply who came with the person, and leaves with them."""
    return f"{text} {your_guest_left(', '.join(guests))}" if guests else text


def with_their_guest_left(text: str, guests: Sequence[str]) -> str:
    return f"{text} {their_guest_left(', '.join(guests))}" if guests else text


def with_guest_waiting(text: str, guests: Sequence[str]) -> str:
    """Add to a reply who came with the person, and waits with them."""
    return f"{text} Your guest waits with you: {', '.join(guests)}." if guests else text


def heading(kind: str, number: int) -> str:
    """Return `Maybe (3)`."""
    return f"{LABELS[kind]} ({number})"


# --- notes -----------------------------------------------------------------------------------------------

ADD_NOTE = "Add a note"
NOTE_LABEL, NOTE_HELP = "Note", "Shown beside your name: late by 15 min"
NOTHING_TO_NOTE = "Join or answer first. Then you can add a note."
NOTE_SAME = "The note already says that."
NOTE_BAD = "The note has a character that we can't show. Type it again without."


def note_too_long(length: int) -> str:
    return f"The note has {length} characters. Shorten it to {NOTE_MAX}."


def note_saved(text: str) -> str:
    return "The note is saved." if text else "The note is removed."


# --- guests ----------------------------------------------------------------------------------------------

BRING, GUEST_LABEL = "Bring someone", "Their name"
GUEST_HELP = "Someone who isn't in Discord. You tell them what they need to know."
NO_PLUS_ONE = "You can't bring anyone to this game. Ask the host to add them."
JOIN_TO_BRING = "Join first. Then you can bring someone."
NO_NAME = "Write the name of your guest."
NO_GUEST = "You don't bring anyone to this game."


def has_guest_already(name: str) -> str:
    return f"You already bring {name}, and you can bring one. Take them back on the game's page first."


def guest_added(name: str, place: str, seated: bool) -> str:
    return f"{name} is in with you: {place}." if seated else f"{name} is {place}."


def guest_removed(name: str) -> str:
    return f"{name} no longer comes with you."


def you_typed(text: str) -> str:
    """Return the addition to a refusal in Discord, where a form does not come back; '' for no text."""
    return f"\nYou typed: {text}" if text else ""


# --- notifications ---------------------------------------------------------------------------------------


def dropped_out(title: str, guild: str, starts_at: datetime, url: str, who: str) -> str:
    return f"🚪 {who} no longer comes to **{title}** in {guild}, {timestamp(starts_at)}.\n{url}"


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
            why = "can no longer see the channel" if changes.get("hidden") else why
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


NOBODY_NAMED = "Write who to add."


ALREADY_DONE = {"close": "Sign-ups are already closed.", "reopen": "Sign-ups are already open."}


DONE = {
    "close": "Sign-ups are closed. You can still add people.",
    "reopen": "Sign-ups are open again.",
}


ADD_HELP = (
    "One per line: @ and a member's name, or any name from outside Discord. They come after everyone "
    "who is in. We notify them."
)


NOT_ADDED = "Nobody was added."


def not_in(text: str) -> str:
    return f"Nobody in this game is called {text!r}. `manage.py game show` lists who is."


def seated_already(name: str) -> str:
    return f"{name} already has a seat."


def waiting_already(name: str) -> str:
    return f"{name} is already on the wait list."


def seated(name: str, instead: str) -> str:
    """Return the reply to Seat."""
    if not instead:
        return f"{name} has a seat now."
    return f"{name} has a seat now. {instead} is first on the wait list."


def moved_to_wait_list(name: str) -> str:
    """Return the reply to To the wait list."""
    return f"{name} is on the wait list now, until you seat them again."


def reordered(name: str, number: int, seated: bool) -> str:
    """Return the reply to moving a person in their list."""
    return f"{name} is now in seat {number}." if seated else f"{name} is now number {number} on the wait list."


STALE_ORDER = "The list changed meanwhile, so we moved nobody. Look at it again, then move."


def has_host_already(name: str, viewer: bool) -> str:
    """Return the reply to Take over if somebody has taken over already."""
    return "You're already the host." if viewer else f"{name} is already the host."
