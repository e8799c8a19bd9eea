"""All wording about what hosts do with the people in a game, and with too few of them."""

from collections.abc import Iterable, Mapping

NOBODY_NAMED = "Write whom to add."
ALREADY = {"close": "Sign-ups are closed already.", "reopen": "Sign-ups are open, so there is nothing to reopen."}
DONE = {
    "close": "Sign-ups are closed. You can still add people.",
    "reopen": "Sign-ups are open again.",
}
TOO_FEW = "Too few players"
KEPT = "The game stays as it is."
NOT_TO_TAKE = "Only those who manage the server and the game's co-hosts may take it over. Ask one of them."
HOST_LEFT = "The host left the server. Whoever manages the server, or is a co-host, can take the game over."
ADD_HELP = (
    "One in each line: @ and a member's name, or a plain name for somebody not in Discord. They come behind everyone "
    "who is in, and are told."
)


NOT_ADDED = "Nobody was added."


def not_in(text: str) -> str:
    return f"Nobody in this game is called {text!r}. `manage.py game show` names those who are."


def seated_already(name: str) -> str:
    return f"{name} has a seat already."


def waits_already(name: str) -> str:
    return f"{name} is on the wait list already."


def seated(name: str, instead: str) -> str:
    """The answer to Seat."""
    if not instead:
        return f"{name} has a seat now."
    return f"{name} has a seat now, and {instead} is first on the wait list."


def benched(name: str) -> str:
    """The answer to To the wait list."""
    return f"{name} is on the wait list now, until you seat them again."


def reordered(name: str, number: int, seated: bool) -> str:
    """The answer to Up and Down."""
    return f"{name} is number {number} {'of those seated' if seated else 'on the wait list'}."


def has_it(name: str, viewer: bool) -> str:
    """The answer to Take over where somebody did already."""
    return "You are the host already." if viewer else f"{name} is the host now, so nobody else is needed."


# --- too few -----------------------------------------------------------------------------------------------


def needs(minimum: int) -> str:
    """`needs at least 3`; '' for any number."""
    return f"needs at least {minimum}" if minimum else ""


def short(seated: int, minimum: int) -> str:
    """What its hosts read on the page after the deadline."""
    return f"The game needs at least {minimum} players and has {seated}. Keep it, edit it, or cancel it."


# --- who left late -----------------------------------------------------------------------------------------


def left_late(names: Iterable[str]) -> str:
    """`Left late: charlie, dora.`; '' for nobody."""
    found = list(names)
    return f"Left late: {', '.join(found)}." if found else ""


def times_late(count: int) -> str:
    return "left late once" if count == 1 else f"left late {count} times"


# --- history -----------------------------------------------------------------------------------------------

VERBS = {
    "seat": "gave {for} a seat",
    "bench": "put {for} on the wait list",
    "reorder": "moved {for} to number {to}",
    "close": "closed the sign-ups",
    "reopen": "opened the sign-ups again",
    "keep": "kept the game with too few players",
}


def line(verb: str, who: str, changes: Mapping[str, object]) -> str:
    """One line of a game's history."""
    instead = f" instead of {changes['instead']}" if changes.get("instead") else ""
    return f"{who} {VERBS[verb].format(**changes)}{instead}"
