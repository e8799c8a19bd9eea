"""What an agenda shows: the games of the next days, within Discord's limits."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import accumulate, groupby
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext

from games.agenda import wording
from games.core.escaping import escape_markdown
from games.core.states import State
from games.models import Agenda, Game
from games.models.agenda import AgendaGames
from games.models.layers import inherited_settings
from gamesched.lib.zones import zone_info
from guilds.languages import in_language_of_guild, language_of_guild
from guilds.models import Channel
from guilds.permissions import viewed_by_all_of

TEXT_MAX = 4000  # characters of all texts of a message together, Discord's limit
TITLE_SHOWN = 90  # characters of an escaped title
MORE_RESERVED = 200  # for the line that says how many games have no room
# Nothing tells of roles that members gain and lose, by which they may view channels, nor of rows changed by hand.
LOOKED_AT_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class AgendaPost:
    """An agenda's message: its text in Discord's markup, and the address of the server's page.

    `next_at`: when it may be another by itself, as a day, a start or an end has come.
    """

    text: str
    url: str
    game_ids: tuple[int, ...]
    next_at: datetime
    language: str = ""  # its guild's

    @property
    def digest(self) -> str:
        """Return a hash of what people see."""
        return hashlib.sha256(f"{self.text}\n{self.url}".encode()).hexdigest()


@dataclass(frozen=True)
class PinRequest:
    """That a message is to be pinned, or no more."""

    pinned: bool


def marker_of(agenda: Agenda) -> str:
    """Return the address in the message by which it is known again: the server's page, with the channel."""
    page = settings.PUBLIC_URL + reverse("guild", args=[agenda.guild_id])
    return f"{page}#agenda-{agenda.channel_id}"


def agenda_post(agenda: Agenda, now: datetime) -> AgendaPost:
    """Return what a channel's agenda shows at `now`, in its guild's language.

    Takes seven queries, however many games there are.
    """
    with in_language_of_guild(agenda.channel.guild):
        return _agenda_post(agenda, now)


def _agenda_post(agenda: Agenda, now: datetime) -> AgendaPost:
    channel, days, url = agenda.channel, agenda.days or 1, marker_of(agenda)
    zone_name = inherited_settings(channel.guild, channel, None)["zone"].value
    zone = zone_info(zone_name)
    today = now.astimezone(zone).date()
    until = _midnight(today + timedelta(days=days), zone)
    games = _games_to_come(channel, AgendaGames(agenda.games), until, now)
    times = [at for game in games for at in (game.starts_at, game.ends_at) if at > now]
    next_at = min([_midnight(today + timedelta(days=1), zone), now + LOOKED_AT_AFTER, *times])
    head, foot = wording.heading(AgendaGames(agenda.games), url), wording.clocks(zone_name)
    body = _body(games, zone, today, url, TEXT_MAX - len(head) - len(foot) - 2, now) or wording.nothing_to_come(days)
    ids = tuple(sorted(game.pk for game in games))
    return AgendaPost("\n".join([head, body, foot]), url, ids, next_at, language_of_guild(channel.guild))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day begins in a zone; where clocks skip midnight, by the offset before."""
    return datetime.combine(day, time(), zone)


def _games_to_come(channel: Channel, games: AgendaGames, until: datetime, now: datetime) -> list[Game]:
    """Return the announced games that start before `until` and are not over, the next first.

    Of other channels only what everybody may view who may view this one.
    """
    found = Game.objects.upcoming(now).filter(guild=channel.guild_id, starts_at__lt=until)
    here = Q(channel=channel) | Q(channel__parent=channel)
    if games == AgendaGames.CHANNEL:
        found = found.filter(here)
    else:
        used = found.order_by().values("channel_id")
        # Of a thread, its channel decides who may view it.
        others = Channel.objects.select_related("parent").filter(pk__in=used).exclude(pk=channel.pk)
        shared = {one.settings_channel.pk: one.settings_channel for one in others}
        shared.pop(channel.pk, None)
        visible = viewed_by_all_of(channel, list(shared.values())) if shared else set()
        found = found.filter(here | Q(channel__in=visible) | Q(channel__parent__in=visible))
    seated = Count("signups", filter=Q(signups__seated_at__isnull=False, signups__left_at=None))
    return list(found.select_related("announcement__channel", "channel").annotate(seated_count=seated))


def _body(games: Sequence[Game], zone: ZoneInfo, today: date, url: str, room: int, now: datetime) -> str:
    """Return the games' lines under their days, as many as fit; then how many more there are, linked to the page."""
    pieces: list[str] = []
    # What began before today stands under today: it is still on.
    for on, of_day in groupby(games, key=lambda game: max(game.starts_at.astimezone(zone).date(), today)):
        first, *others = [_line(game, now) for game in of_day]
        pieces += [f"{wording.day(on)}\n{first}", *others]
    if sum(len(piece) + 1 for piece in pieces) <= room:
        return "\n".join(pieces)
    lengths = accumulate(len(piece) + 1 for piece in pieces)
    shown = pieces[: sum(length <= room - MORE_RESERVED for length in lengths)]
    return "\n".join([*shown, wording.more(len(pieces) - len(shown), url)])


def _line(game: Game, now: datetime) -> str:
    # The title is a link, in which Discord makes no other.
    title = escape_markdown(" ".join(game.title.split()), TITLE_SHOWN, live_addresses=False)
    where = f"<#{game.channel_id}>"
    words = [where, _seats_text(game)] if game.state(now) is State.SCHEDULED else [gettext(wording.RUNNING), where]
    address = game.announcement.url or game.url
    return wording.line(title, address, int(game.starts_at.timestamp()), list(filter(None, words)))


def _seats_text(game: Game) -> str:
    """Return how many seats are open; '' for unlimited seats."""
    seats, seated = game.settings.seats, game.seated_count  # type: ignore[attr-defined]
    if not seats:
        return ""
    return wording.open_seats(seats - seated) if seated < seats else gettext(wording.FULL)
