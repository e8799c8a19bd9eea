"""Dates and times on the clock in words, in the language of the moment: Django has the names of days and months.

Each language has its own order, as a format of Django's: https://docs.djangoproject.com/en/5.2/ref/templates/builtins/#date
"""

from datetime import date, datetime

from django.utils.dateformat import format as write
from django.utils.dates import MONTHS, MONTHS_3, WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import pgettext


def day_text(day: date) -> str:
    """Return a day as `Fri 27 Nov 2026`."""
    return write(day, pgettext("date format", "D j M Y"))


def moment_text(local: datetime) -> str:
    """Return a time as `Fri 27 Nov 2026, 20:00`, on its own clock."""
    return write(local, pgettext("date format", "D j M Y, H:i"))


def weekday_clock(local: datetime) -> str:
    """Return a time of the days ahead as `Fri 20:00`, on its own clock."""
    return write(local, pgettext("date format", "D H:i"))


def long_day(day: date) -> str:
    """Return a day of the days ahead as `Friday, 27 November`."""
    return write(day, pgettext("date format", "l, j F"))


def full_date(day: date) -> str:
    """Return a date as `27 November 2026`."""
    return write(day, pgettext("date format", "j F Y"))


def short_date(day: date) -> str:
    """Return a date as `27 Nov 2026`."""
    return write(day, pgettext("date format", "j M Y"))


def month_text(day: date) -> str:
    """Return the month of a day as `November 2026`."""
    return write(day, pgettext("date format", "F Y"))


def clock_text(local: datetime) -> str:
    """Return a time of day as `20:00`, on its own clock."""
    return f"{local:%H:%M}"


def weekday_name(number: int) -> str:
    """Return a weekday as `Friday`; Monday is 0, as in `date.weekday`."""
    return str(WEEKDAYS[number])


def short_weekday(number: int) -> str:
    """Return a weekday as `Fri`; Monday is 0."""
    return str(WEEKDAYS_ABBR[number])


def month_name(number: int) -> str:
    """Return a month as `November`; January is 1."""
    return str(MONTHS[number])


def short_month(number: int) -> str:
    """Return a month as `Nov`; January is 1."""
    return str(MONTHS_3[number]).capitalize()
