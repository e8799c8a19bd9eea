"""All wording about hosts: seating and messaging players, taking a game over, and late leavers."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext as _

from games.core.codes import AuditAction
from games.core.named_places import who_did
from games.core.wording import quote, timestamp

MAY_NOT_TAKE_OVER = gettext_noop("Only managers of the server and co-hosts can take it over. Ask one of them.")
HOST_LEFT = gettext_noop("The host left the server. A manager of the server or a co-host can take over.")


# --- handing over ------------------------------------------------------------------------------------------

ACCEPT_LABEL, DECLINE_LABEL = gettext_noop("Run it"), gettext_noop("No, thanks")
HANDED_OVER_TOO_OFTEN = gettext_noop("The host changed too often today. Wait, or ask a manager of the server.")
HAND_OVER_DECLINED = gettext_noop("You said no, so the host stays. We notify them.")


def invited_to_host(name: str, already: bool) -> str:
    """Return the reply to the host who hands a game over."""
    if already:
        return _("We already asked %(name)s. You stay the host until they say yes.") % {"name": name}
    return _("We ask %(name)s to run it. You stay the host until they say yes.") % {"name": name}


def hosts_it(name: str) -> str:
    """Return the addition to the reply to whoever schedules a game for somebody."""
    return _("%(name)s is its host.") % {"name": name}


def host_chosen(title: str, guild: str, starts_at: datetime, url: str, by: str) -> str:
    """Return the message to the host whom somebody who manages the server chose."""
    values = {"who": by, "title": title, "guild": guild, "when": timestamp(starts_at), "url": url}
    if by:
        text = _("🎩 %(who)s chose you to run **%(title)s** in %(guild)s, %(when)s. Edit it on its page.\n%(url)s")
        return text % values
    return (
        _(
            "🎩 A manager of the server chose you to run **%(title)s** in %(guild)s, %(when)s. Edit it on its "
            "page.\n%(url)s"
        )
        % values
    )


def hand_over_withdrawn(name: str) -> str:
    return _("We no longer ask %(name)s. You stay the host.") % {"name": name}


def host_asks(name: str) -> str:
    """Return what the person asked reads on the game's page."""
    return _("%(name)s asks you to run this game. Until you say yes, %(name)s stays the host.") % {"name": name}


def waits_for_answer(name: str) -> str:
    return _("We asked %(name)s to run this game. There's no answer yet.") % {"name": name}


def hand_over(title: str, guild: str, starts_at: datetime, url: str, by: str) -> str:
    """Return the message that asks somebody to run a game."""
    values = {"who": by, "title": title, "guild": guild, "when": timestamp(starts_at), "url": url}
    if by:
        text = _(
            "🎩 %(who)s asks you to run **%(title)s** in %(guild)s, %(when)s. Until you say yes, the host "
            "stays.\n%(url)s"
        )
        return text % values
    return (
        _(
            "🎩 Its host asks you to run **%(title)s** in %(guild)s, %(when)s. Until you say yes, the host "
            "stays.\n%(url)s"
        )
        % values
    )


def hand_over_answered(title: str, guild: str, starts_at: datetime, url: str, who: str, accepted: bool) -> str:
    """Return the message that tells the old host what became of handing over."""
    if accepted:
        text = _("%(who)s runs it now; you're a co-host: **%(title)s** in %(guild)s, %(when)s.\n%(url)s")
    else:
        text = _("%(who)s doesn't want to run it, so you stay the host: **%(title)s** in %(guild)s, %(when)s.\n%(url)s")
    return text % {"who": who, "title": title, "guild": guild, "when": timestamp(starts_at), "url": url}


# --- who left late -----------------------------------------------------------------------------------------


def left_late(names: Iterable[str]) -> str:
    """Return `Left late: charlie, dora.`; '' for nobody."""
    listed = list(names)
    return _("Left late: %(names)s.") % {"names": ", ".join(listed)} if listed else ""


# --- notes about people ----------------------------------------------------------------------------------

NOTE_SAVED, NOTE_DELETED, NOTE_UNCHANGED = (
    gettext_noop("Note saved."),
    gettext_noop("Note deleted."),
    gettext_noop("Nothing changed."),
)
NOTE_UNREADABLE = gettext_noop("We can't show a character in this note. Type it again without.")


def note_too_long(length: int, most: int) -> str:
    return _("This note has %(length)s characters. Shorten it to %(most)s.") % {
        "length": number_format(length, force_grouping=True),
        "most": number_format(most, force_grouping=True),
    }


# --- history -----------------------------------------------------------------------------------------------

# Translators: what follows a name, as in “Ann gave Ben a seat”.
AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.SEAT: gettext_noop("gave {for} a seat"),
    AuditAction.UNSEAT: gettext_noop("put {for} on the wait list"),
    AuditAction.REORDER: gettext_noop("moved {for} to number {to}"),
    AuditAction.CLOSE_SIGNUPS: gettext_noop("closed the sign-ups"),
    AuditAction.REOPEN_SIGNUPS: gettext_noop("opened the sign-ups again"),
    AuditAction.KEEP_GAME: gettext_noop("kept the game with too few players"),
    AuditAction.HAND_OVER: gettext_noop("asked {for} to run the game"),
    AuditAction.HAND_OVER_ENDED: gettext_noop("no longer asks who runs the game"),
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a game's history."""
    text = who_did(who, AUDIT_ACTIONS[action], changes)
    if changes.get("instead"):
        return _("%(what_was_done)s instead of %(name)s") % {"what_was_done": text, "name": changes["instead"]}
    return text


MESSAGE_TOO_LATE = gettext_noop("This game ended more than a day ago, so you can't message people. Write in Discord.")


NO_MESSAGE_RECIPIENTS = gettext_noop("Nobody there is in Discord, except you. Choose others.")


MESSAGE_HELP = gettext_noop(
    "Up to 1,000 characters, sent as a direct message in your name. If we can't reach someone, we "
    "post it publicly in the channel. You can send three messages in 24 hours."
)


AUDIENCES = {
    "all": gettext_noop("Everyone"),
    "seated": gettext_noop("Everyone with a seat"),
    "waiting": gettext_noop("The wait list"),
    "unanswered": gettext_noop("Everyone who didn't answer"),
}


def messaged_too_often(again: str) -> str:
    return _("You can send three messages in 24 hours. You can send the next from %(again)s on.") % {"again": again}


def count_people(count: int) -> str:
    if not count:
        return _("nobody")
    return ngettext("%(count)d person", "%(count)d people", count) % {"count": count}


def audience_choice(to: str, count: int) -> str:
    """Return `Those with a seat: 3 people`."""
    return f"{gettext(AUDIENCES[to])}: {count_people(count)}"


def message_sent(count: int) -> str:
    if not count:
        return _("Your message is on its way to nobody.")
    return ngettext(
        "Your message is on its way to %(count)d person.", "Your message is on its way to %(count)d people.", count
    ) % {"count": count}


def player_message(title: str, guild: str, starts_at: datetime, url: str, by: str, text: str) -> str:
    return _("💬 %(who)s about **%(title)s** in %(guild)s, %(when)s:\n%(message)s\n%(url)s") % {
        "who": by,
        "title": title,
        "guild": guild,
        "when": timestamp(starts_at),
        "message": quote(text),
        "url": url,
    }
