"""All wording about games that a user plays or hosts at the same time."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from gamesched.lib.sentences import join_and

ANYWAY, SWAP = gettext_noop("Join anyway"), gettext_noop("Swap")
HOSTING_CANNOT_SWAP = gettext_noop("You run a game then, so you can't swap. Join anyway, or hand that game over first.")


def conflict_prompt(
    playing: Sequence[tuple[str, str]], hosting: Sequence[tuple[str, str]], joining: bool, swappable: bool
) -> str:
    """Return the prompt: the games played and hosted at that time, as (title, time), and the choices."""
    parts = []
    if playing:
        parts.append(_("You're already in %(games)s.") % {"games": _games_then(playing)})
    if hosting:
        parts.append(_("You run %(games)s.") % {"games": _games_then(hosting)})
    if not joining:
        parts.append(_("Choose another time, or schedule it anyway."))
    elif swappable:
        parts.append(
            ngettext(
                "Join this one anyway, or swap: leave that and join this.",
                "Join this one anyway, or swap: leave those and join this.",
                len(playing),
            )
        )
    else:
        parts.append(_("Join this one anyway?"))
    return " ".join(parts)


def _games_then(games: Sequence[tuple[str, str]]) -> str:
    return join_and(_("%(title)s then (%(time)s)") % {"title": title, "time": time} for title, time in games)


def swapped(left: Sequence[str], joined: str) -> str:
    """Return the reply to Swap."""
    return _("You left %(games)s.") % {"games": join_and(left)} + f" {joined}"
