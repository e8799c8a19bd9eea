"""A shared game in strangers' calendars."""

from datetime import datetime

from games.core.text import GuildTexts
from games.models import Game
from games.posts.calendars import NO_PART, game_event, write_calendar
from games.sharing.addresses import share_url


def public_calendar_file(game: Game, now: datetime) -> bytes:
    """Return what strangers may see of a game as an iCalendar file: without place, description and the game's page."""
    event = game_event(game, GuildTexts(game.guild_id, channel=game.channel, zone=game.zone), now, NO_PART)
    for name in ("location", "description", "url"):
        event.pop(name, None)
    event.add("url", share_url(game))
    return write_calendar([event])
