"""How text from people is tidied and checked."""

import unicodedata


def tidy_lines(text: str) -> str:
    """A text of several lines as it will be kept."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _visible(text: str) -> bool:
    return any(unicodedata.category(c)[0] not in "CZ" and c not in "\u115f\u1160\u3164\uffa0\u2800" for c in text)


def _has_controls(text: str) -> bool:
    # Cc holds NUL, which PostgreSQL cannot store; Cs is half of a character. Cf (joiners) is how emoji are made.
    return any(unicodedata.category(c) in {"Cc", "Cs"} for c in text)
