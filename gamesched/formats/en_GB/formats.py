"""How the admin writes times: with the weekday, and 24 hours to the day."""

DATETIME_FORMAT = "D j M Y, H:i"
DATE_FORMAT = "D j M Y"
TIME_FORMAT = "H:i"
