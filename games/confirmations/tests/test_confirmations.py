"""Confirmations: a start that moves far asks seated players to confirm; their answers, and what no answer does."""

from contextlib import nullcontext
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from conftest import World
from discord_bot.interactions.choices import run_choice
from discord_bot.models import Outcome
from discord_bot.render import announcement_embed
from games.confirmations import actions as confirmations
from games.confirmations.tests.test_edit_notices import MINUTE, edit, sent_messages
from games.confirmations.wording import CAN_YOU_STILL, CONFIRMED, YES, asked_again, asks_again
from games.core import rules
from games.core.base import Actor, EntryPoint
from games.core.choices import NOT_FOR_YOU, OUTDATED_CHOICE, PromptChoice, PromptKind
from games.core.wording import timestamp
from games.deliveries.tests.test_resend import lease_message_jobs
from games.models import Game, Signup
from games.posts.announcement import announcement_view
from games.scheduling import actions as scheduling
from games.scheduling import publishing
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.signups import actions as signups
from games.signups import standby
from gamesched.lib.refusal import Refused
from gamesched.testing.refusals import refuses
from guilds.directory.payloads import UserPayload
from guilds.models import User
from notifications.daemon import steps
from notifications.models import Notification

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)
DRAFT = AnnounceSchedule(AnnounceWhen.DRAFT)


@pytest.fixture
def game(world: World) -> Game:
    """Bob's game with two seats, which Charlie and Dan have; Alice waits."""
    created = world.create_game(seats=2, reminders=())
    for person in (world.charlie, world.add_member(100, "Dan"), world.alice):
        signups.join(created.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    return created


@pytest.fixture
def dan(world: World) -> User:
    return world.add_member(100, "Dan")


def awaiting_confirmation(game: Game) -> set[int | None]:
    return set(game.signups.current().filter(open_confirmation__gt=0).values_list("user_id", flat=True))


def answer(game: Game, person: User, choice: str, at: datetime, number: int | None = None) -> Any:
    number = number or Game.objects.get(pk=game.pk).confirmation_number
    return confirmations.answer_confirmation(game.pk, number, choice, Actor(person, EntryPoint.BUTTON), at)


def seated(game: Game) -> set[int | None]:
    return set(game.signups.current().seated().values_list("user_id", flat=True))


def test_a_start_moved_far_prompts_the_seated_and_notifies_the_waiting(world: World, game: Game, dan: User) -> None:
    later = game.starts_at + HOUR
    edit(game, world.bob, world.now, starts_at=later, duration=180)
    messages = sent_messages(world.now + MINUTE)
    assert messages.keys() == {world.charlie.pk, dan.pk, world.alice.pk}
    message = messages[world.charlie.pk]
    assert f"Start: ~~{timestamp(game.starts_at)}~~ → {timestamp(later)}" in message.text
    assert "Lasts: ~~2 hours~~ → 3 hours" in message.text, "all in one letter"
    assert f"Answer by {timestamp(world.now + timedelta(days=1))}." in message.text
    assert [(button.label, button.id) for button in message.buttons] == [
        (YES, f"ask:question:{game.pk}:1:yes"),
        ("I can't", f"ask:question:{game.pk}:1:no"),
    ]
    assert messages[world.alice.pk].buttons == ()
    assert "was changed" in messages[world.alice.pk].text
    shown = announcement_view(Game.objects.get(), world.now)
    assert [name.split("> ")[-1] for name in shown.seated] == ["(to confirm)"] * 2
    assert any("0 of 2 confirmed" in str(field.name) for field in announcement_embed(shown).fields)


def test_two_moves_within_a_minute_prompt_once_and_old_buttons_are_outdated(
    world: World, game: Game, dan: User
) -> None:
    first, second = game.starts_at + HOUR, game.starts_at + 2 * HOUR
    edit(game, world.bob, world.now, starts_at=first)
    edit(game, world.bob, world.now + MINUTE / 2, starts_at=second)
    messages = sent_messages(world.now + MINUTE)
    for person in (world.charlie, dan):
        assert f"Start: ~~{timestamp(game.starts_at)}~~ → {timestamp(second)}" in messages[person.pk].text
        assert timestamp(first) not in messages[person.pk].text
        assert f"ask:question:{game.pk}:2:yes" in {button.id for button in messages[person.pk].buttons}
    assert sent_messages(world.now + 5 * MINUTE) == {}
    old = run_choice(
        PromptChoice(PromptKind.CONFIRMATION, game.pk, 1, "yes"), UserPayload(world.charlie.pk, "charlie"), None, None
    )
    assert (old.text, old.closes_prompt, old.outcome) == (OUTDATED_CHOICE, True, Outcome.REFUSED)
    assert world.charlie.pk in awaiting_confirmation(game)
    new = run_choice(
        PromptChoice(PromptKind.CONFIRMATION, game.pk, 2, "yes"), UserPayload(world.charlie.pk, "charlie"), None, None
    )
    assert (new.outcome, new.closes_prompt) == (Outcome.DONE, True)
    assert awaiting_confirmation(game) == {dan.pk}
    assert Notification.objects.filter(kind="question", skip_reason="").count() == 2


def test_a_pending_notification_is_replaced_by_the_next_confirmation(world: World, game: Game) -> None:
    edit(game, world.bob, world.now, starts_at=game.starts_at + HOUR)
    steps.create_due_deliveries(world.now + MINUTE)
    edit(game, world.bob, world.now + MINUTE, starts_at=game.starts_at + 2 * HOUR)
    assert lease_message_jobs(world.now + MINUTE) == []
    text = sent_messages(world.now + 2 * MINUTE)[world.charlie.pk].text
    assert f"~~{timestamp(game.starts_at)}~~ → {timestamp(game.starts_at + 2 * HOUR)}" in text


def test_small_moves_add_up_from_the_start_last_agreed_to(world: World, game: Game, dan: User) -> None:
    edit(game, world.bob, world.now, starts_at=game.starts_at + 20 * MINUTE)
    assert awaiting_confirmation(game) == set()
    edit(game, world.bob, world.now + HOUR, starts_at=game.starts_at + 40 * MINUTE)
    assert awaiting_confirmation(game) == {world.charlie.pk, dan.pk}
    answer(game, world.charlie, "yes", world.now + 2 * HOUR)
    edit(game, world.bob, world.now + 3 * HOUR, starts_at=game.starts_at + 60 * MINUTE)
    assert awaiting_confirmation(game) == {dan.pk}, "Charlie agreed to a start 20 minutes from this"


def test_moved_back_prompts_nobody_any_more(world: World, game: Game) -> None:
    edit(game, world.bob, world.now, starts_at=game.starts_at + HOUR)
    sent_messages(world.now + MINUTE)
    edit(game, world.bob, world.now + 10 * MINUTE, starts_at=game.starts_at)
    assert awaiting_confirmation(game) == set()
    assert sent_messages(world.now + 11 * MINUTE)[world.charlie.pk].buttons == ()
    with refuses("outdated"):
        answer(game, world.charlie, "no", world.now + 12 * MINUTE, number=1)
    assert not Notification.objects.open().filter(kind="question_end").exists()


def test_nobody_is_prompted_where_the_setting_is_never(world: World, game: Game) -> None:
    edit(game, world.bob, world.now, starts_at=game.starts_at + 5 * HOUR, ask_if_moved=0)
    assert awaiting_confirmation(game) == set()
    assert world.charlie.pk in sent_messages(world.now + MINUTE)


def test_answering_no_leaves_and_the_next_moves_up(world: World, game: Game, dan: User) -> None:
    edit(game, world.bob, world.now, starts_at=game.starts_at + HOUR)
    done = answer(game, world.charlie, "no", world.now + MINUTE)
    assert done.text == "You left the game."
    assert seated(game) == {dan.pk, world.alice.pk}
    assert answer(game, dan, "yes", world.now + MINUTE).changed
    assert not answer(game, dan, "yes", world.now + MINUTE).changed
    # Everybody has answered, so the host need not wait.
    messages = sent_messages(world.now + MINUTE)
    messages |= sent_messages(world.now + MINUTE)
    assert "1 come, 1 left, 0 didn't answer." in messages[world.bob.pk].text


@pytest.mark.parametrize("frees", [True, False])
def test_no_answer_loses_or_keeps_the_seat(world: World, game: Game, dan: User, frees: bool) -> None:
    edit(game, world.bob, world.now, starts_at=game.starts_at + HOUR, drop_unconfirmed=frees)
    answer(game, dan, "yes", world.now + MINUTE)
    sent_messages(world.now + MINUTE)
    until = Game.objects.get().confirm_by
    assert until == world.now + timedelta(days=1)
    steps.create_due_deliveries(until)
    assert awaiting_confirmation(game) == set()
    assert seated(game) == {dan.pk, world.alice.pk if frees else world.charlie.pk}
    messages = sent_messages(until)
    assert ("You didn't confirm" in messages[world.charlie.pk].text) if frees else world.charlie.pk not in messages
    what = "and lost their place" if frees else "and keep their place"
    assert f"1 come, 0 left, 1 didn't answer, {what}." in messages[world.bob.pk].text
    with pytest.raises(Refused) if frees else nullcontext():
        answer(game, world.charlie, "yes", until)


def test_leaving_or_losing_the_seat_ends_the_confirmation(world: World, game: Game, dan: User) -> None:
    edit(game, world.bob, world.now, starts_at=game.starts_at + HOUR)
    edit(game, world.bob, world.now, seats=1)
    assert awaiting_confirmation(game) == {world.charlie.pk}
    signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now + MINUTE)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now + 2 * MINUTE)
    assert awaiting_confirmation(game) == set()
    assert all(not message.buttons for message in sent_messages(world.now + 2 * MINUTE).values())


@pytest.mark.parametrize("how", ["fewer seats", "standby"])
def test_who_loses_the_seat_before_being_asked_is_told_what_changed(
    world: World, game: Game, dan: User, how: str
) -> None:
    later = game.starts_at + HOUR
    edit(game, world.bob, world.now, starts_at=later)
    if how == "standby":
        standby.set_standby(game.pk, dan, True, Actor(dan, EntryPoint.PAGE), world.now)
    else:
        edit(game, world.bob, world.now, seats=1)
    message = sent_messages(world.now + MINUTE)[dan.pk]
    assert f"Start: ~~{timestamp(game.starts_at)}~~ → {timestamp(later)}" in message.text
    assert message.buttons == ()


def test_page_and_command(world: World, game: Game, dan: User, as_person: Any) -> None:
    edit(game, world.bob, world.now, starts_at=game.starts_at + HOUR, drop_unconfirmed=True)
    page = as_person(world.charlie).get(game.get_absolute_url()).text
    assert CAN_YOU_STILL in page
    assert "No answer yet:" not in page, "who has not answered is for the host"
    assert "No answer yet: charlie, Dan." in as_person(world.bob).get(game.get_absolute_url()).text
    client = as_person(world.charlie)
    answered = client.post(reverse("game-confirm", args=[game.pk]), {"number": "1", "choice": "yes"}, follow=True)
    assert CONFIRMED in unescape(answered.text)
    assert CAN_YOU_STILL not in answered.text
    assert "charlie still comes" in as_person(world.bob).get(game.get_absolute_url()).text
    call_command("game", "confirm", str(game.pk), "--as", str(dan.pk), "--no")
    assert dan.pk not in seated(game)
    with pytest.raises(CommandError, match="no open question"):
        call_command("game", "confirm", str(game.pk), "--as", str(dan.pk))


def test_the_form_decides_for_one_edit(world: World, game: Game, as_person: Any) -> None:
    client = as_person(world.bob)
    form = client.get(reverse("game-edit", args=[game.pk])).context["form"]
    assert form.fields["silence"].choices[0] == ("", "as set: they keep the seat")
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    later = (game.starts_at + HOUR).astimezone(ZoneInfo(game.zone))
    data |= {"date": f"{later:%Y-%m-%d}", "time": f"{later:%H:%M}", "silence": "yes"}
    assert client.post(reverse("game-edit", args=[game.pk]), data).status_code == 302
    assert Game.objects.get().drop_unconfirmed
    assert Signup.objects.filter(open_confirmation=1).count() == 2


@pytest.mark.parametrize(
    ("starts_in", "until"), [(72 * HOUR, 24 * HOUR), (10 * HOUR, 9 * HOUR), (HOUR, HOUR / 2), (HOUR / 4, HOUR / 4)]
)
def test_confirmation_deadline(now: datetime, starts_in: timedelta, until: timedelta) -> None:
    assert rules.confirmation_deadline(now + starts_in, now) == now + until


def test_agreed_start(now: datetime) -> None:
    a, b, c = (now + n * HOUR for n in (10, 11, 12))
    moves = [(now, a), (now + HOUR, b)]
    assert rules.agreed_start(moves, c, now, None) == a
    assert rules.agreed_start(moves, c, now, now) == b
    assert rules.agreed_start(moves, c, now + 2 * HOUR, None) == c
    assert rules.agreed_start([], c, now, now) == c


def test_a_message_in_the_channel_can_be_answered_by_its_recipient_only(world: World, game: Game, dan: User) -> None:
    edit(game, world.bob, world.now, starts_at=game.starts_at + HOUR)
    content = f"<@{dan.pk}> ❓ **Curse of Strahd** was moved."
    for person in (world.alice, world.charlie):
        other = run_choice(
            PromptChoice(PromptKind.CONFIRMATION, game.pk, 1, "no"),
            UserPayload(person.pk, person.handle),
            None,
            None,
            content,
        )
        assert (other.text, other.closes_prompt) == (NOT_FOR_YOU, False), "its buttons stay"
    assert awaiting_confirmation(game) == {world.charlie.pk, dan.pk}
    own = run_choice(
        PromptChoice(PromptKind.CONFIRMATION, game.pk, 1, "yes"), UserPayload(dan.pk, "dan"), None, None, content
    )
    assert own.closes_prompt
    assert awaiting_confirmation(game) == {world.charlie.pk}


def test_standby_ends_the_confirmation(world: World, game: Game, dan: User) -> None:
    edit(game, world.bob, world.now, starts_at=game.starts_at + HOUR)
    standby.set_standby(game.pk, world.charlie, True, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert awaiting_confirmation(game) == {dan.pk}


def test_moves_before_the_announcement_do_not_count(world: World) -> None:
    draft = scheduling.create_game(
        world.guild.pk,
        world.make_plan(),
        Actor(world.bob, EntryPoint.PAGE),
        world.now,
        participants=[world.charlie.pk],
        announce=DRAFT,
    ).game
    edit(draft, world.bob, world.now + MINUTE, starts_at=draft.starts_at + HOUR)
    publishing.announce_game(draft.pk, Actor(world.bob, EntryPoint.PAGE), world.now + 2 * MINUTE)
    edit(draft, world.bob, world.now + 3 * MINUTE, starts_at=draft.starts_at + HOUR + MINUTE)
    assert awaiting_confirmation(draft) == set()


def test_a_move_says_whom_it_asks_before_and_after(world: World, game: Game, dan: User, as_person: Any) -> None:
    client, limit = as_person(world.bob), timedelta(minutes=30)
    edited, previewed = reverse("game-edit", args=[game.pk]), reverse("preview-edited", args=[game.pk])
    shown = client.get(edited)
    assert asks_again(0, 2, limit) in shown.text
    form = shown.context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}

    def move(by: timedelta) -> None:
        to = (game.starts_at + by).astimezone(ZoneInfo(game.zone))
        data.update({"date": f"{to:%Y-%m-%d}", "time": f"{to:%H:%M}"})

    move(limit)
    assert asks_again(0, 2, limit) in client.post(previewed, data, headers={"HX-Request": "true"}).text
    move(HOUR)
    assert asks_again(2, 2, limit) in client.post(previewed, data, headers={"HX-Request": "true"}).text
    saved = client.post(edited, data, follow=True).text
    assert asked_again(["charlie", "Dan"]) in unescape(saved)
    assert len(awaiting_confirmation(game)) == 2
