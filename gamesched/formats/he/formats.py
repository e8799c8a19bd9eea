"""How Hebrew writes dates in the admin. Fields take and show them as in every language: a browser's own are ISO."""

from gamesched.formats.en.formats import DATE_INPUT_FORMATS as DATE_INPUT_FORMATS
from gamesched.formats.en.formats import DATETIME_INPUT_FORMATS as DATETIME_INPUT_FORMATS
from gamesched.formats.en.formats import TIME_FORMAT as TIME_FORMAT
from gamesched.formats.en.formats import TIME_INPUT_FORMATS as TIME_INPUT_FORMATS

DATETIME_FORMAT = "D j M Y, H:i"
DATE_FORMAT = "D j M Y"
FIRST_DAY_OF_WEEK = 0  # Sunday
