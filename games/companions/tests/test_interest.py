"""People who are interested in a game's event: counted for its hosts, and each asked once to join."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from conftest import World
from discord_bot.tests.helpers import send_due
from games.companions.event_changes import take_in_event
from games.companions.interest import JOIN, Interest, ask_interested, take_in_interest
from games.companions.tests.events import MINUTE, by, companion, make, only_event, prepared, told
from games.core.choices import PromptChoice, PromptKind, handle_choice
from games.core.codes import GameSkipCode
from games.models import Signup
from games.signups import actions as signups
from games.signups.closing import close_signups
from gamesched.lib.refusal import Refused
from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from guilds.models import Block, Channel, User
from notifications.models import Delivery, DeliveryMethod, Notification, Preference

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def discord() -> Iterator[LocalDiscord]:
    with LocalDiscord(rate_limits=False) as running:
        yield running


@pytest.fixture
def local(discord: LocalDiscord, world: World, settings: Any) -> LocalDiscord:
    return prepared(discord, settings)


def press(world: World, *users: int, on: bool = True, now: datetime | None = None) -> dict[tuple[int, int], set[int]]:
    """Have these people press "Interested"."""
    ids = frozenset(users)
    change = Interest(ids, frozenset(), len(ids)) if on else Interest(frozenset(), ids, -len(ids))
    return take_in_interest({companion().discord_id or 0: change}, now or world.now)


def asked_ids() -> set[int | None]:
    rows = Notification.objects.filter(kind="interested").exclude(skip_code=GameSkipCode.NOT_WANTED)
    return set(rows.values_list("recipient_id", flat=True))


def test_the_host_sees_how_many(local: LocalDiscord, world: World, as_person: Any) -> None:
    game = make(world)
    send_due(world.now)
    press(world, world.charlie.pk, world.alice.pk)
    assert companion().people_count == 2
    assert "2 interested in Discord" in as_person(world.bob).get(game.get_absolute_url()).text
    assert "interested in Discord" not in as_person(world.charlie).get(game.get_absolute_url()).text
    press(world, world.charlie.pk, on=False)
    assert companion().people_count == 1


def test_who_is_interested_is_asked_once_and_joins_by_the_button(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    press(world, world.charlie.pk)
    press(world, world.charlie.pk, on=False, now=world.now + 5 * MINUTE)
    press(world, world.charlie.pk, now=world.now + 5 * MINUTE)
    send_due(world.now + 6 * MINUTE)
    press(world, world.charlie.pk, on=False, now=world.now + 7 * MINUTE)
    press(world, world.charlie.pk, now=world.now + 8 * MINUTE)
    send_due(world.now + 10 * MINUTE)
    [message] = [one for one in local.client.dms("charlie") if game.url in one["content"]]
    button = PromptChoice.parse(message["components"][0]["components"][0]["custom_id"])
    assert button == PromptChoice(PromptKind.INTERESTED, game.pk, world.charlie.pk, JOIN)
    with pytest.raises(Refused):
        handle_choice(button, world.alice, world.now)
    handle_choice(button, world.charlie, world.now)
    assert Signup.objects.current().filter(game=game, user=world.charlie, seated_at__isnull=False).exists()


def test_a_click_taken_back_asks_nobody(local: LocalDiscord, world: World) -> None:
    make(world)
    send_due(world.now)
    press(world, world.charlie.pk)
    press(world, world.charlie.pk, on=False)
    send_due(world.now + 2 * MINUTE)
    assert not Delivery.objects.filter(notification__kind="interested").exists()
    press(world, world.charlie.pk)
    assert asked_ids() == {world.charlie.pk}


def test_only_who_may_join_and_is_not_in_is_asked(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    blocked, inside, hidden = world.add_members([71, 72, 73])
    Block.objects.create(guild=world.guild, user=blocked, created_at=world.now)
    signups.join(game.pk, inside, by(world), world.now)
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[hidden.pk, 0, 1 << 10]])
    press(world, blocked.pk, inside.pk, hidden.pk, world.bob.pk, world.charlie.pk)
    assert asked_ids() == {world.charlie.pk}
    assert companion().people_count == 5


def test_nobody_is_asked_while_sign_ups_are_closed(local: LocalDiscord, world: World) -> None:
    game = make(world)
    send_due(world.now)
    close_signups(game.pk, by(world), world.now)
    press(world, world.charlie.pk)
    assert asked_ids() == set()


def test_who_wants_no_messages_gets_none(local: LocalDiscord, world: World) -> None:
    make(world)
    send_due(world.now)
    Preference.objects.create(user=world.charlie, guild=world.guild, method=DeliveryMethod.NONE)
    press(world, world.charlie.pk)
    send_due(world.now + 2 * MINUTE)
    assert Delivery.objects.get(notification__kind="interested").status == "dropped"


def test_a_crowd_takes_no_more_statements_than_one(
    local: LocalDiscord, world: World, django_assert_max_num_queries: Any
) -> None:
    make(world)
    send_due(world.now)
    crowd = world.add_members(range(100, 300))
    with django_assert_max_num_queries(20):
        press(world, *(one.pk for one in crowd))
    assert len(asked_ids()) == 200


def test_strangers_are_named_and_asked_once_they_are_known(local: LocalDiscord, world: World) -> None:
    make(world)
    send_due(world.now)
    event_id, stranger = only_event(local).id, fixtures.USER_ID_BASE + 999
    assert press(world, stranger) == {(world.guild.pk, event_id): {stranger}}
    assert not User.objects.filter(pk=stranger).exists()
    world.add_members([999])
    assert ask_interested(event_id, [stranger], world.now) == set()
    assert asked_ids() == {stranger}


def test_a_count_that_was_missed_is_taken_in(local: LocalDiscord, world: World) -> None:
    make(world)
    send_due(world.now)
    path = f"/guilds/{fixtures.GUILD_ID}/scheduled-events/{only_event(local).id}/users/@me"
    local.client.as_person("charlie", "PUT", path)
    assert take_in_event(told(local), world.now).has_new_people
    assert companion().people_count == 1
    assert not take_in_event(told(local), world.now).has_new_people
    local.client.as_person("charlie", "DELETE", path)
    assert not take_in_event(told(local), world.now).has_new_people
    assert companion().people_count == 0
