"""Pure rules about messages from hosts to players."""

import enum

from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from games.core.text_rules import has_control_characters, is_visible

PLAYER_MESSAGE_MAX, PLAYER_MESSAGE_SHOWN_MAX = (
    1000,
    1200,
)  # characters of a message to players: as typed, and as sent to Discord


HAND_OVERS_IN_A_DAY = 3  # of one game; each tells all its players


PLAYER_MESSAGE_EMPTY = gettext_noop("Write your message.")


class Audience(enum.StrEnum):
    """Which of a game's people get a message."""

    ALL = "all"
    SEATED = "seated"
    WAITING = "waiting"
    UNANSWERED = "unanswered"  # who was asked about the game and has not responded


def check_player_message(text: str, shown: str) -> str:
    """Return the problem with a tidied message to players, as typed and as shown, or ''."""
    if not is_visible(text):
        return gettext(PLAYER_MESSAGE_EMPTY)
    if len(text) > PLAYER_MESSAGE_MAX:
        return _("The message has %(length)s characters. Shorten it to %(most)s.") % {
            "length": number_format(len(text), force_grouping=True),
            "most": number_format(PLAYER_MESSAGE_MAX, force_grouping=True),
        }
    if has_control_characters(text.replace("\n", "").replace("\t", "")):
        return _("The message has a character that we can't show. Type it again without.")
    if len(shown) > PLAYER_MESSAGE_SHOWN_MAX:
        return _("The message has too many lines or special characters for Discord. Write it in plainer words.")
    return ""
