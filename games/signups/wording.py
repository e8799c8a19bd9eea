"""All wording about responses to a game: joining, Maybe, Can't make it, notes and guests."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext

from games.core.codes import AuditAction
from games.core.named_places import game_places
from games.signups.notification_wording import their_guest_left, your_guest_left
from gamesched.lib.sentences import within_sentence

NOTE_MAX = 100  # characters, as typed

JOIN, JOIN_WAITING = gettext_noop("Join"), gettext_noop("Join the wait list")
HOST_PICKS_WHO_PLAYS = gettext_noop("The host picks who plays")
HOST_PICKS = gettext_noop("The host picks who plays this game. Ask the host.")
PICKS_FROM_WAITING = gettext_noop("Join the wait list; the host picks who plays.")
ON_LIST_OF_HOST = gettext_noop("You're on the list. The host picks.")
YOU_HOST, TAKE_A_SEAT_TOO = gettext_noop("You host"), gettext_noop("Take a seat too")


def closed_by_host(since: str) -> str:
    return _("The host closed the sign-ups of this game: %(since)s. Ask the host to add you.") % {"since": since}


def closed_by_clock(since: str) -> str:
    return _("Sign-ups for this game closed: %(since)s. Ask the host to add you.") % {"since": since}


def closes(when: str) -> str:
    return _("Sign-ups close %(when)s.") % {"when": when}


def by_role(roles: Sequence[str]) -> str:
    """Return who comes first where seats are given by role."""
    joined, *others = roles or [""]
    for role in others:
        joined = pgettext("roles in order", "%(roles)s, then %(role)s") % {"roles": joined, "role": role}
    return _("First %(roles)s, then everyone else.") % {"roles": joined}


def waiting_for_host(number: int, already: bool) -> str:
    """Return the reply to Join where the host gives the seats."""
    if already:
        return _("You're already number %(number)d on the wait list. We notify you if the host picks you.") % {
            "number": number
        }
    return _("You're number %(number)d on the wait list. We notify you if the host picks you.") % {"number": number}


def own_place(number: int, seats: int, seated: bool) -> str:
    """Return where the reader stands, beside the button to leave."""
    if not seated:
        return _("You're number %(number)d on the wait list") % {"number": number}
    if seats:
        return _("You're in: seat %(number)d of %(seats)d") % {"number": number, "seats": seats}
    return _("You're in: number %(number)d") % {"number": number}


def free_seats(free: int | None, waiting: int) -> str:
    """Return for how many a seat is free, beside the button to join; None for everyone."""
    if free is None:
        return _("Everyone gets a seat")
    if free:
        return ngettext("%(count)d seat free", "%(count)d seats free", free) % {"count": free}
    if waiting:
        return ngettext("Full, %(count)d waiting", "Full, %(count)d waiting", waiting) % {"count": waiting}
    return pgettext("seats", "Full")


# --- other responses -------------------------------------------------------------------------------------

LABELS = {"tentative": gettext_noop("Maybe"), "absent": gettext_noop("Can't make it")}
NO_RESPONSES = gettext_noop("This game takes only Join and Leave.")
ONLY_THEY = gettext_noop("Only they can say whether they come. You can remove them on the game's page.")
RESPONSE_WITHDRAWN = gettext_noop("You took your answer back.")
_RESPONSE_SAVED = {
    "tentative": gettext_noop("You said maybe."),
    "absent": gettext_noop("You said that you can't make it."),
}


def responded(kind: str, was_in: bool, was_seated: bool, already: bool) -> str:
    """Return the reply to Maybe and Can't make it."""
    if already:
        return _("You already said so: %(answer)s.") % {"answer": within_sentence(LABELS[kind])}
    saved = _(_RESPONSE_SAVED[kind])
    if was_seated:
        return saved + " " + _("You gave up your seat.")
    return saved + " " + _("You left the wait list.") if was_in else saved


def with_guest_left(text: str, guests: Sequence[str]) -> str:
    """Add to a reply who came with the person, and leaves with them."""
    return f"{_(text)} {your_guest_left(', '.join(guests))}" if guests else text


def with_their_guest_left(text: str, guests: Sequence[str]) -> str:
    return f"{_(text)} {their_guest_left(', '.join(guests))}" if guests else text


def with_guest_waiting(text: str, guests: Sequence[str]) -> str:
    """Add to a reply who came with the person, and waits with them."""
    if not guests:
        return text
    return _(text) + " " + _("Your guest waits with you: %(guest)s.") % {"guest": ", ".join(guests)}


def heading(kind: str, number: int) -> str:
    """Return `Maybe (3)`."""
    return f"{_(LABELS[kind])} ({number})"


# --- notes -----------------------------------------------------------------------------------------------

ADD_NOTE = gettext_noop("Add a note")
NOTE_LABEL, NOTE_HELP = gettext_noop("Note"), gettext_noop("Shown beside your name: late by 15 min")
NOTHING_TO_NOTE = gettext_noop("Join or answer first. Then you can add a note.")
NOTE_SAME = gettext_noop("The note already says that.")
NOTE_BAD = gettext_noop("The note has a character that we can't show. Type it again without.")


def note_too_long(length: int) -> str:
    text = ngettext(
        "The note has %(count)d characters. Shorten it to %(most)d.",
        "The note has %(count)d characters. Shorten it to %(most)d.",
        length,
    )
    return text % {"count": length, "most": NOTE_MAX}


def note_saved(text: str) -> str:
    return _("The note is saved.") if text else _("The note is removed.")


# --- guests ----------------------------------------------------------------------------------------------

BRING, GUEST_LABEL = gettext_noop("Bring someone"), gettext_noop("Their name")
GUEST_HELP = gettext_noop("Someone who isn't in Discord. You tell them what they need to know.")
NO_PLUS_ONE = gettext_noop("You can't bring anyone to this game. Ask the host to add them.")
JOIN_TO_BRING = gettext_noop("Join first. Then you can bring someone.")
NO_NAME = gettext_noop("Write the name of your guest.")
NO_GUEST = gettext_noop("You don't bring anyone to this game.")


def has_guest_already(name: str) -> str:
    return _("You already bring %(name)s, and you can bring one. Take them back on the game's page first.") % {
        "name": name
    }


def guest_added(name: str, place: str, seated: bool) -> str:
    text = _("%(name)s is in with you: %(place)s.") if seated else _("%(name)s is %(place)s.")
    return text % {"name": name, "place": place}


def guest_removed(name: str) -> str:
    return _("%(name)s no longer comes with you.") % {"name": name}


def you_typed(text: str) -> str:
    """Return the addition to a refusal in Discord, where a form does not come back; '' for no text."""
    return "\n" + _("You typed: %(text)s") % {"text": text} if text else ""


# --- notifications ---------------------------------------------------------------------------------------


def dropped_out(title: str, guild: str, starts_at: datetime, url: str, who: str) -> str:
    text = _("🚪 %(who)s no longer comes to **%(title)s** in %(guild)s, %(when)s.")
    return text % game_places(title, guild, starts_at, who=who) + f"\n{url}"


# --- history ---------------------------------------------------------------------------------------------

AUDIT_ACTIONS = (
    *(AuditAction.JOIN, AuditAction.LEAVE, AuditAction.ADD, AuditAction.REMOVE, AuditAction.LOSE_SEAT),
    *(AuditAction.RESPOND, AuditAction.NOTE, AuditAction.ADD_GUEST, AuditAction.REMOVE_GUEST),
)


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a game's history."""
    person = str(changes.get("for") or "")
    names = {"who": who, "person": person, "guest": changes.get("name")}
    match action:
        case AuditAction.JOIN:
            return (_("%(who)s signed up %(person)s") if person else _("%(who)s joined")) % names
        case AuditAction.LEAVE:
            return (_("%(who)s removed %(person)s") if person else _("%(who)s left")) % names
        case AuditAction.ADD | AuditAction.REMOVE:
            text = _("%(who)s added %(person)s") if action == AuditAction.ADD else _("%(who)s removed %(person)s")
            word = f": {changes['word']}" if changes.get("word") else ""
            return text % names + word
        case AuditAction.LOSE_SEAT:
            return _why_seat_is_free(changes) % names
        case AuditAction.RESPOND:
            if not (kind := str(changes.get("kind") or "")):
                return _("%(who)s took their answer back") % names
            text = _("%(who)s answered for %(person)s: %(answer)s") if person else _("%(who)s answered: %(answer)s")
            return text % {**names, "answer": within_sentence(LABELS[kind])}
        case AuditAction.NOTE:
            return _note_change(bool(person), str(changes.get("note") or "")) % {**names, "note": changes.get("note")}
        case AuditAction.ADD_GUEST:
            return _("%(who)s brings %(guest)s") % names
        case _:
            return _("%(who)s no longer brings %(guest)s") % names


def _why_seat_is_free(changes: Mapping[str, object]) -> str:
    if changes.get("hidden"):
        return _("%(person)s can no longer see the channel, so the seat is free")
    if changes.get("left"):
        return _("%(person)s left the server, so the seat is free")
    return _("%(person)s lost the role, so the seat is free")


def _note_change(of_person: bool, note: str) -> str:
    if of_person:
        return (
            _("%(who)s wrote the note of %(person)s: %(note)s")
            if note
            else _("%(who)s took the note of %(person)s away")
        )
    return _("%(who)s wrote a note: %(note)s") if note else _("%(who)s took a note away")


NOBODY_NAMED = gettext_noop("Write who to add.")


ALREADY_DONE = {
    "close": gettext_noop("Sign-ups are already closed."),
    "reopen": gettext_noop("Sign-ups are already open."),
}


DONE = {
    "close": gettext_noop("Sign-ups are closed. You can still add people."),
    "reopen": gettext_noop("Sign-ups are open again."),
}


ADD_HELP = gettext_noop(
    "One per line: @ and a member's name, or any name from outside Discord. They come after everyone "
    "who is in. We notify them."
)


NOT_ADDED = gettext_noop("Nobody was added.")


def not_in(text: str) -> str:
    return _("Nobody in this game is called %(name)s. `manage.py game show` lists who is.") % {"name": repr(text)}


def seated_already(name: str) -> str:
    return _("%(name)s already has a seat.") % {"name": name}


def waiting_already(name: str) -> str:
    return _("%(name)s is already on the wait list.") % {"name": name}


def seated(name: str, instead: str) -> str:
    """Return the reply to Seat."""
    text = _("%(name)s has a seat now.") % {"name": name}
    return text + " " + _("%(name)s is first on the wait list.") % {"name": instead} if instead else text


def moved_to_wait_list(name: str) -> str:
    """Return the reply to To the wait list."""
    return _("%(name)s is on the wait list now, until you seat them again.") % {"name": name}


def reordered(name: str, number: int, seated: bool) -> str:
    """Return the reply to moving a person in their list."""
    if seated:
        return _("%(name)s is now in seat %(number)d.") % {"name": name, "number": number}
    return _("%(name)s is now number %(number)d on the wait list.") % {"name": name, "number": number}


STALE_ORDER = gettext_noop("The list changed meanwhile, so we moved nobody. Look at it again, then move.")


def has_host_already(name: str, viewer: bool) -> str:
    """Return the reply to Take over if somebody has taken over already."""
    return _("You're already the host.") if viewer else _("%(name)s is already the host.") % {"name": name}
