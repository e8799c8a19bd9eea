"""All wording about polls for a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from games.core.codes import AuditAction
from games.core.wording import listed, timestamp
from games.models import PollState
from games.models.announcement import PostProblem
from guilds.templatetags.zoned_times import when

UNKNOWN_POLL = "There's no such poll, or it's in a server you aren't in."
NOT_YOURS = "Only the poll's host and managers of the server can do that. Ask them."
OLD_POLL = "This poll is out of date. Open its page for the current one."
NOT_IN_DM = "This works only in the poll's server."

# --- opening ---------------------------------------------------------------------------------------------

NO_TIMES = "Give at least two times to choose from."
TOO_MANY_TIMES = "A poll has up to ten times. Take some out."
NO_DATE = "Choose the day too, or leave the time empty."
NO_TIME_YET = "Choose a time. Days below without one take the same."
CLOSING_PAST = "That time is past. Choose a later one."
CLOSING_TOO_FAR = "That's more than 60 days ahead. Choose an earlier time."
CLOSING_LATE = "Close the poll before the last of its times."
NOT_A_POLL = "That isn't a poll yet."
NO_NUMBER = "Write how many people make it a game, from 1 to 99."
NO_MINIMUM = "Games there have no minimum of players. Write a number instead."
OPENED = "The poll is open. It's in Discord in a moment."
WINS_CHOICES = {
    "host": "I do, with one tap",
    "minimum": "The first time with the game's minimum of players",
    "number": "The first time with this many people",
}

WINS_SUMMARY = {
    "host": "You make it a game",
    "minimum": "The game's minimum makes it a game",
    "number": "A number of people makes it a game",
}


def too_many_polls(count: int) -> str:
    return f"You have {count} open polls here, the most for one host. Cancel one, or wait."


def too_many_today(count: int) -> str:
    return f"You've opened {count} polls today, the most for one host. Wait until tomorrow."


# --- ticking ---------------------------------------------------------------------------------------------

UNKNOWN_TIME = "This poll doesn't have that time. Choose one it shows."
TIME_PAST = "One of these times is past. Choose upcoming ones."
TICKS_CLEARED = "You ticked no time. You can choose again any time."
CHOOSE = "Tick every time you can come"
MAKE_GAME, OPEN_PAGE, OPEN_GAME = "Make it a game", "Open", "Open the game"


def ticked(count: int, times: int) -> str:
    """Return at how many of a poll's times somebody can come; beside it they see at which."""
    return f"You can come at {count} of {times} times." if count else TICKS_CLEARED


def ticked_times(times: Sequence[str]) -> str:
    return f"You can come: {'; '.join(times)}. Choose again to change it." if times else TICKS_CLEARED


def won_by_vote(time: str) -> str:
    return f" With you, enough can come {time}. It becomes a game in a moment."


def count_text(count: int) -> str:
    return f"{count} can come"


STATE_SENTENCES = {
    PollState.CLOSED: "This poll is closed.",
    PollState.SCHEDULED: "This poll is now a game.",
    PollState.CANCELLED: "This poll is cancelled.",
}


def closed(state: PollState) -> str:
    """Return why nobody can tick times any more."""
    return STATE_SENTENCES[state]


CHANNEL_HELP = "Where we ask, and post the game."
ZONE_HELP = "All times below are in it."
WINS_LABEL, NUMBER_HELP = "Who makes it a game", "For the last choice."


def ending_summary(closes: str, wins: str) -> str:
    """Return when a poll of the form closes and how it becomes a game, for a group that is folded."""
    return f"Closes {closes or 'at a time you choose'} · {wins}"


# --- the end ---------------------------------------------------------------------------------------------

NO_WINNER = "Nobody ticked an upcoming time. Choose one yourself on the poll's page."
ALREADY_GAME = "It's already a game."
CANCELLED = "The poll is cancelled."
SEATED_HELP = "We sign up everyone who ticked the time, first come first."


def made(seated: Sequence[str], left_out: Sequence[str]) -> str:
    """Return the reply to making the poll a game."""
    text = f"It's a game. Signed up: {listed(seated)}." if seated else "It's a game. Nobody had ticked this time."
    return f"{text} May not sign up: {listed(left_out)}." if left_out else text


# --- the post --------------------------------------------------------------------------------------------


def closes_text(closes_at: datetime, quorum: int | None) -> str:
    # By the clock: where notifyd is down as the time comes, "closes 2 hours ago" would be wrong.
    text = f"Open until {timestamp(closes_at)}."
    return f"{text} The first time {quorum} people can come becomes a game." if quorum else text


def asked_by(host: str) -> str:
    return f"Asked by {host}"


def result_text(state: PollState, winner: datetime | None) -> str:
    """Return how a poll ended."""
    if state is PollState.SCHEDULED and winner is not None:
        return f"It's a game: {timestamp(winner)}."
    return f"{closed(state)} Its host decides." if state is PollState.CLOSED else closed(state)


def post_problem(problem: PostProblem, channel: str, missing: Sequence[str]) -> str:
    """Return why the poll's post is missing or out of date in Discord."""
    match problem:
        case PostProblem.MISSING_PERMISSION:
            why = f"the bot lacks {' and '.join(missing)}" if missing else "the bot can't post"
            return f"Not up to date in Discord: {why} in #{channel}."
        case PostProblem.CHANNEL_DELETED:
            return f"Not up to date in Discord: #{channel} no longer exists."
        case PostProblem.MAYBE_POSTED:
            return f"It may be missing in #{channel}: the bot can't read there to find out."
    return "Not up to date in Discord: Discord refused it."


# --- messages --------------------------------------------------------------------------------------------


def ended(title: str, guild: str, url: str, best: datetime | None, count: int) -> str:
    """Return the message to the host of a poll that its time closed."""
    most = (
        f"{count} can come {timestamp(best)}: make it a game with one tap" if best else "Nobody ticked an upcoming time"
    )
    return f"🗳️ The poll **{title}** in {guild} is closed. {most}.\n{url}"


def won(title: str, guild: str, url: str, starts_at: datetime, left_out: Sequence[str]) -> str:
    """Return the message to the host of a poll that became a game by itself."""
    missing = f" May not sign up: {listed(left_out)}." if left_out else ""
    return f"🎲 Enough people can come: **{title}** in {guild} is a game, {timestamp(starts_at)}.{missing}\n{url}"


def not_made(title: str, guild: str, url: str) -> str:
    """Return the message to the host of a poll that could not become a game by itself."""
    return (
        f"⚠️ Enough people can come to **{title}** in {guild}, but we couldn't schedule it. "
        f"Open the poll's page to see what's missing.\n{url}"
    )


# --- history ---------------------------------------------------------------------------------------------

AUDIT_ACTIONS: dict[str, str] = {
    AuditAction.OPEN_POLL: "opened a poll for a time",
    AuditAction.CANCEL_POLL: "cancelled a poll for a time",
    AuditAction.SCHEDULE_FROM_POLL: "made it from a poll",
}


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a history."""
    return f"{who} {AUDIT_ACTIONS[action]}"


def option_label(at: datetime, zone: str) -> str:
    return when(at, zone)
