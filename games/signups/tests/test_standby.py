"""Standby, by every entry point, and the reply to each way of clicking Join again."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils.html import escape

from conftest import World
from discord_bot.interactions.signup_buttons import Click, run_signup_action
from games.core import state_wording, wording
from games.core.base import Actor, EntryPoint
from games.core.roster import load_roster
from games.core.states import State
from games.models import Game
from games.offers import wording as offer_wording
from games.pages.game_page import history
from games.reminders.tests.test_preferences import send_due_messages
from games.signups import actions as signups
from games.signups import standby
from gamesched.lib.refusal import Refused
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import User


def actor_for(user: User) -> Actor:
    return Actor(user, EntryPoint.PAGE)


def create_game_with(world: World, seats: int, *people: User) -> Game:
    game = world.create_game(seats=seats, reminders=())
    for person in people:
        signups.join(game.pk, person, actor_for(person), world.now)
    return game


def test_standby_gets_no_seat_until_they_want_one(world: World) -> None:
    first, second, third = (world.add_member(number) for number in (100, 101, 102))
    game = create_game_with(world, 1, first, second, third)
    later = world.now + timedelta(minutes=1)
    text = standby.set_standby(game.pk, second, True, actor_for(second), later).text
    assert text == offer_wording.on_standby(1, gave_up=False)
    assert standby.set_standby(game.pk, second, True, actor_for(second), later).text == offer_wording.ALREADY_ON_STANDBY
    signups.leave(game.pk, first, actor_for(first), later)
    assert [seat.user_id for seat in load_roster(game).seated] == [third.pk]
    assert standby.set_standby(game.pk, third, False, actor_for(third), later).text == offer_wording.NOT_ON_STANDBY
    back = standby.set_standby(game.pk, second, False, actor_for(second), later)
    assert back.text == "You're back in line: number 1 on the wait list."
    lines = [line.text for line in history(game)[:4]]
    assert lines[0] == "person101 is back in line for a seat"
    assert "person101 is on standby" in lines


def test_standby_gives_the_seat_up_and_gets_a_free_one_back(world: World) -> None:
    first, second = world.add_member(100), world.add_member(101)
    game = create_game_with(world, 1, first, second)
    later = world.now + timedelta(minutes=1)
    text = standby.set_standby(game.pk, first, True, actor_for(first), later).text
    assert text.startswith("You gave up your seat. You're number 1 on the wait list")
    assert [seat.user_id for seat in load_roster(game).seated] == [second.pk]
    signups.leave(game.pk, second, actor_for(second), later)
    assert load_roster(game).seated == ()
    assert signups.join(game.pk, first, actor_for(first), later).text == "You're in, seat 1 of 1.", "Join wants a seat"
    recipients = [message.user_id for message in send_due_messages(later + timedelta(minutes=5))]
    assert recipients == [], "who moved up left again, and whoever came back was told by the answer"


def test_who_reads_that_nothing_changed_is_told_of_their_seat_by_that_page_alone(world: World) -> None:
    first, second = world.add_member(100), world.add_member(101)
    game = create_game_with(world, 1, first, second)
    later = world.now + timedelta(minutes=1)
    signups.leave(game.pk, first, actor_for(first), later)
    assert not standby.set_standby(game.pk, second, False, actor_for(second), later).changed
    assert [seat.user_id for seat in load_roster(game).seated] == [second.pk]
    assert send_due_messages(later + timedelta(minutes=5)) == []


def test_standby_gets_no_offers(world: World) -> None:
    first, second, third = (world.add_member(number) for number in (100, 101, 102))
    game = create_game_with(world, 1, first, second, third)
    soon = game.starts_at - timedelta(hours=1)
    standby.set_standby(game.pk, second, True, actor_for(second), soon)
    standby.set_standby(game.pk, first, True, actor_for(first), soon)
    offered_to = game.signups.current().filter(offered_at__isnull=False).values_list("user_id", flat=True)
    assert list(offered_to) == [third.pk]
    standby.set_standby(game.pk, third, True, actor_for(third), soon)
    assert not offered_to.all().exists(), "waiting on purpose ends an offer"
    assert standby.set_standby(game.pk, second, False, actor_for(second), soon).text == "You're in, seat 1 of 1."


def test_only_hosts_put_others_on_standby(world: World) -> None:
    game = create_game_with(world, 1, world.charlie)
    with pytest.raises(Refused, match=wording.NOT_YOURS):
        standby.set_standby(game.pk, world.charlie, True, actor_for(world.add_member(100)), world.now)
    standby.set_standby(game.pk, world.charlie, True, actor_for(world.bob), world.now)
    assert history(game)[0].text == "charlie is on standby, set by Bob the GM"
    with pytest.raises(Refused, match=state_wording.signups_closed(State.IN_PROGRESS)):
        standby.set_standby(game.pk, world.charlie, False, actor_for(world.charlie), game.starts_at)


def test_the_page_and_the_command(world: World, as_person: Any, capsys: Any) -> None:
    game = create_game_with(world, 2)
    client, url = as_person(world.charlie), reverse("game-wait", args=[game.pk])
    full = create_game_with(world, 1, world.add_member(100))
    shown = ["Go on standby" in client.get(one.get_absolute_url()).text for one in (game, full)]
    assert shown == [False, True], "nobody waits while seats are free"
    page = client.post(url, {"on": "1"}, follow=True).text
    assert escape(offer_wording.on_standby(1, gave_up=False)) in page
    assert offer_wording.ON_STANDBY in page
    assert "I want a seat" in page
    assert "You&#x27;re in, seat 1 of 2." in client.post(url, {"on": "0"}, headers={"HX-Request": "true"}).text
    call_command("game", "wait", str(game.pk), "--as", "charlie")
    assert "You gave up your seat." in capsys.readouterr().out
    call_command("game", "show", str(game.pk))
    assert "Waiting 1: charlie (on standby)" in capsys.readouterr().out
    call_command("game", "wait", str(game.pk), "--as", "charlie", "--off")
    assert "You're in, seat 1 of 2." in capsys.readouterr().out


PRESSED = {
    "the first time": "You're in, seat 1 of 1.",
    "twice": "You're already in: seat 1 of 1.",
    "twice, waiting": "You're already waiting: number 1 on the wait list.",
    "again after leaving": "Welcome back. You're in, seat 1 of 1.",
    "again after leaving, and it is full": "Welcome back. You're number 1 on the wait list and move up automatically.",
    "under an old message": wording.OLD_BUTTON,
    "after the start": "This game has started, so its roster is closed. Ask the host.",
    "after it was over": "This game is over.",
}


@pytest.mark.parametrize("when", PRESSED)
def test_each_way_of_clicking_join_has_its_own_reply(world: World, when: str) -> None:
    game = create_game_with(world, 1)

    def press(action: str = "join", game_id: int = game.pk) -> str:
        return run_signup_action(
            Click(game_id, action, world.guild.pk, MemberPayload(UserPayload(world.charlie.pk, "charlie")))
        ).text

    if when == "twice, waiting" or when.endswith("full"):
        signups.join(game.pk, world.alice, actor_for(world.alice), world.now)
    if "again after" in when:
        press()
        press("leave")
    elif when.startswith("twice"):
        press()
    elif "after" in when:
        hours = 1 if "start" in when else 50
        starts_at = world.now - timedelta(hours=hours)
        Game.objects.update(starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    assert press(game_id=game.pk + 999 if "old" in when else game.pk) == PRESSED[when]


def test_the_replies_differ() -> None:
    assert len(set(PRESSED.values())) == len(PRESSED)
