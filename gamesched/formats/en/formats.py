"""How the admin writes times, with the weekday and 24 hours to the day; and how forms read them."""

DATETIME_FORMAT = "D j M Y, H:i"
DATE_FORMAT = "D j M Y"
TIME_FORMAT = "H:i"
FIRST_DAY_OF_WEEK = 1

# And how a date is read, everywhere: 01/02/2027 is in January for some and in February for others.
DATE_INPUT_FORMATS = ["%Y-%m-%d"]
# The first of each is how a field shows it.
DATETIME_INPUT_FORMATS = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]
TIME_INPUT_FORMATS = ["%H:%M:%S", "%H:%M"]
