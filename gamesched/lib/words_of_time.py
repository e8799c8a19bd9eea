"""The words in which people say when, as patterns, and what each of them means."""

import calendar
import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from zoneinfo import available_timezones

from gamesched.lib.durations import NUMBERS, ONES
from gamesched.lib.zones import find_zone

WEEKDAYS = (
    r"(?P<weekday>mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|thu(?:r(?:s(?:day)?)?)?"
    r"|fri(?:day)?|sat(?:urday)?|sun(?:day)?)\b\.?"
)
MONTHS = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?"
    r"|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
DAY = 24 * 60  # minutes
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
N = rf"(?P<n>\d{{1,3}}|an?|{'|'.join(ONES[1:])}|ten|twelve)"
UNIT = r"(?P<unit>days?|weeks?|fortnights?|months?)"
LENGTH = (
    rf"(?:\d{{1,5}}(?:[.,]\d{{1,2}})?|half an?|an?|{'|'.join(ONES[1:])}|ten|twelve)"
    r"\s?(?:days?|hours?|hrs?|h|minutes?|mins?|m)"
)
LENGTHS = rf"{LENGTH}\b(?:(?:,? and | )(?:a half|{LENGTH})\b)*|\d{{1,3}}h\d\d?m?\b"
HALF = r"\d{1,2}(?:[:.]\d\d)?\s?[ap]\.?\s?m\b\.?"  # of the day: 8pm
FULL = r"\d{1,2}:\d\d(?::\d\d)?(?:\s?h\b)?(?![\d:])"
HOURS = r"(?:1[3-9]|2[0-3])h\b|\d{1,2}h\d\d\b(?!m)"
PARTS = {"half past": 30, "quarter past": 15, "quarter to": -15}  # minutes
CLOCK = rf"{HALF}|{FULL}|{HOURS}|(?:noon|midday|midnight)\b|(?:{'|'.join(PARTS)}) (?:{HALF}|\d{{1,2}}\b(?![:.]\d))"
YEAR = r"(?:(?:,? |-)(?P<year>20\d\d)\b(?!:))?"
TH = r"(?:st|nd|rd|th)"
HOLIDAYS = {
    **{"christmas eve": (12, 24), "xmas eve": (12, 24), "christmas day": (12, 25), "xmas day": (12, 25)},
    **{"boxing day": (12, 26), "new year's eve": (12, 31), "new years eve": (12, 31), "nye": (12, 31)},
    **{"new year's day": (1, 1), "new years day": (1, 1), "valentine's day": (2, 14), "halloween": (10, 31)},
}  # month and day
# Day words of other languages: read as none, "freitag 20:00" would be today.
ELSEWHERE = (
    "montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|heute|morgen|übermorgen"
    "|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|aujourd'hui|demain"
    "|lunes|martes|miércoles|miercoles|jueves|viernes|sábado|sabado|domingo|hoy|mañana"
    "|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|oggi|domani|segunda|terça|quarta|quinta|sexta|amanhã"
    "|maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|vandaag"
)
NO_UNIT = r"(?!\d|[:./-]\d|,\d|\s?(?:h|m|hours?|hrs?|minutes?|mins?|days?|weeks?|months?|[ap]\.?m)\b)"

# Kinds of words, and which of them say what.
CLOCKS = ("range", "clock")
MOMENTS = ("stamp", "soon", "ago", "iso")
DATES = ("numbers", "slashes", "dots", "dashes", "iso", "day_month", "month_day", "nth", "monthday", "holiday")
DAYS = (*DATES, "weekday", "weekend", "today", "week", "month", "shift", "repeats", "unknown_day")

# At each place the first that fits is taken, so that their order matters.
_PATTERNS: dict[str, tuple[str, ...]] = {
    "stamp": (r"<t:(?P<seconds>-?\d{1,11})(?::[a-z])?>",),
    "iso": (
        r"\d{4}-\d\d-\d\dt(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)",
        r"(?::[0-5]\d(?:\.\d{1,6})?)?(?P<offset>z|[+-]\d\d:?\d\d)?(?![\d:])",
    ),
    "numbers": (r"(?P<year>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?!\d)",),
    "dots": (r"(?<![\d.])(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<year>\d{4}|\d\d)?(?![\d.:])",),
    "slashes": (r"(?<![\d/])(?P<one>\d{1,2})/(?P<two>\d{1,2})(?:/(?P<year>\d{4}|\d\d))?(?![\d/:])",),
    "dashes": (r"(?<![\d-])(?P<one>\d\d)-(?P<two>\d\d)(?:-(?P<year>\d{4}|\d\d))?(?![\d:-]|\s?[ap]\.?m)",),
    "repeats": (
        rf"(?:every|each)\b(?: (?:other|{'|'.join(ORDINALS)}|\d{TH}|{N.replace('<n>', '<every>')})\b)?",
        r"(?: (?:week|month|fortnight|night|evening|morning|afternoon)?(?:day)?s?\b)?",
        r"|(?:bi-?)?weekly\b|daily\b|monthly\b|(?:once|twice) (?:a|per) (?:week|month)\b",
        r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days\b",
    ),
    "nth": (
        rf"(?:the )?(?P<nth>(?:next|second) to last|{'|'.join(ORDINALS)}|[1-5]{TH}) ",
        rf"(?:{WEEKDAYS}|day) (?:of|in) (?:(?:the )?(?P<which>next|this)? ?month\b|{MONTHS}{YEAR})",
    ),
    "day_month": (
        rf"(?:(?P<first>\d{{1,2}}){TH}?(?:\s?[-–/&+]\s?| to | and | or ))?(?:the )?",
        rf"(?P<d>\d{{1,2}})(?:{TH}|\.)?(?: of)?[ -]?\b{MONTHS}{YEAR}",
    ),
    "month_day": (rf"{MONTHS} (?:the )?(?P<d>\d{{1,2}}){TH}?(?![\d:]|\.\d|\s?[ap]\.?m\b){YEAR}",),
    "monthday": (rf"(?:the )?(?P<d>\d{{1,2}}){TH}\b(?: of (?:the )?(?P<which>next|this) month\b)?",),
    "holiday": (rf"(?P<holiday>{'|'.join(HOLIDAYS)})\b",),
    "unknown_day": (
        rf"(?:{ELSEWHERE})\b|(?:good|black) friday\b|easter(?: \w+day)?\b|thanksgiving\b|weekdays?\b|20\d{{6}}\b",
        rf"|(?:in )?a (?:few|couple(?: of)?) (?:days|weeks|months)\b|{N} \w+days from now\b",
        r"|on the (?:first|second|third|fourth|[a-z]+th)\b(?! \w+day)|(?:the )?(?:day|night|week) (?:after|before)\b",
        rf"(?! tomorrow| next)|(?:the )?(?:first|second|third|fourth|fifth|[1-5]{TH}) {WEEKDAYS}",
        r"|(?:(?:the )?(?:end|start|beginning|middle) of|early|late|mid|(?:first|second|third|last) week (?:of|in)) ?",
        rf"(?:(?:the|next|this) )?(?:week|month|year|{MONTHS.replace('<m', '<about_m')})\b",
        r"|(?:next|(?:the )?new) year\b",
        rf"|(?:{MONTHS}{YEAR}|\d{{1,2}}\.(?:0?[1-9]|1[0-2])(?![\d.]))(?=[\s,]+(?:at |@ ?)?(?:{CLOCK}|\d\d? uhr))",
    ),
    "ago": (rf"(?:{LENGTHS}) ago\b|yesterday\b",),
    "after": (
        rf"(?P<fortnight>(?:a )?fortnight) (?:from|on|after)\b|{N} weeks? (?:from|on|after)\b(?! now)",
        rf"|{N.replace('<n>', '<other>')} weeks? (?=today|tomorrow)",
    ),
    "shift": (
        rf"in {N} {UNIT}\b(?! and| \d{{1,3}}\s?[hm])",
        rf"|{N.replace('<n>', '<other>')} {UNIT.replace('<unit>', '<other_unit>')} from now\b",
    ),
    "soon": (rf"in (?P<length>{LENGTHS})|(?P<other>{LENGTHS}) from now\b",),
    "week": (r"(?:of )?(?:the )?(?:week (?P<later>after next)|(?P<which>next|this|last) week)\b",),
    "weekend": (r"(?:the |on the )?(?:(?P<which>next|this|coming) )?week-?end\b",),
    "month": (r"(?:of )?(?P<which>next|this) month\b",),
    "today": (r"(?P<day>(?:the )?day after tomorrow|today|tonight|tom+or+ow|2mor+ow?|tmrw?)\b(?:'s\b)?",),
    "part": (r"(?P<lead>in the |this |at )?(?P<part>morning|afternoon|evening|night)\b",),
    "weekday": (rf"(?:the )?(?:(?P<which>next|last|this|coming) )?{WEEKDAYS}(?P<later> week\b)?",),
    "range": (
        rf"(?P<between>between )?(?:from )?(?P<begin>{CLOCK}|\d{{1,2}}(?![\d:.]))\s?",
        rf"(?:-|–|—|to|till?|until|(?(between)and|to))\s?(?P<end>{CLOCK})",
    ),
    "clock": (rf"(?P<clock>{CLOCK})(?: sharp\b|-?ish\b|\s?uhr\b| (?:my|our|local) time\b)?",),
    "zone": (
        r"\(?(?P<zone>(?:utc|gmt)\s?[+-]\d{1,2}(?::?\d\d)?\b|[+-]\d\d:?\d\d\b|[a-z]+/[a-z_]+(?:/[a-z_]+)?\b",
        r"|[a-z]{2,14}(?: [a-z]{2,14}){0,2} time\b|(?:us )?(?:eastern|central|mountain|pacific)\b(?=\s*(?:$|[,;.)]))",
        r"|[a-z]{1,5}\b)\)?",
    ),
    "bare": (
        rf"(?P<lead>at |@ ?)?(?P<clock>\d{{1,2}}(?:\.[0-5]\d)?){NO_UNIT}",
        r"(?P<sure>\s?o'?clock\b|\s?uhr\b)?(?:-?ish\b)?",
    ),
    "joint": (r"(?:on|at|from|of|or|and|to|until|till|through|the|starting|in|around|about)\b|[@&/+~(–—-]",),
}
PATTERNS = tuple((kind, re.compile("".join(parts))) for kind, parts in _PATTERNS.items())

SPACE = re.compile(r"[\s,]*")
WORD = re.compile(r"\w+|\W")
GLUE = re.compile(r"[\s,;:|·()–—-]+|\b(?:on|at|from|and)\b")
LEAD = re.compile(r"(?:\b(?:on|at|from|starting|starts|around|about)\s+|[@~]\s*)+$")
# Before a day they say that it is another, or the end: by friday 8pm.
LIMIT = re.compile(r"\b(?:not|but|except|before|by|until|till|since)\s+$")

_ZONES = {
    "UTC": "utc gmt z zulu",
    "Europe/Berlin": "cet cest",
    "Europe/Athens": "eet eest",
    "Europe/London": "bst uk",
    "Europe/Moscow": "msk",
    "America/New_York": "est edt et eastern",
    "America/Chicago": "cst cdt ct central",
    "America/Denver": "mst mdt mt mountain",
    "America/Los_Angeles": "pst pdt pt pacific",
    "America/Anchorage": "akst akdt",
    "Pacific/Honolulu": "hst",
    "Australia/Sydney": "aest aedt",
    "Australia/Adelaide": "acst acdt",
    "Australia/Perth": "awst",
    "Pacific/Auckland": "nzst nzdt nzt",
    "Asia/Tokyo": "jst",
    "Asia/Seoul": "kst",
    "Asia/Singapore": "sgt",
    "Asia/Hong_Kong": "hkt",
    "Asia/Jakarta": "wib",
    "Asia/Manila": "pht",
    "Asia/Bangkok": "ict",
    "Asia/Karachi": "pkt",
    "Asia/Kuala_Lumpur": "myt",
    "Africa/Johannesburg": "sast",
    "America/Sao_Paulo": "brt",
    "America/Santiago": "clt clst",
    "America/Halifax": "adt",
    "Europe/Istanbul": "trt",
    "Europe/Lisbon": "wet",
}
_PLACES = {word: place for place, said in _ZONES.items() for word in said.split()}
# What an abbreviation says of the offset, in hours; people write CET all year round.
_HOURS = {
    **{"cet": 1, "cest": 2, "eet": 2, "eest": 3, "bst": 1, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7},
    **{"mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "aest": 10, "aedt": 11, "acst": 9.5, "acdt": 10.5},
    **{"nzst": 12, "nzdt": 13, "clt": -4, "clst": -3, "adt": -3, "wet": 0},
}
# These may also begin a title: fri 8pm UK Games.
_SHORT = {"z", "et", "ct", "mt", "pt", "uk", "wet"}
_IN_MANY_PLACES = {"ist", "ast", "sst", "wst", "gst", "server time"}


def end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return where a pattern that fits everywhere ends."""
    match = pattern.match(text, at)
    return match.end() if match else at


def plain(text: str) -> str:
    """Return a text in lower case with plain digits, spaces and apostrophes, of the same length."""
    return "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    if character.isascii():
        return character.lower()
    if character.isspace():
        return " "
    if character in "\u2019\u02bc":
        return "'"
    digit = unicodedata.decimal(character, None)
    lower = character.lower() if digit is None else str(digit)
    return lower if len(lower) == 1 else character


# --- clocks --------------------------------------------------------------------------------------------------


def clock_minutes(text: str) -> tuple[int, ...]:
    """Return what a time on the clock may be, in minutes from the day's beginning; () for none.

    8:30 may be in the evening or the morning, 08:30 may not; midnight may end or begin the day.
    """
    if text in {"noon", "midday"}:
        return (DAY // 2,)
    if text == "midnight":
        return (DAY, 0)
    if past := next((past for past in PARTS if text.startswith(past)), None):
        return tuple((minutes + PARTS[past]) % DAY for minutes in clock_minutes(text.removeprefix(past).strip()))
    hour, minute = (int(digits) for digits in [*re.findall(r"\d+", text), "0"][:2])
    half = re.search(r"[ap]", text)
    if minute > 59 or hour > 23 or (half and not 1 <= hour <= 12):
        return ()
    if half:
        return ((hour % 12 + (12 if half[0] == "p" else 0)) * 60 + minute,)
    if text == "12":
        return (DAY // 2, DAY)
    is_certain = hour > 12 or "h" in text or (not text.isdigit() and (text[0] == "0" or hour >= 10))
    return (hour * 60 + minute,) if is_certain else ((hour + 12) * 60 + minute, hour * 60 + minute)


def in_part_of_day(clock: tuple[int, ...], part: str) -> tuple[int, ...]:
    """Return what is left of the times that a clock's words may mean in a part of the day, '' for none."""
    if part in {"night", "tonight"} and clock and max(clock) < 6 * 60:
        return (clock[0] + DAY, clock[0])  # friday night 1am
    if not part or len(clock) < 2:
        return clock
    if part == "morning":
        return (min(clock) % DAY,)
    late = max(clock)
    # At one in the night is after midnight.
    return (late + DAY // 2,) if part in {"night", "tonight"} and DAY // 2 < late < 17 * 60 else (late,)


# --- days ----------------------------------------------------------------------------------------------------


def count(text: str | None) -> int:
    """Return a number in digits or as a word; 1 for `a`."""
    return int(text) if text and text.isdigit() else NUMBERS.get(text or "", 1)


def weekday(text: str) -> int:
    return ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(text[:3])


def offset_of(text: str) -> int:
    """Return how many days from today, or how many weeks or months from this one."""
    return {"tonight": 0, "today": 0, "next": 1, "last": -1, "this": 0}.get(text, 2 if "after" in text else 1)


def shifted(day: date, number: int, unit: str) -> date:
    """Return the day that is a number of days, weeks or months later; in a shorter month its last."""
    if not unit.startswith("month"):
        return day + timedelta(days=number * {"d": 1, "w": 7, "f": 14}[unit[0]])
    years, month = divmod(day.month - 1 + number, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def dates_of(kind: str, match: re.Match[str], today: date, months: list[str]) -> Iterator[list[date]]:
    """Yield, for each reading of a date, the days that it may be, the earliest first; none for no such day.

    `months`: `next` or `this` where a month is named so beside it.
    """
    said = match.groupdict()
    year = said.get("year")
    if kind == "iso":
        yield _day(int(match[0][:4]), int(match[0][5:7]), int(match[0][8:10]))
    elif kind in {"slashes", "dashes"}:
        readings = [(int(said["two"]), int(said["one"])), (int(said["one"]), int(said["two"]))]
        found = [days for month, day in dict.fromkeys(readings) if (days := _dates(year, month, day, today))]
        yield from found or [[]]
    elif kind in {"numbers", "dots"}:
        yield _dates(year, int(said["m"]), int(said["d"]), today)
    elif kind == "holiday":
        yield _dates(None, *HOLIDAYS[match["holiday"]], today)
    elif kind == "nth":
        yield [day for first in _months(said, year, today) if (day := _nth_day(match, first)) and day >= today]
    elif kind == "monthday":
        which = said["which"] or next(iter(months), None)
        firsts = [shifted(today.replace(day=1), n, "month") for n in range(13)]
        firsts = firsts if which is None else firsts[offset_of(which) :][:1]
        yield [
            day for first in firsts for day in _day(first.year, first.month, int(said["d"])) if which or day >= today
        ]
    else:
        month_days = [said["d"]] if said.get("first") is None else [said["first"], said["d"]]
        yield from (_dates(year, _month(said["month"]), int(one), today) for one in month_days)


def _day(year: int, month: int, day: int) -> list[date]:
    try:
        return [date(year, month, day)]
    except ValueError:
        return []


def _dates(year: str | None, month: int, day: int, today: date) -> list[date]:
    """Return the day in the year that is written, in two or four digits; else in the next years that have it."""
    if year:
        return _day(int(year) + (2000 if len(year) == 2 else 0), month, day)
    return [one for n in range(9) for one in _day(today.year + n, month, day) if one >= today]


def _month(text: str) -> int:
    return [name.lower() for name in calendar.month_abbr].index(text[:3])


def _months(said: dict[str, str | None], year: str | None, today: date) -> list[date]:
    """Return the first days of the months in which the nth weekday may be meant."""
    if not (month := said["month"]):
        return [shifted(today.replace(day=1), offset_of(said["which"] or "this"), "month")]
    years = [int(year)] if year else [today.year + n for n in range(9)]
    return [date(one, _month(month), 1) for one in years]


def _nth_day(match: re.Match[str], first: date) -> date | None:
    """Return the nth weekday, or day, of the month; None where it has none."""
    days = [first.replace(day=n) for n in range(1, calendar.monthrange(first.year, first.month)[1] + 1)]
    if match["weekday"]:
        days = [day for day in days if day.weekday() == weekday(match["weekday"])]
    text = match["nth"]
    nth = int(text[0]) if text[0].isdigit() else -2 if text.endswith(" last") else ORDINALS[text]
    return days[nth - 1 if nth > 0 else nth] if nth <= len(days) else None


# --- zones ---------------------------------------------------------------------------------------------------


def is_zone(text: str) -> bool:
    """Return whether words behind a time name a zone, if only one that is in many places."""
    return text in _IN_MANY_PLACES or zone_of(text) is not None


def may_be_title(text: str) -> bool:
    """Return whether a zone's words may as well begin a title."""
    return text in _SHORT or text in _cities()


def zone_of(text: str) -> tuple[str, timedelta | None] | None:
    """Return the place of a zone, '' for none, and the offset that its words say, if they do; None for no zone."""
    text = text.removesuffix(" time").removeprefix("us ")
    if offset := re.fullmatch(r"(?:utc|gmt)?\s?([+-])(\d{1,2})(?::?(\d\d))?", text):
        size = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return ("", -size if offset[1] == "-" else size) if size < timedelta(hours=15) else None
    if text in _IN_MANY_PLACES:
        return None
    if text in _PLACES:
        hours = _HOURS.get(text)
        return _PLACES[text], None if hours is None else timedelta(hours=hours)
    place = find_zone(text) if "/" in text else _cities().get(text)
    return (place, None) if place else None


@cache
def _cities() -> dict[str, str]:
    """Return the zones by the last part of their names, as people say them: `new york`."""
    areas = ("Africa/", "America/", "Asia/", "Atlantic/", "Europe/", "Indian/", "Pacific/")
    names = [name for name in available_timezones() if name.count("/") == 1 and name.startswith(areas)]
    cities = "Adelaide Brisbane Darwin Hobart Melbourne Perth Sydney"  # there are old names of states too: West
    names += [f"Australia/{city}" for city in cities.split()]
    return {name.split("/")[1].replace("_", " ").lower(): name for name in names}
