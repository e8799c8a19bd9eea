"""All wording of lists of games and months: days, a person's own place, and what waits for their answer."""

from datetime import date, timedelta

from django.utils import dateformat
from django.utils.translation import gettext, gettext_noop, pgettext
from django.utils.translation import gettext as _

NOW, TODAY, TOMORROW, YESTERDAY = (
    gettext_noop("Now"),
    gettext_noop("Today"),
    gettext_noop("Tomorrow"),
    gettext_noop("Yesterday"),
)
FREE_SEATS, MINE = gettext_noop("Free seats"), gettext_noop("Mine")
CHANNELS, TEMPLATES, HOSTS = gettext_noop("Channel"), gettext_noop("Template"), gettext_noop("Host")
SOMEONE = gettext_noop("Host")  # of a filter that names a host of no game shown
YOU_HOST, STANDBY, SEAT_OFFERED, TO_CONFIRM = (
    gettext_noop("You host"),
    gettext_noop("On standby"),
    gettext_noop("A seat is free for you"),
    gettext_noop("Can you still make it?"),
)
AFTERWARDS = {"hosting": gettext_noop("You hosted"), "seated": gettext_noop("You played")}
IN_SHORT = {
    "offer": gettext_noop("Seat offered"),
    "confirm": gettext_noop("Answer"),
    "hosting": gettext_noop("You host"),
    "seated": gettext_noop("You're in"),
    "waiting": gettext_noop("Waiting"),
}

# What waits for an answer, and the label of its link.
QUESTIONS = {
    "offer": gettext_noop("A seat is free for you"),
    "confirm": TO_CONFIRM,
    "host": gettext_noop("You're asked to run this game"),
    "poll": gettext_noop("When can you come?"),
}
ANSWERS = {
    "offer": gettext_noop("Take it or pass"),
    "confirm": gettext_noop("Answer"),
    "host": gettext_noop("Answer"),
    "poll": gettext_noop("Pick times"),
}


def day_label(day: date, today: date) -> str:
    """Return `Today`, `Tomorrow`, `Wed 2 Dec`, or with the year if it is another: `Wed 2 Dec 2027`."""
    near = {0: TODAY, 1: TOMORROW, -1: YESTERDAY}.get((day - today) // timedelta(days=1))
    if near is not None:
        return gettext(near)
    this_year, any_year = pgettext("date format", "D j M"), pgettext("date format", "D j M Y")
    return dateformat.format(day, this_year if day.year == today.year else any_year)


def own_place(number: int, seats: int, seated: bool) -> str:
    """Return `You're in: seat 3 of 5`, or `Number 2 on the wait list`."""
    if not seated:
        return _("Number %(number)d on the wait list") % {"number": number}
    if not seats:
        return _("You're in: number %(number)d") % {"number": number}
    return _("You're in: seat %(number)d of %(seats)d") % {"number": number, "seats": seats}


def of_words(words: str) -> str:
    return _("“%(words)s”") % {"words": words}
