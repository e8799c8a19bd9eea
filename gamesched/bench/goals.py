"""What has to be reached. Each goal is declared once: its figure, its limit, and why it is missed where it is.

`why` is shown only while a goal is missed, so it stays true for the next who reads it there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from gamesched.bench.figures import Figures
from gamesched.bench.reasons import (
    DRAIN,
    FRAGMENTS,
    IDLE,
    LISTS,
    NOTIFYD_MEMORY,
    PAGES,
    START,
    STORM,
    TASKS,
    TIMER,
    TIMERS_TOGETHER,
)

Run = Mapping[str, Figures]  # the figures of each subject


class Compared(Enum):
    """How a figure is compared with its limit."""

    AT_MOST = "≤"
    AT_LEAST = "≥"


@dataclass(frozen=True)
class Goal:
    """One line of the table. `figure` raises KeyError where it was not measured."""

    number: int
    what: str
    subject: str
    figure: Callable[[Figures], float]
    limit: float
    unit: str = ""
    compared: Compared = Compared.AT_MOST
    why: str = ""

    def measured(self, run: Run) -> float | None:
        """Return its figure, or None if it was not measured."""
        try:
            return self.figure(run[self.subject])
        except (KeyError, ZeroDivisionError):
            return None

    def is_met(self, value: float) -> bool:
        return value <= self.limit if self.compared is Compared.AT_MOST else value >= self.limit

    def times_missed(self, value: float) -> float:
        """Return how far the figure is from the limit: 1 is just reached, 2 is twice too much or half enough."""
        low, high = (self.limit, value) if self.compared is Compared.AT_MOST else (value, self.limit)
        return high / low if low else (1.0 if not high else float("inf"))


def ratio(above: str, below: str) -> Callable[[Figures], float]:
    return lambda figures: figures[above] / figures[below]


def commits(name: str) -> Callable[[Figures], float]:
    """Return a figure in bare inserts and commits, by their p50 in the same subject."""
    return ratio(name, "commit_ms_p50")


def plain(name: str) -> Callable[[Figures], float]:
    return lambda figures: figures[name]


def greatest(*names: str) -> Callable[[Figures], float]:
    return lambda figures: max(figures[name] for name in names)


def better_baseline(figures: Figures) -> float:
    return figures["per_second"] / max(figures["procrastinate_per_second"], figures["django_q2_per_second"])


def minimum_by_dm(figures: Figures) -> float:
    """Return the calls beyond what cannot be spared: the post, two edits, nine channels, three times nine reminders."""
    return figures["dm_calls"] - (1 + 2 + 9 + 3 * 9)


def task(name: str) -> Callable[[Figures], float]:
    """Return a task's seconds; one that was cut off has no end. With fewer games it says nothing."""

    def seconds(figures: Figures) -> float:
        if figures["games"] < 100_000:
            raise KeyError("games")
        return figures[f"{name}_s"] if figures[f"{name}_ended"] else float("inf")

    return seconds


def unanswered(figures: Figures) -> float:
    """Return the clicks of every burst and rate that got no answer; KeyError if a part was not run."""
    for name in (*BURSTS, "slowed_200_on_20", "at_10", "at_50"):
        figures[f"{name}_unanswered"]
    return sum(value for name, value in figures.items() if name.endswith("_unanswered"))


def not_notified(count: int) -> Callable[[Figures], float]:
    return lambda figures: figures[f"missed_of_{count}"] + count - figures[f"fetched_of_{count}"]


def rows_of_tasks(figures: Figures) -> float:
    return sum(figures[f"{name}_rows_written"] for name in ("sweep", "check", "settling"))


IC = "× I+C"
LEAST = Compared.AT_LEAST
BURSTS = ("burst_200_on_20", "burst_500_on_20", "burst_500_on_1")

GOALS = (
    Goal(1, "due → leased, p50", "timers", commits("claimed_idle_ms_p50"), 3, IC),
    Goal(1, "due → leased, p99", "timers", commits("claimed_idle_ms_p99"), 10, IC, why=TIMERS_TOGETHER),
    Goal(
        1,
        "the same, how far under procrastinate's p50",
        "timers",
        ratio("procrastinate_ms_p50", "claimed_idle_ms_p50"),
        500,
        "×",
        LEAST,
    ),
    Goal(2, "due → request at Discord, idle, p50", "timers", commits("requested_idle_ms_p50"), 8, IC),
    Goal(
        2,
        "due → request at Discord, idle, p99",
        "timers",
        commits("requested_idle_ms_p99"),
        25,
        IC,
        why=TIMERS_TOGETHER,
    ),
    Goal(2, "due → request, with 10 pages a second, p50", "timers", commits("requested_with_pages_ms_p50"), 16, IC),
    Goal(
        2,
        "due → request, with 10 pages a second, p99",
        "timers",
        commits("requested_with_pages_ms_p99"),
        50,
        IC,
        why=TIMERS_TOGETHER,
    ),
    Goal(
        3,
        "drain of reminders due at once, beside a bare loop that posts them",
        "drain",
        ratio("per_second", "bare_loop_per_second"),
        0.6,
        "×",
        LEAST,
        DRAIN,
    ),
    Goal(
        3,
        "the same, beside the better Python baseline",
        "drain",
        better_baseline,
        3,
        "×",
        LEAST,
        "The baseline posts one body; we build each, respect Discord's limits, and write down what became of it.",
    ),
    Goal(3, "messages repeated", "drain", plain("repeated"), 0),
    Goal(3, "messages not sent", "drain", lambda f: f["asked"] - f["sent"], 0),
    Goal(3, "the first message after", "drain", plain("first_ms"), 200, "ms"),
    Goal(
        4, "PostgreSQL's time for a message, much due : little due", "lease", plain("storm_ratio"), 1.1, "×", why=STORM
    ),
    Goal(4, "for a timer, many rows open : few", "lease", plain("timer_open_many_ratio"), 1.1, "×", why=TIMER),
    Goal(4, "for a timer, many rows closed : few", "lease", plain("timer_closed_many_ratio"), 1.1, "×", why=TIMER),
    Goal(
        4,
        "for a timer, under an old snapshot : none",
        "lease",
        plain("timer_old_snapshot_ratio"),
        1.1,
        "×",
        why="Every twentieth second a look begins at the beginning, and walks what the snapshot keeps in the index.",
    ),
    Goal(5, "share of the 45 requests a second used", "share", plain("percent_of_allowed"), 95, "%", LEAST),
    Goal(5, "refused by Discord for too many", "share", plain("refused"), 0),
    Goal(
        5,
        "CPU of a core meanwhile",
        "share",
        plain("cpu_percent"),
        25,
        "%",
        why="Six milliseconds for each message, of which the event loop and aiohttp have most.",
    ),
    Goal(
        6,
        "CPU of the bot for a click",
        "clicks",
        plain("at_10_cpu_ms_a_click"),
        12,
        "ms",
        why="By cProfile 12 ms are the database thread's: sixteen statements, of whose time half is the way to"
        " PostgreSQL and back. By sampling 7 ms are the event loop's: a third aiohttp's answer and follow-up, an eighth"
        " discord.py's reading of the event.",
    ),
    Goal(
        6,
        "clicks done a second",
        "clicks",
        plain("burst_500_on_20_done_per_second"),
        60,
        "/s",
        LEAST,
        "One interpreter does all that a click costs. Neither uvloop nor a shorter switch interval changed it clearly.",
    ),
    Goal(
        7,
        "50 clicks a second, p99",
        "clicks",
        commits("at_50_ms_p99"),
        150,
        IC,
        why="More come than one bot does in a second, so most are deferred; none waits longer than for that.",
    ),
    Goal(7, "slowest answer of 200 and 500 at once", "clicks", greatest(*(f"{b}_ms_max" for b in BURSTS)), 2500, "ms"),
    Goal(
        7,
        "unanswered, of all bursts and rates, a bot slowed to a quarter too",
        "clicks",
        unanswered,
        0,
    ),
    Goal(8, "statements of the game's page", "pages", greatest("game_few_queries", "game_many_queries"), 6),
    Goal(
        8,
        "statements of a guild's list",
        "pages",
        greatest("guild_few_queries", "guild_many_queries"),
        6,
        why="Session, person, membership, channels, templates, the ids of the lists, their lines. Django reads session "
        "and person apart, since the session's text says whose it is.",
    ),
    Goal(
        8,
        "statements of home",
        "pages",
        greatest("home_few_queries", "home_many_queries"),
        6,
        why="Session, person, memberships, channels, the servers' counts, the ids of the lists, their lines.",
    ),
    Goal(8, "the game's page in the database", "pages", commits("game_many_sql_ms"), 15, IC),
    Goal(8, "a guild's list in the database", "pages", commits("guild_many_sql_ms"), 15, IC, why=LISTS),
    Goal(8, "home in the database", "pages", commits("home_many_sql_ms"), 15, IC, why=LISTS),
    Goal(8, "the game's page, many games : few", "pages", ratio("game_many_ms", "game_few_ms"), 1.2, "×"),
    Goal(8, "a guild's list, many games : few", "pages", ratio("guild_many_ms", "guild_few_ms"), 1.2, "×"),
    Goal(
        8,
        "home, many games : few",
        "pages",
        ratio("home_many_ms", "home_few_ms"),
        1.2,
        "×",
        why="It grows by the viewer's own games, four of a thousand and 2,338 of a million, not by the tables.",
    ),
    Goal(
        9,
        "game pages a second : /healthz",
        "pages",
        ratio("served_per_second", "healthz_per_second"),
        0.4,
        "×",
        LEAST,
        why=PAGES,
    ),
    Goal(
        9,
        "unchanged fragments a second : /healthz",
        "pages",
        ratio("unchanged_per_second", "healthz_per_second"),
        0.8,
        "×",
        LEAST,
        "By CPU 1.7 ms against 0.8: one prepared statement over fourteen tables has most of what is more, the "
        "session's signature and the answer's headers the rest.",
    ),
    *(
        goal
        for count in (500, 1000)
        for goal in (
            Goal(
                10,
                f"change → last of {count:,} pages : channels-redis",
                "live",
                ratio(f"last_of_{count}_ms_p50", f"channels_redis_last_of_{count}_ms_p50"),
                0.25,
                "×",
                why="The event loop writes to one socket after another, 0.17 ms each. channels-redis is slower a socket"
                " the more there are, so of a thousand it is met.",
            ),
            Goal(
                10,
                f"all fragments of {count:,} pages fetched",
                "live",
                plain(f"all_of_{count}_s"),
                3,
                "s",
                why=FRAGMENTS,
            ),
            Goal(10, f"of {count:,} pages, untold or failed", "live", not_notified(count), 0),
        )
    ),
    Goal(11, "kill -9 → the standby's first message, slowest", "takeover", plain("takeover_ms_max"), 300, "ms"),
    Goal(
        12,
        "inserts due tomorrow, with : without triggers",
        "inserts",
        plain("due_tomorrow_ratio"),
        0.92,
        "×",
        LEAST,
        "The trigger compares one time for each row; a short run differs by more than that from itself.",
    ),
    Goal(12, "inserts due soon", "inserts", plain("due_soon_ratio"), 0.8, "×", LEAST),
    Goal(
        12,
        "sign-ups",
        "inserts",
        plain("signup_ratio"),
        0.85,
        "×",
        LEAST,
        "While no page shows the game nothing is notified, and no trigger alone can be told from none. Those on the"
        " sign-up and on its game, which keep the settings and ask for open pages, cost about a quarter together.",
    ),
    *(
        Goal(13, f"{name}, idle: statements an hour", "idle", plain(f"{name}_statements_an_hour"), 240, why=IDLE)
        for name in ("notifyd", "bot", "worker", "web")
    ),
    *(
        Goal(13, f"{name}, idle: CPU of a core", "idle", plain(f"{name}_cpu_percent"), 1, "%")
        for name in ("notifyd", "bot", "worker", "web")
    ),
    *(
        Goal(
            14,
            f"{what} at 100,000 games to come",
            "periodic",
            task(name),
            5,
            "s",
            why=TASKS,
        )
        for name, what in (("sweep", "the sweep"), ("settling", "settling"), ("check", "the check of posts"))
    ),
    Goal(14, "rows that the three write where nothing differs", "periodic", rows_of_tasks, 100),
    Goal(15, "bot ready in 500 guilds of 50 channels", "start", plain("first_in_500_s"), 5, "s", why=START),
    Goal(15, "bot ready in 2,000", "start", plain("first_in_2000_s"), 20, "s", why=START),
    Goal(
        15,
        "its memory in 2,000",
        "start",
        plain("first_in_2000_mib"),
        114,
        "MiB",
        why="The program itself has 80 MiB. discord.py keeps each of 100,000 channels, in less than half a KiB.",
    ),
    Goal(16, "calls for a game, beyond those that cannot be spared, DMs", "calls", minimum_by_dm, 0),
    Goal(16, "calls for a game, reminders to the channel", "calls", plain("channel_calls"), 8),
    *(
        Goal(17, f"memory of {name}", "idle", plain(f"{name}_mib"), limit, "MiB", why=why)
        for name, limit, why in (
            ("notifyd", 90, NOTIFYD_MEMORY),
            ("bot", 100, ""),
            ("web", 110, ""),
            (
                "worker",
                110,
                "Django-q2 runs five processes. They share what is loaded, but each writes to 7 to 15 MiB of it; "
                "freezing it before the fork changed nothing.",
            ),
        )
    ),
    Goal(
        17,
        "notifyd's memory after the drain : before",
        "drain",
        ratio("notifyd_mib_after", "notifyd_mib_before"),
        1.1,
        "×",
    ),
    Goal(
        17,
        "memory of a socket",
        "idle",
        plain("kib_a_socket"),
        30,
        "KiB",
        why="With few sockets what the process needs for the first is counted too; with 500 it was 29.7 KiB.",
    ),
)
