"""Wording of reminders, notifications of new games, and a user's preferences about them."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from games.core.escaping import escape_markdown
from games.core.notification_wording import error_text
from games.core.wording import timestamp, timestamp_with_countdown
from gamesched.lib.durations import minutes_text
from guilds.names import isolated

DIGEST_MAX = 1700  # characters of a digest, without what every message ends with; Discord takes 2,000
TITLE_SHOWN = 80

NO_GUILD = gettext_noop("You aren't a member of that server, or the bot isn't in it.")
SAVED = gettext_noop("Saved. It applies to every message from now on.")
BAD_REMINDER = gettext_noop("Choose one of the times in the list.")
BOTH_ENDS = gettext_noop("Quiet hours need a beginning and an end. Fill in both, or neither.")
NO_HOURS = gettext_noop("Quiet hours can't begin when they end. Leave both empty for none.")
UNKNOWN_TEMPLATE = gettext_noop("That template is gone from this server. Reload the page.")
TEST_UNWANTED = gettext_noop("You chose no messages, so we sent nothing.")
TEST_UNDER_WAY = gettext_noop("A test reminder is on its way. See how it went under the button.")
TEST_TOO_OFTEN = gettext_noop("You sent ten tests today. Try again tomorrow.")
TEST_TOO_SOON = gettext_noop("You sent a test less than a minute ago. Try again in a moment.")

HOW_HELP = gettext_noop(
    "For every message about this server's games. A daily digest always comes as a direct message. "
    "With “Not at all”, hosts see that you want no messages."
)
REMINDER_HELP = gettext_noop("Just for you, in games you play or host. It comes on top of each game's reminders.")
QUIET_HELP = gettext_noop("Messages still arrive on time, without a sound or a push on your phone.")
FOLLOW_HELP = gettext_noop("We tell you about new games with a free seat that you can play.")

DELIVERY_METHOD_LABELS = {
    "dm": gettext_noop("By direct message"),
    "mention": gettext_noop("By a mention in the game's channel"),
    "push": gettext_noop("By a notification on your devices"),
    "none": gettext_noop("Not at all"),
}
NEW_GAME_CHOICES = {
    "": gettext_noop("No"),
    "now": gettext_noop("Right away"),
    "daily": gettext_noop("In a daily digest, at 18:00"),  # as `rules.DIGEST_HOUR`
}
TEMPLATE_NEW_GAME_CHOICES = NEW_GAME_CHOICES | {"": gettext_noop("Same as all games")}


def before(minutes: int) -> str:
    return _("%(time)s before") % {"time": minutes_text(minutes)}


def template_choice_label(template: str) -> str:
    """Return the label of the choice for one template."""
    return _("Games from the template “%(template)s”") % {"template": template}


# --- notifications ---------------------------------------------------------------------------------------


def new_game(title: str, guild: str, starts_at: datetime, url: str, host: str, seats: str) -> str:
    return _("🎲 %(host)s scheduled **%(title)s** in %(guild)s, %(when)s. %(seats)s.\n%(url)s") % {
        "host": host,
        "title": title,
        "guild": guild,
        "when": timestamp(starts_at),
        "seats": seats,
        "url": url,
    }


def digest(games: Sequence[tuple[str, str, datetime, str, str]]) -> str:
    """Return new games, each with title, guild, start, URL and free seats; as many as fit."""
    text = _("🎲 New games with free seats:") if len(games) > 1 else _("🎲 A new game with free seats:")
    for number, (title, guild, starts_at, url, seats) in enumerate(games):
        shown = title if len(title) <= TITLE_SHOWN else f"{title[: TITLE_SHOWN - 1]}…"
        what, where = isolated(escape_markdown(shown)), isolated(escape_markdown(guild))
        line = _("**%(title)s** in %(guild)s, %(when)s: %(seats)s. <%(url)s>") % {
            "title": what,
            "guild": where,
            "when": timestamp(starts_at),
            "seats": seats,
            "url": url,
        }
        if len(text) + len(line) + 3 > DIGEST_MAX:
            left = len(games) - number
            return f"{text}\n- " + _("And %(count)d more, on your servers' pages.") % {"count": left}
        text += f"\n- {line}"
    return text


def digest_waits(guild: str, url: str) -> str:
    """Return what everyone in a channel may read of a digest."""
    return _("🎲 You can join new games in %(guild)s:\n<%(url)s>") % {"guild": guild, "url": url}


def test_reminder(guild: str, url: str) -> str:
    return _("✅ This is a test. Reminders about games in %(guild)s reach you like this.\n<%(url)s>") % {
        "guild": guild,
        "url": url,
    }


# --- how a test went -------------------------------------------------------------------------------------

MENTIONED_INSTEAD_OF_DM = gettext_noop(
    "Your direct messages are closed, so this and every message mentions you in {channel}. To "
    "change that, open the server's menu in Discord, then Privacy Settings. Allow Direct Messages "
    "there, and test again."
)
CLOSED_DMS = gettext_noop(
    "It didn't reach you: your direct messages are closed. Open the server's menu in Discord, then "
    "Privacy Settings. Allow Direct Messages there, and test again."
)


def test_pending(error: str) -> str:
    return _("It's on its way (%(error)s).") % {"error": error_text(error)} if error else _("It's on its way.")


def test_delivered(mentioned: bool, channel: str, closed: bool, silently: bool) -> str:
    """Return where a test reminder arrived."""
    text = _("It arrived as a direct message.")
    if mentioned:
        text = (
            gettext(MENTIONED_INSTEAD_OF_DM).format(channel=channel)
            if closed
            else _("It arrived as a mention in %(channel)s.") % {"channel": channel}
        )
    quiet = _("It made no sound: these are your quiet hours.")
    return f"{text} {quiet}" if silently else text


def test_failed(why: str, closed: bool) -> str:
    return gettext(CLOSED_DMS) if closed else _("It didn't reach you: %(why)s") % {"why": error_text(why)}


def test_skipped(why: str) -> str:
    return _("We sent nothing: %(why)s.") % {"why": error_text(why)}


NO_CHANNEL = gettext_noop("the bot can't post anywhere in this server, so it can't mention you")


def start(starts_at: datetime) -> str:
    """Return the start in words that stay true whenever they are read: Discord counts on after it."""
    return _("Start: %(when)s.") % {"when": timestamp_with_countdown(starts_at)}


def reminder(title: str, guild: str, starts_at: datetime, url: str, hosting: bool) -> str:
    text = _("⏰ Your game **%(title)s** in %(guild)s.") if hosting else _("⏰ Reminder: **%(title)s** in %(guild)s.")
    return f"{text % {'title': title, 'guild': guild}} {start(starts_at)}\n{url}"


def channel_reminder(title: str, starts_at: datetime, url: str) -> str:
    text = _("⏰ Reminder: **%(title)s**.") % {"title": title}
    return f"{text} {start(starts_at)}\n{url}"
