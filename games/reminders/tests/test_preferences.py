"""A user's preferences in a guild: how they are notified, own reminders, quiet hours, and the test reminder."""

from datetime import UTC, datetime, time, timedelta
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
from games.core.settings import ReminderPlace
from games.hosts import actions as host_actions
from games.models import Follow, Game
from games.reminders import actions as preferences
from games.reminders.actions import NotificationPreferences
from games.reminders.wording import BAD_REMINDER, BOTH_ENDS, NO_HOURS, UNKNOWN_TEMPLATE
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import CANCELLATION_DELAY
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from gamesched.testing.refusals import refuses
from guilds.models import User
from guilds.profile import set_zone
from notifications import policy
from notifications.codes import SkipCode
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, PermanentError, SentMessage
from notifications.models import Delivery, DeliveryStatus, Notification, Preference

pytestmark = pytest.mark.slow


def choose(world: World, who: User, **fields: Any) -> None:
    preferences.save_preferences(
        world.guild.pk, NotificationPreferences(**fields), Actor(who, EntryPoint.PAGE), world.now
    )


def join(world: World, game: Game, *people: User) -> None:
    for person in people:
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)


def send_due_messages(now: datetime) -> list[OutgoingMessage]:
    """Expand and send what is due now, without posts."""
    steps.create_due_deliveries(now)
    jobs = [job for job in steps.lease_jobs(now, 100) if job.post is None]
    steps.record([(job, SentMessage(job.message.channel_id or 5, 6)) for job in jobs], now)
    return [job.message for job in jobs]


def messages_to(messages: list[OutgoingMessage], who: User) -> list[OutgoingMessage]:
    return [message for message in messages if message.user_id == who.pk or who.pk in message.ping_users]


@pytest.fixture
def game(world: World) -> Game:
    created = world.create_game(reminders=(60,))
    join(world, created, world.charlie)
    return created


# --- how ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["reminder", "cancelled", "removed"])
def test_every_kind_of_notification_follows_the_preferences(world: World, game: Game, kind: str) -> None:
    now = game.starts_at - timedelta(minutes=60)
    choose(world, world.charlie, how="none")
    if kind == "cancelled":
        cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), now - CANCELLATION_DELAY)
    if kind == "removed":
        signups.remove_signup(game.pk, game.signups.get().pk, Actor(world.bob, EntryPoint.PAGE), now)
    assert messages_to(send_due_messages(now), world.charlie) == []
    delivery = Delivery.objects.get(recipient=world.charlie, notification__kind=kind)
    assert (delivery.status, delivery.error) == (DeliveryStatus.DROPPED, SkipCode.UNWANTED.label)


def test_a_mention_is_in_the_games_channel(world: World, game: Game) -> None:
    choose(world, world.charlie, how="mention")
    [message] = messages_to(send_due_messages(game.starts_at - timedelta(minutes=60)), world.charlie)
    assert (message.user_id, message.channel_id, message.ping_users) == (None, game.channel_id, (world.charlie.pk,))


def test_preferences_of_another_guild_do_not_count(world: World, game: Game) -> None:
    from games.tests.cast import foreign_game

    Preference.objects.create(user=world.charlie, guild=foreign_game(world).guild, method="none")
    assert len(messages_to(send_due_messages(game.starts_at - timedelta(minutes=60)), world.charlie)) == 1


def test_the_channel_reminder_pings_who_wants_it_outside_quiet_hours(world: World) -> None:
    created = world.create_game(reminders=(60,), reminder_place=ReminderPlace.CHANNEL.value)
    sleeper, other = world.add_member(100), world.add_member(101)
    join(world, created, world.charlie, sleeper, other)
    choose(world, world.bob, how="none")  # the host, in whose name it is sent
    choose(world, world.charlie, how="none")
    choose(world, sleeper, quiet_from=time(0), quiet_to=time(23, 59, 59))
    [message] = send_due_messages(created.starts_at - timedelta(minutes=60))
    assert message.ping_users == (other.pk,)
    assert f"<@{sleeper.pk}>" in message.text
    assert f"<@{world.charlie.pk}>" not in message.text
    assert not message.silent


def test_every_message_links_to_the_preferences(world: World, game: Game) -> None:
    url = f"http://testserver{reverse('guild-notifications', args=[world.guild.pk])}"
    messages = send_due_messages(game.starts_at - timedelta(minutes=60))
    assert len(messages) == 2
    for message in messages:
        assert message.text.endswith(f"\n-# [Change your notifications](<{url}>)")
        assert message.dedupe_marker in message.text


def test_building_messages_reads_preferences_once(world: World) -> None:
    def preference_queries(people: int) -> int:
        created = world.create_game(seats=0, reminders=(60,))
        join(world, created, *(world.add_member(number) for number in range(100, 100 + people)))
        Notification.objects.open().filter(kind="announcement").delete()
        steps.create_due_deliveries(created.starts_at - timedelta(minutes=60))
        with CaptureQueriesContext(connection) as captured:
            assert len(steps.lease_jobs(created.starts_at - timedelta(minutes=60), 100)) == people + 1
        Delivery.objects.all().delete()
        return sum("notifications_preference" in query["sql"] for query in captured)

    assert [preference_queries(1), preference_queries(5)] == [1, 1]


# --- quiet hours -------------------------------------------------------------------------------------------


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(tzinfo=UTC)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.times(),
    st.times(),
)
def test_quiet_hours_and_the_rest_make_up_every_day(at: datetime, name: str, begin: time, end: time) -> None:
    zone = ZoneInfo(name)
    quiet, rest = policy.is_quiet(at, zone, begin, end), policy.is_quiet(at, zone, end, begin)
    if begin != end:
        assert quiet is not rest, "each moment is in one of the two, over midnight too, and whatever the clock does"
    clock = at.astimezone(zone).time()
    if clock == begin != end:
        assert quiet
    if clock == end:
        assert not quiet
    assert not policy.is_quiet(at, zone, None, None)


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        ("2026-03-28T21:59:00+00:00", False),  # 22:59 in Berlin
        ("2026-03-28T22:00:00+00:00", True),
        ("2026-03-29T04:59:00+00:00", True),  # 6:59, after the hour that was skipped
        ("2026-03-29T05:00:00+00:00", False),
        ("2026-10-25T05:59:00+00:00", True),  # 6:59, after the hour that came twice
        ("2026-10-25T06:00:00+00:00", False),
    ],
)
def test_quiet_hours_follow_the_clock_over_its_changes(at: str, quiet: bool) -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert policy.is_quiet(datetime.fromisoformat(at), zone, time(23), time(7)) is quiet


def test_in_quiet_hours_a_message_is_on_time_and_silent(world: World, game: Game) -> None:
    set_zone(world.charlie, "Asia/Tokyo")
    due = game.starts_at - timedelta(minutes=60)
    clock = due.astimezone(ZoneInfo("Asia/Tokyo"))
    hours = {"quiet_from": (clock - timedelta(hours=1)).time(), "quiet_to": (clock + timedelta(hours=1)).time()}
    choose(world, world.charlie, **hours)
    messages = send_due_messages(due)
    assert [message.silent for message in messages_to(messages, world.charlie)] == [True]
    assert [message.silent for message in messages_to(messages, world.bob)] == [False]


# --- the own reminder --------------------------------------------------------------------------------------


def planned(game: Game) -> set[tuple[int | None, datetime]]:
    return set(Notification.objects.open().filter(game=game, kind="own_reminder").values_list("minutes", "due_at"))


def before(game: Game, minutes: int) -> datetime:
    return game.starts_at - timedelta(minutes=minutes)


def test_own_reminders_are_scheduled_by_choosing_joining_and_moving(world: World, game: Game) -> None:
    choose(world, world.charlie, reminder=30)
    assert planned(game) == {(30, before(game, 30))}
    other = world.add_member(100)
    choose(world, other, reminder=45)
    assert planned(game) == {(30, before(game, 30))}, "who is not in hears nothing"
    join(world, game, other)
    assert planned(game) == {(30, before(game, 30)), (45, before(game, 45))}
    plan = scheduling.plan_from_game(game)
    moved = world.make_plan(starts_at=plan.starts_at + timedelta(hours=5), reminders=(60,))
    scheduling.edit_game(game.pk, moved, Actor(world.bob, EntryPoint.PAGE), world.now)
    game.refresh_from_db()
    assert planned(game) == {(30, before(game, 30)), (45, before(game, 45))}
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    assert planned(game) == set()


def test_a_new_host_and_a_promoted_player_get_own_reminders(world: World) -> None:
    created = world.create_game(seats=1, reminders=())
    second = world.add_member(100)
    choose(world, second, reminder=20)
    join(world, created, world.charlie, second)
    assert planned(created) == set(), "who waits is not reminded"
    signups.leave(created.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert {minutes for minutes, _ in planned(created)} == {20}
    choose(world, world.charlie, reminder=25)
    host_actions.hand_over(created.pk, world.charlie, Actor(world.bob, EntryPoint.PAGE), world.now)
    host_actions.answer_open_hand_over(created.pk, "accept", Actor(world.charlie, EntryPoint.PAGE), world.now)
    assert {minutes for minutes, _ in planned(created)} == {20, 25}


def test_an_own_reminder_reaches_current_players_who_chose_it(world: World, game: Game) -> None:
    leaver, changer = world.add_member(100), world.add_member(101)
    join(world, game, leaver, changer)
    for person in (world.bob, world.charlie, leaver, changer):
        choose(world, person, reminder=30)
    send_due_messages(before(game, 60))
    signups.leave(game.pk, leaver, Actor(leaver, EntryPoint.PAGE), before(game, 40))
    choose(world, changer)
    messages = send_due_messages(before(game, 30))
    assert {message.user_id for message in messages} == {world.bob.pk, world.charlie.pk}


def test_two_reminders_due_at_the_same_minute_are_one(world: World, game: Game) -> None:
    choose(world, world.charlie, reminder=60)
    assert len(messages_to(send_due_messages(before(game, 60)), world.charlie)) == 1


@pytest.mark.parametrize(("own", "late"), [(30, 20), (120, 50)])
def test_of_two_overdue_reminders_the_nearer_is_sent(world: World, game: Game, own: int, late: int) -> None:
    choose(world, world.charlie, reminder=own)
    messages = send_due_messages(before(game, late))
    assert len(messages_to(messages, world.charlie)) == 1
    assert len(messages_to(messages, world.bob)) == 1
    delivery = Delivery.objects.get(recipient=world.charlie, notification__kind__endswith="reminder")
    assert delivery.notification.minutes == min(own, 60)


def test_an_own_reminder_is_dropped_after_the_start(world: World, game: Game) -> None:
    choose(world, world.charlie, reminder=30)
    assert send_due_messages(game.starts_at) == []
    assert Notification.objects.get(kind="own_reminder").skip_reason == SkipCode.EXPIRED.label


def test_a_channel_reminder_replaces_an_own_reminder_at_that_minute(world: World) -> None:
    created = world.create_game(reminders=(60,), reminder_place=ReminderPlace.CHANNEL.value)
    join(world, created, world.charlie)
    choose(world, world.charlie, reminder=60)
    assert len(send_due_messages(before(created, 60))) == 1
    assert len(send_due_messages(before(created, 59))) == 0


# --- choosing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"reminder": 0}, BAD_REMINDER),
        ({"reminder": 60 * 24 * 31}, BAD_REMINDER),
        ({"quiet_from": time(22)}, BOTH_ENDS),
        ({"quiet_from": time(22), "quiet_to": time(22)}, NO_HOURS),
        ({"templates": {12345: "now"}}, UNKNOWN_TEMPLATE),
    ],
)
def test_invalid_choices_are_refused(world: World, fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        choose(world, world.charlie, **fields)
    assert not Preference.objects.exists()


def test_a_stranger_cannot_save_preferences(world: World) -> None:
    stranger = User.objects.create(id=999, username="999", handle="stranger")
    with refuses("unknown_guild"):
        choose(world, stranger)


# --- the page ----------------------------------------------------------------------------------------------


def test_the_page_saves_what_it_shows(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    set_zone(world.charlie, "Europe/Berlin")
    template = world.guild.templates.create(name="Campaign")
    url = reverse("guild-notifications", args=[world.guild.pk])
    page = client.get(url).text
    assert "without a sound" in page
    assert "Europe/Berlin" in page
    assert f"/me/?next={url}" in page
    typed = {"how": "mention", "reminder": "45", "quiet_from": "23:00", "quiet_to": "07:30", "news": "daily"}
    client.post(url, typed | {f"template_{template.pk}": "now"})
    kept = preferences.get_preferences(world.charlie, world.guild.pk)
    assert kept == NotificationPreferences("mention", 45, time(23), time(7, 30), "daily", {template.pk: "now"})
    page = client.get(url).text
    assert 'value="45" selected' in page
    assert 'value="23:00"' in page
    client.post(url, {"how": "dm"})
    assert preferences.get_preferences(world.charlie, world.guild.pk) == NotificationPreferences()
    assert not Follow.objects.exists()


def test_the_page_shows_problems_and_keeps_the_typed_values(world: World, as_person: Any) -> None:
    response = as_person(world.charlie).post(
        reverse("guild-notifications", args=[world.guild.pk]), {"how": "none", "quiet_from": "22:15"}
    )
    assert response.status_code == 422
    assert BOTH_ENDS in response.text
    assert 'value="22:15"' in response.text


def test_the_page_is_linked_from_the_guild_and_the_menu(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    url = reverse("guild-notifications", args=[world.guild.pk])
    page = client.get(reverse("guild", args=[world.guild.pk])).text
    assert f'href="{url}"' in page
    assert f'href="{reverse("notifications")}"' in page
    assert client.get(reverse("notifications")).url == url, "with one server there is nothing to choose"


# --- a test ------------------------------------------------------------------------------------------------


def send_test_reminder(world: World, who: User, now: datetime) -> None:
    preferences.send_test_reminder(world.guild.pk, Actor(who, EntryPoint.PAGE), now)


def test_a_test_reminder_is_sent_like_a_real_one(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    url = reverse("guild-notifications", args=[world.guild.pk])
    assert client.post(reverse("notification-test", args=[world.guild.pk])).url == f"{url}#test"
    row = Notification.objects.get(kind="test_reminder")
    assert "s on its way" in client.get(url).text
    steps.create_due_deliveries(row.due_at)
    [job] = steps.lease_jobs(row.due_at, 10)
    assert job.message.user_id == world.charlie.pk
    assert "This is a test." in job.message.text
    steps.record([(job, SentMessage(5, 6))], row.due_at)
    assert "It arrived as a direct message." in client.get(url).text


def test_a_test_reminder_shows_that_dms_are_closed(world: World, as_person: Any) -> None:
    client = as_person(world.charlie)
    url = reverse("guild-notifications", args=[world.guild.pk])
    send_test_reminder(world, world.charlie, world.now)
    steps.create_due_deliveries(world.now)
    [job] = steps.lease_jobs(world.now, 10)
    steps.record([(job, PermanentError("Cannot send messages to this user", PermanentError.CLOSED_DMS))], world.now)
    [again] = steps.lease_jobs(world.now, 10)
    assert again.message.channel_id in world.guild.channels.values_list("pk", flat=True)
    steps.record([(again, SentMessage(again.message.channel_id or 0, 6))], world.now)
    page = client.get(url).text
    assert "Your direct messages are closed, so this and every message mentions you in #" in page
    assert "Privacy Settings" in page
    send_test_reminder(world, world.charlie, world.now + timedelta(minutes=2))
    [retried] = send_due_messages(world.now + timedelta(minutes=2))
    assert retried.user_id == world.charlie.pk, "who asks for a test may have opened them"


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"how": "none"}, "You chose no messages, so we sent nothing."),
        ({"how": "mention"}, "It arrived as a mention in #"),
        ({"quiet_from": time(0), "quiet_to": time(23, 59, 59)}, "It made no sound"),
    ],
)
def test_a_test_reminder_follows_the_preferences(world: World, as_person: Any, chosen: Any, sentence: str) -> None:
    choose(world, world.charlie, **chosen)
    send_test_reminder(world, world.charlie, world.now)
    send_due_messages(world.now)
    assert sentence in as_person(world.charlie).get(reverse("guild-notifications", args=[world.guild.pk])).text


def test_one_test_reminder_a_minute(world: World) -> None:
    send_test_reminder(world, world.charlie, world.now)
    with refuses("too_soon"):
        send_test_reminder(world, world.charlie, world.now + timedelta(seconds=59))
    send_test_reminder(world, world.charlie, world.now + timedelta(seconds=60))
    send_test_reminder(world, world.bob, world.now)
