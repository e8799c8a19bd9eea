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


INTERVAL_HELP = "1 is every week or month, 2 every second one."
WEEKDAYS_HELP = "Tick none to keep its weekday."
RULE_HELP = "As calendars write it: FREQ=DAILY;COUNT=5."
UNTIL_HELP = "Leave empty for no end."
COUNT_HELP = "With this one. Leave empty for no end."
LEAD_HELP = "How long before its start we announce each game."
HOST_CONFIRMS_LABEL = "Ask the host before announcing each game"
HOST_CONFIRMS_HELP = "Nobody else sees the game until they say yes."
ASKS_REGULARS_LABEL = "Ask regulars each time whether they come"
ASKS_REGULARS_HELP = "Without an answer within a day, they lose the seat."
REGULARS_HELP = "They get a seat each time, in this order. @ and a member's name."
SUBSTITUTES_HELP = "We ask them in this order when a regular drops out. @ and a member's name."
HOST_HELP = "Hosts the next games: @ and a member's name."
NO_HOST = "Name the host of the next games."
NO_CHANNEL = "Choose the channel for the next games."


FOLDS = {"end": "Ends", "announcement": "Announcement", "players": "Who plays"}


def end_summary(until: str, count: str) -> str:
    """Return when a series of the form ends, for a group that is folded; '' for what is empty."""
    if until:
        return f"Until {until}"
    return f"After {count} games" if count else "No end"


def announcement_summary(days: str, host_confirms: bool) -> str:
    shown = "1 day before" if days == "1" else f"{days or 'Some'} days before"
    return f"{shown} · The host confirms each" if host_confirms else shown


def players_summary(regulars: int, substitutes: int) -> str:
    return f"Regulars {regulars or 'none'} · Substitutes {substitutes or 'none'}"


def not_a_player(name: str) -> str:
    return f"“{name}” isn't a member here. Write @ before a member's name."


IN_BOTH = "Someone is a regular and a substitute. Take them out of one list."


def too_many_players(most: int) -> str:
    return f"A series has at most {most} regulars and substitutes. Take some out."


NO_INTERVAL = "Write a whole number from 1 to 99."
NO_COUNT = "Write how many games in all, from 2 to 9999, or leave it empty."
NO_LEAD = "Write a whole number of days from 1 to 365."
NO_USABLE_DATE = "Choose a day before the year 2200."
NO_RULE = "Paste a calendar's rule, or choose another way."
TWO_ENDS = "Give a last day or a number of games, not both."


def unreadable(part: str) -> str:
    """Return the refusal of a rule that cannot be read."""
    if not part:
        return NO_RULE
    return f"We can't read “{part}” in this rule. Correct it, or choose another way."


def bad_lead(most: int) -> str:
    return f"Announce each game 1 to {most} days before its start."


def ends_before_beginning(first: date) -> str:
    return f"The series starts on {date_text(first)}. Choose a later last day."


ENDS_AT_ONCE = "The series would end with its first game. Choose a later end, or none."
NEVER = "This rule has no second date within ten years. Choose another."
TOO_LONG = "This rule is too long to keep. Choose a shorter one."
OVER = "All dates of this rule are past. Choose a later end, or none."


def may_not_host_it(name: str) -> str:
    return f"{name} can't host in that channel. Choose another host or channel."


def too_many_ahead(most: int) -> str:
    return f"That announces more than {most} games at a time. Announce them fewer days before."


NOT_REPEATED = "This game doesn't repeat yet."
LEFT_OUT = "left out"
NO_DATE = "Choose the first day after the break."
BREAK_PAST = "A break ends tomorrow at the earliest. Choose a later day."
BREAK_TOO_LONG = "A break lasts ten years at most. End the series instead."
DATE_TAKEN = "An earlier game of this series is on one of those days. Choose a later start."
NO_SERIES = "This game doesn't repeat."
FOLLOWS_ITS_GAME = "The next games copy one you can still change. Edit that one and later ones."
NOT_YOUR_CHOICE = "Only managers of the server can name another host. Name yourself, or ask them."
NOT_A_DATE = "This series has no game on that day. Look at its dates again."
MADE_ALREADY = "That game is already scheduled. Cancel it on its own page."
TOO_MANY_SKIPPED = "You skip too many dates. Choose another rule instead."


# --- answers -----------------------------------------------------------------------------------------------


def started(rule: Recurrence, others: int) -> str:
    """Return the answer to starting or changing a series; `others`: later games that stay as they are."""
    if not others:
        return f"{repeats(rule)}."
    if others == 1:
        return f"{repeats(rule)}. 1 later game is already scheduled and stays. Cancel it if you don't want it."
    return f"{repeats(rule)}. {others} later games are already scheduled and stay. Cancel what you don't want."


def skipped(day: date) -> str:
    return f"Skipped {date_text(day)}. The other dates stay."


def unskipped(day: date) -> str:
    return f"{date_text(day)} is back."


def paused(until: date) -> str:
    return f"Paused until {date_text(until)}. Scheduled games stay."


RESUMED = "The series goes on."
NOT_PAUSED = "The series isn't paused."
ENDED = "The series is over. Scheduled games stay."
ENDED_ALREADY = "This series is over."
CORRECTED = "Saved for the next games. Scheduled games stay."
AND_LATER = "Later games follow."


def and_later(text: str, days_stay: bool) -> str:
    """Return the answer to editing a game and the later ones."""
    return f"{text} {AND_LATER}{' Their days stay. Change those under Repeat.' if days_stay else ''}"


def of_later_game(day: date, sentence: str) -> str:
    """Return why a game and the later ones cannot be edited: what is wrong with one of these."""
    return f"The game on {date_text(day)}: {sentence}"


# Why the next game was not made, by the refusal's code.
ONCE_OVER = "If that game is over, schedule it again and repeat the new one."
PROBLEMS = {
    "no_host": "Its host may no longer host it or see its channel. Choose another host on its page. " + ONCE_OVER,
    "too_many": "Its host or the server has too many upcoming games. We schedule it when some are over.",
    "not_a_member": "Its host left the server. Choose another host on its page. " + ONCE_OVER,
    "bad_plan": "Its channel or a setting is no longer allowed. Edit this game and later ones. " + ONCE_OVER,
}
OTHER_PROBLEM = f"We couldn't schedule it. Edit this game and later ones. {ONCE_OVER}"


def problem(code: str) -> str:
    """Return why the next game is not there; '' if it is."""
    return f"The next game isn't scheduled yet. {PROBLEMS.get(code, OTHER_PROBLEM)}" if code else ""


def next_game(when_text: str) -> str:
    return f"We announce the next game {when_text}."


NO_NEXT = "No more dates."
CHOOSE_CHANNEL = "Choose a channel"


def regulars(names: Sequence[str]) -> str:
    return f"Regulars: {listed(names)}."


def substitutes(names: Sequence[str]) -> str:
    return f"Substitutes, in this order: {listed(names)}."


# --- in Discord --------------------------------------------------------------------------------------------

RESUME = "Resume the series"
PAUSE, END, END_IT, KEEP_IT = "Pause …", "End the series …", "End it", "Keep it"
OPEN_PAGE = "Change it on the web"
SCHEDULED, CANCELLED, SKIPPED, PAUSED = "scheduled", "cancelled", "skipped", "paused"


def moved_to(start: str) -> str:
    return f"moved to {start}"


CHOOSE_SERIES = "Choose the series from the list that opens."
CHOOSE_DATE = "Skip a date, or bring it back"
SKIP_THIS, UNSKIP_THIS = "Skip this date", "Skipped: bring it back"
ASK_END = "End the series? Scheduled games stay."
PAUSE_TITLE, PAUSE_LABEL = "Pause the series", "First day after the break"
PAUSE_EXAMPLE = "3 January, or in 4 weeks"
PAUSE_HELP = f"Pause until that day: {PAUSE_EXAMPLE}"
WHICH_DAY = f"Which day is that? Write a date: {PAUSE_EXAMPLE}."
DAY_PROBLEMS = {
    TimeProblem.AMBIGUOUS.value: "That reads two ways. Write the month as a word: 3 January.",
    TimeProblem.NO_SUCH_DAY.value: "There's no such day. Write another date.",
    TimeProblem.PAST.value: BREAK_PAST,
    TimeProblem.WEEKDAY_DIFFERS.value: "That date is another weekday. Write the date or the weekday alone.",
}


def at_its_time(at: time, zone: str) -> str:
    """Return `20:00 in Europe/Berlin`."""
    return f"{at:%H:%M} in {zone}"


def this_one_only(url: str) -> str:
    return f"Only this game of the series changes. For later ones: {url}"


def skip_it(day: date) -> str:
    return f"Skip {date_text(day)}"


def pause_until(day: date) -> str:
    return f"Pause until {date_text(day)}"


# --- messages ----------------------------------------------------------------------------------------------

TAKES_PLACE, NOT_THIS_TIME = "Yes, announce it", "Not this time"


def ask_host(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message that asks a host whether the next game of a series takes place."""
    return (
        f"🔁 **{title}** in {guild} is next on {timestamp(starts_at)}. Do you run it? "
        f"Nobody else sees it until you say yes.\n{url}"
    )


def not_repeated(title: str, guild: str, starts_at: datetime, url: str, code: str) -> str:
    """Return the message to a host that the next game of a series could not be made."""
    return f"⚠️ Your series **{title}** in {guild}, {timestamp(starts_at)}: {problem(code)}\n{url}"


def ask_substitute(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message that asks a substitute to step in."""
    return f"🙋 A seat is free in **{title}** in {guild}, {timestamp(starts_at)}. Can you step in?\n{url}"


STEP_IN, PASS_ON = "I step in", "Not this time"
PASSED_ON = "All right. We ask the next one."


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
            return f"{who} made it repeat: {repeats_by(str(changes.get('rule', '')))}"
        case AuditAction.SKIP_DATE:
            return f"{who} skipped {day}"
        case AuditAction.UNSKIP_DATE:
            return f"{who} brought {day} back"
        case AuditAction.PAUSE_SERIES:
            return f"{who} paused the series until {day}"
        case AuditAction.RESUME_SERIES:
            return f"{who} resumed the series"
        case AuditAction.EDIT_LATER:
            return f"{who} edited this and later games"
        case AuditAction.CORRECT_SERIES:
            to = f" to {changes['for']}" if changes.get("for") else ""
            return f"{who} changed the host or channel of the next games{to}"
        case AuditAction.NOT_REPEATED:
            return "We couldn't schedule the next game of the series"
    return f"{who} ended the series"


def _stored_date(text: object) -> str:
    try:
        return date_text(date.fromisoformat(str(text)))
    except ValueError:
        return str(text or "")


EDIT_LATER = "Edit this game and later ones"
EDIT_LATER_HINT = "Later games follow: the scheduled ones and all after them."
