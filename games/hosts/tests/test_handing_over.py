"""Handing a game over: whoever is to run it is asked, and the old host stays until they say yes."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import World
from games.core import choices
from games.core.base import Actor, EntryPoint
from games.core.choices import PromptChoice
from games.hosts import actions as host_actions
from games.hosts import wording as host_wording
from games.models import Game
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, rules
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from gamesched.lib.refusal import Refused
from guilds.directory.upsert import mark_member_left
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Delivery, Notification

pytestmark = pytest.mark.slow


@pytest.fixture
def game(world: World) -> Game:
    """A game that Bob wants Charlie to run."""
    created = world.create_game(reminders=())
    ask(world, created)
    return Game.objects.get()


def ask(world: World, game: Game) -> Any:
    return host_actions.hand_over(game.pk, world.charlie, Actor(world.bob, EntryPoint.PAGE), world.now)


def sent(world: World) -> dict[int | None, OutgoingMessage]:
    steps.create_due_deliveries(world.now)
    jobs = [job for job in steps.lease_jobs(world.now, 50) if job.post is None]
    steps.record([(job, SentMessage(5, job.pk)) for job in jobs], world.now)
    return {job.message.user_id: job.message for job in jobs}


def press(message: OutgoingMessage, which: int, who: Any, world: World) -> Any:
    return choices.handle_choice(PromptChoice.parse(message.buttons[which].id), who, world.now)


def test_the_old_host_stays_until_the_other_says_yes(world: World, game: Game) -> None:
    assert (game.host, game.next_host) == (world.bob, world.charlie)
    message = sent(world)[world.charlie.pk]
    assert [button.label for button in message.buttons] == [host_wording.ACCEPT_LABEL, host_wording.DECLINE_LABEL]
    press(message, 0, world.charlie, world)
    game.refresh_from_db()
    assert (game.host, game.next_host, list(game.cohosts.all())) == (world.charlie, None, [world.bob])
    assert (
        host_wording.hand_over_answered("", "", world.now, "", "charlie", True)[:20] in sent(world)[world.bob.pk].text
    )
    with pytest.raises(Refused) as refused:
        press(message, 1, world.charlie, world)
    assert refused.value.refusal.code == "outdated"


def test_who_says_no_leaves_the_host_who_is_told(world: World, game: Game) -> None:
    press(sent(world)[world.charlie.pk], 1, world.charlie, world)
    game.refresh_from_db()
    assert (game.host, game.next_host) == (world.bob, None)
    assert world.bob.pk in sent(world)


def test_games_that_nobody_took_do_not_count_against_who_was_asked(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(rules, "OPEN_GAMES_OF_HOST", 2)
    for _ in range(2):
        ask(world, world.create_game())
    scheduling.create_game(world.guild.pk, world.make_plan(), Actor(world.charlie, EntryPoint.PAGE), world.now)


def test_only_who_was_asked_answers(world: World, game: Game) -> None:
    message = sent(world)[world.charlie.pk]
    with pytest.raises(Refused) as refused:
        press(message, 0, world.alice, world)
    assert refused.value.refusal.code == "not_prompted"
    with pytest.raises(Refused):
        host_actions.answer_open_hand_over(game.pk, "accept", Actor(world.bob, EntryPoint.PAGE), world.now)
    assert Game.objects.get().host == world.bob


def test_asking_again_and_asking_another(world: World, game: Game) -> None:
    old = sent(world)[world.charlie.pk]
    assert not ask(world, game).changed
    other = world.add_member(100)
    host_actions.hand_over(game.pk, other, Actor(world.bob, EntryPoint.PAGE), world.now)
    with pytest.raises(Refused) as refused:
        press(old, 0, world.charlie, world)
    assert refused.value.refusal.code == "outdated"
    press(sent(world)[other.pk], 0, other, world)
    assert Game.objects.get().host == other


def test_the_host_takes_the_question_back(world: World, game: Game) -> None:
    assert host_actions.hand_over(game.pk, world.bob, Actor(world.bob, EntryPoint.PAGE), world.now).changed
    assert world.charlie.pk not in sent(world)
    with pytest.raises(Refused):
        host_actions.answer_open_hand_over(game.pk, "accept", Actor(world.charlie, EntryPoint.PAGE), world.now)


@pytest.mark.parametrize("actor", ["manager", "operator"])
def test_who_manages_the_server_decides_at_once(world: World, game: Game, actor: str) -> None:
    by = Actor(world.alice, EntryPoint.PAGE) if actor == "manager" else Actor(None, EntryPoint.COMMAND, operator=True)
    other = world.add_member(100)
    host_actions.hand_over(game.pk, other, by, world.now)
    assert (Game.objects.get().host, Game.objects.get().next_host) == (other, None)
    assert world.charlie.pk not in sent(world), "nobody is asked any more"


def test_who_left_cannot_take_it_and_a_cancelled_game_asks_nobody(world: World, game: Game) -> None:
    message = sent(world)[world.charlie.pk]
    mark_member_left(world.guild.pk, world.charlie.pk, world.now)
    with pytest.raises(Refused):
        press(message, 0, world.charlie, world)
    other = world.add_member(100)
    host_actions.hand_over(game.pk, other, Actor(world.bob, EntryPoint.PAGE), world.now)
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    assert other.pk not in sent(world)
    assert Game.objects.get().host == world.bob


def test_the_page_asks_and_tells(world: World, game: Game, as_person: Any) -> None:
    url = game.get_absolute_url()
    assert host_wording.host_asks("Bob the GM") in as_person(world.charlie).get(url).text
    assert host_wording.waits_for_answer("charlie") in unescape(as_person(world.bob).get(url).text)
    assert "We asked charlie" not in as_person(world.add_member(100)).get(url).text
    answer = {"number": str(game.handover_number), "choice": "accept"}
    page = as_person(world.charlie).post(reverse("game-hand-over", args=[game.pk]), answer, follow=True).text
    assert "charlie is the host now" in page
    assert Game.objects.get().host == world.charlie


def test_the_page_of_hosts_asks(world: World, as_person: Any) -> None:
    game = world.create_game()
    host_actions.set_cohosts(game.pk, [world.charlie], Actor(world.bob, EntryPoint.PAGE), world.now)
    url, bob = reverse("game-hosts", args=[game.pk]), as_person(world.bob)
    page = bob.post(url, {"cohosts": [str(world.charlie.pk)], "host": str(world.charlie.pk)}, follow=True).text
    assert host_wording.invited_to_host("charlie", already=False) in page
    assert Game.objects.get().next_host == world.charlie
    bob.post(url, {"cohosts": [str(world.charlie.pk)], "host": ""})
    assert Game.objects.get().next_host is None


def test_a_draft_is_shown_to_who_is_asked(world: World, as_person: Any) -> None:
    draft = AnnounceSchedule(AnnounceWhen.DRAFT)
    by = Actor(world.bob, EntryPoint.PAGE)
    game = scheduling.create_game(world.guild.pk, world.make_plan(), by, world.now, announce=draft).game
    charlie = as_person(world.charlie)
    assert charlie.get(game.get_absolute_url()).status_code == 404
    ask(world, game)
    assert charlie.get(game.get_absolute_url()).status_code == 200
    host_actions.answer_open_hand_over(game.pk, "decline", Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert charlie.get(game.get_absolute_url()).status_code == 404


def test_by_command(world: World, game: Game) -> None:
    call_command("game", "hosting", str(game.pk), "accept", "--as", "charlie")
    assert Game.objects.get().host == world.charlie
    call_command("game", "host", str(game.pk), "bob")
    assert Game.objects.get().host == world.bob, "an operator decides at once"


def test_who_asks_over_and_over_is_not_heard(world: World) -> None:
    game = world.create_game(reminders=())
    for _ in range(15):
        ask(world, game)
        host_actions.hand_over(game.pk, world.bob, Actor(world.bob, EntryPoint.PAGE), world.now)
        ask(world, game)
        sent(world)
        host_actions.hand_over(game.pk, world.bob, Actor(world.bob, EntryPoint.PAGE), world.now)
    to_charlie = Delivery.objects.filter(recipient=world.charlie, notification__kind="hand_over")
    assert to_charlie.filter(status="sent").count() == 6
    assert set(to_charlie.exclude(status="sent").values_list("error_code", flat=True)) == {"too_many"}
    assert Notification.objects.filter(kind="hand_over", due_at__gt=world.now - timedelta(days=1)).exists()
