"""Why goals are missed: the longer reasons, by what was profiled."""

TIMERS_TOGETHER = "What is due just after something else waits for it; preparing one message takes some 15 statements."
TIMER = (
    "A timer costs PostgreSQL a millisecond, which differs by a third from run to run: 0.65 to 1.23 × were seen. The"
    " pages that it reads, which do not differ so, grow by 6%."
)
STORM = "It differs from run to run: 0.89 to 1.18 × were seen on one machine."
IDLE = "Counted over 45 seconds, in which one statement makes 80 an hour: 80 and 400 were seen of one program."
NOTIFYD_MEMORY = "85.8 MiB before languages, web push, webhooks and imports came. What each takes was not profiled."
DRAIN = (
    "One interpreter builds the messages and makes the requests, in 1.5 ms of CPU a message; a bare loop's own is a"
    " third of that. By sampling the event loop has three fifths, aiohttp's requests a fifth; the database thread, with"
    " a third of a statement a message, two fifths. Handing messages to the loop in groups changed nothing."
)
LISTS = (
    "Seven statements. The ids of the lists and their lines, nine tables joined for forty games, have two thirds; the"
    " statement of the ids depends on the filter, so it is compiled and planned each time."
)
PAGES = (
    "A page is rendered whole for each person, in 16 ms of CPU: by cProfile four tenths are Django's templates (150"
    " nodes, none above 3%; 20 addresses 7%), a third its six statements, all prepared, and their objects, the rest is"
    " middleware and what the page decides. What /healthz takes in the same interpreter is 0.8 ms."
)
FRAGMENTS = (
    "Each person's fragment is rendered for itself, in 15 ms of one interpreter's CPU besides the server around it, in"
    " seven statements. It holds their own buttons and tokens, so none is another's."
)
TASKS = (
    "One statement reckons each game's times from its settings, in JSON, and compares them with its rows. Settling"
    " besides compares its end and seats, and groups the games of equal settings."
)
START = (
    "Two seconds of CPU are the program's imports, one the wait for the last guild, as discord.py does not say which it"
    " is. The rest is 75 µs of CPU a channel: discord.py's objects, their rights and rows; and 50 µs in PostgreSQL."
)
