"""Following a guild or a template: notified of new games at once or in a daily digest, and of none twice."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from conftest import World
from games.core.base import Actor, EntryPoint
from games.hosts import actions as host_actions
from games.models import Game, GameTemplate
from games.reminders import actions as preferences
from games.reminders.actions import DAILY, NOW, NotificationPreferences
from games.reminders.followers import followers_to_notify
from games.reminders.rules import next_digest
from games.reminders.tests.test_preferences import messages_to, send_due_messages
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.publishing import NEW_GAME_DELAY
from games.signups import actions as signups
from games.signups import closing
from guilds.directory.upsert import mark_member_left
from guilds.models import Member, Role, User
from guilds.profile import set_zone
from notifications.models import Delivery, Notification, Preference

pytestmark = pytest.mark.slow

ROLE = 1200000000000000777


def follow(world: World, who: User, news: str = "", how: str = "dm", **templates: str) -> None:
    picked = {int(name[1:]): when for name, when in templates.items()}
    preferences.save_preferences(
        world.guild.pk,
        NotificationPreferences(how=how, news=news, templates=picked),
        Actor(who, EntryPoint.PAGE),
        world.now,
    )


def make(world: World, at: datetime, **changes: Any) -> Game:
    """Create a game of Bob's, scheduled at that time."""
    return scheduling.create_game(
        world.guild.pk, world.make_plan(**changes), Actor(world.bob, EntryPoint.PAGE), at
    ).game


# --- at once -----------------------------------------------------------------------------------------------


def test_followers_are_notified_after_a_delay(world: World) -> None:
    follow(world, world.charlie, NOW)
    game = make(world, world.now)
    assert send_due_messages(world.now + NEW_GAME_DELAY - timedelta(seconds=1)) == []
    plan = world.make_plan(title="Curse of *Strahd*")
    scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), world.now + timedelta(minutes=1))
    [message] = send_due_messages(world.now + NEW_GAME_DELAY)
    assert message.user_id == world.charlie.pk
    assert "🎲 Bob the GM scheduled **Curse of \\*Strahd\\*** in Friday Night Dice" in message.text
    assert "5 seats free" in message.text
    assert f"{game.url}?d={message.nonce}" in message.text
    assert send_due_messages(world.now + timedelta(hours=1)) == []


def test_nothing_is_scheduled_without_followers(world: World) -> None:
    make(world, world.now)
    assert not Notification.objects.filter(kind="new_game").exists()


def test_a_game_that_starts_soon_is_notified_at_once(world: World) -> None:
    follow(world, world.charlie, NOW)
    make(world, world.now, starts_at=world.now + timedelta(minutes=5))
    assert len(send_due_messages(world.now)) == 1


@pytest.mark.parametrize(
    "why", ["host", "co-host", "in", "blocked", "role", "left", "full", "closed", "cancelled", "unwanted"]
)
def test_who_is_not_notified(world: World, why: str) -> None:
    who = world.bob if why == "host" else world.charlie
    follow(world, who, NOW, how="none" if why == "unwanted" else "dm")
    roles: dict[str, Any] = {}
    if why == "role":
        Role.objects.create(pk=ROLE, guild=world.guild, name="Player")
        roles = {"player_role_ids": (ROLE,)}
    game = make(world, world.now, seats=1, **roles)
    host = Actor(world.bob, EntryPoint.PAGE)
    if why == "co-host":
        host_actions.set_cohosts(game.pk, [who], host, world.now)
    if why == "in":
        signups.join(game.pk, who, Actor(who, EntryPoint.PAGE), world.now)
        Game.objects.filter(pk=game.pk).update(seats=2)
    if why == "blocked":
        host_actions.block_user(world.guild.pk, who, None, "", Actor(world.alice, EntryPoint.PAGE), world.now)
    if why == "left":
        mark_member_left(world.guild.pk, who.pk, world.now)
    if why == "full":
        signups.join(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    if why == "closed":
        closing.close_signups(game.pk, host, world.now)
    if why == "cancelled":
        cancellation.cancel_game(game.pk, "", host, world.now)
    assert send_due_messages(world.now + NEW_GAME_DELAY) == []
    if why == "role":
        Member.objects.filter(user=who).update(role_ids=[ROLE])
        assert followers_to_notify(game, world.now).at_once == (who.pk,)


def test_a_template_counts_before_its_guild(world: World) -> None:
    campaign = GameTemplate.objects.create(guild=world.guild, name="Campaign")
    raid = GameTemplate.objects.create(guild=world.guild, name="Raid")
    follow(world, world.charlie, **{f"t{campaign.pk}": NOW})
    follow(world, world.alice, NOW, **{f"t{campaign.pk}": DAILY})
    at = world.now + NEW_GAME_DELAY
    make(world, world.now, template_id=campaign.pk)
    assert [message.user_id for message in send_due_messages(at)] == [world.charlie.pk]
    make(world, world.now, template_id=raid.pk)
    assert [message.user_id for message in send_due_messages(at)] == [world.alice.pk]
    assert [row.recipient for row in Notification.objects.open().filter(kind="digest")] == [world.alice]


def test_finding_followers_takes_a_fixed_number_of_queries(world: World) -> None:
    game = make(world, world.now)

    def query_count(numbers: range) -> int:
        for number in numbers:
            follow(world, world.add_member(number), NOW)
        fresh = Game.objects.get(pk=game.pk)
        with CaptureQueriesContext(connection) as captured:
            assert len(followers_to_notify(fresh, world.now).at_once) == numbers.stop - 100
        return len(captured)

    assert query_count(range(100, 101)) == query_count(range(101, 112))


# --- the digest --------------------------------------------------------------------------------------------

EVENING = "Europe/Berlin"


@pytest.fixture
def day(world: World) -> datetime:
    """Nine in the morning in Berlin on the day after tomorrow; Charlie's zone is Berlin, and they follow daily."""
    set_zone(world.charlie, EVENING)
    follow(world, world.charlie, DAILY)
    local = world.now.astimezone(ZoneInfo(EVENING)) + timedelta(days=2)
    return local.replace(hour=9, minute=0, second=0).astimezone(UTC)


def at(day: datetime, hour: int, minute: int = 0) -> datetime:
    return day.astimezone(ZoneInfo(EVENING)).replace(hour=hour, minute=minute).astimezone(UTC)


def soon(day: datetime) -> dict[str, Any]:
    return {"starts_at": day + timedelta(days=5)}


def test_one_message_lists_the_days_games(world: World, day: datetime) -> None:
    games = [make(world, at(day, hour), title=f"Game {hour}", **soon(day)) for hour in (9, 11, 13)]
    for hour in (9, 11, 13):
        assert send_due_messages(at(day, hour, 3)) == []
    row = Notification.objects.open().get(kind="digest")
    assert (row.recipient, row.due_at) == (world.charlie, at(day, 18))
    signups.join(games[1].pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), at(day, 14))
    [message] = send_due_messages(at(day, 18))
    assert message.user_id == world.charlie.pk
    assert "Game 9" in message.text
    assert "Game 11" not in message.text, "they are in"
    assert f"<{games[2].url}?d={message.dedupe_marker}>" in message.text
    assert "/notifications/>)" in message.text
    assert send_due_messages(at(day, 18) + timedelta(days=1)) == []


def test_no_game_is_notified_twice(world: World, day: datetime) -> None:
    make(world, at(day, 12), title="Early", **soon(day))
    assert send_due_messages(at(day, 12, 3)) == []
    make(world, at(day, 17, 59), title="Late", **soon(day))
    [first] = send_due_messages(at(day, 18))
    assert "Late" in first.text
    assert "Early" in first.text
    assert send_due_messages(at(day, 18, 2)) == [], "the late one asks for the next day's digest"
    make(world, at(day, 20), title="Other", **soon(day))
    send_due_messages(at(day, 20, 3))
    [second] = send_due_messages(at(day, 18) + timedelta(days=1))
    assert "Other" in second.text
    assert "Late" not in second.text


def test_games_notified_at_once_are_not_in_a_later_digest(world: World, day: datetime) -> None:
    follow(world, world.charlie, NOW)
    make(world, at(day, 9), title="At once", **soon(day))
    assert len(send_due_messages(at(day, 9, 3))) == 1
    follow(world, world.charlie, DAILY)
    make(world, at(day, 10), title="Daily", **soon(day))
    send_due_messages(at(day, 10, 3))
    [digest] = send_due_messages(at(day, 18))
    assert "Daily" in digest.text
    assert "At once" not in digest.text


def test_full_cancelled_or_unwanted_games_are_not_listed(world: World, day: datetime) -> None:
    full = make(world, at(day, 9), seats=1, title="Full", **soon(day))
    off = make(world, at(day, 9), title="Off", **soon(day))
    make(world, at(day, 9), title="Picked", method="picks", **soon(day))
    send_due_messages(at(day, 9, 3))
    signups.join(full.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), at(day, 10))
    cancellation.cancel_game(off.pk, "", Actor(world.bob, EntryPoint.PAGE), at(day, 10))
    assert messages_to(send_due_messages(at(day, 18)), world.charlie) == []
    assert Notification.objects.get(kind="digest").skip_reason == "there's nothing new for them"
    make(world, at(day, 19), **soon(day))
    send_due_messages(at(day, 19, 3))
    Preference.objects.update(method="none")
    assert send_due_messages(at(day, 18) + timedelta(days=1)) == []


def test_with_closed_dms_the_digest_names_only_that_servers_games(world: World, day: datetime) -> None:
    from games.models import Follow
    from games.tests.cast import foreign_game
    from guilds.directory.payloads import MemberPayload, UserPayload
    from guilds.directory.upsert import upsert_member

    foreign = foreign_game(world)
    upsert_member(foreign.guild_id, MemberPayload(UserPayload(world.charlie.pk, "charlie")), world.now)
    Follow.objects.create(user=world.charlie, guild=foreign.guild, digest=True)
    Game.objects.filter(pk=foreign.pk).update(
        title="Secret", created_at=day, starts_at=day + timedelta(days=5), ends_at=day + timedelta(days=6)
    )
    mine = make(world, at(day, 9), title="Ours", starts_at=day + timedelta(days=4))
    send_due_messages(at(day, 9, 3))
    User.objects.filter(pk=world.charlie.pk).update(dm_closed_at=world.now)
    [message] = send_due_messages(at(day, 18))
    assert message.channel_id == mine.channel_id
    # Everyone in the channel reads it, so it names no game.
    assert reverse("guild", args=[mine.guild_id]) in message.text
    assert "Ours" not in message.text
    assert "Secret" not in message.text


def test_quiet_hours_make_the_digest_silent(world: World, day: datetime) -> None:
    make(world, at(day, 9), **soon(day))
    send_due_messages(at(day, 9, 3))
    Preference.objects.update(quiet_from="17:00", quiet_to="19:00")
    assert [message.silent for message in send_due_messages(at(day, 18))] == [True]


def test_the_longest_digest_fits(world: World, day: datetime) -> None:
    for number in range(20):
        make(world, at(day, 9), title="*" * 190 + str(number), **soon(day))
    send_due_messages(at(day, 9, 3))
    [message] = send_due_messages(at(day, 18))
    assert len(message.text) <= 2000
    assert "more, on your servers' pages" in message.text


def test_a_digest_takes_a_fixed_number_of_queries(world: World, day: datetime) -> None:
    from games.reminders.followers import digest_games

    def query_count(number: int) -> int:
        for _ in range(number):
            make(world, at(day, 9), **soon(day))
        with CaptureQueriesContext(connection) as captured:
            assert digest_games(world.charlie, day - timedelta(hours=1), at(day, 18))
        return len(captured)

    assert query_count(1) == query_count(8)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda moment: moment.replace(tzinfo=UTC)),
    st.sampled_from(["UTC", EVENING, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_the_next_digest_is_at_six_in_the_evening(now: datetime, name: str) -> None:
    due = next_digest(now, ZoneInfo(name))
    local = due.astimezone(ZoneInfo(name))
    assert (local.hour, local.minute, local.second, local.microsecond) == (18, 0, 0, 0)
    assert timedelta() < due - now <= timedelta(hours=25)
    before = next_digest(due - timedelta(seconds=1), ZoneInfo(name))
    assert before == due


def test_a_new_game_is_checked_again_before_sending(world: World) -> None:
    from notifications.daemon import steps

    follow(world, world.charlie, NOW)
    game = make(world, world.now, seats=1)
    at_last = world.now + NEW_GAME_DELAY
    steps.create_due_deliveries(at_last)
    signups.join(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), at_last)
    assert send_due_messages(at_last) == []
    assert Delivery.objects.get(notification__kind="new_game").error == "the game is full"


def test_a_digest_delayed_by_downtime_is_sent_afterwards(world: World, day: datetime) -> None:
    make(world, at(day, 12), **soon(day))
    send_due_messages(at(day, 19))
    [message] = send_due_messages(at(day, 19))
    assert "Late: you should have had this" in message.text
