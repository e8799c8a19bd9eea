"""All wording about announcing a game later, cancelling and undoing it, and a deleted post."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext

from games.core.codes import AuditAction
from games.core.named_places import game_places, who_did
from games.core.wording import quote, relative_time
from gamesched.lib.moments import in_zone
from gamesched.lib.zones import zone_info
from guilds.templatetags.zoned_times import when

# --- announcing ------------------------------------------------------------------------------------------

ANNOUNCE_CHOICES = {
    "now": gettext_noop("Now"),
    "later": gettext_noop("At this time"),
    "draft": gettext_noop("Not yet: keep a draft"),
}
ANNOUNCE_HELP = gettext_noop("Until then only hosts and managers see it.")
ANNOUNCE_AT_HELP = gettext_noop("In the game's time zone.")


def host_help(manages: bool) -> str:
    """Return the help beside a new game's host, for who manages the server and for who does not."""
    if manages:
        return _("@ and a member's name. Empty: you. We notify them.")
    return _("@ and a member's name. Empty: you. You host until they say yes.")


NO_TIME = gettext_noop("Choose when we announce it: a day and a time.")
ANNOUNCE_PAST = gettext_noop("That time is past. Choose a later one, or announce now.")
ANNOUNCE_AFTER_START = gettext_noop("That's not before the start. Choose an earlier time.")
START_PAST = gettext_noop("The start is past. Choose a later one, then announce it.")
DRAFTED = gettext_noop("Draft saved. Only hosts and managers see it.")
ANNOUNCED = gettext_noop("Announced. The post is in Discord in a moment.")
NOT_ANNOUNCED_YET = gettext_noop("Only hosts and managers see this game.")


def planned(at: datetime, zone: str) -> str:
    return _("Saved. We announce it %(when)s.") % {"when": when(at, zone)}


def too_many_posts(count: int) -> str:
    text = ngettext(
        "You've posted %(count)d games today, the most for one host. Keep a draft, or wait until tomorrow.",
        "You've posted %(count)d games today, the most for one host. Keep a draft, or wait until tomorrow.",
        count,
    )
    return text % {"count": count}


UNDONE_TOO_OFTEN = gettext_noop(
    "This game was cancelled and restored too often today. Ask a manager of the server to undo it."
)


def invited(count: int) -> str:
    """Return how many players of somebody else's game are asked; starts with a space, or is ''."""
    if not count:
        return ""
    text = ngettext(
        "We ask %(count)d player of that game whether they want to play.",
        "We ask %(count)d players of that game whether they want to play.",
        count,
    )
    return " " + text % {"count": count}


def invitation(title: str, guild: str, starts_at: datetime, url: str, by: str) -> str:
    """Return the message that asks players of an earlier game to join the next."""
    text = (
        _("🎲 %(by)s runs a game again that you were in: **%(title)s** in %(guild)s, %(when)s. Join on its page.")
        if by
        else _("🎲 Someone runs a game again that you were in: **%(title)s** in %(guild)s, %(when)s. Join on its page.")
    )
    return text % game_places(title, guild, starts_at, by=by) + f"\n{url}"


def kept_hidden(at: datetime | None, zone: str) -> str:
    """Return the reply to scheduling a game that players do not see yet."""
    return planned(at, zone) if at else _(DRAFTED)


def hidden_until(at: datetime | None, zone: str) -> str:
    """Return what a hidden game's page says."""
    until = _("We announce it %(when)s.") % {"when": when(at, zone)} if at else _("It's a draft.")
    return _(NOT_ANNOUNCED_YET) + " " + until


def announced_text(at: datetime | None) -> str:
    """Return the time of the announcement as the audit log stores it."""
    return at.isoformat() if at else gettext_noop("not yet")


def not_announced(title: str, guild: str, starts_at: datetime, url: str) -> str:
    text = _(
        "We didn't announce **%(title)s** in %(guild)s: its start, %(when)s, is past. "
        "Nobody else sees it. Choose another start, then announce it."
    )
    return text % game_places(title, guild, starts_at) + f"\n{url}"


# --- the form ----------------------------------------------------------------------------------------------

NO_TITLE = gettext_noop("Give the game a title.")
NO_DATE, BAD_DATE = gettext_noop("Choose a date."), gettext_noop("Write the date as 2026-12-31.")
NO_CLOCK, BAD_TIME = gettext_noop("Choose a time."), gettext_noop("Write the time as 19:30.")
WHICH_TIME, FIRST_TIME, SECOND_TIME = gettext_noop("Which one?"), gettext_noop("The first"), gettext_noop("The second")
NO_CHANNEL = gettext_noop("Choose a channel.")
DESCRIPTION_HELP = gettext_noop("What to bring, what to expect. Discord's formatting works.")
CHANNEL_HELP = gettext_noop("Where we post it.")
TEMPLATE_HELP = gettext_noop("Fills every setting that you leave empty.")
GROUPS = {
    "details": gettext_noop("Details"),
    "where": gettext_noop("Where"),
    "people": gettext_noop("People"),
    "announcement": gettext_noop("Announcement"),
    "more": gettext_noop("More settings"),
}
NO_PICTURE, OWN_PICTURE = gettext_noop("none"), gettext_noop("chosen")


def start_note(at: datetime, zone: str, now: datetime) -> str:
    """Return when a game starts for the reader, whose zone it is, and how far ahead that is."""
    own, utc = in_zone(at, zone_info(zone)), in_zone(at, UTC)
    places = {"time": _day_and_time(own), "utc": _day_and_time(utc), "ahead": relative_time(at, now)}
    if own.utcoffset() == utc.utcoffset():
        return _("%(utc)s UTC, %(ahead)s") % places
    if own.date() == utc.date():
        places["utc"] = f"{utc:%H:%M}"
    return _("%(time)s your time, %(utc)s UTC, %(ahead)s") % places


def _day_and_time(local: datetime) -> str:
    return date_format(local, pgettext("date format", "D H:i"))


def details_summary(length: int, cover: str) -> str:
    if not length:
        return _("Description: none · Cover: %(cover)s") % {"cover": cover}
    text = ngettext(
        "Description: %(count)s character · Cover: %(cover)s",
        "Description: %(count)s characters · Cover: %(cover)s",
        length,
    )
    return text % {"count": f"{length:,}", "cover": cover}


def where_summary(channel: str, location: str, template: str) -> str:
    return _("Channel: %(channel)s · Place: %(location)s · Template: %(template)s") % {
        "channel": channel or pgettext("channel", "none"),
        "location": location or pgettext("place", "none"),
        "template": template or pgettext("template", "none"),
    }


def people_summary(named: int, host: str) -> str:
    return _("Participants: %(count)s · Host: %(host)s") % {
        "count": named or pgettext("people", "none"),
        "host": host or pgettext("host", "you"),
    }


def added_summary(named: int) -> str:
    return _("Participants to add: %(count)s") % {"count": named or pgettext("people", "none")}


def announcement_summary(announce: str, at: str) -> str:
    if announce == "later":
        return _("At %(when)s") % {"when": at} if at else _("At a time you choose")
    return _(ANNOUNCE_CHOICES.get(announce, ANNOUNCE_CHOICES["now"]))


def more_summary(reminders: str, source: str, changed: int) -> str:
    """Return the reminders and where they come from, '' for this game, and how many settings are the game's own."""
    text = _("Reminders %(reminders)s — from %(source)s") if source else _("Reminders %(reminders)s")
    shown = text % {"reminders": reminders, "source": _(source)}
    return (
        f"{shown} · " + ngettext("%(count)d set here", "%(count)d set here", changed) % {"count": changed}
        if changed
        else shown
    )


# --- the preview -------------------------------------------------------------------------------------------

UNTITLED = gettext_noop("Your game")
TITLE_METER, DESCRIPTION_METER, POST_METER = (
    gettext_noop("Title"),
    gettext_noop("Description"),
    gettext_noop("Whole post"),
)
NO_PREVIEW = gettext_noop("There's no channel here in which you may announce games.")
DESCRIPTION_CUT = gettext_noop("The description doesn't fit the post. It's whole on the game's page.")
DRAWN_COVER = gettext_noop("Cover drawn from the title")


def meter(used: int, most: int) -> str:
    return _("%(used)s of %(most)s") % {"used": f"{used:,}", "most": f"{most:,}"}


def not_previewed(labels: Sequence[str]) -> str:
    """Return which fields the preview leaves out, since they are wrong or not finished."""
    return _("Not in the preview yet: %(labels)s.") % {"labels": ", ".join(labels)}


# --- cancelling, and undoing it --------------------------------------------------------------------------

CANCELLED = gettext_noop("Cancelled. We notify everyone in a minute. Undo it within ten.")
CANCELLED_HIDDEN = gettext_noop("Cancelled. Nobody else knew of it. Undo it within ten minutes.")
UNDO_TOO_LATE = gettext_noop(
    "You can undo a cancellation for ten minutes, and those are over. Schedule the game again."
)
CLONED_ONCE_OVER = gettext_noop("Only its hosts can schedule this game again until it's over.")
UNDO_OVER = gettext_noop("This game would be over by now. Schedule it again.")


def undone(notified: bool, hidden: bool) -> str:
    if hidden:
        return _("The game is back. Nobody else knows of it yet.")
    if notified:
        return _("The game is on again, with everyone in their place. We notify everyone who heard it was cancelled.")
    return _("The game is on again, with everyone in their place. We hadn't notified anyone yet.")


def on_again(title: str, guild: str, starts_at: datetime, url: str) -> str:
    text = _("✅ **%(title)s** in %(guild)s, %(when)s, is on after all.")
    return text % game_places(title, guild, starts_at) + f"\n{url}"


# --- ending a running game -------------------------------------------------------------------------------

ENDED = gettext_noop("The game is over.")
ALREADY_OVER = gettext_noop("The game is already over.")

# --- a deleted post --------------------------------------------------------------------------------------

PUT_BACK, CANCEL = gettext_noop("Put it back"), gettext_noop("Cancel the game")


# --- history ---------------------------------------------------------------------------------------------

SCHEDULE_NAME = gettext_noop("The schedule")
AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.CREATE: gettext_noop("scheduled the game"),
    AuditAction.CANCEL: gettext_noop("cancelled the game"),
    AuditAction.REPOST: gettext_noop("had it announced again"),
    AuditAction.ANNOUNCE: gettext_noop("announced the game"),
    AuditAction.END: gettext_noop("ended the game"),
    AuditAction.UNDO_CANCELLATION: gettext_noop("undid the cancellation"),
    AuditAction.POST_DELETED: gettext_noop("deleted the post, so we put it back"),
    AuditAction.POST_DELETED_ASK_HOST: gettext_noop("deleted the post, so we ask the host what to do"),
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a game's history."""
    if action == AuditAction.ANNOUNCE and changes.get("past"):
        return _("We didn't announce it: its start was past")
    if action == AuditAction.ANNOUNCE and changes.get("no_host"):
        return _("We didn't announce it: its host may no longer host it or see the channel")
    return who_did(who, AUDIT_ACTIONS[action])


def cancellation(title: str, guild: str, starts_at: datetime, url: str, reason: str) -> str:
    text = _("❌ **%(title)s** in %(guild)s, %(when)s, was cancelled.")
    why = f"\n{quote(reason)}" if reason else ""
    return text % game_places(title, guild, starts_at) + f"{why}\n{url}"
