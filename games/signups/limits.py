"""Limits of notes and names in a game."""

from django.utils.translation import gettext, ngettext

from games.core.rules import SEATS_MAX
from games.core.text_rules import has_control_characters, is_visible
from games.signups import wording as signup_wording
from gamesched.lib.refusal import Refusal

PLACEHOLDER_MAX, PLACEHOLDERS_MAX = 100, 100  # characters of one name; names in one game


PARTICIPANTS_MAX = SEATS_MAX + 50  # people and placeholders in a game up to which a host may add more


def check_note(text: str) -> str:
    """Return the problem with a tidied note, or ''. An empty note is fine."""
    if len(text) > signup_wording.NOTE_MAX:
        return signup_wording.note_too_long(len(text))
    return gettext(signup_wording.NOTE_BAD) if text and (has_control_characters(text) or not is_visible(text)) else ""


def check_placeholder(name: str) -> str:
    """Return the problem with the name of a person who is not in Discord, or ''."""
    if len(name) > PLACEHOLDER_MAX:
        text = ngettext(
            "This has %(count)s characters. Shorten it to %(most)s.",
            "This has %(count)s characters. Shorten it to %(most)s.",
            len(name),
        )
        return text % {"count": len(name), "most": PLACEHOLDER_MAX}
    if has_control_characters(name) or not is_visible(name):
        return gettext("This has a character we can't show. Type it again without it.")
    return ""


def check_participant_count(placeholders: int, everyone: int) -> Refusal | None:
    """Return the refusal for too many placeholders or sign-ups after a host's additions, or None."""
    if placeholders > PLACEHOLDERS_MAX:
        text = ngettext(
            "That makes %(count)d plain names; a game can have %(most)d. "
            "Write @ before the names of this server's members.",
            "That makes %(count)d plain names; a game can have %(most)d. "
            "Write @ before the names of this server's members.",
            placeholders,
        )
        sentence = text % {"count": placeholders, "most": PLACEHOLDERS_MAX}
    elif everyone > PARTICIPANTS_MAX:
        text = ngettext(
            "That makes %(count)d people; a host can name up to %(most)d. Let the others join.",
            "That makes %(count)d people; a host can name up to %(most)d. Let the others join.",
            everyone,
        )
        sentence = text % {"count": everyone, "most": PARTICIPANTS_MAX}
    else:
        return None
    return Refusal("too_many_named", sentence, {"participants": sentence})
