"""Wording of agendas: the message in Discord's markup."""

from datetime import date

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext

from games.models.agenda import AgendaGames

OPEN_PAGE = gettext_noop("All games")
RUNNING = gettext_noop("now")
FULL = gettext_noop("full")


def heading(games: AgendaGames, url: str) -> str:
    """Return the heading, a link to the server's page."""
    text = _("Games here") if games == AgendaGames.CHANNEL else _("Games in this server")
    return f"## [{text}]({url})"


def day(on: date) -> str:
    pattern = pgettext("date format", "l, j F")
    return f"### {format_date(on, pattern)}"


def line(title: str, url: str, start: int, words: list[str]) -> str:
    """Return a game's line; `start` is a Unix time, which each reader's client shows by their own clock."""
    return " · ".join([f"- <t:{start}:t> **[{title}]({url})**", *words])


def open_seats(count: int) -> str:
    return ngettext("%(count)d seat free", "%(count)d seats free", count) % {"count": count}


def nothing_to_come(days: int) -> str:
    if days == 1:
        return _("No games today. Schedule one on the server's page.")
    return ngettext(
        "No games in the next %(count)d day. Schedule one on the server's page.",
        "No games in the next %(count)d days. Schedule one on the server's page.",
        days,
    ) % {"count": days}


def more(number: int, url: str) -> str:
    return _("[… and %(count)d more](%(url)s)") % {"count": number, "url": url}


def clocks(zone: str) -> str:
    return "-# " + _("Days follow %(zone)s, times follow your clock.") % {"zone": zone}
