"""The statements that find games to mend agree with the rules, and take as much work for many games as for one."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from conftest import World
from games.core.drift import games_with_other_seats, games_with_other_times
from games.core.freezing import is_synced, mend_settings, resync_drifted_games
from games.core.notification_schedule import schedule_game_times
from games.core.seating import assign_seats
from games.models import Announcement, Game, Signup
from games.models.settings import ChannelDefaults, GuildDefaults
from games.models.template import GameTemplate
from games.posts.actions import recheck_all_posts, repair_games, verify_posts
from games.signups.eligibility import drop_hidden_signups
from notifications.models import Notification, Preference

pytestmark = pytest.mark.slow

VALUES: dict[str, list[Any]] = {
    "reminders": [None, [], [60], [1440, 60, 5]],
    "signups_close": [None, 0, 30, 3000],
    "minimum": [None, 0, 3],
    "minimum_by": [None, 0, 60, 1440],
    "ask_rewards": [None, True, False],
    "archive_channel_id": [None, 0, 12345],
    "archive_after": [None, 0, 60],
    "duration": [None, 60, 600],
    "seats": [None, 0, 2, 5],
    "method": [None, "open", "priority", "picks", "picks_waiting"],
    "offer_within": [None, 0, 10_000],
}


def chosen(rng: random.Random) -> dict[str, Any]:
    return {name: rng.choice(values) for name, values in VALUES.items()}


def games_of_all_kinds(world: World, number: int, seed: int = 7) -> list[Game]:
    """Return games with settings on every layer, near and far, running, hidden and drafts, with and without people."""
    rng = random.Random(seed)
    GuildDefaults.objects.filter(pk=world.guild.pk).update(**chosen(rng))
    ChannelDefaults.objects.create(channel=world.channel, **chosen(rng))
    template = GameTemplate.objects.create(
        guild=world.guild, name="Dice", locked=["reminders", "duration", "seats"], **chosen(rng)
    )
    model = world.create_game(reminders=())
    people = [world.alice, world.bob, world.charlie, *(world.add_member(10**15 + at) for at in range(4))]
    for user in (world.bob, world.charlie):
        Preference.objects.create(user=user, guild=world.guild, reminder_minutes=rng.choice([45, 2000]))
    games = []
    for _ in range(number):
        game = Game.objects.get(pk=model.pk)
        game.pk, game._state.adding = None, True
        for name, value in chosen(rng).items():
            setattr(game, name, value)
        game.drop_cached_settings()
        game.channel = rng.choice([world.channel, world.other_channel])
        game.template = rng.choice([None, template])
        game.starts_at = world.now + timedelta(minutes=rng.choice([-20, 1, 40, 200, 1500, 9000]))
        game.ends_at = game.starts_at + timedelta(minutes=game.settings.duration)
        hidden = rng.choice([None, None, None, "draft", "later"])
        if hidden:
            game.announced_at = None
            game.announce_at = world.now + timedelta(minutes=3) if hidden == "later" else None
        game.rewards = rng.choice(["", "", "gold"])
        game.save()
        Announcement.objects.create(
            game=game, channel=game.channel, message_id=game.pk, shown_version=game.post_version, checked_at=world.now
        )
        for key, person in enumerate(rng.sample(people, rng.randint(0, 7)), 1):
            Signup.objects.create(
                game=game,
                user=person,
                order_key=key,
                joined_at=world.now - timedelta(days=1),
                rank=rng.choice([0, 1, 2]),
                on_standby=rng.random() < 0.2,
                added_by_other=rng.random() < 0.2,
            )
        games.append(game)
    Game.objects.filter(pk=model.pk).delete()
    return games


def in_order(world: World, games: list[Game]) -> None:
    """Have the rules give seats and schedule the games' times."""
    for game in games:
        fresh = Game.objects.get(pk=game.pk)
        if fresh.ends_at > world.now:
            if fresh.starts_at > world.now:
                assign_seats(fresh, world.now)
            schedule_game_times(fresh, world.now)
    Notification.objects.filter(kind__in=["offer", "offer_end", "moved"]).delete()


def differing(world: World) -> set[int]:
    games = Game.objects.filter(cancelled_at=None, ends_at__gt=world.now)
    return set(games_with_other_times(games, world.now))


def test_what_the_rules_scheduled_does_not_differ(world: World) -> None:
    games = games_of_all_kinds(world, 70)
    assert len(differing(world)) > 40
    in_order(world, games)
    assert differing(world) == set()
    kinds = set(Notification.objects.open().values_list("kind", flat=True))
    assert kinds == {
        *("announce", "reminder", "own_reminder", "signups_close", "short", "nudge", "start", "end", "rewards"),
        "archive",
    }


def test_each_row_that_is_missing_moved_or_too_many_is_found(world: World) -> None:
    in_order(world, games_of_all_kinds(world, 40))
    rows = Notification.objects.open().filter(due_at__gt=world.now)
    by_kind = {row.kind: row for row in rows}
    assert len(by_kind) == 10
    for row in by_kind.values():
        Notification.objects.filter(pk=row.pk).update(due_at=F("due_at") + timedelta(seconds=1))
        assert differing(world) == {row.game_id}, row.kind
        Notification.objects.filter(pk=row.pk).update(due_at=row.due_at, closed_at=world.now)
        assert differing(world) == {row.game_id}, row.kind
        Notification.objects.filter(pk=row.pk).update(closed_at=None)
    row = by_kind["reminder"]
    extra = Notification.objects.create(
        kind="reminder", game=row.game, minutes=7, dedupe_key="7", due_at=world.now + timedelta(minutes=1)
    )
    assert differing(world) == {row.game_id}
    # notifyd may be at it just now.
    Notification.objects.filter(pk=extra.pk).update(due_at=world.now)
    assert differing(world) == set()
    # Nobody chooses this length any more.
    Preference.objects.all().delete()
    assert differing(world) == set()


@pytest.mark.parametrize("seed", range(2))
def test_every_game_whose_seats_the_rule_would_change_is_found(world: World, seed: int) -> None:
    games_of_all_kinds(world, 40, seed)
    rng = random.Random(seed)
    for signup in Signup.objects.all():
        if rng.random() < 0.6:
            signup.seated_at = world.now
        elif rng.random() < 0.2:
            signup.offered_at = world.now
        signup.save()
    games = Game.objects.filter(starts_at__gt=world.now)
    Game.objects.filter(pk__in=games[:5]).update(ends_at=F("ends_at") + timedelta(minutes=1))
    found = set(games_with_other_seats(games)) | set(games_with_other_times(games, world.now))
    others = [game for game in games if not is_synced(game, world.now)]
    assert len(others) > 10
    assert {game.pk for game in others} <= found


def add_copies(world: World, number: int) -> None:
    """Add so many copies of a full game in order, with its post and its open notifications."""
    model = world.create_game(seats=2, minimum=2, signups_close=30, ask_rewards=True)
    rows = list(Notification.objects.open().filter(game=model).exclude(kind="announcement"))
    copies = []
    for _ in range(number):
        game = Game.objects.get(pk=model.pk)
        game.pk, game._state.adding = None, True
        copies.append(game)
    Game.objects.bulk_create(copies)
    Announcement.objects.bulk_create(
        Announcement(game=game, channel=world.channel, message_id=game.pk, shown_version=1, checked_at=world.now)
        for game in copies
    )
    fields = ("kind", "minutes", "dedupe_key", "due_at", "payload", "expires_at")
    Notification.objects.bulk_create(
        Notification(game=game, **{name: getattr(row, name) for name in fields}) for game in copies for row in rows
    )
    Signup.objects.bulk_create(
        Signup(game=game, user=person, order_key=key, joined_at=world.now, seated_at=world.now if key < 3 else None)
        for game in copies
        for key, person in enumerate((world.alice, world.bob, world.charlie), 1)
    )
    model.delete()


def test_nothing_is_written_and_no_statement_more_made_for_many_games_in_order(world: World) -> None:
    tasks: dict[str, Callable[[], object]] = {
        "sweep": lambda: repair_games(world.now),
        "drift": lambda: resync_drifted_games(world.now),
        "settings": lambda: mend_settings(world.now),
        "seats": lambda: drop_hidden_signups(world.now),
        "posts": lambda: verify_posts(world.now, 500),
        "start": lambda: recheck_all_posts(world.now),
    }

    def statements() -> dict[str, int]:
        found = {}
        for name, work in tasks.items():
            Announcement.objects.update(checked_at=None if name == "start" else world.now)
            with CaptureQueriesContext(connection) as captured:
                assert not work(), name
            found[name] = len(captured)
        return found

    add_copies(world, 3)
    rows = Notification.objects.order_by("pk").values_list("pk", "due_at", "closed_at")
    before = statements()
    add_copies(world, 300)
    unchanged = list(rows)
    assert statements() == before == {"sweep": 3, "drift": 2, "settings": 1, "seats": 2, "posts": 1, "start": 1}
    assert list(rows) == unchanged
    assert set(Game.objects.values_list("post_version", flat=True)) == {1}


def test_only_the_games_that_differ_are_mended(world: World) -> None:
    add_copies(world, 40)
    ids = list(Game.objects.order_by("pk").values_list("pk", flat=True))
    open_rows = Notification.objects.open()
    open_rows.filter(game=ids[3], kind="start").delete()
    open_rows.filter(game=ids[5], minutes=60).update(due_at=world.now + timedelta(hours=1))
    Announcement.objects.filter(game=ids[7]).update(message_id=None)
    Announcement.objects.filter(game=ids[9]).delete()
    Signup.objects.filter(game=ids[11], order_key=1).update(left_at=world.now, seated_at=None)
    Game.objects.filter(pk=ids[13]).update(ends_at=F("ends_at") + timedelta(hours=1))
    times = Notification.objects.open().order_by("pk").values_list("pk", "due_at", "attempts", "error")
    Notification.objects.update(attempts=1)  # an upsert resets it
    before = {pk: rest for pk, *rest in times.all()}
    assert repair_games(world.now) == 5
    assert resync_drifted_games(world.now) == 2
    changed = {pk for pk, *rest in times.all() if before.get(pk) != rest}
    touched = set(Notification.objects.filter(pk__in=changed).values_list("game", flat=True))
    assert touched == {ids[at] for at in (3, 5, 7, 9, 11, 13)}
    assert Signup.objects.filter(game=ids[11], seated_at__isnull=False).count() == 2
    assert Game.objects.filter(ends_at=F("starts_at") + timedelta(hours=2)).count() == 40
    assert repair_games(world.now) == resync_drifted_games(world.now) == 0
