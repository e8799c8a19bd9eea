"""What the fuzzer asks for: a game of one's own, a hidden and a foreign one, with all that can be in a channel."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F

from conftest import EVERYONE, GUILD, World
from games.core.base import Actor, EntryPoint
from games.models import Announcement, Game, GameTemplate, Signup, TimePoll
from games.polls.tests.helpers import make_poll
from games.scheduling import actions as scheduling
from games.series import actions as series
from games.series.tests.scene import plan_from
from games.tests.cast import Cast
from guilds.models import VIEW_CHANNEL, Channel
from notifications.models import Delivery, Notification

HIDDEN, FOREIGN, KEPT = "Qzvhiddenqz", "Qzvforeignqz", "Qzvkeptqz"  # nobody's word
# Those who manage a guild manage its templates too that are for a channel hidden from them.
ALLOWED = {HIDDEN: {"owner", "superuser"}, FOREIGN: {"superuser"}, KEPT: {"manager", "owner", "superuser"}}


@dataclass(frozen=True)
class Place:
    """A game, and what else there is in its channel."""

    game: Game
    poll: TimePoll
    template: GameTemplate
    signup: Signup
    delivery: Delivery


def make_places(cast: Cast, world: World) -> dict[str, Place]:
    """Create what there is in each place; each game repeats, and its id is also that of its post."""
    places = {
        "own": Place(cast.game, cast.polls[GUILD], cast.template, cast.signup, cast.delivery),
        "foreign": _fill(cast.foreign, FOREIGN, FOREIGN, world),
        "hidden": _fill(_hidden_game(cast, world), HIDDEN, KEPT, world),
    }
    for place in places.values():
        by = Actor(place.game.host, EntryPoint.PAGE)
        series.repeat_game(place.game.pk, plan_from(place.game), by, world.now)
        place.game.refresh_from_db()
    Announcement.objects.update(message_id=F("game_id"))
    return places


def _hidden_game(cast: Cast, world: World) -> Game:
    """Create a game of the owner's in a channel that Discord shows to nobody else, full of a secret word."""
    channel = Channel.objects.get(pk=world.other_channel.pk)
    channel.overwrites, channel.name = [[EVERYONE, 0, VIEW_CHANNEL]], HIDDEN.lower()
    channel.save()
    texts = {"title": HIDDEN, "description": HIDDEN, "location": HIDDEN, "instructions": HIDDEN}
    plan = world.make_plan(channel_id=channel.pk, **texts)
    return scheduling.create_game(GUILD, plan, Actor(cast.people["owner"], EntryPoint.PAGE), world.now).game


def _fill(game: Game, word: str, template_word: str, world: World) -> Place:
    """Put a secret word into a game, and into all else that can be in its channel."""
    Game.objects.filter(pk=game.pk).update(title=word, description=word)
    row = Notification.objects.create(game=game, kind="reminder", due_at=world.now)
    joined: dict[str, Any] = {"placeholder": word, "note": word, "joined_at": world.now, "seated_at": world.now}
    return Place(
        game,
        make_poll(world, game.host, game.guild_id, channel_id=game.channel_id, title=word),
        GameTemplate.objects.create(
            guild=game.guild, channel=game.channel, name=template_word, description=template_word
        ),
        Signup.objects.create(game=game, order_key=1, **joined),
        Delivery.objects.create(notification=row, recipient=game.host, status="failed", next_attempt_at=world.now),
    )
