"""All wording about webhooks."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from games.core.codes import AuditAction
from games.core.named_places import who_did
from games.models import WebhookRequest
from notifications.codes import RequestProblem

BAD_URL = gettext_noop("Write an https address that the internet can reach.")
NO_EVENT = gettext_noop("Choose at least one event.")
TOO_MANY = gettext_noop("This server has 10 webhooks, the most it can have. Delete one first.")
UNKNOWN_WEBHOOK = gettext_noop("This webhook is gone. Nothing changed.")
UNKNOWN_REQUEST = gettext_noop("This entry left the log. We can't send it again.")
BODY_GONE = gettext_noop("Someone in it asked us to forget them. We can't send it again.")
RESUME_FIRST = gettext_noop("This webhook is paused. Resume it first.")
TOO_MANY_WAIT = gettext_noop("Ten tests are on their way. Wait until they arrive.")

SAVED = gettext_noop("Saved the webhook.")
UNCHANGED = gettext_noop("Nothing changed.")
PAUSED = gettext_noop("Paused. We drop what was waiting.")
RESUMED = gettext_noop("Resumed. We send what happens from now on.")
DELETED = gettext_noop("Deleted the webhook and its log.")
TEST_QUEUED = gettext_noop("We're sending a test. Look again in a few seconds.")
QUEUED_AGAIN = gettext_noop("We're sending it again. Look again in a few seconds.")
SHOWN_ONCE = gettext_noop("You made this webhook. We showed its secret once; make a new one if you lost it.")

# Translators: what follows a name, as in “Ann made a webhook to example.com”.
AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.CREATE_WEBHOOK: gettext_noop("made a webhook to {name}"),
    AuditAction.EDIT_WEBHOOK: gettext_noop("changed the webhook to {name}"),
    AuditAction.DELETE_WEBHOOK: gettext_noop("deleted the webhook to {name}"),
    AuditAction.PAUSE_WEBHOOK: gettext_noop("paused the webhook to {name}"),
    AuditAction.RESUME_WEBHOOK: gettext_noop("resumed the webhook to {name}"),
    AuditAction.RENEW_WEBHOOK: gettext_noop("made a new secret for the webhook to {name}"),
}


def describe_action(action: str, who: str, changes: Mapping[str, Any]) -> str:
    """Return who did what to which webhook."""
    return who_did(who, AUDIT_ACTIONS[action], {"name": changes.get("name", "")})


def answer_text(request: WebhookRequest) -> str:
    """Return how the last attempt went; '' before the first."""
    if request.problem_code:
        return _(str(RequestProblem(request.problem_code).label))
    if request.answer_status is not None:
        return _("answered %(status)d in %(milliseconds)d ms") % {
            "status": request.answer_status,
            "milliseconds": request.took_ms or 0,
        }
    return ""


def paused_message(guild: str, host: str, url: str) -> str:
    """Tell who made a webhook that it was paused."""
    text = _("We paused a webhook of **%(server)s**: %(host)s takes nothing. Check it, then resume it:\n%(url)s")
    return text % {"server": guild, "host": host, "url": url}
