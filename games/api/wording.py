"""All wording about the API and its tokens."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop

from games.core.codes import AuditAction
from games.core.named_places import who_did

BAD_NAME = gettext_noop("Give the token a name of up to 60 characters.")
NO_SCOPE = gettext_noop("Choose at least one thing it can do.")
EXPIRES_IN_PAST = gettext_noop("That day is past. Choose a later one.")
NOT_MANAGER = gettext_noop("Only this server's managers can do that.")
TOO_MANY_TOKENS = gettext_noop("You have 20 tokens, the most you can have. Delete one first.")
UNKNOWN_TOKEN = gettext_noop("This token is gone. Nothing changed.")

ALL_SERVERS = gettext_noop("All your servers")
TOO_LATE = gettext_noop("Choose an earlier day.")
SHOWN_ONCE = gettext_noop("You made this token. We showed it once; delete it if you lost it.")

NO_TOKEN = gettext_noop("Send a token: Authorization: Bearer gs_…")
BAD_TOKEN = gettext_noop("This token doesn't work: it is wrong, deleted or expired.")
OVERLAP = gettext_noop("You host or play another game at that time. Choose another, or send `anyway`.")
TOO_OFTEN = gettext_noop("Too many requests. Try again in a minute.")
NOT_A_HOST = gettext_noop("You can't schedule games on this server. Ask its managers for the role.")
NOT_FOUND = gettext_noop("There's no such thing, or you can't see it.")
BAD_REQUEST = gettext_noop("We can't read this request. See the fields.")
KEY_REUSED = gettext_noop("This Idempotency-Key was used for another request. Take a new one.")
ANSWER_GONE = gettext_noop("You did that before. We no longer have its answer.")
NOT_JSON = gettext_noop("Send JSON: Content-Type: application/json.")
BAD_KEY = gettext_noop("An Idempotency-Key has 1 to 200 visible characters.")
STALE = gettext_noop("Someone changed this meanwhile. Read it again, then try once more.")
FAILED = gettext_noop("Something went wrong on our side. Try again later.")

AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.CREATE_PROGRAM: gettext_noop("made the API token “{name}”"),
    AuditAction.DELETE_PROGRAM: gettext_noop("deleted the API token “{name}”"),
}


def describe_action(action: str, who: str, changes: Mapping[str, Any]) -> str:
    """Return who made or deleted which token."""
    return who_did(who, AUDIT_ACTIONS[action], {"name": changes.get("name", "")})


def token_deleted(name: str) -> str:
    """Say that a token works no more."""
    return gettext("Deleted. “%(name)s” no longer works.") % {"name": name}


def scope_needed(scope: str) -> str:
    """Say which scope a token lacks."""
    return gettext("This token lacks the scope “%(scope)s”. Make another one.") % {"scope": scope}
