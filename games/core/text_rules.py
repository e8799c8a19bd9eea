"""Tidying and checking text from users."""

import unicodedata

from django.utils.translation import gettext, ngettext

from gamesched.lib.refusal import Refusal
from guilds.names import is_visible as is_visible


def tidy_lines(text: str) -> str:
    """Return a text of several lines in the form in which it is stored."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def has_control_characters(text: str) -> bool:
    # Cc contains NUL, which PostgreSQL cannot store; Cs is half of a character. Cf (joiners) is how emoji are made.
    return any(unicodedata.category(c) in {"Cc", "Cs"} for c in text)


REASON_MAX = 300


def check_reason(reason: str) -> Refusal | None:
    """Return the refusal for a tidy reason to cancel, remove or block; None for a good one."""
    if len(reason) > REASON_MAX:
        text = ngettext(
            "The reason has %(count)d characters. Shorten it to %(most)d.",
            "The reason has %(count)d characters. Shorten it to %(most)d.",
            len(reason),
        )
        sentence = text % {"count": len(reason), "most": REASON_MAX}
    elif has_control_characters(reason.replace("\n", "")):
        sentence = gettext("The reason has a character we can't show. Type it again without it.")
    else:
        return None
    return Refusal("bad_reason", sentence, {"reason": sentence})
