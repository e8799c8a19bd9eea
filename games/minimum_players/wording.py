"""Wording about games with too few players."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

TOO_FEW = gettext_noop("Too few players")


GAME_KEPT = gettext_noop("The game stays on.")


def needs_text(minimum: int) -> str:
    """Return `needs at least 3`; '' for any number."""
    return _("needs at least %(minimum)d") % {"minimum": minimum} if minimum else ""


def needs_sentence(minimum: int) -> str:
    """Return the same as a sentence."""
    if not minimum:
        return ""
    return ngettext(
        "The game needs at least %(count)d player.", "The game needs at least %(count)d players.", minimum
    ) % {"count": minimum}


def too_few_players(seated: int, minimum: int) -> str:
    """Return what hosts read on the page after the deadline."""
    return _("The game needs at least %(minimum)d players and has %(seated)d. Keep it, edit it, or cancel it.") % {
        "minimum": minimum,
        "seated": seated,
    }
