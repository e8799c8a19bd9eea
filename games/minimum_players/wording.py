"""Wording about games with too few players."""

TOO_FEW = "Too few players"


GAME_KEPT = "The game stays on."


def needs_text(minimum: int) -> str:
    """Return `needs at least 3`; '' for any number."""
    return f"needs at least {minimum}" if minimum else ""


def needs_sentence(minimum: int) -> str:
    """Return the same as a sentence."""
    if not minimum:
        return ""
    return "The game needs at least 1 player." if minimum == 1 else f"The game needs at least {minimum} players."


def too_few_players(seated: int, minimum: int) -> str:
    """Return what hosts read on the page after the deadline."""
    return f"The game needs at least {minimum} players and has {seated}. Keep it, edit it, or cancel it."
