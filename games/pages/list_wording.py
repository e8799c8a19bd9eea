"""All wording of lists of games and months: days, a person's own place, and what waits for their answer."""

from datetime import date, timedelta

from django.utils import dateformat

NOW, TODAY, TOMORROW, YESTERDAY = "Now", "Today", "Tomorrow", "Yesterday"
FREE_SEATS, MINE = "Free seats", "Mine"
CHANNELS, TEMPLATES, HOSTS = "Channel", "Template", "Host"
SOMEONE = "Host"  # of a filter that names a host of no game shown
YOU_HOST, STANDBY, SEAT_OFFERED, TO_CONFIRM = "You host", "Only waiting", "A seat is free for you", "Confirm your seat"
IN_SHORT = {
    "offer": "Seat offered",
    "confirm": "Confirm",
    "hosting": "You host",
    "seated": "You're in",
    "waiting": "Waiting",
}

# What waits for an answer, and the label of its link.
QUESTIONS = {
    "offer": "A seat is free for you",
    "confirm": "Can you still make it?",
    "host": "You're asked to run this game",
    "poll": "When can you come?",
}
ANSWERS = {"offer": "Take it or pass", "confirm": "Answer", "host": "Answer", "poll": "Pick times"}


def day_label(day: date, today: date) -> str:
    """Return `Today`, `Tomorrow`, `Wed 2 Dec`, or with the year if it is another: `Wed 2 Dec 2027`."""
    near = {0: TODAY, 1: TOMORROW, -1: YESTERDAY}.get((day - today) // timedelta(days=1))
    if near is not None:
        return near
    return dateformat.format(day, "D j M" if day.year == today.year else "D j M Y")


def own_place(number: int, seats: int, seated: bool) -> str:
    """Return `You're in: seat 3 of 5`, or `Number 2 on the wait list`."""
    if not seated:
        return f"Number {number} on the wait list"
    return f"You're in: seat {number} of {seats}" if seats else f"You're in: number {number}"


def of_words(words: str) -> str:
    return f"“{words}”"
