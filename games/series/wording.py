"""All wording about games that repeat."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

from games.core.codes import AuditAction
from games.core.wording import listed, timestamp
from games.series.recurrence import EVERY, LAST, WEEKDAYS, Frequency, Recurrence, Unreadable, read_recurrence
from gamesched.lib.times_in_words import TimeProblem

WEEKDAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_EACH = {
    Frequency.DAILY: ("daily", "days"),
    Frequency.WEEKLY: ("weekly", "weeks"),
    Frequency.MONTHLY: ("monthly", "months"),
    Frequency.YEARLY: ("yearly", "years"),
}
_NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", LAST: "last"}


# --- the rule as people say it -----------------------------------------------------------------------------


def repeats(rule: Recurrence) -> str:
    """Return `Repeats every 2 weeks on Friday, until 31 Dec 2027`."""
    each, several = _EACH[rule.frequency]
    text = f"Repeats {each if rule.interval == 1 else f'every {rule.interval} {several}'}"
    days = _days_text(rule)
    if days is None:
        text = f"Repeats by the rule {str(rule).partition(';COUNT=')[0].partition(';UNTIL=')[0]}"
    elif days:
        text += f" on {days}"
    if rule.until is not None:
        text += f", until {date_text(rule.until)}"
    return text + (f", {rule.count} times in all" if rule.count is not None else "")


def repeats_by(text: str) -> str:
    """Return the same of a stored rule."""
    try:
        return repeats(read_recurrence(text))
    except Unreadable:
        return f"Repeats by the rule {text}"


def _days_text(rule: Recurrence) -> str | None:
    """Return the days, `Monday and Friday`; None for a rule that takes more to say."""
    month_days, positions = rule.month_days, rule.positions
    falls_back = positions == (LAST,) and month_days in {(28, 29), (28, 29, 30)}
    if (positions and not falls_back) or (month_days and rule.weekdays) or len(rule.months) > 1:
        return None
    if rule.months and rule.frequency is not Frequency.YEARLY:
        return None
    of = f" of {MONTH_NAMES[rule.months[0] - 1]}" if rule.months else ""
    if falls_back:
        return f"the {ordinal(month_days[-1])}{of}, or the last day"
    if month_days:
        names = ["the last day" if day == LAST else f"the {ordinal(day)}" for day in month_days if day >= LAST]
        return listed(names) + of if len(names) == len(month_days) else None
    names = []
    for nth, day in rule.weekdays:
        if nth not in {EVERY, *_NTH}:
            return None
        names.append(f"the {_NTH[nth]} {WEEKDAY_NAMES[day]}" if nth else WEEKDAY_NAMES[day])
    if rule.frequency is Frequency.MONTHLY and any(nth == EVERY for nth, _ in rule.weekdays):
        return None
    return listed(names) + of


def ordinal(number: int) -> str:
    """Return `31st`."""
    ending = "th" if 10 < number % 100 < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def date_text(day: date) -> str:
    """Return `Fri 27 Nov 2026`."""
    return f"{day:%a} {day.day} {day:%b %Y}"


CLOCKS = {
    "": "",
    "changed": "Clocks changed since the date before.",
    "skipped": "Clocks skip this time, so it starts as much later.",
    "twice": "This time comes twice; the first counts.",
}


# --- the form ----------------------------------------------------------------------------------------------

PATTERNS = {
    "weekly": "Weekly, on these days",
    "monthly_date": "Monthly, on this date",
    "monthly_weekday": "Monthly, on this weekday",
    "rule": "By a rule from a calendar (RRULE)",
}
WEEKDAY_CHOICES = list(zip(WEEKDAYS, WEEKDAY_NAMES, strict=True))


def monthly_date_choice(day: date) -> str:
    """Return the choice to repeat on a date each month."""
    if day.day == 31:
        return "Monthly, on the last day"
    return f"Monthly, on the {ordinal(day.day)}{', or the last day' if day.day > 28 else ''}"


def monthly_weekday_choice(day: date, nth: int) -> str:
    """Return the choice to repeat on a weekday each month."""
    return f"Monthly, on the {_NTH[nth]} {WEEKDAY_NAMES[day.weekday()]}"


INTERVAL_HELP = "1: each week or month. 2: every second one."
WEEKDAYS_HELP = "None ticked: the day on which it is now."
RULE_HELP = "As calendars write it, such as FREQ=DAILY;COUNT=5."
UNTIL_HELP = "The last day on which it may start. Empty: no end."
COUNT_HELP = "How many games in all, this one among them. Empty: no end."
LEAD_HELP = "How many days before its start each game is announced."
HOST_CONFIRMS_LABEL = "Ask the host first whether each game takes place"
HOST_CONFIRMS_HELP = "They get a message with two buttons. Until they say yes, nobody else sees the game."
ASKS_REGULARS_LABEL = "Ask regulars each time whether they come"
ASKS_REGULARS_HELP = "Who does not answer within a day loses the seat."
REGULARS_HELP = "Seated each time, in this order. One in each line: @ and a member's name."
SUBSTITUTES_HELP = "Asked one after another, in this order, when a regular drops out. @ and a name in each line."
HOST_HELP = "Of the next games: @ and a member's name."
NO_HOST = "Name who hosts the next games."
NO_CHANNEL = "Choose the channel in which the next games are announced."


def not_a_player(name: str) -> str:
    return f"“{name}”: Only members can be regulars or substitutes. Write @ before the name."


IN_BOTH = "Somebody is a regular and a substitute. Take them out of one list."


def too_many_players(most: int) -> str:
    return f"At most {most} people may be regulars and substitutes. Take some out."


NO_INTERVAL = "Write a whole number from 1 to 99."
NO_COUNT = "Write how many games in all, from 2 to 9999, or leave it empty."
NO_LEAD = "Write a whole number of days from 1 to 365."
NO_USABLE_DATE = "Choose a day before the year 2200."
NO_RULE = "Paste the rule of a calendar, or choose one of the others."
TWO_ENDS = "Give a last day or a number of games, not both."


def unreadable(part: str) -> str:
    """Return the refusal of a rule that cannot be read."""
    if not part:
        return NO_RULE
    return f"“{part}” cannot be read in this rule. Correct or remove it, or choose one of the others."


def bad_lead(most: int) -> str:
    return f"Announce each game from 1 to {most} days before its start."


def ends_before_beginning(first: date) -> str:
    return f"It would end before it begins, on {date_text(first)}. Choose a later last day."


ENDS_AT_ONCE = "It would end with its first game. Choose a later end, or leave it empty."
NEVER = "This rule has no second date within ten years. Choose another."
TOO_LONG = "This rule is too long to keep. Choose a shorter one."
OVER = "All dates of this rule are past. Choose a later end, or leave it empty."


def may_not_host_it(name: str) -> str:
    return f"{name} may not host it in that channel. Choose another host or channel."


def too_many_ahead(most: int) -> str:
    return f"More than {most} games would be announced at a time. Announce them fewer days before."


NOT_REPEATED = "It does not repeat yet."
LEFT_OUT = "left out"
NO_DATE = "Choose the first day after the break."
BREAK_PAST = "A break ends tomorrow at the earliest. Choose a later day."
BREAK_TOO_LONG = "A break lasts ten years at most. End the series instead."
DATE_TAKEN = "An earlier game of this series has one of those days. Choose a later start."
NO_SERIES = "This game does not repeat."
FOLLOWS_ITS_GAME = "The next games follow one that can still be changed. Edit that one and later."
NOT_YOUR_CHOICE = "Only those who manage the server make somebody else the host. Name yourself, or ask them."
NOT_A_DATE = "This series has no game on that day to skip. Look at its dates again."
MADE_ALREADY = "That game is scheduled already. Cancel it on its own page."
TOO_MANY_SKIPPED = "So many dates are skipped that another rule is simpler. Choose one."


# --- answers -----------------------------------------------------------------------------------------------


def started(rule: Recurrence, others: int) -> str:
    """Return the answer to starting or changing a series; `others`: later games that stay as they are."""
    kept = "1 later game stays" if others == 1 else f"{others} later games stay"
    stay = f" {kept}, as scheduled already; cancel what you do not want." if others else ""
    return f"{repeats(rule)}.{stay}"


def skipped(day: date) -> str:
    return f"{date_text(day)} is skipped. The others stay."


def unskipped(day: date) -> str:
    return f"{date_text(day)} is not skipped any more."


def paused(until: date) -> str:
    return f"No new games until {date_text(until)}. Those scheduled already stay."


RESUMED = "It repeats again."
NOT_PAUSED = "It repeats; there is no break to end."
ENDED = "It does not repeat any more. Games scheduled already stay."
ENDED_ALREADY = "It does not repeat any more."
CORRECTED = "Saved for the next games. Those scheduled already stay."
AND_LATER = "The later ones follow it."


def and_later(text: str, days_stay: bool) -> str:
    """Return the answer to editing a game and the later ones."""
    return f"{text} {AND_LATER}{' Their days stay; change those under Repeat.' if days_stay else ''}"


def of_later_game(day: date, sentence: str) -> str:
    """Return why a game and the later ones cannot be edited: what is wrong with one of these."""
    return f"The later game of {date_text(day)}: {sentence}"


# Why the next game was not made, by the refusal's code.
ONCE_OVER = "If that game is over, play it again and repeat the new one."
PROBLEMS = {
    "no_host": "Its host may not host it or see its channel any more. Choose another host on its page. " + ONCE_OVER,
    "too_many": "Its host, or the server, has as many games to come as it may have. It follows when some are over.",
    "not_a_member": "Its host is not in the server any more. Choose another host on its page. " + ONCE_OVER,
    "bad_plan": "Its channel or a setting is not allowed any more. Edit this game and later ones. " + ONCE_OVER,
}
OTHER_PROBLEM = f"It could not be scheduled. Edit this game and later ones. {ONCE_OVER}"


def problem(code: str) -> str:
    """Return why the next game is not there; '' if it is."""
    return f"The next game is not scheduled yet. {PROBLEMS.get(code, OTHER_PROBLEM)}" if code else ""


def next_game(when_text: str) -> str:
    return f"The next game is announced {when_text}."


NO_NEXT = "There are no more dates."
CHOOSE_CHANNEL = "Choose a channel"


def regulars(names: Sequence[str]) -> str:
    return f"Regulars: {listed(names)}."


def substitutes(names: Sequence[str]) -> str:
    return f"Substitutes, asked in this order: {listed(names)}."


# --- in Discord --------------------------------------------------------------------------------------------

RESUME = "Resume the series"
PAUSE, END, END_IT, KEEP_IT = "Pause …", "End the series …", "End it", "Keep it"
OPEN_PAGE = "Change it on the web"
SCHEDULED, CANCELLED, SKIPPED, PAUSED = "scheduled", "cancelled", "skipped", "paused"


def moved_to(start: str) -> str:
    return f"moved to {start}"


CHOOSE_SERIES = "Choose the series from the list that opens."
CHOOSE_DATE = "Skip a date, or take it in again"
SKIP_THIS, UNSKIP_THIS = "Skip it", "Skipped: take it in again"
ASK_END = "End it? No more games are made, and those that are scheduled already stay."
PAUSE_TITLE, PAUSE_LABEL = "Pause the series", "First day after the break"
PAUSE_EXAMPLE = "3 January, or in 4 weeks"
PAUSE_HELP = f"Pause until that day: {PAUSE_EXAMPLE}"
WHICH_DAY = f"Which day is that? Write a date: {PAUSE_EXAMPLE}."
DAY_PROBLEMS = {
    TimeProblem.AMBIGUOUS.value: "That can be read in two ways. Write the month as a word: 3 January.",
    TimeProblem.NO_SUCH_DAY.value: "There is no such day. Write another date.",
    TimeProblem.PAST.value: BREAK_PAST,
    TimeProblem.WEEKDAY_DIFFERS.value: "That date is another weekday. Write the date or the weekday alone.",
}


def at_its_time(at: time, zone: str) -> str:
    """Return `20:00 in Europe/Berlin`."""
    return f"{at:%H:%M} in {zone}"


def this_one_only(url: str) -> str:
    return f"Only this game of its series changes. For later ones: {url}"


def skip_it(day: date) -> str:
    return f"Skip {date_text(day)}"


def pause_until(day: date) -> str:
    return f"Pause until {date_text(day)}"


# --- messages ----------------------------------------------------------------------------------------------

TAKES_PLACE, NOT_THIS_TIME = "It takes place", "Not this time"


def ask_host(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message that asks a host whether the next game of a series takes place."""
    return (
        f"🔁 **{title}** in {guild} would be again {timestamp(starts_at)}. Does it take place? "
        f"Until you say so, nobody else sees it.\n{url}"
    )


def not_repeated(title: str, guild: str, starts_at: datetime, url: str, code: str) -> str:
    """Return the message to a host that the next game of a series could not be made."""
    return f"⚠️ **{title}** in {guild}, {timestamp(starts_at)}, repeats. {problem(code)}\n{url}"


def ask_substitute(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message that asks a substitute to step in."""
    return f"🙋 A seat is free in **{title}** in {guild}, {timestamp(starts_at)}. Can you step in?\n{url}"


STEP_IN, PASS_ON = "I step in", "Not this time"
PASSED_ON = "All right. The next is asked."


# --- history -----------------------------------------------------------------------------------------------

AUDIT_ACTIONS = (
    *(AuditAction.REPEAT, AuditAction.SKIP_DATE, AuditAction.UNSKIP_DATE),
    *(AuditAction.PAUSE_SERIES, AuditAction.RESUME_SERIES, AuditAction.END_SERIES),
    *(AuditAction.EDIT_LATER, AuditAction.CORRECT_SERIES, AuditAction.NOT_REPEATED),
)


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a game's history."""
    day = _stored_date(changes.get("date"))
    match action:
        case AuditAction.REPEAT:
            return f"{who} had it repeat: {repeats_by(str(changes.get('rule', '')))}"
        case AuditAction.SKIP_DATE:
            return f"{who} skipped {day}"
        case AuditAction.UNSKIP_DATE:
            return f"{who} took {day} in again"
        case AuditAction.PAUSE_SERIES:
            return f"{who} paused the series until {day}"
        case AuditAction.RESUME_SERIES:
            return f"{who} resumed the series"
        case AuditAction.EDIT_LATER:
            return f"{who} had the later ones follow this game"
        case AuditAction.CORRECT_SERIES:
            to = f" to {changes['for']}" if changes.get("for") else ""
            return f"{who} changed the host or channel of the next games{to}"
        case AuditAction.NOT_REPEATED:
            return "The next game of the series could not be scheduled"
    return f"{who} ended the series"


def _stored_date(text: object) -> str:
    try:
        return date_text(date.fromisoformat(str(text)))
    except ValueError:
        return str(text or "")


EDIT_LATER = "Edit this game and later ones"
EDIT_LATER_HINT = "Later games follow: those scheduled already, and all to come."
