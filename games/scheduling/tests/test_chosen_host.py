"""Who hosts a game that somebody schedules for another: chosen by a manager, asked by anybody else."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.codes import GameSkipCode
from games.core.wording import write_one_of
from games.hosts import actions as hosts
from games.models import Game
from games.posts.announcement import announcement_view
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, cloning, publishing, rules
from games.scheduling.cloning import CarryPlayers
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from gamesched.lib.refusal import Refused
from gamesched.testing.page_forms import form_to
from guilds.directory.upsert import mark_member_left
from guilds.models import Channel, Member, User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Delivery, Notification

pytestmark = pytest.mark.slow

DRAFT = AnnounceSchedule(AnnounceWhen.DRAFT)


def create(world: World, by: User, host: User | None, **more: Any) -> Game:
    return scheduling.create_game(
        world.guild.pk, world.make_plan(), Actor(by, EntryPoint.PAGE), world.now, host, **more
    ).game


def sent(world: World) -> dict[int | None, OutgoingMessage]:
    steps.create_due_deliveries(world.now)
    jobs = [job for job in steps.lease_jobs(world.now, 50) if job.post is None]
    steps.record([(job, SentMessage(5, job.pk)) for job in jobs], world.now)
    return {job.message.user_id: job.message for job in jobs}


def test_whom_a_manager_names_is_the_host_and_is_told(world: World) -> None:
    game = create(world, world.alice, world.charlie)
    assert (game.host, game.next_host, list(game.cohosts.all())) == (world.charlie, None, [])
    assert announcement_view(game, world.now).host_name == "charlie"
    messages = sent(world)
    assert messages.keys() == {world.charlie.pk}
    assert "alice chose you to run" in messages[world.charlie.pk].text
    cancellation.cancel_game(game.pk, "", Actor(world.charlie, EntryPoint.PAGE), world.now)  # it is theirs


def test_whom_somebody_else_names_is_asked(world: World) -> None:
    game = create(world, world.bob, world.charlie)
    assert (game.host, game.next_host) == (world.bob, world.charlie)
    assert [button.label for button in sent(world)[world.charlie.pk].buttons] == ["Run it", "No, thanks"]
    hosts.answer_open_hand_over(game.pk, hosts.ACCEPT, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert Game.objects.get().host == world.charlie


def test_who_names_nobody_or_themselves_hosts_and_is_told_nothing(world: World) -> None:
    for host in (None, world.alice):
        assert create(world, world.alice, host).host == world.alice
    assert not sent(world)


def test_a_draft_for_somebody(world: World) -> None:
    game = create(world, world.alice, world.charlie, announce=DRAFT)
    assert world.charlie.pk in sent(world)
    publishing.announce_game(game.pk, Actor(world.charlie, EntryPoint.PAGE), world.now)


@pytest.mark.parametrize("by", ["alice", "bob"])
@pytest.mark.parametrize("why", ["left", "hidden"])
def test_who_cannot_host_it(world: World, as_person: Any, by: str, why: str) -> None:
    if why == "left":
        mark_member_left(world.guild.pk, world.charlie.pk, world.now)
    else:
        Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[world.charlie.pk, 0, 1 << 10]])
    with pytest.raises(Refused) as refused:
        create(world, getattr(world, by), world.charlie)
    assert "host" in refused.value.refusal.fields
    assert not Game.objects.exists()


def test_a_host_chosen_and_replaced_before_they_hear_of_it(world: World) -> None:
    game = create(world, world.alice, world.charlie)
    hosts.hand_over(game.pk, world.bob, Actor(world.alice, EntryPoint.PAGE), world.now)
    messages = sent(world)
    assert "chose you to run" in messages[world.bob.pk].text
    assert Delivery.objects.filter(error_code=GameSkipCode.TAKEN_OVER).get().recipient == world.charlie
    assert "you're a co-host" in messages[world.charlie.pk].text


def test_a_manager_who_hands_over_has_both_told(world: World) -> None:
    game = world.create_game()
    hosts.hand_over(game.pk, world.charlie, Actor(world.alice, EntryPoint.PAGE), world.now)
    messages = sent(world)
    assert "alice chose you to run" in messages[world.charlie.pk].text
    assert "charlie runs it now; you're a co-host" in messages[world.bob.pk].text
    hosts.hand_over(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    assert world.alice.pk not in sent(world), "who chose themselves"


# --- limits ------------------------------------------------------------------------------------------------


def test_the_games_to_come_count_for_the_host(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(rules, "OPEN_GAMES_OF_HOST", 2)
    for _ in range(2):
        create(world, world.alice, None)
    create(world, world.alice, world.charlie), create(world, world.alice, world.charlie)
    with pytest.raises(Refused) as refused:
        create(world, world.alice, world.charlie)
    assert refused.value.refusal.code == "too_many"


def test_the_posts_of_a_day_count_for_who_announced_them(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(rules, "POSTS_OF_HOST_IN_A_DAY", 2)
    for _ in range(3):
        create(world, world.alice, world.bob)
    mine = [create(world, world.bob, None) for _ in range(2)]
    with pytest.raises(Refused) as refused:
        create(world, world.bob, None)
    assert refused.value.refusal.code == "too_many_posts"
    for game in mine:  # nor by giving them away
        hosts.hand_over(game.pk, world.charlie, Actor(world.bob, EntryPoint.PAGE), world.now)
        hosts.answer_open_hand_over(game.pk, hosts.ACCEPT, Actor(world.charlie, EntryPoint.PAGE), world.now)
    with pytest.raises(Refused):
        create(world, world.bob, world.charlie)
    draft = create(world, world.bob, None, announce=DRAFT)
    with pytest.raises(Refused):
        publishing.announce_game(draft.pk, Actor(world.bob, EntryPoint.PAGE), world.now)
    for _ in range(2):
        create(world, world.charlie, None)


def test_announcing_for_the_host_uses_up_nothing_of_theirs(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(rules, "POSTS_OF_HOST_IN_A_DAY", 1)
    drafts = [create(world, world.bob, None, announce=DRAFT) for _ in range(2)]
    hosts.set_cohosts(drafts[0].pk, [world.charlie], Actor(world.bob, EntryPoint.PAGE), world.now)
    publishing.announce_game(drafts[0].pk, Actor(world.charlie, EntryPoint.PAGE), world.now)
    publishing.announce_game(drafts[1].pk, Actor(world.bob, EntryPoint.PAGE), world.now)
    with pytest.raises(Refused):
        create(world, world.charlie, None)


# --- entry points ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["@charlie", "charlie", " CHARLIE ", "id"])
def test_the_page(world: World, as_person: Any, typed: str) -> None:
    client, address = as_person(world.alice), reverse("game-new", args=[world.guild.pk])
    host = str(world.charlie.pk) if typed == "id" else typed
    form = form_to(client, address, address, title="For you", host=host)
    response = client.post(address, form, follow=True)
    assert "charlie is its host." in response.text
    assert Game.objects.get().host == world.charlie


@pytest.mark.parametrize("typed", ["@nobody", "@charlie, @bob", "@charlie\n@bob", "@", "1300000000000000099"])
def test_a_name_that_is_not_one_member(world: World, as_person: Any, typed: str) -> None:
    client, address = as_person(world.alice), reverse("game-new", args=[world.guild.pk])
    response = client.post(address, form_to(client, address, address, title="For you", host=typed))
    assert response.status_code == 422
    assert 'id="id_host_error"' in response.text
    assert "plain name" not in response.text.split('id="id_host_error"')[1][:300]
    assert not Game.objects.exists()


def test_a_name_like_a_member_s(world: World, as_person: Any) -> None:
    client, address = as_person(world.alice), reverse("game-new", args=[world.guild.pk])
    response = client.post(address, form_to(client, address, address, title="For you", host="@charly"))
    assert write_one_of(["@charlie"]) in response.text


def test_an_edit_has_no_such_field(world: World, as_person: Any) -> None:
    game = world.create_game()
    assert 'name="host"' not in as_person(world.bob).get(reverse("game-edit", args=[game.pk])).text


def test_scheduling_again_for_somebody(world: World, as_person: Any) -> None:
    game = world.create_game()
    client, address = as_person(world.alice), reverse("game-again", args=[game.pk])
    client.post(address, form_to(client, address, address, host="@charlie", carry="no"))
    again = Game.objects.exclude(pk=game.pk).get()
    assert again.host == world.charlie
    assert Notification.objects.filter(kind="host_chosen", recipient=world.charlie, game=again).exists()
    plan = world.make_plan()
    by_bob = cloning.clone_game(
        game.pk, plan, CarryPlayers.NO, Actor(world.bob, EntryPoint.PAGE), world.now, host=world.charlie
    ).game
    assert (by_bob.host, by_bob.next_host) == (world.bob, world.charlie)


def test_the_command(world: World, capsys: Any) -> None:
    start = world.now + rules.DAY * 2
    typed = ["--guild", str(world.guild.pk), "--title", "For you", "--date", f"{start:%Y-%m-%d}", "--time", "20:00"]
    typed += ["--channel", str(world.channel.pk)]
    call_command("game", "create", *typed, "--host", "@charlie")
    game = Game.objects.get()
    assert game.host == world.charlie, "an operator chooses as a manager does"
    call_command("game", "clone", str(game.pk), "--host", str(world.bob.pk), "--as", "alice")
    assert Game.objects.latest("pk").host == world.bob
    call_command("game", "create", *typed, "--host", "@charlie", "--as", "bob")
    assert (Game.objects.latest("pk").host, Game.objects.latest("pk").next_host) == (world.bob, world.charlie)
    with pytest.raises(CommandError, match="--host"):
        call_command("game", "create", *typed, "--host", "@nobody")


def test_the_admin(world: World, as_person: Any) -> None:
    client, address = as_person(world.alice), reverse("admin:games_game_add")
    form = form_to(client, address, address, title="For you", channel=str(world.channel.pk), host=str(world.charlie.pk))
    start = world.now + rules.DAY * 2
    form |= {"starts_at_0": f"{start:%Y-%m-%d}", "starts_at_1": "20:00:00", "guild": str(world.guild.pk)}
    response = client.post(address, form)
    assert response.status_code == 302, response.text
    assert Game.objects.get().host == world.charlie
    assert Member.objects.filter(user=world.charlie).exists()
    form = form_to(client, address, address, title="Mine", channel=str(world.channel.pk))
    form |= {"starts_at_0": f"{start:%Y-%m-%d}", "starts_at_1": "20:00:00", "guild": str(world.guild.pk)}
    client.post(address, form)
    assert Game.objects.get(title="Mine").host == world.alice
