"""Dates and times on the clock in words, in the language of the moment: Django has the names of days and months.

Each language has its own order, as a format of Django's under the context `date format`:
https://docs.djangoproject.com/en/5.2/ref/templates/builtins/#date
"""

from datetime import date, datetime

from django.utils.dateformat import format as write
from django.utils.dates import MONTHS_3, WEEKDAYS_ABBR
from django.utils.translation import pgettext


def day_text(day: date) -> str:
    """Return a day as `Fri 27 Nov 2026`."""
    return write(day, pgettext("date format", "D j M Y"))


def moment_text(local: datetime) -> str:
    """Return a time as `Fri 27 Nov 2026, 20:00`, on its own clock."""
    return write(local, pgettext("date format", "D j M Y, H:i"))


def near_moment_text(local: datetime) -> str:
    """Return a time of the next weeks as `Fri 27 Nov, 20:00`, on its own clock."""
    return write(local, pgettext("date format", "D j M, H:i"))


def short_weekday(day: date) -> str:
    """Return a day's weekday as `Fri`."""
    return str(WEEKDAYS_ABBR[day.weekday()])


def short_month(day: date) -> str:
    """Return a day's month as `Nov`."""
    return str(MONTHS_3[day.month]).capitalize()
