"""All wording about games that repeat."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext

from games.core.codes import AuditAction
from games.core.named_places import game_places
from games.core.wording import listed
from games.series.recurrence import EVERY, LAST, WEEKDAYS, Frequency, Recurrence, Unreadable, read_recurrence
from gamesched.lib.times_in_words import TimeProblem

WEEKDAY_NAMES = (
    gettext_noop("Monday"),
    gettext_noop("Tuesday"),
    gettext_noop("Wednesday"),
    gettext_noop("Thursday"),
    gettext_noop("Friday"),
    gettext_noop("Saturday"),
    gettext_noop("Sunday"),
)
MONTH_NAMES = (
    gettext_noop("January"),
    gettext_noop("February"),
    gettext_noop("March"),
    gettext_noop("April"),
    gettext_noop("May"),
    gettext_noop("June"),
    gettext_noop("July"),
    gettext_noop("August"),
    gettext_noop("September"),
    gettext_noop("October"),
    gettext_noop("November"),
    gettext_noop("December"),
)
_ORDINALS = {
    "st": gettext_noop("%(number)dst"),
    "nd": gettext_noop("%(number)dnd"),
    "rd": gettext_noop("%(number)drd"),
    "th": gettext_noop("%(number)dth"),
}
# By what people call the place in a month, of a weekday.
_NTH_WEEKDAY = {
    1: gettext_noop("the first %(weekday)s"),
    2: gettext_noop("the second %(weekday)s"),
    3: gettext_noop("the third %(weekday)s"),
    4: gettext_noop("the fourth %(weekday)s"),
    LAST: gettext_noop("the last %(weekday)s"),
}


# --- the rule as people say it -----------------------------------------------------------------------------


def repeats(rule: Recurrence) -> str:
    """Return `Repeats every 2 weeks on Friday, until 31 Dec 2027`."""
    days = _days_text(rule)
    if days is None:
        shown = str(rule).partition(";COUNT=")[0].partition(";UNTIL=")[0]
        text = _("Repeats by the rule %(rule)s") % {"rule": shown}
    else:
        text = _repeats_on(rule, days) if days else _repeats_every(rule)
    if rule.until is not None:
        text = _("%(repeats)s, until %(day)s") % {"repeats": text, "day": date_text(rule.until)}
    if rule.count is None:
        return text
    last = ngettext("%(repeats)s, %(count)d times in all", "%(repeats)s, %(count)d times in all", rule.count)
    return last % {"repeats": text, "count": rule.count}


def _repeats_every(rule: Recurrence) -> str:
    count = rule.interval
    match rule.frequency:
        case Frequency.DAILY:
            several = ngettext("Repeats every %(count)d day", "Repeats every %(count)d days", count)
            text = _("Repeats daily") if count == 1 else several
        case Frequency.WEEKLY:
            several = ngettext("Repeats every %(count)d week", "Repeats every %(count)d weeks", count)
            text = _("Repeats weekly") if count == 1 else several
        case Frequency.MONTHLY:
            several = ngettext("Repeats every %(count)d month", "Repeats every %(count)d months", count)
            text = _("Repeats monthly") if count == 1 else several
        case Frequency.YEARLY:
            several = ngettext("Repeats every %(count)d year", "Repeats every %(count)d years", count)
            text = _("Repeats yearly") if count == 1 else several
    return text % {"count": count}


def _repeats_on(rule: Recurrence, days: str) -> str:
    count = rule.interval
    match rule.frequency:
        case Frequency.DAILY:
            several = ngettext(
                "Repeats every %(count)d day on %(days)s", "Repeats every %(count)d days on %(days)s", count
            )
            text = _("Repeats daily on %(days)s") if count == 1 else several
        case Frequency.WEEKLY:
            several = ngettext(
                "Repeats every %(count)d week on %(days)s", "Repeats every %(count)d weeks on %(days)s", count
            )
            text = _("Repeats weekly on %(days)s") if count == 1 else several
        case Frequency.MONTHLY:
            several = ngettext(
                "Repeats every %(count)d month on %(days)s", "Repeats every %(count)d months on %(days)s", count
            )
            text = _("Repeats monthly on %(days)s") if count == 1 else several
        case Frequency.YEARLY:
            several = ngettext(
                "Repeats every %(count)d year on %(days)s", "Repeats every %(count)d years on %(days)s", count
            )
            text = _("Repeats yearly on %(days)s") if count == 1 else several
    return text % {"count": count, "days": days}


def repeats_by(text: str) -> str:
    """Return the same of a stored rule."""
    try:
        return repeats(read_recurrence(text))
    except Unreadable:
        return _("Repeats by the rule %(rule)s") % {"rule": text}


def _days_text(rule: Recurrence) -> str | None:
    """Return the days, `Monday and Friday`; None for a rule that takes more to say."""
    month_days, positions = rule.month_days, rule.positions
    falls_back = positions == (LAST,) and month_days in {(28, 29), (28, 29, 30)}
    if (positions and not falls_back) or (month_days and rule.weekdays) or len(rule.months) > 1:
        return None
    if rule.months and rule.frequency is not Frequency.YEARLY:
        return None
    if falls_back:
        return _or_the_last_day(_in_month(_nth_day(month_days[-1]), rule))
    if month_days:
        names = [_nth_day(day) for day in month_days if day >= LAST]
        return _in_month(listed(names), rule) if len(names) == len(month_days) else None
    if any(nth not in {EVERY, *_NTH_WEEKDAY} for nth, _day in rule.weekdays):
        return None
    if rule.frequency is Frequency.MONTHLY and any(nth == EVERY for nth, _day in rule.weekdays):
        return None
    return _in_month(listed([_nth_weekday(nth, day) for nth, day in rule.weekdays]), rule)


def _nth_day(day: int) -> str:
    """Return `the 31st`, or the last day."""
    return _("the last day") if day == LAST else _("the %(day)s") % {"day": ordinal(day)}


def _or_the_last_day(days: str) -> str:
    return _("%(days)s, or the last day") % {"days": days}


def _nth_weekday(nth: int, weekday: int) -> str:
    """Return `the first Friday`; `Friday` for every one."""
    name = _(WEEKDAY_NAMES[weekday])
    return _(_NTH_WEEKDAY[nth]) % {"weekday": name} if nth else name


def _in_month(days: str, rule: Recurrence) -> str:
    """Return `the first Friday of May`, where the rule names a month."""
    if not rule.months:
        return days
    return _("%(days)s of %(month)s") % {"days": days, "month": _(MONTH_NAMES[rule.months[0] - 1])}


def ordinal(number: int) -> str:
    """Return `31st`."""
    ending = "th" if 10 < number % 100 < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return _(_ORDINALS[ending]) % {"number": number}


def date_text(day: date) -> str:
    """Return `Fri 27 Nov 2026`."""
    return date_format(day, pgettext("date format", "D j M Y"))


CLOCKS = {
    "": "",
    "changed": gettext_noop("Clocks change before it."),
    "skipped": gettext_noop("Clocks skip this time, so it starts as much later."),
    "twice": gettext_noop("This time comes twice; the first counts."),
}


# --- the form ----------------------------------------------------------------------------------------------

PATTERNS = {
    "weekly": gettext_noop("Weekly, on these days"),
    "monthly_date": gettext_noop("Monthly, on this date"),
    "monthly_weekday": gettext_noop("Monthly, on this weekday"),
    "rule": gettext_noop("By a rule from a calendar (RRULE)"),
}
WEEKDAY_CHOICES = list(zip(WEEKDAYS, WEEKDAY_NAMES, strict=True))


def monthly_date_choice(day: date) -> str:
    """Return the choice to repeat on a date each month."""
    text = _nth_day(LAST if day.day == 31 else day.day)
    return _("Monthly, on %(days)s") % {"days": _or_the_last_day(text) if 28 < day.day < 31 else text}


def monthly_weekday_choice(day: date, nth: int) -> str:
    """Return the choice to repeat on a weekday each month."""
    return _("Monthly, on %(days)s") % {"days": _nth_weekday(nth, day.weekday())}


INTERVAL_HELP = gettext_noop("2 is every second week or month.")
WEEKDAYS_HELP = gettext_noop("Leave all unticked to keep its weekday.")
RULE_HELP = gettext_noop("As calendars write it: FREQ=DAILY;COUNT=5.")
UNTIL_HELP = gettext_noop("Leave empty for no end.")
COUNT_HELP = gettext_noop("With this one. Leave empty for no end.")
LEAD_HELP = gettext_noop("How long before its start we announce each game.")
HOST_CONFIRMS_LABEL = gettext_noop("Ask the host before announcing each game")
HOST_CONFIRMS_HELP = gettext_noop("Nobody else sees the game until they say yes.")
ASKS_REGULARS_LABEL = gettext_noop("Ask regulars each time whether they come")
ASKS_REGULARS_HELP = gettext_noop("Without an answer within a day, they lose the seat.")
REGULARS_HELP = gettext_noop("They get a seat each time, in this order. @ and a member's name.")
SUBSTITUTES_HELP = gettext_noop("We ask them in this order when a regular drops out. @ and a member's name.")
HOST_HELP = gettext_noop("Hosts the next games: @ and a member's name.")
NO_HOST = gettext_noop("Name the host of the next games.")
NO_CHANNEL = gettext_noop("Choose the channel for the next games.")


FOLDS = {
    "end": gettext_noop("Ends"),
    "announcement": gettext_noop("Announcement"),
    "players": gettext_noop("Who plays"),
}


def _typed_number(text: str) -> int:
    """Return what is typed, for the plural that fits; many, if that is no number."""
    return int(text) if text.isdecimal() and len(text) < 5 else 2


def end_summary(until: str, count: str) -> str:
    """Return when a series of the form ends, for a group that is folded; '' for what is empty."""
    if until:
        return _("Until %(day)s") % {"day": until}
    if count:
        return ngettext("After %(count)s games", "After %(count)s games", _typed_number(count)) % {"count": count}
    return _("No end")


def announcement_summary(days: str, host_confirms: bool) -> str:
    text = ngettext("%(count)s day before", "%(count)s days before", _typed_number(days))
    shown = text % {"count": days} if days else _("Some days before")
    return f"{shown} · " + _("The host confirms each") if host_confirms else shown


def players_summary(regulars: int, substitutes: int) -> str:
    none = pgettext("people", "none")
    return _("Regulars %(regulars)s · Substitutes %(substitutes)s") % {
        "regulars": regulars or none,
        "substitutes": substitutes or none,
    }


def not_a_player(name: str) -> str:
    return _("“%(name)s” isn't a member here. Write @ before a member's name.") % {"name": name}


IN_BOTH = gettext_noop("Someone is a regular and a substitute. Take them out of one list.")


def too_many_players(most: int) -> str:
    text = ngettext(
        "A series has at most %(count)d regulars and substitutes. Take some out.",
        "A series has at most %(count)d regulars and substitutes. Take some out.",
        most,
    )
    return text % {"count": most}


NO_INTERVAL = gettext_noop("Write a whole number from 1 to 99.")
NO_COUNT = gettext_noop("Write how many games in all, from 2 to 9999, or leave it empty.")
NO_LEAD = gettext_noop("Write a whole number of days from 1 to 365.")
NO_USABLE_DATE = gettext_noop("Choose a day before the year 2200.")
NO_RULE = gettext_noop("Paste a calendar's rule, or choose another way.")
TWO_ENDS = gettext_noop("Give a last day or a number of games, not both.")


def unreadable(part: str) -> str:
    """Return the refusal of a rule that cannot be read."""
    if not part:
        return _(NO_RULE)
    return _("We can't read “%(part)s” in this rule. Correct it, or choose another way.") % {"part": part}


def bad_lead(most: int) -> str:
    text = ngettext(
        "Announce each game 1 to %(count)d days before its start.",
        "Announce each game 1 to %(count)d days before its start.",
        most,
    )
    return text % {"count": most}


def ends_before_beginning(first: date) -> str:
    return _("The series starts on %(day)s. Choose a later last day.") % {"day": date_text(first)}


ENDS_AT_ONCE = gettext_noop("The series would end with its first game. Choose a later end, or none.")
NEVER = gettext_noop("This rule has no second date within ten years. Choose another.")
TOO_LONG = gettext_noop("This rule is too long to keep. Choose a shorter one.")
OVER = gettext_noop("All dates of this rule are past. Choose a later end, or none.")


def may_not_host_it(name: str) -> str:
    return _("%(name)s can't host in that channel. Choose another host or channel.") % {"name": name}


def too_many_ahead(most: int) -> str:
    text = ngettext(
        "That announces more than %(count)d games at a time. Announce them fewer days before.",
        "That announces more than %(count)d games at a time. Announce them fewer days before.",
        most,
    )
    return text % {"count": most}


NOT_REPEATED = gettext_noop("This game doesn't repeat yet.")
LEFT_OUT = gettext_noop("left out")
NO_DATE = gettext_noop("Choose the first day after the break.")
BREAK_PAST = gettext_noop("A break ends tomorrow at the earliest. Choose a later day.")
BREAK_TOO_LONG = gettext_noop("A break lasts ten years at most. End the series instead.")
DATE_TAKEN = gettext_noop("An earlier game of this series is on one of those days. Choose a later start.")
NO_SERIES = gettext_noop("This game doesn't repeat.")
FOLLOWS_ITS_GAME = gettext_noop("The next games copy one you can still change. Edit that one and later ones.")
NOT_YOUR_CHOICE = gettext_noop("Only managers of the server can name another host. Name yourself, or ask them.")
NOT_A_DATE = gettext_noop("This series has no game on that day. Look at its dates again.")
MADE_ALREADY = gettext_noop("That game is already scheduled. Cancel it on its own page.")
TOO_MANY_SKIPPED = gettext_noop("You skip too many dates. Choose another rule instead.")


# --- answers -----------------------------------------------------------------------------------------------


def started(rule: Recurrence, others: int) -> str:
    """Return the answer to starting or changing a series; `others`: later games that stay as they are."""
    text = f"{repeats(rule)}."
    if not others:
        return text
    stay = ngettext(
        "%(count)d later game is already scheduled and stays. Cancel it if you don't want it.",
        "%(count)d later games are already scheduled and stay. Cancel what you don't want.",
        others,
    )
    return f"{text} " + stay % {"count": others}


def skipped(day: date) -> str:
    return _("Skipped %(day)s. The other dates stay.") % {"day": date_text(day)}


def unskipped(day: date) -> str:
    return _("%(day)s is back.") % {"day": date_text(day)}


def paused(until: date) -> str:
    return _("Paused until %(day)s. Scheduled games stay.") % {"day": date_text(until)}


RESUMED = gettext_noop("The series goes on.")
NOT_PAUSED = gettext_noop("The series isn't paused.")
ENDED = gettext_noop("The series is over. Scheduled games stay.")
ENDED_ALREADY = gettext_noop("This series is over.")
CORRECTED = gettext_noop("Saved for the next games. Scheduled games stay.")
AND_LATER = gettext_noop("Later games follow.")


def and_later(text: str, days_stay: bool) -> str:
    """Return the answer to editing a game and the later ones."""
    answer = f"{_(text)} {_(AND_LATER)}"
    return f"{answer} " + _("Their days stay. Change those under Repeat.") if days_stay else answer


def of_later_game(day: date, sentence: str) -> str:
    """Return why a game and the later ones cannot be edited: what is wrong with one of these."""
    return _("The game on %(day)s: %(sentence)s") % {"day": date_text(day), "sentence": _(sentence)}


# Why the next game was not made, by the refusal's code.
ONCE_OVER = gettext_noop("If that game is over, schedule it again and repeat the new one.")
PROBLEMS = {
    "no_host": gettext_noop(
        "Its host may no longer host it or see its channel. Choose another host on its page. "
        "If that game is over, schedule it again and repeat the new one."
    ),
    "too_many": gettext_noop("Its host or the server has too many upcoming games. We schedule it when some are over."),
    "not_a_member": gettext_noop(
        "Its host left the server. Choose another host on its page. "
        "If that game is over, schedule it again and repeat the new one."
    ),
    "bad_plan": gettext_noop(
        "Its channel or a setting is no longer allowed. Edit this game and later ones. "
        "If that game is over, schedule it again and repeat the new one."
    ),
}
OTHER_PROBLEM = gettext_noop(
    "We couldn't schedule it. Edit this game and later ones. "
    "If that game is over, schedule it again and repeat the new one."
)


def problem(code: str) -> str:
    """Return why the next game is not there; '' if it is."""
    if not code:
        return ""
    return _("The next game isn't scheduled yet.") + " " + _(PROBLEMS.get(code, OTHER_PROBLEM))


def next_game(when_text: str) -> str:
    return _("We announce the next game %(when)s.") % {"when": when_text}


NO_NEXT = gettext_noop("No more dates.")
CHOOSE_CHANNEL = gettext_noop("Choose a channel")


def regulars(names: Sequence[str]) -> str:
    return _("Regulars: %(names)s.") % {"names": listed(names)}


def substitutes(names: Sequence[str]) -> str:
    return _("Substitutes, in this order: %(names)s.") % {"names": listed(names)}


# --- in Discord --------------------------------------------------------------------------------------------

RESUME = gettext_noop("Resume the series")
PAUSE, END, END_IT, KEEP_IT = (
    gettext_noop("Pause …"),
    gettext_noop("End the series …"),
    gettext_noop("End it"),
    gettext_noop("Keep it"),
)
OPEN_PAGE = gettext_noop("Change it on the web")
SCHEDULED, CANCELLED = gettext_noop("scheduled"), gettext_noop("cancelled")
SKIPPED, PAUSED = gettext_noop("skipped"), gettext_noop("paused")


def moved_to(start: str) -> str:
    return _("moved to %(start)s") % {"start": start}


CHOOSE_SERIES = gettext_noop("Choose the series from the list that opens.")
CHOOSE_DATE = gettext_noop("Skip a date, or bring it back")
SKIP_THIS, UNSKIP_THIS = gettext_noop("Skip this date"), gettext_noop("Skipped: bring it back")
ASK_END = gettext_noop("End the series? Scheduled games stay.")
PAUSE_TITLE, PAUSE_LABEL = gettext_noop("Pause the series"), gettext_noop("First day after the break")
# Translators: days are read in English, whatever the language: keep the example.
PAUSE_EXAMPLE = gettext_noop("3 January, or in 4 weeks")
# Translators: days are read in English, whatever the language: keep the example.
PAUSE_HELP = gettext_noop("Pause until that day: 3 January, or in 4 weeks")
# Translators: days are read in English, whatever the language: keep the example.
WHICH_DAY = gettext_noop("Which day is that? Write a date: 3 January, or in 4 weeks.")
DAY_PROBLEMS = {
    TimeProblem.AMBIGUOUS.value: gettext_noop("That reads two ways. Write the month as a word: 3 January."),
    TimeProblem.NO_SUCH_DAY.value: gettext_noop("There's no such day. Write another date."),
    TimeProblem.PAST.value: BREAK_PAST,
    TimeProblem.WEEKDAY_DIFFERS.value: gettext_noop(
        "That date is another weekday. Write the date or the weekday alone."
    ),
}


def at_its_time(at: time, zone: str) -> str:
    """Return `20:00 in Europe/Berlin`."""
    return _("%(time)s in %(zone)s") % {"time": f"{at:%H:%M}", "zone": zone}


def this_one_only(url: str) -> str:
    return _("Only this game of the series changes. For later ones: %(url)s") % {"url": url}


def skip_it(day: date) -> str:
    return _("Skip %(day)s") % {"day": date_text(day)}


def pause_until(day: date) -> str:
    return _("Pause until %(day)s") % {"day": date_text(day)}


# --- messages ----------------------------------------------------------------------------------------------

TAKES_PLACE, NOT_THIS_TIME = gettext_noop("Yes, announce it"), gettext_noop("Not this time")


def ask_host(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message that asks a host whether the next game of a series takes place."""
    text = _("🔁 **%(title)s** in %(guild)s is next on %(when)s. Do you run it? Nobody else sees it until you say yes.")
    return text % game_places(title, guild, starts_at) + f"\n{url}"


def not_repeated(title: str, guild: str, starts_at: datetime, url: str, code: str) -> str:
    """Return the message to a host that the next game of a series could not be made."""
    text = _("⚠️ Your series **%(title)s** in %(guild)s, %(when)s: %(problem)s")
    return text % game_places(title, guild, starts_at, problem=problem(code)) + f"\n{url}"


def ask_substitute(title: str, guild: str, starts_at: datetime, url: str) -> str:
    """Return the message that asks a substitute to step in."""
    text = _("🙋 A seat is free in **%(title)s** in %(guild)s, %(when)s. Can you step in?")
    return text % game_places(title, guild, starts_at) + f"\n{url}"


STEP_IN, PASS_ON = gettext_noop("I step in"), gettext_noop("Not this time")
PASSED_ON = gettext_noop("All right. We ask the next one.")


# --- history -----------------------------------------------------------------------------------------------

AUDIT_ACTIONS = (
    *(AuditAction.REPEAT, AuditAction.SKIP_DATE, AuditAction.UNSKIP_DATE),
    *(AuditAction.PAUSE_SERIES, AuditAction.RESUME_SERIES, AuditAction.END_SERIES),
    *(AuditAction.EDIT_LATER, AuditAction.CORRECT_SERIES, AuditAction.NOT_REPEATED),
)


def describe_action(action: str, who: str, changes: Mapping[str, object]) -> str:
    """Return one line of a game's history."""
    names = {"who": who, "day": _stored_date(changes.get("date")), "person": changes.get("for")}
    match action:
        case AuditAction.REPEAT:
            rule = repeats_by(str(changes.get("rule", "")))
            return _("%(who)s made it repeat: %(rule)s") % {"who": who, "rule": rule}
        case AuditAction.SKIP_DATE:
            return _("%(who)s skipped %(day)s") % names
        case AuditAction.UNSKIP_DATE:
            return _("%(who)s brought %(day)s back") % names
        case AuditAction.PAUSE_SERIES:
            return _("%(who)s paused the series until %(day)s") % names
        case AuditAction.RESUME_SERIES:
            return _("%(who)s resumed the series") % names
        case AuditAction.EDIT_LATER:
            return _("%(who)s edited this and later games") % names
        case AuditAction.CORRECT_SERIES if changes.get("for"):
            return _("%(who)s changed the host or channel of the next games to %(person)s") % names
        case AuditAction.CORRECT_SERIES:
            return _("%(who)s changed the host or channel of the next games") % names
        case AuditAction.NOT_REPEATED:
            return _("We couldn't schedule the next game of the series")
    return _("%(who)s ended the series") % names


def _stored_date(text: object) -> str:
    try:
        return date_text(date.fromisoformat(str(text)))
    except ValueError:
        return str(text or "")


EDIT_LATER = gettext_noop("Edit this game and later ones")
EDIT_LATER_HINT = gettext_noop("Later games follow: the scheduled ones and all after them.")
