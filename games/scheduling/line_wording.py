"""All wording about a game that is written in one line."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from gamesched.lib.times_in_words import TimeProblem

# One sentence each, with what to do.
LINE_PROBLEMS = {
    TimeProblem.NO_WHEN.value: gettext_noop("When is it? Add a day and a time: friday 8pm, or tomorrow 20:00."),
    TimeProblem.NO_TIME.value: gettext_noop("At what time? Add it: 8pm, or 20:00."),
    TimeProblem.AMBIGUOUS.value: gettext_noop("That reads two ways. Write the month as a word, and am or pm."),
    TimeProblem.PAST.value: gettext_noop("That time is past. Write a later one."),
    TimeProblem.SKIPPED.value: gettext_noop("Clocks go forward over that time. Choose another one."),
    TimeProblem.REPEATED.value: gettext_noop("Clocks go back, so that time comes twice. Choose one."),
    TimeProblem.NO_SUCH_DAY.value: gettext_noop("There's no such day. Write another date."),
    TimeProblem.UNKNOWN_DAY.value: gettext_noop(
        "Which day is that? Write its date, or a weekday: 4 dec 8pm, friday 8pm."
    ),
    TimeProblem.WEEKDAY_DIFFERS.value: gettext_noop(
        "That date is another weekday. Write the date or the weekday alone."
    ),
    TimeProblem.UNKNOWN_ZONE.value: gettext_noop("Several time zones have that name. Write a place: Asia/Kolkata."),
    TimeProblem.REPEATS.value: gettext_noop(
        "One line makes one game. Write its first day, then repeat the game on its page."
    ),
    "no_title": gettext_noop("What do you play? Start with a title."),
    "no_channel": gettext_noop("There's no channel here in which you may announce games."),
    "not_listed": gettext_noop("Choose the template and the channel from the list that opens."),
    "bad_length": gettext_noop("That isn't a length of time. Write 2h, 1h30m or 90 min."),
}
TEMPLATE_GONE = gettext_noop("The template you chose is gone. Without it, the post looks like this.")
WITH_PICTURE = gettext_noop("With this picture")
PICTURE_HELP = gettext_noop("Its cover: a PNG, JPEG, GIF, WebP or AVIF")
PICTURE_GONE = gettext_noop("Your picture is gone. Post without it, or send the command with it again.")
PICTURE_LOST = gettext_noop("We couldn't read the picture from Discord. Choose it again.")
LINE_LABEL = gettext_noop("What and when")
# Translators: lines are read in English, whatever the language: keep day, time and the words seats and h.
LINE_EXAMPLE = gettext_noop("Castaway Isle friday 8pm, 4 seats, 3h")
# Translators: the same example
LINE_HELP = gettext_noop("In one line: Castaway Isle friday 8pm, 4 seats, 3h.")
POST_IT, POST_ANYWAY, CHANGE, MORE_ON_WEB = (
    gettext_noop("Post it"),
    gettext_noop("Post it anyway"),
    gettext_noop("Change"),
    gettext_noop("More on the web"),
)
GO_ON, FILL_IN = gettext_noop("Continue"), gettext_noop("Fill in")

# By the words that they stand for.
QUICK_PICKS = {
    "tonight": gettext_noop("Tonight 20:00"),
    "tomorrow": gettext_noop("Tomorrow 20:00"),
    "friday": gettext_noop("Friday 20:00"),
}
LAST_SLOT = gettext_noop("Same time as last")


def preview(place: str, start: str, zone: str) -> str:
    """Return what stands above the post as it will be; `start` is the time as Discord shows it."""
    return _("This is your post in %(place)s. It isn't sent yet. It starts %(start)s, read in %(zone)s.") % {
        "place": place,
        "start": start,
        "zone": zone,
    }


def made(text: str, url: str) -> str:
    """Return the reply to a game that was posted from a line."""
    return f"{text}\n{url}"
