"""Wording of reminders, notifications of new games, and a user's preferences about them."""

from collections.abc import Sequence
from datetime import datetime

from games.core.escaping import escape_markdown
from games.core.wording import timestamp, timestamp_with_countdown
from games.reminders.rules import DIGEST_HOUR
from gamesched.lib.durations import minutes_text
from guilds.names import isolated

DIGEST_MAX = 1700  # characters of a digest, without what every message ends with; Discord takes 2,000
TITLE_SHOWN = 80

NO_GUILD = "You aren't a member of that server, or the bot isn't in it."
SAVED = "Saved. It applies to every message from now on."
BAD_REMINDER = "Choose one of the times in the list."
BOTH_ENDS = "Quiet hours need a beginning and an end. Fill in both, or neither."
NO_HOURS = "Quiet hours can't begin when they end. Leave both empty for none."
UNKNOWN_TEMPLATE = "That template is gone from this server. Reload the page."
TEST_UNWANTED = "You chose no messages, so we sent nothing."
TEST_UNDER_WAY = "A test reminder is on its way. See how it went under the button."
TEST_TOO_OFTEN = "You sent ten tests today. Try again tomorrow."
TEST_TOO_SOON = "You sent a test less than a minute ago. Try again in a moment."

HOW_HELP = (
    "For every message about this server's games. A daily digest always comes as a direct message. "
    "With “Not at all”, hosts see that you want no messages."
)
REMINDER_HELP = "Just for you, in games you play or host. It comes on top of each game's reminders."
QUIET_HELP = "Messages still arrive on time, without a sound or a push on your phone."
FOLLOW_HELP = "We tell you about new games with a free seat that you can play."

DELIVERY_METHOD_LABELS = {
    "dm": "By direct message",
    "mention": "By a mention in the game's channel",
    "push": "By a notification on your devices",
    "none": "Not at all",
}
NEW_GAME_CHOICES = {"": "No", "now": "Right away", "daily": f"In a daily digest, at {DIGEST_HOUR}:00"}
TEMPLATE_NEW_GAME_CHOICES = NEW_GAME_CHOICES | {"": "Same as all games"}


def before(minutes: int) -> str:
    return f"{minutes_text(minutes)} before"


def template_choice_label(template: str) -> str:
    """Return the label of the choice for one template."""
    return f"Games from the template “{template}”"


# --- notifications ---------------------------------------------------------------------------------------


def new_game(title: str, guild: str, starts_at: datetime, url: str, host: str, seats: str) -> str:
    return f"🎲 {host} scheduled **{title}** in {guild}, {timestamp(starts_at)}. {seats}.\n{url}"


def digest(games: Sequence[tuple[str, str, datetime, str, str]]) -> str:
    """Return new games, each with title, guild, start, URL and seats taken; as many as fit."""
    text = "🎲 New games with free seats:" if len(games) > 1 else "🎲 A new game with free seats:"
    for number, (title, guild, starts_at, url, seats) in enumerate(games):
        shown = title if len(title) <= TITLE_SHOWN else f"{title[: TITLE_SHOWN - 1]}…"
        what, where = isolated(escape_markdown(shown)), isolated(escape_markdown(guild))
        line = f"\n- **{what}** in {where}, {timestamp(starts_at)}: {seats}. <{url}>"
        if len(text) + len(line) > DIGEST_MAX:
            return f"{text}\n- And {len(games) - number} more, on your servers' pages."
        text += line
    return text


def digest_waits(guild: str, url: str) -> str:
    """Return what everyone in a channel may read of a digest."""
    return f"🎲 You can join new games in {guild}:\n<{url}>"


def test_reminder(guild: str, url: str) -> str:
    return f"✅ This is a test. Reminders about games in {guild} reach you like this.\n<{url}>"


# --- how a test went -------------------------------------------------------------------------------------

MENTIONED_INSTEAD_OF_DM = (
    "Your direct messages are closed, so this and every message mentions you in {channel}. "
    "To change that, open the server's menu in Discord, then Privacy Settings. "
    "Allow Direct Messages there, and test again."
)
CLOSED_DMS = (
    "It didn't reach you: your direct messages are closed. "
    "Open the server's menu in Discord, then Privacy Settings. Allow Direct Messages there, and test again."
)


def test_pending(error: str) -> str:
    return f"It's on its way ({error})." if error else "It's on its way."


def test_delivered(mentioned: bool, channel: str, closed: bool, silently: bool) -> str:
    """Return where a test reminder arrived."""
    text = "It arrived as a direct message."
    if mentioned:
        text = MENTIONED_INSTEAD_OF_DM.format(channel=channel) if closed else f"It arrived as a mention in {channel}."
    return f"{text} It made no sound: these are your quiet hours." if silently else text


def test_failed(why: str, closed: bool) -> str:
    return CLOSED_DMS if closed else f"It didn't reach you: {why}"


def test_skipped(why: str) -> str:
    return f"We sent nothing: {why}."


NO_CHANNEL = "the bot can't post anywhere in this server, so it can't mention you"


def start(starts_at: datetime) -> str:
    """Return the start in words that stay true whenever they are read: Discord counts on after it."""
    return f"Start: {timestamp_with_countdown(starts_at)}."


def reminder(title: str, guild: str, starts_at: datetime, url: str, hosting: bool) -> str:
    if hosting:
        return f"⏰ Your game **{title}** in {guild}. {start(starts_at)}\n{url}"
    return f"⏰ Reminder: **{title}** in {guild}. {start(starts_at)}\n{url}"


def channel_reminder(title: str, starts_at: datetime, url: str) -> str:
    return f"⏰ Reminder: **{title}**. {start(starts_at)}\n{url}"
