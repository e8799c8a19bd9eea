"""All wording about attendance, rewards and the archive."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from games.core.codes import AuditAction
from games.core.wording import timestamp

# --- who came --------------------------------------------------------------------------------------------

UNKNOWN_SEAT = gettext_noop("They have no seat in this game, so you can't mark them.")
BAD_DAY = gettext_noop("Write the days as 2026-11-25, the first one first. Leave either out for no end.")


def attendance_marked(name: str, no_show: bool, changed: bool) -> str:
    """Return the reply to marking a player."""
    if changed:
        return (
            _("You marked that %(name)s didn't come.") % {"name": name}
            if no_show
            else _("You marked that %(name)s came after all.") % {"name": name}
        )
    return (
        _("You already marked that %(name)s didn't come.") % {"name": name}
        if no_show
        else _("You already marked that %(name)s came.") % {"name": name}
    )


def you_did_not_come(host: str) -> str:
    """Return the text for the player who was marked, and for nobody else."""
    return _("The host marked that you didn't come. If that's wrong, ask %(host)s.") % {"host": host}


def nobody_is_seated_as(name: str) -> str:
    return _("Nobody with a seat is called “%(name)s”. Give the name as the list shows it, or the Discord id.") % {
        "name": name
    }


# --- rewards ---------------------------------------------------------------------------------------------

REWARDS_HELP = gettext_noop("Up to 2,000 characters. Every member of the server can read them. Empty removes them.")
REWARDS_SAVED = gettext_noop("The rewards are saved. In Discord people click to see them.")
REWARDS_TAKEN_OUT = gettext_noop("The rewards are removed.")
REWARDS_SAME = gettext_noop("You changed nothing.")
REWARDS_STALE = gettext_noop(
    "Someone else wrote the rewards meanwhile; see them on the page. We kept what you typed below: "
    "join both and save again."
)
REWARDS_BAD = gettext_noop("The rewards have a character that we can't show. Type them again without.")


def rewards_too_long(length: int, most: int) -> str:
    return _("The rewards have %(length)s characters. Shorten them to %(most)s.") % {
        "length": number_format(length, force_grouping=True),
        "most": number_format(most, force_grouping=True),
    }


def rewards_due(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message to the host when the game ends."""
    return _("🏆 **%(title)s** in %(guild)s, %(when)s, is over. Write down what the players got:\n%(url)s") % {
        "title": title,
        "guild": guild,
        "when": timestamp(starts_at),
        "url": url,
    }


def rewarded(title: str, guild: str, starts_at: datetime, url: str, rewards: str) -> str:
    """Return the message to those who got rewards, hidden until they click on them."""
    return _("🏆 You got rewards for **%(title)s** in %(guild)s, %(when)s:\n%(rewards)s\n%(url)s") % {
        "title": title,
        "guild": guild,
        "when": timestamp(starts_at),
        "rewards": rewards,
        "url": url,
    }


# --- history ---------------------------------------------------------------------------------------------

AUDIT_ACTIONS = (AuditAction.MARK_ATTENDANCE, AuditAction.WRITE_REWARDS, AuditAction.ARCHIVE)


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a game's history."""
    if action == AuditAction.MARK_ATTENDANCE:
        if changes.get("no_show"):
            return _("%(who)s marked that %(name)s didn't come") % {"who": who, "name": changes.get("for")}
        return _("%(who)s marked that %(name)s came after all") % {"who": who, "name": changes.get("for")}
    if action == AuditAction.WRITE_REWARDS:
        return _("%(who)s wrote down the rewards") % {"who": who}
    if changes.get("stayed"):
        return _("We couldn't archive it")
    return _("We archived it as planned") if changes.get("planned") else _("%(who)s archived it") % {"who": who}
