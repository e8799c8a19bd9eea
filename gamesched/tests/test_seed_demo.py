"""The demo's settings and games are created once, with or without the bot's data in the database."""

from itertools import count
from typing import Any

import pytest
from django.core.management import call_command

from conftest import GUILD, World
from games.core.roster import load_roster
from games.models import Announcement, Game, GameTemplate, Series, TimePoll
from games.models.settings import GuildDefaults
from games.series.actions import plan_of
from games.series.rules import next_dates
from gamesched.lib.clock import db_now
from gamesched.local_discord.fixtures import BOB_ID as BOB
from gamesched.local_discord.fixtures import CHARLIE_ID as CHARLIE
from guilds.models import Block, Channel, Guild, User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage, TemporaryError
from notifications.models import Delivery

pytestmark = pytest.mark.slow

message_ids = count(1)


class Discord:
    """Accepts everything."""

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def send(self, message: OutgoingMessage) -> SentMessage:
        return SentMessage(message.channel_id or 1, next(message_ids))


class Away(Discord):
    async def start(self) -> None:
        raise TemporaryError("Discord is away")


@pytest.fixture(autouse=True)
def local(settings: Any) -> None:
    settings.DISCORD_IS_LOCAL = True
    settings.NOTIFICATION_BACKEND = f"{__name__}.Discord"


def assert_settings_are_there_once() -> None:
    assert Guild.objects.get().name == "Friday Night Dice"
    assert GuildDefaults.objects.get().host_role_ids == [GUILD + 21]
    assert GameTemplate.objects.get().locked == ["player_role_ids"]
    assert Block.objects.get().user.handle == "ivan"
    assert User.objects.get(handle="alice").is_superuser


def test_demo_games_cover_the_states_and_are_created_once(db: None) -> None:
    call_command("seed_demo")
    assert_settings_are_there_once()
    now = db_now()
    games = {game.title: game for game in Game.objects.all()}
    states = {title: (str(game.state(now)), load_roster(game).seats_text) for title, game in games.items()}
    assert states == {
        "Curse of Strahd: the Amber Temple": ("completed", "4 of 4 seats taken"),
        "Pandemic tournament": ("cancelled", "2 of 16 seats taken"),
        "Paranoia: happiness is mandatory": ("scheduled", "3 of 5 seats taken"),
        "Lost Mine of Phandelver": ("scheduled", "4 of 4 seats taken, 2 waiting"),
        "Tomb of Horrors": ("scheduled", "2 of 2 seats taken, 1 waiting"),
        "Blades in the Dark: the big heist": ("scheduled", "1 of 3 seats taken, 2 waiting"),
        "Waterdeep: Dragon Heist": ("scheduled", "4 of 5 seats taken"),
        "Board games at the shop": ("scheduled", "3 of 8 seats taken"),
        "Call of Cthulhu: a haunted house": ("scheduled", "4 signed up"),
        "Ticket to Ride": ("scheduled", "0 of 5 seats taken"),
        "Kingmaker: all day at the table": ("scheduled", "2 of 3 seats taken"),
        "Session zero of a new campaign": ("draft", "0 of 4 seats taken"),
        "One-shot for newcomers": ("unannounced", "1 of 6 seats taken"),
    }
    posted = Announcement.objects.filter(message_id__isnull=False)
    assert {post.game.title for post in posted} == {"Curse of Strahd: the Amber Temple", "Pandemic tournament"}

    assert {poll.title: str(poll.state(now)) for poll in TimePoll.objects.all()} == {
        "Call of Cthulhu: a haunted house": "scheduled",
        "When do we start Spelljammer?": "open",
    }
    assert TimePoll.objects.get(post__message_id__isnull=False).game == games["Call of Cthulhu: a haunted house"]
    series = Series.objects.get()
    assert "changed" in {one.clocks for one in next_dates(plan_of(series), now)}, "over a change of clocks"
    assert series.players.count() == 3

    # Few messages, each about the present: the cancellation, and whether they still come.
    steps.create_due_deliveries(now)
    steps.lease_jobs(now, 100)
    deliveries = Delivery.objects.filter(status="pending").values_list("recipient", "notification__kind")
    assert sorted(kind for user, kind in deliveries if user == CHARLIE) == ["cancelled", "question"]
    assert not [kind for user, kind in deliveries if user == BOB]
    assert len(deliveries) == 4

    call_command("seed_demo")
    assert_settings_are_there_once()
    assert Game.objects.count() == len(games)
    assert Series.objects.count() == 1


def test_seeding_after_the_bot_connected_and_without_discord(world: World, settings: Any) -> None:
    settings.NOTIFICATION_BACKEND = f"{__name__}.Away"
    GuildDefaults.objects.all().delete()
    call_command("seed_demo")
    assert GuildDefaults.objects.get().manager_role_ids == [GUILD + 23]
    assert Channel.objects.filter(deleted_at=None).count() == 3, "what the bot saw stays"
    assert Game.objects.count() == 13
    assert not Announcement.objects.filter(message_id__isnull=False).exists()
