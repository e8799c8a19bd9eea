"""Rewards: written by hosts and managers, hidden in the post until somebody clicks."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import World
from discord_bot.render import announcement_embed
from games.attendance import wording as attendance_wording
from games.attendance.rewards import set_rewards
from games.core.base import Actor, EntryPoint
from games.core.state_wording import NOT_STARTED
from games.models import Announcement, Game
from games.posts.announcement import FIELD_VALUE, announcement_view
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from gamesched.lib.refusal import Refused
from notifications.daemon import steps
from notifications.models import Delivery, Notification


@pytest.fixture
def game(world: World) -> Game:
    """A game of Bob's that is announced, and asks for rewards."""
    created = world.create_game(ask_rewards=True)
    Announcement.objects.update(message_id=777, shown_version=1)
    Notification.objects.filter(kind="announcement").update(closed_at=world.now)
    return created


def host_actor(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


def test_rewards_are_saved_shown_and_removed(world: World, game: Game, as_person: Any) -> None:
    Game.objects.update(starts_at=world.now - timedelta(minutes=5))
    host, url = as_person(world.bob), reverse("game-rewards", args=[game.pk])
    assert url in host.get(game.get_absolute_url()).text
    response = host.post(url, {"text": "100 gold\r\n<b>", "before": ""}, follow=True)
    assert attendance_wording.REWARDS_SAVED in response.text
    assert "wrote down the rewards" in response.text
    assert Game.objects.get().rewards == "100 gold\n<b>"
    assert Notification.objects.open().filter(kind="announcement").exists(), "the post is edited"
    page = as_person(world.charlie).get(game.get_absolute_url()).text
    assert "100 gold" in page
    assert "&lt;b&gt;" in page
    assert url not in page
    assert as_person(world.charlie).post(url, {"text": "Mine"}).status_code == 403
    assert not set_rewards(game.pk, "100 gold\n<b>", host_actor(world), world.now).changed
    assert set_rewards(game.pk, " ", host_actor(world), world.now).text == attendance_wording.REWARDS_TAKEN_OUT
    call_command("game", "rewards", str(game.pk), "--text", "A sword")
    assert Game.objects.get().rewards == "A sword"


def test_a_refused_form_keeps_the_typed_text(world: World, game: Game, as_person: Any) -> None:
    Game.objects.update(starts_at=world.now - timedelta(minutes=5))
    host, url = as_person(world.bob), reverse("game-rewards", args=[game.pk])
    refused = host.post(url, {"text": "x" * 2001, "before": ""})
    assert refused.status_code == 422
    assert "Shorten them to 2,000." in refused.text
    assert "x" * 2001 in refused.text
    with pytest.raises(Refused, match="a character"):
        set_rewards(game.pk, "a\x00", host_actor(world), world.now)
    set_rewards(game.pk, "Theirs", Actor(world.alice, EntryPoint.PAGE), world.now)
    refused = host.post(url, {"text": "Mine", "before": ""})
    assert attendance_wording.REWARDS_STALE in refused.text
    assert ">\nMine</textarea>" in refused.text
    assert 'name="before" value="Theirs"' in refused.text
    assert Game.objects.get().rewards == "Theirs"
    host.post(url, {"text": "Theirs and mine", "before": "Theirs"})
    assert Game.objects.get().rewards == "Theirs and mine"


def test_no_rewards_before_the_start_or_for_a_cancelled_game(world: World, game: Game) -> None:
    with pytest.raises(Refused, match=NOT_STARTED):
        set_rewards(game.pk, "Gold", host_actor(world), world.now)
    cancellation.cancel_game(game.pk, "", host_actor(world), world.now)
    with pytest.raises(Refused, match="is cancelled"):
        set_rewards(game.pk, "Gold", host_actor(world), game.starts_at)


@pytest.mark.parametrize(
    "text", ["plain", "||out|| of it", "ends with |", "\\", "|", "```x```", "||||", "@everyone <@1>"]
)
def test_no_text_breaks_out_of_the_spoiler(world: World, game: Game, text: str) -> None:
    shown = _shown(game, text, world)
    assert shown.startswith("||")
    assert shown.endswith(" ||")
    # Discord ends a spoiler at the next two bars, whatever stands before them.
    assert "||" not in shown[2:-2]
    assert not shown[2:-2].endswith("|")
    assert not shown[2:-2].startswith("|")
    assert "<@" not in shown


def test_a_long_text_is_cut_inside(world: World, game: Game) -> None:
    shown = _shown(game, "|" * 2000, world)
    assert len(shown) <= FIELD_VALUE
    assert shown.endswith("… ||")
    assert "||" not in shown[2:-2]
    assert not _shown(game, "", world)


def _shown(game: Game, text: str, world: World) -> str:
    Game.objects.update(rewards=text)
    fields = announcement_embed(announcement_view(Game.objects.get(), world.now)).fields
    return "".join(field.value or "" for field in fields if field.name == "Rewards")


def test_the_host_is_prompted_once_when_it_ends(world: World, game: Game) -> None:
    row = Notification.objects.get(kind="rewards")
    assert row.due_at == game.ends_at
    scheduling.edit_game(game.pk, world.make_plan(ask_rewards=True, duration=180), host_actor(world), world.now)
    ends = world.make_plan().starts_at + timedelta(hours=3)
    Notification.objects.exclude(kind="rewards").delete()
    steps.create_due_deliveries(ends - timedelta(seconds=1))
    assert not Delivery.objects.exists()
    steps.create_due_deliveries(ends)
    [job] = steps.lease_jobs(ends, 10)
    assert job.message.user_id == world.bob.pk
    assert "is over. Write down what the players got" in job.message.text
    assert reverse("game-rewards", args=[game.pk]) in job.message.text
    assert "/notifications/" in job.message.text


def test_the_host_is_not_prompted_if_rewards_are_written(world: World, game: Game) -> None:
    Notification.objects.exclude(kind="rewards").delete()
    steps.create_due_deliveries(game.ends_at)
    set_rewards(game.pk, "Gold", host_actor(world), game.ends_at)
    Notification.objects.filter(kind="announcement").delete()
    assert not steps.lease_jobs(game.ends_at, 10), "what waits to be sent is judged once more"
    other = world.create_game(ask_rewards=True)
    set_rewards(other.pk, "Gold", host_actor(world), other.starts_at)
    assert not Notification.objects.open().filter(kind="rewards", game=other).exists()
    third = world.create_game(ask_rewards=True)
    cancellation.cancel_game(third.pk, "", host_actor(world), world.now)
    assert not Notification.objects.open().filter(kind="rewards", game=third).exists()
    assert not Notification.objects.filter(kind="rewards", game=world.create_game()).exists(), "unless it is asked for"
