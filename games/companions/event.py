"""A game's event in its server's list: what it should be, and what Discord shows of it.

Anybody in the server sees an event, except one in a channel, which is seen with the channel. So a game that is not for
everybody has none until it has a voice channel of its own.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any

from games.companions.base import CompanionView
from games.core.companions import made_id
from games.core.settings import PostPicture, VoiceAccess
from games.core.states import State
from games.models import CompanionKind, CompanionProblem, Game, GameCompanion
from games.pictures.actions import drawn_cover_name
from guilds.models import Channel, Role
from guilds.permissions import denies_somebody

# https://docs.discord.com/developers/resources/guild-scheduled-event
NAME_MAX, DESCRIPTION_MAX, LOCATION_MAX = 100, 1000, 100
CUT = "…"
# Discord starts and ends an event without a channel by itself. Only where it did not, we ask for it.
BY_ITSELF = timedelta(minutes=1)
LEAST_AHEAD = timedelta(seconds=30)  # Discord makes none that starts in the past, by its clock


class EventStatus(IntEnum):
    """The state of an event. It only goes on, and the last two are final."""

    SCHEDULED = 1
    ACTIVE = 2
    COMPLETED = 3
    CANCELED = 4

    @property
    def is_final(self) -> bool:
        return self in {EventStatus.COMPLETED, EventStatus.CANCELED}


class EntityType(IntEnum):
    """Where an event takes place."""

    STAGE_INSTANCE = 1
    VOICE = 2
    EXTERNAL = 3


@dataclass(frozen=True, kw_only=True)
class EventView(CompanionView):
    """What a game's event shows. It has a `location`, or a `channel_id`; `cover` is the name of a picture.

    `status_before` is the state that it had last, which it does not show but on which changes depend.
    """

    name: str
    description: str
    location: str
    channel_id: int | None
    starts_at: str
    ends_at: str
    status: int
    cover: str
    status_before: int = EventStatus.SCHEDULED

    @property
    def shown(self) -> dict[str, Any]:
        return {name: value for name, value in super().shown.items() if name != "status_before"}

    @property
    def is_final(self) -> bool:
        return EventStatus(self.status).is_final


@dataclass(frozen=True)
class FoundEvent:
    """An event as Discord shows it. Times are as `EventView` has them; `user_count` is None where it was not said."""

    id: int
    guild_id: int
    name: str
    description: str
    location: str
    channel_id: int | None
    entity_type: int
    starts_at: str
    ends_at: str
    status: int
    image: str
    user_count: int | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """Return what people may change of it, for comparison."""
        names = ("name", "description", "location", "channel_id", "entity_type", "starts_at", "ends_at", "image")
        return {name: getattr(self, name) for name in names}

    @property
    def answer(self) -> dict[str, Any]:
        """Return what `GameCompanion.answered` keeps."""
        return {**self.fields, "status": self.status}

    @property
    def is_external(self) -> bool:
        return self.entity_type == EntityType.EXTERNAL


def moment(at: datetime) -> str:
    """Return a time as views and answers have it, so that they can be compared."""
    return at.astimezone(UTC).isoformat()


def cut(text: str, most: int) -> str:
    """Return a text with at most so many characters."""
    return text if len(text) <= most else text[: most - len(CUT)] + CUT


def uncut(found: str, whole: str, most: int) -> str:
    """Return the whole text after somebody edited what fitted of it: what did not fit is still there."""
    shown = cut(whole, most)
    if shown == whole or not found.endswith(CUT):
        return found
    return found.removesuffix(CUT) + whole[len(shown) - len(CUT) :]


def wanted(game: Game, companion: GameCompanion, now: datetime) -> EventView | None:
    """Return what a game's event should be now."""
    state, shown = game.state(now), companion.shown
    is_there = companion.discord_id is not None
    status = _status(companion)
    if state.hidden:
        return None
    if status.is_final:  # we were about to end it, and a final state is not left any more
        return _view(game, companion, status, now)
    if state is State.SCHEDULED:
        if not is_there and game.starts_at - now < LEAST_AHEAD:
            return None
        # One that has begun takes no other start, so that of a game moved since is deleted and made anew.
        moved = status == EventStatus.ACTIVE and shown.get("starts_at") != moment(game.starts_at)
        return None if moved else _view(game, companion, status, now)
    if not is_there:
        return None  # Discord makes none that has begun
    if not state.over:
        begins = game.starts_at if shown.get("channel_id") else game.starts_at + BY_ITSELF
        return _view(game, companion, max(status, EventStatus.ACTIVE) if now >= begins else status, now)
    ends_by_itself = game.cancelled_at is None and not shown.get("channel_id") and now < game.ends_at + BY_ITSELF
    if ends_by_itself and shown.get("ends_at") == moment(game.ends_at):
        return _view(game, companion, status, now)
    cancels = status == EventStatus.SCHEDULED
    return _view(game, companion, EventStatus.CANCELED if cancels else EventStatus.COMPLETED, now)


def _status(companion: GameCompanion) -> EventStatus:
    """Return what an event's state is for all that is known."""
    if companion.discord_id is None:
        return EventStatus.SCHEDULED
    known = (companion.answered, companion.shown)
    return EventStatus(max(one.get("status", EventStatus.SCHEDULED) for one in known))


def _view(game: Game, companion: GameCompanion, status: int, now: datetime) -> EventView:
    channel_id = _channel_id(game, companion, now)
    location = "" if channel_id is not None else _location(game)
    return EventView(
        guild_id=game.guild_id,
        name=cut(game.title, NAME_MAX),
        description=_description(game, location),
        location=location,
        channel_id=channel_id,
        starts_at=moment(game.starts_at),
        ends_at=moment(game.ends_at),
        status=int(status),
        cover=_cover(game),
        status_before=int(_status(companion)),
    )


def _channel_id(game: Game, companion: GameCompanion, now: datetime) -> int | None:
    """Return the game's voice channel, if the event is to be in it; one that has begun stays where it is."""
    if companion.discord_id is not None and now >= game.starts_at:
        kept: int | None = companion.shown.get("channel_id")
        return kept
    access = game.settings.voice_channel
    # Else an event that everybody may see would be hidden from all but its players.
    if access == VoiceAccess.EVERYONE or (access == VoiceAccess.PLAYERS and is_hidden(game)):
        return made_id(game, CompanionKind.VOICE)
    return None


def _location(game: Game) -> str:
    """Return where it is played, or the address of its page: Discord wants something there."""
    address = game.url if len(game.url) <= LOCATION_MAX else cut(f"#{game.channel.name}", LOCATION_MAX)
    return cut(game.settings.location, LOCATION_MAX) or address


def _description(game: Game, location: str) -> str:
    """Return the game's description with the address of its page, by which the event is known again."""
    room = description_room(game, location)
    parts = [cut(game.description, room), game.url if location != game.url else ""]
    return "\n\n".join(filter(None, parts))


def description_room(game: Game, location: str) -> int:
    """Return how many characters of a game's description fit."""
    return DESCRIPTION_MAX if location == game.url else DESCRIPTION_MAX - len(game.url) - 2


def _cover(game: Game) -> str:
    wanted_picture = game.settings.post_picture
    if wanted_picture == PostPicture.NONE:
        return ""
    if game.settings.cover or wanted_picture != PostPicture.DRAWN:
        return game.settings.cover
    return drawn_cover_name(game)


def is_hidden(game: Game) -> bool:
    """Return whether there may be members who cannot view the game's channel."""
    everyone = Role.objects.filter(pk=game.guild_id).values_list("permissions", flat=True).first()
    return is_hidden_channel(game.channel, everyone or 0)


def is_hidden_channel(channel: Channel, everyone: int) -> bool:
    """Return whether there may be members who cannot view a channel, given the guild-wide bits of @everyone."""
    return channel.deleted_at is not None or denies_somebody(channel, everyone)


def obstacle(game: Game, now: datetime) -> CompanionProblem | None:
    """Return why a game may have no event: everybody would see it."""
    if not is_hidden(game):
        return None
    if game.settings.voice_channel == VoiceAccess.NO_CHANNEL or made_id(game, CompanionKind.VOICE) is None:
        return CompanionProblem.CHANNEL_HIDDEN
    # That channel is hidden too. But an event that began elsewhere stays there.
    event = GameCompanion.objects.filter(game=game, kind=CompanionKind.EVENT).first() or GameCompanion()
    return None if _channel_id(game, event, now) is not None else CompanionProblem.CHANNEL_HIDDEN


def next_change(game: Game, companion: GameCompanion, now: datetime) -> datetime | None:
    """Return when to look at it again: where Discord should have started or ended it."""
    state, is_there = game.state(now), companion.discord_id is not None
    if state.over:
        return max(now, game.ends_at + BY_ITSELF) if is_there else None
    if is_there:
        times = (game.starts_at, game.starts_at + BY_ITSELF, game.ends_at + BY_ITSELF)
        return min((at for at in times if at > now), default=None)
    return None
