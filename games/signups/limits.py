"""Limits of notes and names in a game."""

from games.core.rules import SEATS_MAX
from games.core.text_rules import has_control_characters, is_visible
from games.signups import wording as signup_wording
from gamesched.lib.refusal import Refusal

PLACEHOLDER_MAX, PLACEHOLDERS_MAX = 64, 20  # characters of one; how many a game may have


PARTICIPANTS_MAX = SEATS_MAX + 50  # people and placeholders in a game to whom a host may still add


def check_note(text: str) -> str:
    """What is wrong with a tidy note beside somebody's name; '' for nothing, and for none."""
    if len(text) > signup_wording.NOTE_MAX:
        return signup_wording.note_too_long(len(text))
    return signup_wording.NOTE_BAD if text and (has_control_characters(text) or not is_visible(text)) else ""


def check_placeholder(name: str) -> str:
    """What is wrong with a name kept for somebody who is not in Discord; '' for nothing."""
    if len(name) > PLACEHOLDER_MAX:
        return f"This has {len(name)} characters. Shorten it to {PLACEHOLDER_MAX}."
    if has_control_characters(name) or not is_visible(name):
        return "This contains a character that cannot be shown. Type it again without."
    return ""


def check_participant_count(placeholders: int, everyone: int) -> Refusal | None:
    """Whether a game may have so many placeholders, and so many sign-ups after a host's additions."""
    if placeholders > PLACEHOLDERS_MAX:
        sentence = (
            f"That makes {placeholders} names of people not in Discord; a game may have {PLACEHOLDERS_MAX}. "
            "Write @ before those who are in this server."
        )
    elif everyone > PARTICIPANTS_MAX:
        sentence = (
            f"That makes {everyone} people; a host may name up to {PARTICIPANTS_MAX}. Let the others join themselves."
        )
    else:
        return None
    return Refusal("too_many_named", sentence, {"participants": sentence})
