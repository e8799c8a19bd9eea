"""How text from people is tidied and checked."""

import unicodedata

from gamesched.lib.refusal import Refusal


def tidy_lines(text: str) -> str:
    """A text of several lines as it will be kept."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def is_visible(text: str) -> bool:
    return any(unicodedata.category(c)[0] not in "CZ" and c not in "\u115f\u1160\u3164\uffa0\u2800" for c in text)


def has_control_characters(text: str) -> bool:
    # Cc holds NUL, which PostgreSQL cannot store; Cs is half of a character. Cf (joiners) is how emoji are made.
    return any(unicodedata.category(c) in {"Cc", "Cs"} for c in text)


REASON_MAX = 300


def check_reason(reason: str) -> Refusal | None:
    """What is wrong with the reason of a cancellation."""
    if len(reason) > REASON_MAX:
        sentence = f"The reason has {len(reason)} characters. Shorten it to {REASON_MAX}."
    elif has_control_characters(reason.replace("\n", "")):
        sentence = "The reason contains a character that cannot be shown. Type it again without."
    else:
        return None
    return Refusal("bad_reason", sentence, {"reason": sentence})
