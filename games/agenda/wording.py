"""Wording of agendas: the message in Discord's markup."""

from datetime import date

from games.models.agenda import AgendaGames

OPEN_PAGE = "All games"
RUNNING = "now"
FULL = "full"


def heading(games: AgendaGames, url: str) -> str:
    """Return the heading, a link to the server's page."""
    return f"## [{'Games here' if games == AgendaGames.CHANNEL else 'Games in this server'}]({url})"


def day(on: date) -> str:
    return f"### {on:%A}, {on.day} {on:%B}"


def line(title: str, url: str, start: int, words: list[str]) -> str:
    """Return a game's line; `start` is a Unix time, which each reader's client shows by their own clock."""
    return " · ".join([f"- <t:{start}:t> **[{title}]({url})**", *words])


def open_seats(count: int) -> str:
    return f"{count} seat{'' if count == 1 else 's'} open"


def nothing_to_come(days: int) -> str:
    span = "today" if days == 1 else f"in the next {days} days"
    return f"No games {span}. Schedule one on the server's page."


def more(number: int, url: str) -> str:
    return f"[… and {number} more]({url})"


def clocks(zone: str) -> str:
    return f"-# Days follow {zone}, times follow your clock."
