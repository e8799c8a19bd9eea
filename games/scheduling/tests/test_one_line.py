"""One line says a game: its title, when, the seats and how long."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from games.scheduling.one_line import read_line
from gamesched.lib.times_in_words import TimeProblem

NOW = datetime(2026, 12, 2, 14, tzinfo=UTC)  # a Wednesday, 15:00 in Berlin
FRIDAY_8PM = "12-04 20:00"

LINES = {
    "Curse of Strahd friday 8pm, 4 seats, 3h": ("Curse of Strahd", FRIDAY_8PM, 4, 180),
    "Curse of Strahd fri 8pm": ("Curse of Strahd", FRIDAY_8PM, None, None),
    "fri 8pm Curse of Strahd": ("Curse of Strahd", FRIDAY_8PM, None, None),
    "friday 8pm: Curse of Strahd": ("Curse of Strahd", FRIDAY_8PM, None, None),
    "Curse of Strahd (friday 8pm)": ("Curse of Strahd", FRIDAY_8PM, None, None),
    "Curse of Strahd - friday 8pm - 4 players": ("Curse of Strahd", FRIDAY_8PM, 4, None),
    "Curse of Strahd, friday, 4 seats, 8pm, 3h": ("Curse of Strahd", FRIDAY_8PM, 4, 180),
    "4 seats friday 8pm 3h Curse of Strahd": ("Curse of Strahd", FRIDAY_8PM, 4, 180),
    "Curse of Strahd on friday at 8pm for 3 hours": ("Curse of Strahd", FRIDAY_8PM, None, 180),
    "Curse of Strahd fri 8pm-11pm max 6": ("Curse of Strahd", FRIDAY_8PM, 6, 180),
    "Curse of Strahd fri 20:00-01:00, 5 players": ("Curse of Strahd", FRIDAY_8PM, 5, 300),
    "Curse of Strahd fri 8pm 2h30m": ("Curse of Strahd", FRIDAY_8PM, None, 150),
    "Curse of Strahd fri 8pm, 90 min": ("Curse of Strahd", FRIDAY_8PM, None, 90),
    "Curse of Strahd fri 8pm, seats: 4, 1.5 hours": ("Curse of Strahd", FRIDAY_8PM, 4, 90),
    "Curse of Strahd friday 8pm unlimited seats": ("Curse of Strahd", FRIDAY_8PM, 0, None),
    "Curse of Strahd in 3 hours, 2h": ("Curse of Strahd", "12-02 18:00", None, 120),
    "Friday Night Dice tomorrow 20:00": ("Friday Night Dice", "12-03 20:00", None, None),
    "8 bit night fri 8pm": ("8 bit night", FRIDAY_8PM, None, None),
    "Dune fri 8pm, 3-5 players": ("Dune", FRIDAY_8PM, 5, None),
    "24h Marathon fri 8pm": ("24h Marathon", FRIDAY_8PM, None, None),
    "24 hours of Le Mans fri 8pm, 3h": ("24 hours of Le Mans", FRIDAY_8PM, None, 180),
    "7 Wonders fri 8pm, 7 players": ("7 Wonders", FRIDAY_8PM, 7, None),
    "D&D 5e: Lost Mine fri 8pm": ("D&D 5e: Lost Mine", FRIDAY_8PM, None, None),
    "Who dares? fri 8pm!": ("Who dares?", FRIDAY_8PM, None, None),
    "🐉 fri 8pm": ("🐉", FRIDAY_8PM, None, None),
    "Dune <t:1796410800:F>": ("Dune", FRIDAY_8PM, None, None),
    "Dune fri 8pm CET / 2pm EST, 4 seats": ("Dune", FRIDAY_8PM, 4, None),
    "fri 8pm": ("", FRIDAY_8PM, None, None),
    "Dune fri 20:00 CET (14:00 EST)": ("Dune", FRIDAY_8PM, None, None),
    "Dune (fri) (8pm)": ("Dune", FRIDAY_8PM, None, None),
    "Dune fri 8pm (two tables)": ("Dune (two tables)", FRIDAY_8PM, None, None),
    "Mario Kart 8 tonight 9": ("Mario Kart 8", "12-02 21:00", None, None),
    "Mario Kart 8 tonight": ("Mario Kart", TimeProblem.AMBIGUOUS, None, None),
    "Left 4 Dead 2 tonight at 9": ("Left 4 Dead 2", "12-02 21:00", None, None),
    "Fri 13 Ghosts 20:00": ("Fri 13 Ghosts", TimeProblem.AMBIGUOUS, None, None),
    "Session 5 - 8pm": ("Session", TimeProblem.AMBIGUOUS, None, 180),
    "fri 8pm UK Games Night": ("UK Games Night", TimeProblem.AMBIGUOUS, None, None),
    "fri 8pm West Marches": ("West Marches", FRIDAY_8PM, None, None),
    "fri 8pm - 12 Angry Men": ("12 Angry Men", FRIDAY_8PM, None, None),
    "fri 8pm to Mordor": ("to Mordor", FRIDAY_8PM, None, None),
    "Minecraft 1.21 fri 20.30": ("Minecraft 1.21", "12-04 20:30", None, None),
    "Weekend Warriors fri 8pm": ("Weekend Warriors", FRIDAY_8PM, None, None),
    "today's raid 8pm": ("today's raid", "12-02 20:00", None, None),
    "Dune around 8pm tonight ~4h": ("Dune", "12-02 20:00", None, 240),
    "Pandemic fri 8pm max 4 ppl": ("Pandemic", FRIDAY_8PM, 4, None),
    "Curse of Strahd": ("Curse of Strahd", TimeProblem.NO_WHEN, None, None),
    "Curse of Strahd, 4 seats, 3h": ("Curse of Strahd", TimeProblem.NO_WHEN, 4, 180),
    "Curse of Strahd 12/01": ("Curse of Strahd", TimeProblem.AMBIGUOUS, None, None),
    "Curse of Strahd friday": ("Curse of Strahd", TimeProblem.NO_TIME, None, None),
    "Curse of Strahd yesterday 8pm": ("Curse of Strahd", TimeProblem.PAST, None, None),
    "": ("", TimeProblem.NO_WHEN, None, None),
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_says_title_time_seats_and_length(line: str) -> None:
    read = read_line(line, NOW, "Europe/Berlin")
    when = read.when.problem or f"{read.when.at:%m-%d %H:%M}"
    assert (read.title, when, read.seats, read.duration) == LINES[line]


@given(st.text() | st.lists(st.sampled_from(" ".join(LINES).split()), max_size=20).map(" ".join))
@example("\0 fri 8pm \0")
@example("4 seats " * 200)
def test_no_line_raises(line: str) -> None:
    read = read_line(line, NOW, "Europe/Berlin")
    assert "\0" not in read.title
    assert read.title == " ".join(read.title.split())


def test_a_line_of_any_length_is_read() -> None:
    read_line("Curse of Strahd friday 8pm, 4 seats, 3h, " * 100_000, NOW, "Europe/Berlin")
