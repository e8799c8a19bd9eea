"""Wording about share links and what strangers read under them."""

from collections.abc import Mapping

from django.utils.translation import gettext_noop

from games.core.codes import AuditAction
from games.core.named_places import who_did

EMBED_ON = gettext_noop("Other sites can show your upcoming games now.")
EMBED_OFF = gettext_noop("Other sites can't show your games any more.")
RENEWED = gettext_noop("The game has a new link. The old one no longer works.")


# --- on the game's page ------------------------------------------------------------------------------------

ASKS_TO_LOG_IN = gettext_noop("People log in to see the game.")
SHOWS_COUNTS = gettext_noop("Anyone with the link sees title, time and seats.")
SHOWS_NAMES = gettext_noop("Anyone with the link sees title, time and who plays.")


# --- previews of a link ------------------------------------------------------------------------------------

UNNAMED_TITLE = gettext_noop("A game on Game Scheduler")
UNNAMED = gettext_noop("Log in with Discord to see when it is and who plays.")


def preview(when: str, seats: str, state: str) -> str:
    """Return what a preview says under the title; `state` is '' while people can join."""
    return " · ".join(part for part in (state, when, seats) if part)


# --- history -----------------------------------------------------------------------------------------------

AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.RENEW_SHARE_LINK: gettext_noop("replaced the share link"),
    AuditAction.EMBED_ON: gettext_noop("let other sites show upcoming games"),
    AuditAction.EMBED_OFF: gettext_noop("stopped other sites from showing games"),
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a history."""
    return who_did(who, AUDIT_ACTIONS[action])
