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
from games.core.base import ActionResult, Actor, EntryPoint
from games.core.choices import PromptChoice, PromptKind
from games.core.roster import load_roster
from games.core.seating import offer_number
from games.core.settings import BUILT_IN_VALUES
from games.core.states import State
from games.models import Game, Signup
from games.offers import actions as offers
from games.offers import wording as offer_wording
from games.pages.game_page import history
from games.reminders.tests.test_preferences import messages_to, send_due_messages
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage
from notifications.models import Delivery, Notification

pytestmark = pytest.mark.slow

KEPT_FOR = timedelta(minutes=BUILT_IN_VALUES["offer_for"])


def actor_for(user: User) -> Actor:
    return Actor(user, EntryPoint.BUTTON)


def create_full_game(world: World, waiting: int = 3, seats: int = 1) -> tuple[Game, list[User]]:
    """A game that starts in an hour, with everyone seated or waiting in their order. No notifications are pending."""
    game = world.create_game(seats=seats, starts_at=world.now + timedelta(hours=1), reminders=())
    people = [world.add_member(number) for number in range(100, 100 + seats + waiting)]
    early = world.now - timedelta(minutes=5)
    for person in people:
        signups.join(game.pk, person, actor_for(person), early)
    send_due_messages(world.now)
    return game, people


def leave(game: Game, who: User, now: datetime) -> None:
    signups.leave(game.pk, who, actor_for(who), now)


def offered_user_ids(game: Game) -> list[int]:
    signups_offered = game.signups.current().filter(offered_at__isnull=False)
    return [pk for pk in signups_offered.values_list("user_id", flat=True) if pk]


def seated_user_ids(game: Game) -> list[int | None]:
    return [seat.user_id for seat in load_roster(Game.objects.get(pk=game.pk)).seated]


def offer_number_of(game: Game, who: User) -> int:
    return offer_number(game.signups.current().get(user=who))


def choice_of(message: OutgoingMessage, choice: str) -> PromptChoice:
    return next(parsed for button in message.buttons if (parsed := PromptChoice.parse(button.id)).choice == choice)


# --- asking, taking, passing on ------------------------------------------------------------------------------


def test_a_seat_freed_early_is_given_and_one_freed_late_is_offered(world: World) -> None:
    game = world.create_game(seats=1)
    people = [world.add_member(number) for number in (100, 101, 102)]
    for person in people:
        signups.join(game.pk, person, actor_for(person), world.now)
    leave(game, people[0], game.starts_at - timedelta(minutes=121))
    assert seated_user_ids(game) == [people[1].pk]
    leave(game, people[1], game.starts_at - timedelta(minutes=120))
    assert (seated_user_ids(game), offered_user_ids(game)) == ([], [people[2].pk])


def test_the_button_of_the_offer_takes_the_seat(world: World) -> None:
    game, (first, second, *_) = create_full_game(world)
    leave(game, first, world.now)
    [message] = send_due_messages(world.now)
    until = int((world.now + KEPT_FOR).timestamp())
    assert message.user_id == second.pk
    assert message.text.startswith("🪑 A seat is free in **Curse of Strahd** in Friday Night Dice, <t:")
    assert f"keep it for you until <t:{until}:t> (<t:{until}:R>), then we ask the next person" in message.text
    assert f"{game.url}?d={message.nonce}" in message.text
    assert [button.label for button in message.buttons] == [offer_wording.TAKE, offer_wording.DECLINE]
    chosen = press(choice_of(message, "take"), UserPayload(second.pk, second.handle), None, None)
    assert (chosen.text, chosen.closes_prompt) == ("You're in, seat 1 of 1.", True)
    assert seated_user_ids(game) == [second.pk]
    assert send_due_messages(world.now + timedelta(hours=1)) == [], (
        "who took it was told by the answer; nobody else is asked"
    )
    again = press(choice_of(message, "take"), UserPayload(second.pk, second.handle), None, None)
    assert again.text == "You're already in: seat 1 of 1."
    history = [entry.action for entry in game.audit.all()]
    assert history[0] == "take"


def test_only_its_recipient_can_take_the_offer(world: World) -> None:
    game, (first, second, third, *_) = create_full_game(world)
    leave(game, first, world.now)
    number = offer_number_of(game, second)
    for somebody in (third, world.charlie, world.bob):
        chosen = press(
            PromptChoice(PromptKind.OFFER, game.pk, number, "take"),
            UserPayload(somebody.pk, somebody.handle),
            None,
            None,
        )
        assert (chosen.text, chosen.closes_prompt) == (offer_wording.OFFERED_TO_ANOTHER, False), (
            "the buttons stay for whom it calls"
        )
    assert (seated_user_ids(game), offered_user_ids(game)) == ([], [second.pk])


def test_a_seat_that_everyone_declined_is_free_for_anyone(world: World) -> None:
    game, (first, second, third, fourth) = create_full_game(world)
    leave(game, first, world.now)
    for person, response in ((second, "pass"), (third, "silence"), (fourth, "pass")):
        assert offered_user_ids(game) == [person.pk], "one after the other"
        assert [message.user_id for message in send_due_messages(world.now)] == [person.pk]
        if response == "silence":
            world.now += KEPT_FOR
            steps.create_due_deliveries(world.now)
        else:
            world.now += timedelta(minutes=1)
            text = offers.answer_offer(
                game.pk, offer_number_of(game, person), "pass", actor_for(person), world.now
            ).text
            assert text == offer_wording.DECLINED
    assert (seated_user_ids(game), offered_user_ids(game)) == ([], [])
    shown = [line.text for line in history(game)[:3]]
    assert shown == [
        "person103 passed on the offered seat", "person102 let an offered seat pass",
        "person101 passed on the offered seat",
    ]  # fmt: skip
    assert send_due_messages(world.now + timedelta(minutes=20)) == []
    done = signups.join(game.pk, world.charlie, actor_for(world.charlie), world.now)
    assert done.text == "You're in, seat 1 of 1."
    assert len(load_roster(game).waiting) == 3, "whoever passed keeps their place"


def test_joining_after_declining_takes_the_free_seat_or_gets_back_in_line(world: World) -> None:
    game, (first, second, third) = create_full_game(world, waiting=2)
    leave(game, first, world.now)
    offers.answer_offer(game.pk, offer_number_of(game, second), "pass", actor_for(second), world.now)
    later = world.now + timedelta(minutes=1)
    back = signups.join(game.pk, second, actor_for(second), later)
    assert back.text == "You're back in line: number 1 on the wait list.", "the seat is offered to another"
    offers.answer_offer(game.pk, offer_number_of(game, third), "pass", actor_for(third), later)
    assert offered_user_ids(game) == [second.pk]
    assert signups.join(game.pk, second, actor_for(second), later).text == "You're in, seat 1 of 1.", (
        "Join takes an offer"
    )
    leave(game, second, later)
    assert signups.join(game.pk, third, actor_for(third), later).text == "You're in, seat 1 of 1."
    assert messages_to(send_due_messages(later + timedelta(minutes=5)), third) == []


def test_leaving_with_an_open_offer_offers_the_seat_to_the_next(world: World) -> None:
    game, (first, second, third, _) = create_full_game(world)
    leave(game, first, world.now)
    leave(game, second, world.now)
    assert offered_user_ids(game) == [third.pk]
    assert [message.user_id for message in send_due_messages(world.now)] == [third.pk], (
        "the first letter was not sent any more"
    )


def test_joining_while_the_seat_is_offered_waits(world: World) -> None:
    game, (first, *_) = create_full_game(world, waiting=1)
    leave(game, first, world.now)
    text = signups.join(game.pk, world.charlie, actor_for(world.charlie), world.now).text
    assert text == ("We offer the free seat to someone who waited longer. You're number 2 on the wait list.")


# --- how offers end ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["cancelled", "started", "fewer seats", "moved far away"])
def test_offers_end_with_their_seat(world: World, why: str) -> None:
    game, people = create_full_game(world)
    first, second = people[:2]
    leave(game, first, world.now)
    number, at, host = offer_number_of(game, second), world.now, Actor(world.bob, EntryPoint.PAGE)
    start = game.starts_at
    if why == "cancelled":
        cancellation.cancel_game(game.pk, "", host, at)
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
        assert seated_user_ids(game) == [second.pk], "far from the start, seats are given"
        return
    assert not [message for message in send_due_messages(at) if message.buttons]
    try:
        text = offers.answer_offer(game.pk, number, "take", actor_for(second), at).text
    except Refused as refused:
        text = refused.refusal.sentence
    assert text.startswith({
        "cancelled": state_wording.signups_closed(State.CANCELLED),
        "started": state_wording.signups_closed(State.IN_PROGRESS),
        "fewer seats": offer_wording.SEAT_TAKEN,
    }[why])  # fmt: skip
    steps.create_due_deliveries(start + timedelta(minutes=30))
    assert second.pk not in seated_user_ids(game)
    assert offered_user_ids(game) == []


def test_offers_expired_while_notifyd_was_down_go_to_the_next(world: World) -> None:
    game, (first, second, third, _) = create_full_game(world)
    leave(game, first, world.now)
    back = world.now + timedelta(minutes=40)
    messages = send_due_messages(back)
    assert offered_user_ids(game) == [third.pk]
    assert [message.user_id for message in messages if message.buttons] == []
    assert game.signups.get(user=third).offered_until == back + KEPT_FOR, "asked from now on, not from then"
    assert [message.user_id for message in send_due_messages(back)] == [third.pk]
    text = offers.answer_offer(
        game.pk, game.signups.get(user=second).offer_number, "take", actor_for(second), back
    ).text
    assert text == offer_wording.OFFER_EXPIRED


def test_a_late_click_expires_the_offer_before_notifyd_does(world: World) -> None:
    game, (first, second, third, _) = create_full_game(world)
    leave(game, first, world.now)
    late = world.now + KEPT_FOR
    assert (
        offers.answer_offer(game.pk, offer_number_of(game, second), "take", actor_for(second), late).text
        == offer_wording.OFFER_EXPIRED
    )
    assert (seated_user_ids(game), offered_user_ids(game)) == ([], [third.pk])
    steps.create_due_deliveries(late)
    assert offered_user_ids(game) == [third.pk], "passed on once"


def test_an_offer_ends_at_the_start(world: World) -> None:
    game, (first, second, *_) = create_full_game(world)
    leave(game, first, game.starts_at - timedelta(minutes=4))
    assert game.signups.get(user=second).offered_until == game.starts_at


# --- races ---------------------------------------------------------------------------------------------------


def run_at_once(game: Game, *actions: Callable[[], Any]) -> list[Any]:
    """Return what each returns or raises, in threads that queued for the game's lock in this order."""
    results: list[Any] = [None] * len(actions)

    def run(place: int, action: Callable[[], Any]) -> None:
        try:
            results[place] = action()
        except Refused as refused:
            results[place] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(actions)]
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
    game, people = create_full_game(world, seats=2, waiting=2)
    for person in people[:2]:
        leave(game, person, world.now)
    offered_to = people[2:]
    assert offered_user_ids(game) == [person.pk for person in offered_to]
    plan = world.make_plan(seats=1, starts_at=game.starts_at, reminders=())
    scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), world.now)
    assert offered_user_ids(game) == [person.pk for person in offered_to], "whoever answers first"
    numbers = [offer_number_of(game, person) for person in offered_to]

    def taking(place: int) -> Callable[[], ActionResult]:
        return lambda: offers.answer_offer(game.pk, numbers[place], "take", actor_for(offered_to[place]), world.now)

    second, first = run_at_once(game, taking(1), taking(0))
    assert sorted([first.text, second.text]) == sorted(["You're in, seat 1 of 1.", offer_wording.SEAT_TAKEN])
    assert len(seated_user_ids(game)) == 1
    assert offered_user_ids(game) == []
    assert [seat.user_id for seat in load_roster(game).waiting] == [
        user.pk for user in offered_to if user.pk not in seated_user_ids(game)
    ]
    assert send_due_messages(world.now + timedelta(minutes=30)) == [], "each was told once, by the answer"


@pytest.mark.parametrize("clicks_first", [True, False])
def test_an_offer_expiring_while_its_holder_clicks(committed_world: World, clicks_first: bool) -> None:
    world = committed_world
    game, (first, second, third, _) = create_full_game(world)
    leave(game, first, world.now)
    send_due_messages(world.now)
    number, until = offer_number_of(game, second), world.now + KEPT_FOR

    def taking() -> ActionResult:
        return offers.answer_offer(game.pk, number, "take", actor_for(second), until - timedelta(milliseconds=1))

    def expiring() -> None:
        steps.create_due_deliveries(until)

    result = run_at_once(game, taking, expiring)[0] if clicks_first else run_at_once(game, expiring, taking)[1]
    if clicks_first:
        assert result.text == "You're in, seat 1 of 1."
        assert (seated_user_ids(game), offered_user_ids(game)) == ([second.pk], [])
        assert Notification.objects.get(kind="offer_end").skip_reason == "the offer was answered, or ended"
    else:
        assert result.text == offer_wording.OFFER_EXPIRED
        assert (seated_user_ids(game), offered_user_ids(game)) == ([], [third.pk])
    offered_to = [message.user_id for message in send_due_messages(until) if message.buttons]
    assert offered_to == ([] if clicks_first else [third.pk])


# --- entry points --------------------------------------------------------------------------------------------


def test_join_under_the_post_takes_the_offered_seat(world: World) -> None:
    game, (first, second, *_) = create_full_game(world)
    leave(game, first, world.now)
    reply = click(Click(game.pk, "join", world.guild.pk, MemberPayload(UserPayload(second.pk, second.handle))))
    assert reply.text == "You're in, seat 1 of 1."
    assert reply.post is not None
    assert Delivery.objects.filter(notification__kind="offer").count() == 0


@pytest.mark.parametrize("choice", ["take", "pass"])
def test_the_page_shows_and_answers_the_offer(world: World, as_person: Any, choice: str) -> None:
    game, (first, second, *_) = create_full_game(world)
    leave(game, first, world.now)
    client = as_person(second)
    page = client.get(game.get_absolute_url()).text
    until = world.now + KEPT_FOR
    assert offer_wording.TAKE in page
    assert f'until <time datetime="{until.isoformat()}" data-countdown>' in page
    url = reverse("game-offer", args=[game.pk])
    sent = {"number": offer_number_of(game, second), "choice": choice}
    whole = client.post(url, sent, follow=True).text
    fragment = client.post(url, sent, headers={"HX-Request": "true"}).text
    if choice == "take":
        assert "You&#x27;re in, seat 1 of 1." in whole
        assert "You&#x27;re already in: seat 1 of 1." in fragment
    else:
        assert offer_wording.DECLINED in whole
        assert "That offer is over" in fragment
        assert "I want a seat" in whole
        client.post(reverse("game-join", args=[game.pk]))
        assert game.signups.current().get(user=second).offer_declined_at is None
    assert offer_wording.TAKE not in as_person(first).get(game.get_absolute_url()).text


@pytest.mark.parametrize("choice", ["take", "pass"])
def test_no_offer_has_no_answer(world: World, choice: str) -> None:
    """0 is the number of who has no offer: a form that sends it took a seat that the host gives."""
    game = world.create_game(seats=2, method="picks_waiting")
    signups.join(game.pk, world.charlie, actor_for(world.charlie), world.now)
    answered = offers.answer_offer(game.pk, 0, choice, actor_for(world.charlie), world.now)
    assert not answered.changed
    signup = game.signups.current().get(user=world.charlie)
    assert (signup.seated_at, signup.offer_declined_at) == (None, None)
