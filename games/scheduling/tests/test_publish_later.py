"""Drafts, and games announced at a time: who sees them, and what follows when the time comes."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from conftest import NotifyListener, World
from games.core.base import Actor, EntryPoint
from games.core.freezing import resync_drifted_games
from games.core.state_wording import ANNOUNCED
from games.core.states import State
from games.hosts import actions as host_actions
from games.models import AuditEntry, Follow, Game
from games.posts.actions import repair_games
from games.reminders.tests.test_preferences import messages_to, send_due_messages
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, publishing
from games.scheduling import rules as schedule_rules
from games.scheduling import wording as schedule_wording
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from guilds.models import User
from notifications.daemon import steps
from notifications.models import Delivery, Notification

pytestmark = pytest.mark.slow

DRAFT = AnnounceSchedule(AnnounceWhen.DRAFT)


def bob(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


def create_hidden_game(
    world: World, announce: AnnounceSchedule = DRAFT, named: tuple[int, ...] = (), **changes: Any
) -> Game:
    plan = world.make_plan(**changes)
    return scheduling.create_game(
        world.guild.pk, plan, bob(world), world.now, participants=named, announce=announce
    ).game


def at(when: datetime) -> AnnounceSchedule:
    return AnnounceSchedule(AnnounceWhen.LATER, when)


def rows(game: Game) -> set[str]:
    return set(Notification.objects.open().filter(game=game).values_list("kind", flat=True))


def test_a_draft_schedules_nothing(world: World) -> None:
    Follow.objects.create(user=world.alice, guild=world.guild)
    game = create_hidden_game(world, named=(world.charlie.pk,))
    assert (game.state(world.now), rows(game)) == (State.DRAFT, set())
    scheduling.edit_game(game.pk, world.make_plan(title="Renamed", seats=2), bob(world), world.now)
    signups.remove_signup(game.pk, game.signups.get().pk, bob(world), world.now)
    host_actions.set_cohosts(game.pk, [world.alice], bob(world), world.now)
    resync_drifted_games(world.now)
    repair_games(world.now)
    cancellation.cancel_game(game.pk, "", bob(world), world.now)
    assert rows(game) == set()
    assert not Delivery.objects.exists()


def test_a_game_is_announced_at_its_time_and_people_are_notified(world: World) -> None:
    Follow.objects.create(user=world.alice, guild=world.guild)
    when = world.now + timedelta(days=1)
    game = create_hidden_game(world, at(when), named=(world.charlie.pk,))
    assert (game.state(world.now), rows(game)) == (State.UNANNOUNCED, {"announce"})
    assert send_due_messages(when - timedelta(seconds=1)) == []
    steps.create_due_deliveries(when)
    game.refresh_from_db()
    assert (game.state(when), game.announced_at, game.announce_at) == (State.SCHEDULED, when, None)
    assert rows(game) == {"announcement", "reminder", "start", "end", "new_game", "added"}
    assert game.audit.get(action="announced").source == "clock"
    texts = {message.user_id: message.text for message in send_due_messages(when + publishing.NEW_GAME_DELAY)}
    assert texts.keys() == {world.charlie.pk, world.alice.pk}
    assert "Bob the GM added you" in texts[world.charlie.pk]
    assert "Bob the GM scheduled" in texts[world.alice.pk]
    assert not Notification.objects.filter(kind="announce", deliveries__isnull=False).exists()


def test_a_game_past_its_start_stays_hidden_and_notifies_the_host(world: World) -> None:
    when = world.now + timedelta(days=1)
    game = create_hidden_game(world, at(when))
    late = game.starts_at + timedelta(minutes=1)
    assert send_due_messages(late - timedelta(days=4)) == []
    [message] = messages_to(send_due_messages(late), world.bob) or messages_to(send_due_messages(late), world.bob)
    assert "We didn't announce" in message.text
    assert f"{game.url}?d=" in message.text
    game.refresh_from_db()
    assert game.state(late) is State.DRAFT
    assert rows(game) == set()
    with pytest.raises(Refused, match=schedule_wording.START_PAST):
        publishing.announce_game(game.pk, bob(world), late)


def test_announcing_now_by_every_entry_point(world: World, as_person: Any) -> None:
    page, command = create_hidden_game(world), create_hidden_game(world)
    client = as_person(world.bob)
    before = client.get(page.get_absolute_url()).text
    assert "a draft." in before
    assert "Announce it now" in before
    response = client.post(reverse("game-announce-now", args=[page.pk]), follow=True)
    assert schedule_wording.ANNOUNCED in response.text
    assert "Bob the GM announced the game" in response.text
    call_command("game", "announce", str(command.pk), "--as", "bob")
    for game in (page, command):
        game.refresh_from_db()
        assert game.announced_at is not None
        assert "announcement" in rows(game)
    with pytest.raises(Refused, match=ANNOUNCED):
        publishing.announce_game(page.pk, bob(world), world.now)


def test_changing_and_clearing_the_announcement_time(world: World) -> None:
    game = create_hidden_game(world, at(world.now + timedelta(days=1)))
    plan = scheduling.plan_from_game(game)
    scheduling.edit_game(game.pk, plan, bob(world), world.now, announce=at(world.now + timedelta(days=2)))
    assert Notification.objects.open().get(game=game).due_at == world.now + timedelta(days=2)
    sooner = world.make_plan(starts_at=world.now + timedelta(days=1))
    with pytest.raises(Refused, match=schedule_wording.ANNOUNCE_AFTER_START) as refused:
        scheduling.edit_game(game.pk, sooner, bob(world), world.now)
    assert set(refused.value.refusal.fields) == {"announce_time"}
    scheduling.edit_game(game.pk, plan, bob(world), world.now, announce=DRAFT)
    assert rows(game) == set()
    done = scheduling.edit_game(game.pk, plan, bob(world), world.now, announce=AnnounceSchedule())
    assert done.text == schedule_wording.ANNOUNCED
    assert "announcement" in rows(game)


@pytest.mark.parametrize(
    ("announce", "field"),
    [(timedelta(), "announce_time"), (timedelta(days=3), "announce_time"), (None, "announce_time")],
)
def test_an_announcement_time_in_the_past_or_after_the_start(
    world: World, announce: timedelta | None, field: str
) -> None:
    wrong = AnnounceSchedule(AnnounceWhen.LATER, world.now + announce if announce is not None else None)
    with pytest.raises(Refused) as refused:
        create_hidden_game(world, wrong)
    assert set(refused.value.refusal.fields) == {field}
    assert not Game.objects.exists()


def test_the_form(world: World, as_person: Any) -> None:
    client = as_person(world.bob)
    typed = {
        "title": "Dune", "date": f"{world.now + timedelta(days=9):%Y-%m-%d}", "time": "20:00",
        "zone": "Europe/Berlin", "channel": str(world.channel.pk), "announce": "later",
    }  # fmt: skip
    url = reverse("game-new", args=[world.guild.pk])
    assert schedule_wording.NO_TIME in client.post(url, typed).text
    day = world.now + timedelta(days=2)
    typed |= {"announce_date": f"{day:%Y-%m-%d}", "announce_time": "12:00"}
    reply = client.post(url, typed, follow=True).text
    assert "Saved. We announce it" in reply
    game = Game.objects.get()
    assert game.announce_at is not None
    assert f"{game.announce_at.astimezone(world.bob.tzinfo):%H}" in {"10", "11", "12"}
    form = client.get(reverse("game-edit", args=[game.pk])).text
    assert 'value="later"' in form
    assert f'value="{day:%Y-%m-%d}"' in form
    for page in (reverse("home"), reverse("guild", args=[world.guild.pk])):
        shown = client.get(page).text
        assert "Not announced yet" in shown
        assert "We announce it " in shown
    client.post(reverse("game-edit", args=[game.pk]), typed | {"announce": "draft", "edition": "1"})
    game.refresh_from_db()
    assert game.announce_at is None
    assert game.edit_version == 2
    client.post(reverse("game-edit", args=[game.pk]), typed | {"announce": "now", "edition": "2"})
    game.refresh_from_db()
    assert game.announced_at is not None
    assert "announce_date" not in client.get(reverse("game-edit", args=[game.pk])).text


def test_the_command(world: World) -> None:
    def create(announce: str) -> Game:
        call_command(
            "game", "create", "--as", "bob", "--guild", str(world.guild.pk), "--channel", str(world.channel.pk),
            "--title", announce, "--date", f"{world.now + timedelta(days=9):%Y-%m-%d}", "--time", "20:00",
            "--zone", "UTC", "--announce", announce,
        )  # fmt: skip
        return Game.objects.get(title=announce)

    day = world.now + timedelta(days=2)
    game = create(f"{day:%Y-%m-%d} 19:30")
    assert game.announce_at == day.replace(hour=19, minute=30, second=0)
    call_command("game", "edit", str(game.pk), "--seats", "3", "--as", "bob")
    game.refresh_from_db()
    assert (game.seats, game.announced_at) == (3, None), "what is not given stays"
    assert create("draft").state(world.now) is State.DRAFT
    assert create("now").announced_at is not None


def test_drafts_count_as_upcoming_games(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("games.scheduling.rules.OPEN_GAMES_OF_HOST", 1)
    create_hidden_game(world)
    with pytest.raises(Refused, match="the most for one host"):
        create_hidden_game(world)


def test_pages_show_the_state_from_draft_to_over(
    committed_world: World, pg_notifications: NotifyListener, as_person: Any
) -> None:
    world = committed_world
    game = create_hidden_game(world, at(world.now + timedelta(hours=1)))
    client = as_person(world.alice)
    times = [
        (world.now + timedelta(hours=1), State.SCHEDULED),
        (game.starts_at, State.IN_PROGRESS),
        (game.ends_at, State.COMPLETED),
    ]
    for when, state in times:
        pg_notifications.received()
        steps.create_due_deliveries(when)
        assert "game_changed" in pg_notifications.received(), "open pages look"
        game.refresh_from_db()
        assert game.state(when) is state
        assert Notification.objects.get(game=game, kind="announcement").post_version == game.post_version, (
            "the post too"
        )
    assert client.get(game.get_absolute_url()).status_code == 200


def test_players_who_left_the_server_while_it_was_hidden_are_out(world: World) -> None:
    from guilds.directory.upsert import mark_member_left

    game = create_hidden_game(world, named=(world.charlie.pk,))
    mark_member_left(world.guild.pk, world.charlie.pk, world.now)
    assert not game.signups.current().exists()


def test_managers_see_it_and_others_do_not(world: World) -> None:
    from games.core.permissions import visible_to

    game = create_hidden_game(world)
    visible: dict[str, bool] = {}
    for name, user in (("host", world.bob), ("owner", world.alice), ("member", world.charlie)):
        assert isinstance(user, User)
        visible[name] = visible_to(user).filter(pk=game.pk).exists()
    assert visible == {"host": True, "owner": True, "member": False}
    assert schedule_rules.check_announce(AnnounceSchedule(), game.starts_at, game.starts_at) == {
        "time": schedule_wording.START_PAST
    }
    assert AuditEntry.objects.filter(game=game, action="create").exists()
