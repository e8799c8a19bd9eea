"""Scheduling a game again, with or without its players, and saving it as a template."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import World
from games.confirmations import actions as confirmations
from games.confirmations.change_notices import notify_carried
from games.confirmations.tests.test_edit_notices import MINUTE, edit, sent_messages
from games.core import rules
from games.core.base import Actor, EntryPoint
from games.core.freezing import freeze_started_games
from games.hosts import actions as host_actions
from games.models import AuditEntry, Game, GameTemplate
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, cloning, publishing
from games.scheduling import rules as schedule_rules
from games.scheduling.cloning import CarryPlayers
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.server_settings import templates
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from gamesched.testing.refusals import refuses
from guilds.directory.upsert import mark_member_left
from guilds.models import Role, User

pytestmark = pytest.mark.slow


@pytest.fixture
def game(world: World) -> Game:
    """Bob's game with two seats: Charlie, then a friend not in Discord; Dan and Alice wait."""
    created = world.create_game(seats=2, reminders=(60,), location="Table 3", instructions="The door is green.")
    host_actions.set_cohosts(created.pk, [world.alice], Actor(world.bob, EntryPoint.PAGE), world.now)
    signups.join(created.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    scheduling.edit_game(
        created.pk,
        scheduling.plan_from_game(created),
        Actor(world.bob, EntryPoint.PAGE),
        world.now,
        participants=["Grandma"],
    )
    for person in (dan(world), world.alice):
        signups.join(created.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    return Game.objects.get()


def dan(world: World) -> User:
    return world.add_member(100, "Dan")


def schedule_again(game: Game, carry: CarryPlayers, by: User, at: datetime, **changes: Any) -> Any:
    plan = scheduling.plan_from_game(game)
    start = rules.next_week(game.starts_at, game.zone, at)
    starts_at = schedule_rules.resolve_local_time(start.date(), start.time(), game.zone, 0)
    assert isinstance(starts_at, datetime)
    return cloning.clone_game(
        game.pk, schedule_rules.change_plan(plan, starts_at=starts_at, **changes), carry, Actor(by, EntryPoint.PAGE), at
    )


def roster(game: Game) -> list[tuple[str, bool]]:
    return [(str(signup.user or signup.placeholder), signup.seated_at is not None) for signup in game.signups.current()]


def test_players_are_carried_over_with_seats_and_order(world: World, game: Game) -> None:
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    sent_messages(world.now + 10 * MINUTE)
    done = schedule_again(game, CarryPlayers.YES, world.bob, world.now + 10 * MINUTE)
    clone = Game.objects.get(pk=done.game.pk)
    assert roster(clone) == [("charlie", True), ("Grandma", True), ("person100", False), ("alice", False)]
    assert roster(clone) == roster(game)
    assert clone.starts_at > game.starts_at
    assert (clone.location, clone.seats, list(clone.cohosts.all())) == ("Table 3", 2, [world.alice])
    assert "We carried over 4 players." in done.text
    messages = sent_messages(world.now + 10 * MINUTE)
    assert messages.keys() == {world.charlie.pk, dan(world).pk, world.alice.pk}
    assert "added you to" in messages[world.charlie.pk].text
    assert AuditEntry.objects.filter(game=game, action="again").exists()
    scheduling.edit_game(
        clone.pk, scheduling.plan_from_game(clone), Actor(world.bob, EntryPoint.PAGE), world.now + 20 * MINUTE
    )
    signups.leave(clone.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now + 20 * MINUTE)
    assert roster(clone)[1] == ("person100", True), "the queue goes on as it was"


def test_players_who_may_not_sign_up_are_left_out_and_named(world: World, game: Game) -> None:
    mark_member_left(world.guild.pk, dan(world).pk, world.now + MINUTE)
    Game.objects.update(settings_frozen_at=None)
    signups.join(game.pk, eve := world.add_member(101, "Eve"), Actor(eve, EntryPoint.PAGE), world.now)
    host_actions.block_user(world.guild.pk, eve, None, "", Actor(world.alice, EntryPoint.PAGE), world.now)
    role = Role.objects.create(pk=world.guild.pk + 40, guild=world.guild, name="Player")
    done = schedule_again(game, CarryPlayers.YES, world.bob, world.now, player_role_ids=(role.pk,))
    assert roster(done.game) == [("Grandma", True), ("alice", True)], "a co-host needs no role"
    assert "Left out: charlie, Eve." in done.text


def test_carried_players_keep_the_place_only_by_confirming(world: World, game: Game) -> None:
    done = schedule_again(game, CarryPlayers.ASK, world.bob, world.now)
    clone = Game.objects.get(pk=done.game.pk)
    assert "ask them to confirm" in done.text
    messages = sent_messages(world.now + MINUTE)
    message = messages[world.charlie.pk]
    assert "is scheduled again" in message.text
    assert "Without an answer you lose your place." in message.text
    assert message.buttons[0].id == f"ask:question:{clone.pk}:1:yes"
    confirmations.answer_confirmation(clone.pk, 1, "yes", Actor(world.charlie, EntryPoint.BUTTON), world.now + MINUTE)
    # A small move asks them anew who never agreed to anything.
    edit(clone, world.bob, world.now + 2 * MINUTE, starts_at=clone.starts_at + 5 * MINUTE, drop_unconfirmed=True)
    assert set(clone.signups.filter(open_confirmation=2).values_list("user__handle", flat=True)) == {
        "person100",
        "alice",
    }
    clone.refresh_from_db()
    assert clone.confirm_by is not None
    sent_messages(clone.confirm_by)
    assert roster(clone) == [("charlie", True), ("Grandma", True)]


def test_players_of_a_hidden_game_are_notified_when_it_is_announced(world: World, game: Game) -> None:
    clone = schedule_again(game, CarryPlayers.ASK, world.bob, world.now).game
    clone = Game.objects.get(pk=clone.pk)
    clone.announced_at = None
    notify_carried(clone, world.now + MINUTE)
    assert clone.confirmation_number == 1
    clone.announced_at = world.now
    notify_carried(clone, world.now + MINUTE)
    assert (clone.confirmation_number, clone.signups.filter(open_confirmation=2).count()) == (2, 3)


def test_without_players_nobody_is_notified(world: World, game: Game) -> None:
    done = schedule_again(game, CarryPlayers.NO, world.alice, world.now)
    assert (done.game.host, roster(done.game)) == (world.alice, [])
    assert sent_messages(world.now + MINUTE) == {}


def test_the_rules_of_scheduling_apply(world: World, game: Game) -> None:
    plan = scheduling.plan_from_game(game)
    with pytest.raises(Refused, match="past"):
        cloning.clone_game(game.pk, plan, CarryPlayers.YES, Actor(world.bob, EntryPoint.PAGE), game.starts_at)
    assert Game.objects.count() == 1


def test_the_form_starts_with_next_week(world: World, game: Game, as_person: Any) -> None:
    client = as_person(world.bob)
    assert "Schedule it again" in client.get(game.get_absolute_url()).text
    url = reverse("game-again", args=[game.pk])
    form = client.get(url).context["form"]
    local = game.starts_at.astimezone(ZoneInfo(game.zone))
    assert (form["date"].value(), form["time"].value()) == (local.date() + timedelta(days=7), local.time())
    data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    data["time"] = f"{local:%H:%M}"
    response = client.post(url, data | {"carry": "yes"}, follow=True)
    assert "We carried over" in response.text
    clone = Game.objects.latest("pk")
    assert (clone.instructions, clone.seats) == ("The door is green.", 2)
    # What those who signed up are to know is not for whoever may schedule here.
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    stranger = as_person(world.add_member(102, "Mallory")).get(url)
    assert stranger.status_code == 200
    assert "The door is green." not in stranger.text


def test_players_may_schedule_a_past_game_again(world: World, game: Game, as_person: Any) -> None:
    player = as_person(world.charlie)
    again = reverse("game-again", args=[game.pk])
    assert again not in player.get(game.get_absolute_url()).text
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    page = player.get(game.get_absolute_url()).text
    assert again in page
    assert "Save as a template" not in page


@pytest.mark.parametrize("minutes_after_start", [-1, 1])
def test_until_a_game_is_over_only_those_who_run_it_schedule_it_again(
    world: World, game: Game, as_person: Any, minutes_after_start: int
) -> None:
    """The page offers it to no one else, so its address and the command may not either."""
    starts_at = world.now - timedelta(minutes=minutes_after_start)
    Game.objects.filter(pk=game.pk).update(starts_at=starts_at, ends_at=starts_at + timedelta(hours=3))
    game.refresh_from_db()
    plan = replace(scheduling.plan_from_game(game), starts_at=world.now + timedelta(days=7))
    url, count = reverse("game-again", args=[game.pk]), Game.objects.count()
    client = as_person(world.charlie)
    assert (client.get(url).status_code, client.post(url, {"carry": "no"}).status_code) == (403, 403)
    with pytest.raises(Refused) as refused:
        cloning.clone_game(game.pk, plan, CarryPlayers.NO, Actor(world.charlie, EntryPoint.COMMAND), world.now)
    assert (refused.value.refusal.code, Game.objects.count()) == ("not_over", count)
    for who in (world.bob, world.alice):
        assert as_person(who).get(url).status_code == 200
        assert cloning.clone_game(game.pk, plan, CarryPlayers.NO, Actor(who, EntryPoint.PAGE), world.now).changed


def test_a_game_that_is_over_still_inherits_when_scheduled_again(world: World) -> None:
    game = world.create_game(seats=4, duration=None, reminders=None)
    at = game.ends_at + timedelta(days=20)
    freeze_started_games(at)
    call_command("game", "clone", str(game.pk), "--as", "bob", "--title", "Again", "--carry", "no")
    clone = Game.objects.latest("pk")
    assert (clone.title, clone.seats, clone.duration, clone.reminders) == ("Again", 4, None, None)


@pytest.mark.parametrize(
    ("start", "now", "wall"),
    [
        # Over the change to winter time, and to summer time; then weeks later; then while it is under way.
        (datetime(2026, 10, 22, 18, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC), (date(2026, 10, 29), time(20))),
        (datetime(2026, 3, 26, 19, tzinfo=UTC), datetime(2026, 3, 25, tzinfo=UTC), (date(2026, 4, 2), time(20))),
        (datetime(2026, 3, 26, 19, tzinfo=UTC), datetime(2026, 5, 7, 17, tzinfo=UTC), (date(2026, 5, 7), time(20))),
        (datetime(2026, 3, 26, 19, tzinfo=UTC), datetime(2026, 5, 7, 18, tzinfo=UTC), (date(2026, 5, 14), time(20))),
    ],
)
def test_next_week_in_local_time(start: datetime, now: datetime, wall: tuple[date, time]) -> None:
    at = rules.next_week(start, "Europe/Berlin", now)
    assert (at.date(), at.time()) == wall


def test_a_game_becomes_a_template(world: World, game: Game, as_person: Any) -> None:
    client = as_person(world.alice)
    assert "Save as a template" in client.get(game.get_absolute_url()).text
    response = client.post(reverse("game-template", args=[game.pk]), {"name": "Strahd"}, follow=True)
    assert "The template Strahd is saved." in response.text
    template = GameTemplate.objects.get(name="Strahd")
    assert (template.seats, template.location, template.description, template.channel) == (
        2,
        "Table 3",
        "Bring dice.",
        world.channel,
    )
    assert AuditEntry.objects.filter(game=None, action="new_template").exists()
    response = client.post(reverse("game-template", args=[game.pk]), {"name": "Strahd"}, follow=True)
    assert "Another template has this name." in response.text
    with refuses("not_manager"):
        templates.save_game_as_template(game.pk, "Mine", Actor(world.bob, EntryPoint.PAGE), world.now)
    assert "Save as a template" not in as_person(world.bob).get(game.get_absolute_url()).text


def test_participants_named_besides_are_only_notified(world: World, game: Game) -> None:
    eve = world.add_member(101, "Eve")
    plan = replace(scheduling.plan_from_game(game), starts_at=game.starts_at + timedelta(days=7))
    by = Actor(world.bob, EntryPoint.PAGE)
    clone = cloning.clone_game(
        game.pk, plan, CarryPlayers.ASK, by, world.now, [eve.pk], AnnounceSchedule(AnnounceWhen.DRAFT)
    ).game
    publishing.announce_game(clone.pk, by, world.now + MINUTE)
    assert clone.signups.get(user=eve).open_confirmation == 0
    assert clone.signups.get(user=world.charlie).open_confirmation == 1
    assert "added you to" in sent_messages(world.now + 2 * MINUTE)[eve.pk].text


STATES = ["announced", "started", "cancelled", "draft", "cancelled draft", "planned", "planned in the past"]


@pytest.mark.parametrize("state", STATES)
def test_a_game_scheduled_again_is_announced_unless_it_was_a_draft(
    world: World, game: Game, as_person: Any, state: str
) -> None:
    lead = timedelta(days=20) if "past" in state else timedelta(hours=2)
    if "draft" in state or "planned" in state:
        Game.objects.update(announced_at=None)
    if "planned" in state:
        Game.objects.update(announce_at=game.starts_at - lead)
    if "cancelled" in state:
        cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    if state == "started":
        Game.objects.update(starts_at=world.now - timedelta(hours=1), ends_at=world.now + timedelta(hours=1))
    form = as_person(world.bob).get(reverse("game-again", args=[game.pk])).context["form"]
    expected = "draft" if "draft" in state else "later" if state == "planned" else "now"
    assert form.initial["announce"] == expected
    call_command("game", "clone", str(game.pk), "--as", "bob", "--anyway")
    clone = Game.objects.exclude(pk=game.pk).get()
    assert (clone.announced_at is not None) is (expected == "now")
    assert (clone.announce_at is not None) is (expected == "later")
    if clone.announce_at is not None:
        assert clone.starts_at - clone.announce_at == lead
