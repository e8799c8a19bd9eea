"""The announcement as a plain view-model, within Discord's limits. Discord's embed and texts are made from it."""

from dataclasses import dataclass
from datetime import datetime

from games import messages
from games.mentioned import discord_text
from games.models import Game
from games.roster import roster
from games.rules import State
from notifications.rules import minutes_text

# https://discord.com/developers/docs/resources/message#embed-object-embed-limits
EMBED_TITLE = 256
FIELD_VALUE = 1024


@dataclass(frozen=True)
class AnnouncementView:
    """What the post shows. People are ids, which Discord shows under their name in the guild.

    The description is as Discord takes it: mentions where they are certain, and nothing that calls everybody.
    """

    game_id: int
    guild_id: int
    title: str
    url: str
    description: str
    state: State
    state_text: str
    starts_at: datetime
    duration_text: str
    host_id: int
    seats_text: str
    seated: tuple[str, ...]
    waiting: tuple[str, ...]
    may_sign_up: bool
    location: str = ""

    @property
    def text(self) -> str:
        """For places without embeds: a terminal, a push message."""
        lines = [self.title, f"{self.state_text} · {self.starts_at:%Y-%m-%d %H:%M} UTC · {self.duration_text}"]
        return "\n".join([*lines, self.seats_text, self.url])


def view(game: Game, now: datetime) -> AnnouncementView:
    """The game as its post should show it at `now`."""
    state = game.state(now)
    people, held = roster(game), game.effective
    text = messages.STATE_TEXT[state]
    if state is State.CANCELLED and game.cancel_reason:
        text = f"{text}: {game.cancel_reason}"
    return AnnouncementView(
        game_id=game.pk,
        guild_id=game.guild_id,
        title=game.title[:EMBED_TITLE],
        url=game.url,
        description=discord_text(game.guild_id, game.description),
        state=state,
        state_text=text,
        starts_at=game.starts_at,
        duration_text=minutes_text(held.duration),
        host_id=game.host_id,
        seats_text=people.seats_text,
        seated=tuple(_mention(seat.user_id, seat.name) for seat in people.seated),
        waiting=tuple(_mention(seat.user_id, seat.name) for seat in people.waiting),
        may_sign_up=state is State.SCHEDULED,
        location=held.location,
    )


def _mention(user_id: int | None, name: str) -> str:
    return f"<@{user_id}>" if user_id else messages.plain(name)


def lines_within(lines: tuple[str, ...], limit: int = FIELD_VALUE) -> str:
    """Numbered lines as far as they fit, then how many more there are."""
    text = ""
    for number, line in enumerate(lines, 1):
        more = f"… and {len(lines) - number + 1} more"
        added = f"{number}. {line}\n"
        if len(text) + len(added) + (len(more) if number < len(lines) else 0) > limit:
            return text + more
        text += added
    return text.rstrip("\n")
