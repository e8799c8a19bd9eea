"""All wording about polls for a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from games.core.codes import AuditAction
from games.core.named_places import game_places, who_did
from games.core.wording import listed, timestamp
from games.models import PollState
from games.models.announcement import PostProblem
from gamesched.lib.sentences import join_and
from guilds.templatetags.zoned_times import when

UNKNOWN_POLL = gettext_noop("There's no such poll, or it's in a server you aren't in.")
NOT_YOURS = gettext_noop("Only the poll's host and managers of the server can do that. Ask them.")
OLD_POLL = gettext_noop("This poll is out of date. Open its page for the current one.")
NOT_IN_DM = gettext_noop("This works only in the poll's server.")

# --- opening ---------------------------------------------------------------------------------------------

NO_TIMES = gettext_noop("Give at least two times to choose from.")
TOO_MANY_TIMES = gettext_noop("A poll has up to ten times. Take some out.")
NO_DATE = gettext_noop("Choose the day too, or leave the time empty.")
NO_TIME_YET = gettext_noop("Choose a time. Days below without one take the same.")
CLOSING_PAST = gettext_noop("That time is past. Choose a later one.")
CLOSING_TOO_FAR = gettext_noop("That's more than 60 days ahead. Choose an earlier time.")
CLOSING_LATE = gettext_noop("Close the poll before the last of its times.")
NOT_A_POLL = gettext_noop("That isn't a poll yet.")
NO_NUMBER = gettext_noop("Write how many people make it a game, from 1 to 99.")
NO_MINIMUM = gettext_noop("Games there have no minimum of players. Write a number instead.")
OPENED = gettext_noop("The poll is open. It's in Discord in a moment.")
WINS_CHOICES = {
    "host": gettext_noop("I do, with one tap"),
    "minimum": gettext_noop("The first time with the game's minimum of players"),
    "number": gettext_noop("The first time with this many people"),
}

WINS_SUMMARY = {
    "host": gettext_noop("You make it a game"),
    "minimum": gettext_noop("The game's minimum makes it a game"),
    "number": gettext_noop("A number of people makes it a game"),
}


def too_many_polls(count: int) -> str:
    text = ngettext(
        "You have %(count)d open polls here, the most for one host. Cancel one, or wait.",
        "You have %(count)d open polls here, the most for one host. Cancel one, or wait.",
        count,
    )
    return text % {"count": count}


def too_many_today(count: int) -> str:
    text = ngettext(
        "You've opened %(count)d polls today, the most for one host. Wait until tomorrow.",
        "You've opened %(count)d polls today, the most for one host. Wait until tomorrow.",
        count,
    )
    return text % {"count": count}


# --- ticking ---------------------------------------------------------------------------------------------

UNKNOWN_TIME = gettext_noop("This poll doesn't have that time. Choose one it shows.")
TIME_PAST = gettext_noop("One of these times is past. Choose upcoming ones.")
TICKS_CLEARED = gettext_noop("You ticked no time. You can choose again any time.")
CHOOSE = gettext_noop("Tick every time you can come")
MAKE_GAME, OPEN_PAGE, OPEN_GAME = gettext_noop("Make it a game"), gettext_noop("Open"), gettext_noop("Open the game")


def ticked(count: int, times: int) -> str:
    """Return at how many of a poll's times somebody can come; beside it they see at which."""
    if not count:
        return _(TICKS_CLEARED)
    text = ngettext(
        "You can come at %(count)d of %(times)d times.", "You can come at %(count)d of %(times)d times.", times
    )
    return text % {"count": count, "times": times}


def ticked_times(times: Sequence[str]) -> str:
    if not times:
        return _(TICKS_CLEARED)
    return _("You can come: %(times)s. Choose again to change it.") % {"times": "; ".join(times)}


def won_by_vote(time: str) -> str:
    return " " + _("With you, enough can come %(time)s. It becomes a game in a moment.") % {"time": time}


def count_text(count: int) -> str:
    return ngettext("%(count)d can come", "%(count)d can come", count) % {"count": count}


STATE_SENTENCES = {
    PollState.CLOSED: gettext_noop("This poll is closed."),
    PollState.SCHEDULED: gettext_noop("This poll is now a game."),
    PollState.CANCELLED: gettext_noop("This poll is cancelled."),
}


def closed(state: PollState) -> str:
    """Return why nobody can tick times any more."""
    return _(STATE_SENTENCES[state])


CHANNEL_HELP = gettext_noop("Where we ask, and post the game.")
ZONE_HELP = gettext_noop("All times below are in it.")
WINS_LABEL, NUMBER_HELP = gettext_noop("Who makes it a game"), gettext_noop("For the last choice.")


def ending_summary(closes: str, wins: str) -> str:
    """Return when a poll of the form closes and how it becomes a game, for a group that is folded."""
    closing = _("Closes %(when)s") % {"when": closes} if closes else _("Closes at a time you choose")
    return f"{closing} · {_(wins)}"


# --- the end ---------------------------------------------------------------------------------------------

NO_WINNER = gettext_noop("Nobody ticked an upcoming time. Choose one yourself on the poll's page.")
ALREADY_GAME = gettext_noop("It's already a game.")
CANCELLED = gettext_noop("The poll is cancelled.")
SEATED_HELP = gettext_noop("We sign up everyone who ticked the time, first come first.")


def _left_out(names: Sequence[str]) -> str:
    return " " + _("May not sign up: %(names)s.") % {"names": listed(names)} if names else ""


def made(seated: Sequence[str], left_out: Sequence[str]) -> str:
    """Return the reply to making the poll a game."""
    text = _("It's a game. Signed up: %(names)s.") if seated else _("It's a game. Nobody had ticked this time.")
    return text % {"names": listed(seated)} + _left_out(left_out)


# --- the post --------------------------------------------------------------------------------------------


def closes_text(closes_at: datetime, quorum: int | None) -> str:
    # By the clock: where notifyd is down as the time comes, "closes 2 hours ago" would be wrong.
    text = _("Open until %(when)s.") % {"when": timestamp(closes_at)}
    if not quorum:
        return text
    first = ngettext(
        "The first time %(count)d people can come becomes a game.",
        "The first time %(count)d people can come becomes a game.",
        quorum,
    )
    return f"{text} " + first % {"count": quorum}


def asked_by(host: str) -> str:
    return _("Asked by %(host)s") % {"host": host}


def result_text(state: PollState, winner: datetime | None) -> str:
    """Return how a poll ended."""
    if state is PollState.SCHEDULED and winner is not None:
        return _("It's a game: %(when)s.") % {"when": timestamp(winner)}
    return closed(state) + " " + _("Its host decides.") if state is PollState.CLOSED else closed(state)


def post_problem(problem: PostProblem, channel: str, missing: Sequence[str]) -> str:
    """Return why the poll's post is missing or out of date in Discord."""
    match problem:
        case PostProblem.MISSING_PERMISSION if missing:
            text = _("Not up to date in Discord: the bot lacks %(permissions)s in #%(channel)s.")
        case PostProblem.MISSING_PERMISSION:
            text = _("Not up to date in Discord: the bot can't post in #%(channel)s.")
        case PostProblem.CHANNEL_DELETED:
            text = _("Not up to date in Discord: #%(channel)s no longer exists.")
        case PostProblem.MAYBE_POSTED:
            text = _("It may be missing in #%(channel)s: the bot can't read there to find out.")
        case _:
            text = _("Not up to date in Discord: Discord refused it.")
    return text % {"permissions": join_and(missing), "channel": channel}


# --- messages --------------------------------------------------------------------------------------------


def ended(title: str, guild: str, url: str, best: datetime | None, count: int) -> str:
    """Return the message to the host of a poll that its time closed."""
    places = {"title": title, "guild": guild, "count": count, "when": timestamp(best) if best else ""}
    if best:
        text = ngettext(
            "🗳️ The poll **%(title)s** in %(guild)s is closed. "
            "%(count)d can come %(when)s: make it a game with one tap.",
            "🗳️ The poll **%(title)s** in %(guild)s is closed. "
            "%(count)d can come %(when)s: make it a game with one tap.",
            count,
        )
    else:
        text = _("🗳️ The poll **%(title)s** in %(guild)s is closed. Nobody ticked an upcoming time.")
    return text % places + f"\n{url}"


def won(title: str, guild: str, url: str, starts_at: datetime, left_out: Sequence[str]) -> str:
    """Return the message to the host of a poll that became a game by itself."""
    text = _("🎲 Enough people can come: **%(title)s** in %(guild)s is a game, %(when)s.")
    return text % game_places(title, guild, starts_at) + _left_out(left_out) + f"\n{url}"


def not_made(title: str, guild: str, url: str) -> str:
    """Return the message to the host of a poll that could not become a game by itself."""
    text = _(
        "⚠️ Enough people can come to **%(title)s** in %(guild)s, but we couldn't schedule it. "
        "Open the poll's page to see what's missing."
    )
    return text % {"title": title, "guild": guild} + f"\n{url}"


# --- history ---------------------------------------------------------------------------------------------

AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.OPEN_POLL: gettext_noop("opened a poll for a time"),
    AuditAction.CANCEL_POLL: gettext_noop("cancelled a poll for a time"),
    AuditAction.SCHEDULE_FROM_POLL: gettext_noop("made it from a poll"),
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a history."""
    return who_did(who, AUDIT_ACTIONS[action])


def option_label(at: datetime, zone: str) -> str:
    return when(at, zone)
