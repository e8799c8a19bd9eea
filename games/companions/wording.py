"""What people read about companions: their states, their problems with what to do, and lines of the history."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext as _

from games.core.codes import AuditAction
from games.core.named_places import who_did
from games.models.companion import CompanionKind, CompanionProblem
from gamesched.lib.sentences import join_and

LABELS: Mapping[str, str] = {
    CompanionKind.EVENT: gettext_noop("event"),
    CompanionKind.THREAD: gettext_noop("thread"),
    CompanionKind.VOICE: gettext_noop("voice channel"),
    CompanionKind.ROLE: gettext_noop("role"),
}
# In sentences. Translators: always the object of the sentence.
_THE: Mapping[str, str] = {
    CompanionKind.EVENT: gettext_noop("the event"),
    CompanionKind.THREAD: gettext_noop("the thread"),
    CompanionKind.VOICE: gettext_noop("the voice channel"),
    CompanionKind.ROLE: gettext_noop("the role"),
}
# What Discord has room for, in words.
FULL: Mapping[str, str] = {
    CompanionKind.EVENT: gettext_noop("The server has 100 events, the most Discord allows."),
    CompanionKind.THREAD: gettext_noop("The thread has 1,000 people, the most Discord allows."),
    CompanionKind.VOICE: gettext_noop("The server has 500 channels, the most Discord allows."),
    CompanionKind.ROLE: gettext_noop("The server has 250 roles, the most Discord allows."),
}
MAKE_ROOM: Mapping[str, str] = {
    CompanionKind.EVENT: gettext_noop("End or delete one in Discord. We try again every hour."),
    CompanionKind.THREAD: gettext_noop("Remove someone there. We try again every hour."),
    CompanionKind.VOICE: gettext_noop("Delete one in Discord. We try again every hour."),
    CompanionKind.ROLE: gettext_noop("Delete one in Discord. We try again every hour."),
}
# What the server has no room for, where that above is what one that is there has no room for.
SERVER_FULL: Mapping[str, tuple[str, str]] = {
    CompanionKind.THREAD: (
        gettext_noop("The server has the most open threads Discord allows."),
        gettext_noop("Close one in Discord. We try again every hour."),
    ),
}
TRY_AGAIN, MAKE_AGAIN = gettext_noop("Try again"), gettext_noop("Make it again")
LET_GO = gettext_noop("Someone deleted it in Discord, and your settings keep such changes.")
MADE_BEFORE_START = gettext_noop("We make it 15 minutes before the start.")
MADE_AT_START = gettext_noop("We make it when the game starts.")
NOT_MADE = gettext_noop("It isn't there yet.")
NOTHING_TO_TRY = gettext_noop("There's nothing to try again.")


def lacking(kind: str, missing: Sequence[str]) -> str:
    """Return which permissions the bot lacks for a kind of companion."""
    if not missing:
        return _("Discord doesn't let the bot make or change %(what)s.") % {"what": gettext(_THE[kind])}
    return _("The bot needs %(permissions)s for %(what)s.") % {
        "permissions": join_and(missing),
        "what": gettext(_THE[kind]),
    }


def permission_advice(kind: str, missing: Sequence[str]) -> str:
    """Return where to give the bot what it lacks."""
    if missing:
        return _("Give that to the bot's role in Discord. We then try again right away.")
    if kind == CompanionKind.ROLE:
        return _("Move the bot's role higher in Discord's list of roles.")
    return _("Check the bot's permissions in Discord, in that channel too.")


def problem_texts(kind: str, code: str, said: str, missing: Sequence[str], is_there: bool = False) -> tuple[str, str]:
    """Return in one sentence why a companion is missing or out of date, and what to do; '' for nothing."""
    match code:
        case CompanionProblem.MISSING_PERMISSION:
            return lacking(kind, missing), permission_advice(kind, missing)
        case CompanionProblem.LIMIT_REACHED:
            full = FULL[kind], MAKE_ROOM[kind]
            why, advice = full if is_there else SERVER_FULL.get(kind, full)
            return gettext(why), gettext(advice)
        case CompanionProblem.CHANNEL_DELETED:
            return _("Its channel was deleted in Discord."), _("Choose another channel for the game.")
        case CompanionProblem.CHANNEL_HIDDEN:
            text = _("Everyone would see %(what)s, but not everyone sees the game's channel.") % {
                "what": gettext(_THE[kind])
            }
            return text, _("Choose another channel, or a voice channel for the game.")
        case CompanionProblem.MAYBE_MADE:
            text = _("Discord didn't say whether it made %(what)s.") % {"what": gettext(_THE[kind])}
            return text, _("Check in Discord, then try again.")
        case CompanionProblem.REFUSED:
            text = _("Discord refused it.")
            if said:
                reason = {"what": gettext(_THE[kind]), "reason": said[:200]}
                text = _("Discord refused %(what)s: “%(reason)s”") % reason
            return text, _("Change the game, or try again.")
    return said or _("Something is wrong with %(what)s.") % {"what": gettext(_THE[kind])}, ""


def made_text(kind: str, people: int | None) -> str:
    """Return what one that is there is like; '' where its link says enough."""
    if kind == CompanionKind.EVENT and people:
        return ngettext(
            "%(count)d interested in Discord's event.", "%(count)d interested in Discord's event.", people
        ) % {"count": people}
    if kind == CompanionKind.VOICE and people:
        return ngettext("%(count)d in it", "%(count)d in it", people) % {"count": people}
    return _("The players have it.") if kind == CompanionKind.ROLE else ""


def tried_again(kind: str) -> str:
    return _("We're trying to make %(what)s again.") % {"what": gettext(_THE[kind])}


def made_again(kind: str) -> str:
    return _("We're making %(what)s again.") % {"what": gettext(_THE[kind])}


# --- history ---------------------------------------------------------------------------------------------

# Translators: what follows a name, as in “Ann made the thread again”.
AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.COMPANION_PUT_BACK: gettext_noop("deleted the {name}, and we put it back"),
    AuditAction.COMPANION_LET_GO: gettext_noop("deleted the {name}, and it stays deleted"),
    AuditAction.REMAKE_COMPANION: gettext_noop("made the {name} again"),
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a history."""
    name = LABELS.get(str(changes.get("companion")), gettext_noop("companion"))
    return who_did(who, AUDIT_ACTIONS[action], {"name": gettext(name)})
