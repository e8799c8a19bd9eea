"""Seats freed close to the start are offered: accepted, declined, expired, and never given twice."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.urls import reverse

from conftest import World
from discord_bot.interactions.choices import run_choice as press
from discord_bot.interactions.signup_buttons import Click
from discord_bot.interactions.signup_buttons import run_signup_action as click
from games.core import state_wording
from games.core.base import ActionResult, Actor
from games.core.choices import Choice
from games.core.roster import load_roster
from games.core.seating import offer_number
from games.core.settings import BUILT_IN_VALUES
from games.core.states import State
from games.models import Game, Signup
from games.offers import actions as offers
from games.offers import wording as offer_wording
from games.pages.game_page import history
from games.reminders.tests.test_preferences import letters, to
from games.scheduling import actions as scheduling
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification

KEPT_FOR = timedelta(minutes=BUILT_IN_VALUES["offer_for"])


def by(user: User) -> Actor:
    return Actor(user, "button")


def full(world: World, waiting: int = 3, seats: int = 1) -> tuple[Game, list[User]]:
    """A game that starts in an hour, with everyone seated or waiting in their order. No notifications are pending."""
    game = world.create_game(seats=seats, starts_at=world.now + timedelta(hours=1), reminders=())
    people = [world.add_member(number) for number in range(100, 100 + seats + waiting)]
    early = world.now - timedelta(minutes=5)
    for person in people:
        signups.join(game.pk, person, by(person), early)
    letters(world.now)
    return game, people


def leave(game: Game, who: User, now: datetime) -> None:
    signups.leave(game.pk, who, by(who), now)


def offered(game: Game) -> list[int]:
    found = game.signups.current().filter(offered_at__isnull=False)
    return [pk for pk in found.values_list("user_id", flat=True) if pk]


def seated(game: Game) -> list[int | None]:
    return [seat.user_id for seat in load_roster(Game.objects.get(pk=game.pk)).seated]


def number_of(game: Game, who: User) -> int:
    return offer_number(game.signups.current().get(user=who))


def ask(letter: OutgoingMessage, choice: str) -> Choice:
    return next(found for one in letter.buttons if (found := Choice.parse(one.id)).choice == choice)


# --- asking, taking, passing on ------------------------------------------------------------------------------


def test_a_seat_freed_early_is_given_and_one_freed_late_is_offered(world: World) -> None:
    game = world.create_game(seats=1)
    people = [world.add_member(number) for number in (100, 101, 102)]
    for person in people:
        signups.join(game.pk, person, by(person), world.now)
    leave(game, people[0], game.starts_at - timedelta(minutes=121))
    assert seated(game) == [people[1].pk]
    leave(game, people[1], game.starts_at - timedelta(minutes=120))
    assert (seated(game), offered(game)) == ([], [people[2].pk])


def test_the_button_of_the_offer_takes_the_seat(world: World) -> None:
    game, (first, second, *_) = full(world)
    leave(game, first, world.now)
    [letter] = letters(world.now)
    until = int((world.now + KEPT_FOR).timestamp())
    assert letter.user_id == second.pk
    assert letter.text.startswith("🪑 A seat is free in **Curse of Strahd** in Friday Night Dice, <t:")
    assert f"kept for you until <t:{until}:t> (<t:{until}:R>), then the next is asked" in letter.text
    assert f"{game.url}?d={letter.nonce}" in letter.text
    assert [one.label for one in letter.buttons] == ["Take the seat", "Pass it on"]
    chosen = press(ask(letter, "take"), UserPayload(second.pk, second.handle), None, None)
    assert (chosen.text, chosen.closes_prompt) == ("You are in, seat 1 of 1.", True)
    assert seated(game) == [second.pk]
    assert letters(world.now + timedelta(hours=1)) == [], "who took it was told by the answer; nobody else is asked"
    again = press(ask(letter, "take"), UserPayload(second.pk, second.handle), None, None)
    assert again.text == "You are already in: seat 1 of 1."
    history = [entry.action for entry in game.audit.all()]
    assert history[0] == "take"


def test_only_its_recipient_can_take_the_offer(world: World) -> None:
    game, (first, second, third, *_) = full(world)
    leave(game, first, world.now)
    number = number_of(game, second)
    for somebody in (third, world.charlie, world.bob):
        chosen = press(Choice("offer", game.pk, number, "take"), UserPayload(somebody.pk, somebody.handle), None, None)
        assert (chosen.text, chosen.closes_prompt) == (offer_wording.OFFERED_TO_ANOTHER, False), (
            "the buttons stay for whom it calls"
        )
    assert (seated(game), offered(game)) == ([], [second.pk])


def test_a_seat_that_everyone_declined_is_free_for_anyone(world: World) -> None:
    game, (first, second, third, fourth) = full(world)
    leave(game, first, world.now)
    for person, answer in ((second, "pass"), (third, "silence"), (fourth, "pass")):
        assert offered(game) == [person.pk], "one after the other"
        assert [one.user_id for one in letters(world.now)] == [person.pk]
        if answer == "silence":
            world.now += KEPT_FOR
            steps.create_due_deliveries(world.now)
        else:
            world.now += timedelta(minutes=1)
            text = offers.answer_offer(game.pk, number_of(game, person), "pass", by(person), world.now).text
            assert text == offer_wording.DECLINED
    assert (seated(game), offered(game)) == ([], [])
    shown = [line.text for line in history(game)[:3]]
    assert shown == [
        "person103 passed on the seat offered", "person102 let an offered seat pass",
        "person101 passed on the seat offered",
    ]  # fmt: skip
    assert letters(world.now + timedelta(minutes=20)) == []
    done = signups.join(game.pk, world.charlie, by(world.charlie), world.now)
    assert done.text == "You are in, seat 1 of 1."
    assert len(load_roster(game).waiting) == 3, "whoever passed keeps their place"


def test_joining_after_declining_takes_the_free_seat_or_gets_back_in_line(world: World) -> None:
    game, (first, second, third) = full(world, waiting=2)
    leave(game, first, world.now)
    offers.answer_offer(game.pk, number_of(game, second), "pass", by(second), world.now)
    later = world.now + timedelta(minutes=1)
    back = signups.join(game.pk, second, by(second), later)
    assert back.text == "You are back in line: number 1 on the wait list.", "the seat is offered to another"
    offers.answer_offer(game.pk, number_of(game, third), "pass", by(third), later)
    assert offered(game) == [second.pk]
    assert signups.join(game.pk, second, by(second), later).text == "You are in, seat 1 of 1.", "Join takes an offer"
    leave(game, second, later)
    assert signups.join(game.pk, third, by(third), later).text == "You are in, seat 1 of 1."
    assert to(letters(later + timedelta(minutes=5)), third) == []


def test_leaving_with_an_open_offer_offers_the_seat_to_the_next(world: World) -> None:
    game, (first, second, third, _) = full(world)
    leave(game, first, world.now)
    leave(game, second, world.now)
    assert offered(game) == [third.pk]
    assert [one.user_id for one in letters(world.now)] == [third.pk], "the first letter was not sent any more"


def test_joining_while_the_seat_is_offered_waits(world: World) -> None:
    game, (first, *_) = full(world, waiting=1)
    leave(game, first, world.now)
    said = signups.join(game.pk, world.charlie, by(world.charlie), world.now).text
    assert said == ("The free seat is offered to somebody who waits longer. You are number 2 on the wait list.")


# --- how offers end ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["cancelled", "started", "fewer seats", "moved far away"])
def test_offers_end_with_their_seat(world: World, why: str) -> None:
    game, people = full(world)
    first, second = people[:2]
    leave(game, first, world.now)
    number, at, host = number_of(game, second), world.now, Actor(world.bob, "page")
    start = game.starts_at
    if why == "cancelled":
        scheduling.cancel_game(game.pk, "", host, at)
    elif why == "started":
        at = start
    elif why == "fewer seats":
        # Two seats, of which the host gives one; without the other, none is left to take.
        scheduling.edit_game(game.pk, world.make_plan(seats=2, starts_at=start, reminders=()), host, at)
        Signup.objects.filter(user=people[3]).update(seated_at=at, offered_at=None)
        scheduling.edit_game(game.pk, world.make_plan(seats=1, starts_at=start, reminders=()), host, at)
    else:
        scheduling.edit_game(
            game.pk, world.make_plan(seats=1, starts_at=start + timedelta(days=9), reminders=()), host, at
        )
        steps.create_due_deliveries(at + KEPT_FOR)
        assert seated(game) == [second.pk], "far from the start, seats are given"
        return
    assert not [one for one in letters(at) if one.buttons]
    try:
        said = offers.answer_offer(game.pk, number, "take", by(second), at).text
    except Refused as refused:
        said = refused.refusal.sentence
    assert said.startswith({
        "cancelled": state_wording.signups_closed(State.CANCELLED),
        "started": state_wording.signups_closed(State.IN_PROGRESS),
        "fewer seats": offer_wording.SEAT_TAKEN,
    }[why])  # fmt: skip
    steps.create_due_deliveries(start + timedelta(minutes=30))
    assert second.pk not in seated(game)
    assert offered(game) == []


def test_offers_expired_while_notifyd_was_down_go_to_the_next(world: World) -> None:
    game, (first, second, third, _) = full(world)
    leave(game, first, world.now)
    back = world.now + timedelta(minutes=40)
    found = letters(back)
    assert offered(game) == [third.pk]
    assert [one.user_id for one in found if one.buttons] == []
    assert game.signups.get(user=third).offered_until == back + KEPT_FOR, "asked from now on, not from then"
    assert [one.user_id for one in letters(back)] == [third.pk]
    text = offers.answer_offer(game.pk, int(world.now.timestamp()), "take", by(second), back).text
    assert text == offer_wording.OFFER_EXPIRED


def test_a_late_click_expires_the_offer_before_notifyd_does(world: World) -> None:
    game, (first, second, third, _) = full(world)
    leave(game, first, world.now)
    late = world.now + KEPT_FOR
    assert (
        offers.answer_offer(game.pk, number_of(game, second), "take", by(second), late).text
        == offer_wording.OFFER_EXPIRED
    )
    assert (seated(game), offered(game)) == ([], [third.pk])
    steps.create_due_deliveries(late)
    assert offered(game) == [third.pk], "passed on once"


def test_an_offer_ends_at_the_start(world: World) -> None:
    game, (first, second, *_) = full(world)
    leave(game, first, game.starts_at - timedelta(minutes=4))
    assert game.signups.get(user=second).offered_until == game.starts_at


# --- races ---------------------------------------------------------------------------------------------------


def at_once(game: Game, *verbs: Callable[[], Any]) -> list[Any]:
    """Return what each returns or raises, in threads that queued for the game's lock in this order."""
    results: list[Any] = [None] * len(verbs)

    def run(place: int, verb: Callable[[], Any]) -> None:
        try:
            results[place] = verb()
        except Refused as refused:
            results[place] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(verbs)]
    with transaction.atomic():
        Game.objects.select_for_update(no_key=True).get(pk=game.pk)
        for number, thread in enumerate(threads, 1):
            thread.start()
            wait_until_waiting(number)
    for thread in threads:
        thread.join()
    return results


def wait_until_waiting(number: int) -> None:
    """Wait until so many connections wait for a lock."""
    for _ in range(500):
        with connection.cursor() as cursor:
            # A transaction keeps what it once saw of the others.
            cursor.execute("SELECT pg_stat_clear_snapshot(), pg_sleep(0.005)")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0] >= number:
                return
    raise AssertionError("nobody waits for the lock")


def test_two_offers_open_for_one_seat_both_accepted_at_once(committed_world: World) -> None:
    world = committed_world
    game, people = full(world, seats=2, waiting=2)
    for person in people[:2]:
        leave(game, person, world.now)
    asked = people[2:]
    assert offered(game) == [person.pk for person in asked]
    plan = world.make_plan(seats=1, starts_at=game.starts_at, reminders=())
    scheduling.edit_game(game.pk, plan, Actor(world.bob, "page"), world.now)
    assert offered(game) == [person.pk for person in asked], "whoever answers first"
    numbers = [number_of(game, person) for person in asked]

    def taking(place: int) -> Callable[[], ActionResult]:
        return lambda: offers.answer_offer(game.pk, numbers[place], "take", by(asked[place]), world.now)

    second, first = at_once(game, taking(1), taking(0))
    assert sorted([first.text, second.text]) == sorted(["You are in, seat 1 of 1.", offer_wording.SEAT_TAKEN])
    assert len(seated(game)) == 1
    assert offered(game) == []
    assert [seat.user_id for seat in load_roster(game).waiting] == [
        one.pk for one in asked if one.pk not in seated(game)
    ]
    assert letters(world.now + timedelta(minutes=30)) == [], "each was told once, by the answer"


@pytest.mark.parametrize("clicks_first", [True, False])
def test_an_offer_expiring_while_its_holder_clicks(committed_world: World, clicks_first: bool) -> None:
    world = committed_world
    game, (first, second, third, _) = full(world)
    leave(game, first, world.now)
    letters(world.now)
    number, until = number_of(game, second), world.now + KEPT_FOR

    def taking() -> ActionResult:
        return offers.answer_offer(game.pk, number, "take", by(second), until - timedelta(milliseconds=1))

    def expiring() -> None:
        steps.create_due_deliveries(until)

    said = at_once(game, taking, expiring)[0] if clicks_first else at_once(game, expiring, taking)[1]
    if clicks_first:
        assert said.text == "You are in, seat 1 of 1."
        assert (seated(game), offered(game)) == ([second.pk], [])
        assert Notification.objects.get(kind="offer_end").dropped == "the offer was answered, or ended"
    else:
        assert said.text == offer_wording.OFFER_EXPIRED
        assert (seated(game), offered(game)) == ([], [third.pk])
    told = [one.user_id for one in letters(until) if one.buttons]
    assert told == ([] if clicks_first else [third.pk])


# --- doors ---------------------------------------------------------------------------------------------------


def test_join_under_the_post_takes_the_offered_seat(world: World) -> None:
    game, (first, second, *_) = full(world)
    leave(game, first, world.now)
    answer = click(Click(game.pk, "join", world.guild.pk, MemberPayload(UserPayload(second.pk, second.handle))))
    assert answer.text == "You are in, seat 1 of 1."
    assert answer.post is not None
    assert Delivery.objects.filter(notification__kind="offer").count() == 0


@pytest.mark.parametrize("choice", ["take", "pass"])
def test_the_page_shows_and_answers_the_offer(world: World, as_person: Any, choice: str) -> None:
    game, (first, second, *_) = full(world)
    leave(game, first, world.now)
    client = as_person(second)
    page = client.get(game.get_absolute_url()).text
    until = world.now + KEPT_FOR
    assert "Take the seat" in page
    assert f'until <time datetime="{until.isoformat()}">' in page
    address = reverse("game-offer", args=[game.pk])
    sent = {"number": number_of(game, second), "choice": choice}
    whole = client.post(address, sent, follow=True).text
    fragment = client.post(address, sent, headers={"HX-Request": "true"}).text
    if choice == "take":
        assert "You are in, seat 1 of 1." in whole
        assert "You are already in: seat 1 of 1." in fragment
    else:
        assert "You passed the seat on." in whole
        assert "That offer is over" in fragment
        assert "I want a seat" in whole
        client.post(reverse("game-join", args=[game.pk]))
        assert game.signups.current().get(user=second).offer_declined_at is None
    assert "Take the seat" not in as_person(first).get(game.get_absolute_url()).text
