"""All wording about a game that is written in one line."""

from gamesched.lib.times_in_words import TimeProblem

# One sentence each, with what to do.
LINE_PROBLEMS = {
    TimeProblem.NO_WHEN.value: "When is it? Add a day and a time: friday 8pm, or tomorrow 20:00.",
    TimeProblem.NO_TIME.value: "At what time? Add it: 8pm, or 20:00.",
    TimeProblem.AMBIGUOUS.value: "That reads two ways. Write the month as a word, and am or pm.",
    TimeProblem.PAST.value: "That time is past. Write a later one.",
    TimeProblem.SKIPPED.value: "Clocks go forward over that time. Choose another one.",
    TimeProblem.REPEATED.value: "Clocks go back, so that time comes twice. Choose one.",
    TimeProblem.NO_SUCH_DAY.value: "There's no such day. Write another date.",
    TimeProblem.UNKNOWN_DAY.value: "Which day is that? Write its date, or a weekday: 4 dec 8pm, friday 8pm.",
    TimeProblem.WEEKDAY_DIFFERS.value: "That date is another weekday. Write the date or the weekday alone.",
    TimeProblem.UNKNOWN_ZONE.value: "Several time zones have that name. Write a place: Asia/Kolkata.",
    TimeProblem.REPEATS.value: "One line makes one game. Write its first day, then repeat the game on its page.",
    "no_title": "What do you play? Start with a title.",
    "no_channel": "There's no channel here in which you may announce games.",
    "not_listed": "Choose the template and the channel from the list that opens.",
    "bad_length": "That isn't a length of time. Write 2h, 1h30m or 90 min.",
}
TEMPLATE_GONE = "The template you chose is gone. Without it, the post looks like this."
WITH_PICTURE = "With this picture"
PICTURE_HELP = "Its cover: a PNG, JPEG, GIF, WebP or AVIF"
PICTURE_GONE = "Your picture is gone. Post without it, or send the command with it again."
PICTURE_LOST = "We couldn't read the picture from Discord. Choose it again."
LINE_LABEL = "What and when"
LINE_EXAMPLE = "Castaway Isle friday 8pm, 4 seats, 3h"
LINE_HELP = f"In one line: {LINE_EXAMPLE}."
POST_IT, POST_ANYWAY, CHANGE, MORE_ON_WEB = "Post it", "Post it anyway", "Change", "More on the web"
GO_ON, FILL_IN = "Continue", "Fill in"

# By the words that they stand for.
QUICK_PICKS = {"tonight": "Tonight 20:00", "tomorrow": "Tomorrow 20:00", "friday": "Friday 20:00"}
LAST_SLOT = "Same time as last"


def preview(place: str, start: str, zone: str) -> str:
    """Return what stands above the post as it will be; `start` is the time as Discord shows it."""
    return f"This is your post in {place}. It isn't sent yet. It starts {start}, read in {zone}."


def made(text: str, url: str) -> str:
    """Return the reply to a game that was posted from a line."""
    return f"{text}\n{url}"
