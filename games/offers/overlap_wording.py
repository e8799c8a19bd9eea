"""All wording about games that a user plays or hosts at the same time."""

from collections.abc import Sequence

ANYWAY, SWAP = "Join anyway", "Swap"
HOSTING_CANNOT_SWAP = "You run a game then, so you can't swap. Join anyway, or hand that game over first."


def conflict_prompt(
    playing: Sequence[tuple[str, str]], hosting: Sequence[tuple[str, str]], joining: bool, swappable: bool
) -> str:
    """Return the prompt: the games played and hosted at that time, as (title, time), and the choices."""
    parts = []
    for phrase, games in (("You're already in", playing), ("You run", hosting)):
        if games:
            parts.append(f"{phrase} {' and '.join(f'{title} then ({time})' for title, time in games)}.")
    if not joining:
        parts.append("Choose another time, or schedule it anyway.")
    elif swappable:
        parts.append(f"Join this one anyway, or swap: leave {'that' if len(playing) == 1 else 'those'} and join this.")
    else:
        parts.append("Join this one anyway?")
    return " ".join(parts)


def swapped(left: Sequence[str], joined: str) -> str:
    """Return the reply to Swap."""
    return f"You left {' and '.join(left)}. {joined}"
