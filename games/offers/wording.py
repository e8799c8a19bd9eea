"""All wording about offered seats and standby."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from games.core.codes import AuditAction
from games.core.wording import timestamp

TAKE, DECLINE = gettext_noop("Take the seat"), gettext_noop("Pass it on")
SEAT_TAKEN = gettext_noop("That seat is gone. You keep your place on the wait list.")
OFFERED_TO_ANOTHER = gettext_noop("We offered that seat to someone else. Join, and we ask you in turn.")
OFFER_EXPIRED = gettext_noop(
    "That offer is over, and the seat went on. You keep your place on the wait list; join again to get another offer."
)
DECLINED = gettext_noop(
    "You passed the seat on. You keep your place on the wait list; join again to get another offer."
)
ON_STANDBY = gettext_noop("on standby")
ALREADY_ON_STANDBY = gettext_noop("You're already on standby.")
NOT_ON_STANDBY = gettext_noop("You aren't on standby, so nothing changed.")


def offer(title: str, guild: str, starts_at: datetime, url: str, until: str) -> str:
    return _(
        "🪑 A seat is free in **%(title)s** in %(guild)s, %(when)s. Do you want it? We keep it for you "
        "until %(until)s, then we ask the next person.\n%(url)s"
    ) % {"title": title, "guild": guild, "when": timestamp(starts_at), "until": until, "url": url}


def seat_offered_to_another(number: int) -> str:
    """Return the reply to Join while the only free seats are offered."""
    return _("We offer the free seat to someone who waited longer. You're number %(number)d on the wait list.") % {
        "number": number
    }


def offered_in_turn(number: int) -> str:
    """Return the reply to Join so close to the start that seats are offered."""
    return _("The game is full. You're number %(number)d on the wait list. We ask you when a seat is free.") % {
        "number": number
    }


def rejoined(number: int) -> str:
    """Return the reply to a person who is back in line for a seat."""
    return _("You're back in line: number %(number)d on the wait list.") % {"number": number}


def on_standby(number: int, gave_up: bool) -> str:
    """Return the reply to a person who is now on standby."""
    stays = _("You're number %(number)d on the wait list. You stay there until you want a seat.") % {"number": number}
    gone = _("You gave up your seat.")
    return f"{gone} {stays}" if gave_up else stays


# Translators: what follows a name, as in “Ann took the offered seat”.
AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.TAKE_OFFER: gettext_noop("took the offered seat"),
    AuditAction.DECLINE_OFFER: gettext_noop("passed on the offered seat"),
    AuditAction.OFFER_EXPIRED: gettext_noop("let an offered seat pass"),
    AuditAction.STANDBY: gettext_noop("is on standby"),
    AuditAction.REJOIN_WAIT_LIST: gettext_noop("is back in line for a seat"),
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a history.

    An expired offer is nobody's action, and others may act for a person.
    """
    if action != AuditAction.OFFER_EXPIRED and changes.get("for"):
        text = f"{changes['for']} {gettext(AUDIT_ACTIONS[action])}"
        return _("%(what_was_done)s, set by %(who)s") % {"what_was_done": text, "who": who}
    return f"{changes.get('for') or who} {gettext(AUDIT_ACTIONS[action])}"
