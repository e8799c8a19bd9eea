"""All wording about polls for a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from games.core.codes import AuditAction
from games.core.wording import listed, timestamp
from games.models import PollState
from games.models.announcement import PostProblem
from guilds.templatetags.zoned_times import when

UNKNOWN_POLL = "There is no such poll, or it is in a server that you are not in."
NOT_YOURS = "Only who opened the poll and those who manage the server may do that. Ask them."
OLD_POLL = "This poll is from before. Its page shows how things stand now."
NOT_IN_DM = "This works only in the server where the poll was posted."

# --- opening ---------------------------------------------------------------------------------------------

NO_TIMES = "Give at least two times to choose from."
TOO_MANY_TIMES = "A poll has up to ten times. Take some out."
NO_DATE = "Choose the day too, or leave the time empty."
NO_TIME_YET = "Choose a time; the days after it take the same where theirs is empty."
CLOSING_PAST = "That time is past. Choose a later one."
CLOSING_TOO_FAR = "That is more than 60 days ahead. Choose an earlier time."
CLOSING_LATE = "Close the poll before the last of its times."
NOT_A_POLL = "That is not a poll yet."
NO_NUMBER = "Write how many people make it a game, from 1 to 99."
NO_MINIMUM = "Games there need no minimum of players. Write a number instead."
OPENED = "The poll is open. It is in Discord in a moment."
WINS_CHOICES = {
    "host": "Nothing: I make it a game with one tap",
    "minimum": "The first time that reaches the game's minimum of players",
    "number": "The first time that reaches this number of people",
}


def too_many_polls(count: int) -> str:
    return f"{count} open polls are the most that one host may have here. Cancel one, or wait."


def too_many_today(count: int) -> str:
    return f"{count} polls within a day are the most for one host. Wait until tomorrow."


# --- ticking ---------------------------------------------------------------------------------------------

UNKNOWN_TIME = "That is not one of this poll's times. Choose from those that it shows."
TIME_PAST = "One of these times is past. Choose from those to come."
TICKS_CLEARED = "You ticked no time. Choose again whenever you can come."
CHOOSE = "Tick all times at which you can come"
MAKE_GAME, OPEN_PAGE, OPEN_GAME = "Make it a game", "Open", "Open the game"


def ticked(count: int, times: int) -> str:
    """Return at how many of a poll's times somebody can come; beside it they see at which."""
    return f"You can come at {count} of {times} times." if count else TICKS_CLEARED


def ticked_times(times: Sequence[str]) -> str:
    return f"You can come: {'; '.join(times)}. Choosing again replaces this." if times else TICKS_CLEARED


def won_by_vote(time: str) -> str:
    return f" With you, enough can come {time}: it becomes a game in a moment."


def count_text(count: int) -> str:
    return f"{count} can come"


STATE_SENTENCES = {
    PollState.CLOSED: "This poll is closed.",
    PollState.SCHEDULED: "This poll is a game by now.",
    PollState.CANCELLED: "This poll was cancelled.",
}


def closed(state: PollState) -> str:
    """Return why nobody can tick times any more."""
    return STATE_SENTENCES[state]


# --- the end ---------------------------------------------------------------------------------------------

NO_WINNER = "Nobody has ticked a time that is still to come. Choose one yourself on the poll's page."
ALREADY_GAME = "It is a game already."
CANCELLED = "The poll is cancelled."
SEATED_HELP = "Who ticked the time is signed up, in the order in which they ticked it."


def made(seated: Sequence[str], left_out: Sequence[str]) -> str:
    """Return the reply to making the poll a game."""
    text = "It is a game. " + (f"Signed up: {listed(seated)}." if seated else "Nobody had ticked this time.")
    return f"{text} Left out, as they may not sign up: {listed(left_out)}." if left_out else text


# --- the post --------------------------------------------------------------------------------------------


def closes_text(closes_at: datetime, quorum: int | None) -> str:
    # By the clock: where notifyd is down as the time comes, "closes 2 hours ago" would be wrong.
    text = f"Open until {timestamp(closes_at)}."
    return f"{text} The first time that {quorum} can come becomes a game by itself." if quorum else text


def asked_by(host: str) -> str:
    return f"Asked by {host}"


def result_text(state: PollState, winner: datetime | None) -> str:
    """Return how a poll ended."""
    if state is PollState.SCHEDULED and winner is not None:
        return f"It is a game: {timestamp(winner)}."
    return f"{closed(state)} Its host decides." if state is PollState.CLOSED else closed(state)


def post_problem(problem: PostProblem, channel: str, missing: Sequence[str]) -> str:
    """Return why the poll's post is missing or out of date in Discord."""
    match problem:
        case PostProblem.MISSING_PERMISSION:
            why = f"the bot lacks {' and '.join(missing)}" if missing else "the bot may not post"
            return f"Not up to date in Discord: {why} in #{channel}."
        case PostProblem.CHANNEL_DELETED:
            return f"Not up to date in Discord: #{channel} no longer exists."
        case PostProblem.MAYBE_POSTED:
            return f"It may be in #{channel} or not: the bot may not read there to find out."
    return "Not up to date in Discord: Discord refused it."


# --- messages --------------------------------------------------------------------------------------------


def ended(title: str, guild: str, url: str, best: datetime | None, count: int) -> str:
    """Return the message to the host of a poll that its time closed."""
    most = (
        f"{count} can come {timestamp(best)}: make it a game with one tap" if best else "Nobody ticked a time to come"
    )
    return f"🗳️ The poll **{title}** in {guild} is closed. {most}.\n{url}"


def won(title: str, guild: str, url: str, starts_at: datetime, left_out: Sequence[str]) -> str:
    """Return the message to the host of a poll that became a game by itself."""
    missing = f" Left out, as they may not sign up: {listed(left_out)}." if left_out else ""
    return f"🎲 Enough people can come: **{title}** in {guild} is a game, {timestamp(starts_at)}.{missing}\n{url}"


def not_made(title: str, guild: str, url: str) -> str:
    """Return the message to the host of a poll that could not become a game by itself."""
    return (
        f"⚠️ Enough people can come to **{title}** in {guild}, but we could not make it a game. "
        f"Make it one on the poll's page; it says what is missing.\n{url}"
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
