"""Late notifications are checked again, and changes of a seat are merged into one message."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from conftest import World
from games.core.base import Actor, EntryPoint
from games.core.roster import load_roster
from games.models import Game
from games.models.announcement import PostProblem
from games.scheduling import actions as scheduling
from games.signups import actions as signups
from notifications import heartbeat, policy
from notifications.codes import SkipCode
from notifications.daemon import outcomes, steps
from notifications.messages import InternalError, PermanentError, RateLimited, SentMessage, TemporaryError
from notifications.models import Delivery, DeliveryStatus, Heartbeat, Notification

pytestmark = pytest.mark.slow


def messages_due(now: object) -> dict[int | None, str]:
    """Return the texts of what is leased and rendered now, by recipient; posts are left out."""
    return {job.message.user_id: job.message.text for job in steps.lease_jobs(now, 50) if job.post is None}  # type: ignore[arg-type]


@pytest.fixture
def game(world: World) -> Game:
    """A game with one seat, Charlie's, and a person on the wait list; reminders a day and an hour before."""
    game = world.create_game(seats=1, reminders=(1440, 60))
    for person in (world.charlie, world.add_member(100)):
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    return game


def skip_reasons(kind: str) -> list[str]:
    return list(Notification.objects.filter(kind=kind).order_by("due_at").values_list("skip_reason", flat=True))


# --- late ------------------------------------------------------------------------------------------------


def test_of_two_overdue_reminders_one_goes_out_and_says_that_it_is_late(world: World, game: Game) -> None:
    late = game.starts_at - timedelta(minutes=20)
    steps.create_due_deliveries(late)
    assert skip_reasons("reminder") == ["a later reminder of the game is due too", ""]
    messages = messages_due(late)
    assert set(messages) == {world.bob.pk, world.charlie.pk}
    assert all("Late: you should have had this" in text for text in messages.values())


def test_a_reminder_on_time_does_not_say_that_it_is_late(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    assert not any("Late" in text for text in messages_due(due).values())


def test_messages_that_waited_for_discord_are_merged_too(world: World, game: Game) -> None:
    first = game.starts_at - timedelta(minutes=1440)
    steps.create_due_deliveries(first)
    for job in steps.lease_jobs(first, 10):
        steps.record([(job, TemporaryError("Discord answered 502", 600))], first)
    Notification.objects.open().filter(kind="announcement").delete()
    later = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(later)
    assert len(messages_due(later)) == 2
    dropped = Delivery.objects.filter(status=DeliveryStatus.DROPPED)
    assert {d.error for d in dropped} == {"a later reminder of the game goes instead"}
    assert dropped.count() == 2


def test_after_the_start_reminders_are_dropped_and_say_why(world: World, game: Game) -> None:
    steps.create_due_deliveries(game.starts_at)
    assert set(skip_reasons("reminder")) == {SkipCode.EXPIRED.label}
    assert not Delivery.objects.exists()


def test_a_message_that_waited_past_its_game_is_dropped(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    assert messages_due(game.starts_at) == {}
    assert set(Delivery.objects.values_list("status", "error")) == {(DeliveryStatus.DROPPED, SkipCode.EXPIRED.label)}


def test_after_downtime_the_nearest_game_comes_first(world: World) -> None:
    far = world.create_game(reminders=(2880,))
    near = world.create_game(starts_at=world.now + timedelta(days=1, hours=2), reminders=(120,))
    late = near.starts_at - timedelta(minutes=90)
    steps.create_due_deliveries(late)
    Notification.objects.open().filter(kind="announcement").delete()
    assert [steps.lease_jobs(late, 1)[0].message.text.count(near.url) for _ in range(2)] == [1, 0]
    assert far.starts_at > near.starts_at


# --- how long it is tried --------------------------------------------------------------------------------


def test_what_fails_in_passing_is_tried_until_its_game_begins(world: World, game: Game) -> None:
    now = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(now)
    while now < game.starts_at:
        jobs = [job for job in steps.lease_jobs(now, 50) if job.post is None]
        steps.record([(job, TemporaryError("Discord answered 502")) for job in jobs], now)
        assert set(Delivery.objects.values_list("status", flat=True)) == {DeliveryStatus.PENDING}
        now += timedelta(seconds=121)
    assert messages_due(now) == {}
    assert set(Delivery.objects.values_list("status", "error")) == {(DeliveryStatus.DROPPED, SkipCode.EXPIRED.label)}


def test_our_own_fault_is_tried_ten_times(world: World, game: Game) -> None:
    now = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(now)
    for _ in range(policy.MAX_ATTEMPTS):
        jobs = [job for job in steps.lease_jobs(now, 50) if job.post is None]
        steps.record([(job, InternalError("KeyError: 'x'")) for job in jobs], now)
        now += timedelta(seconds=121)
    assert {d.error for d in Delivery.objects.filter(status=DeliveryStatus.FAILED)} == {
        "Gave up after 10 tries: KeyError: 'x'"
    }


def test_what_cannot_be_read_back_is_uncertain_and_shown(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    job = next(job for job in steps.lease_jobs(due, 10) if job.post is None)
    steps.record([(job, PermanentError("It may have been sent.", PermanentError.UNCERTAIN))], due)
    assert Delivery.objects.get(pk=job.pk).status == DeliveryStatus.UNCERTAIN
    assert job.pk not in [again.pk for again in steps.lease_jobs(due + timedelta(minutes=5), 10)]


def test_closed_direct_messages_are_remembered_until_the_person_acts(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    job = next(job for job in steps.lease_jobs(due, 10) if job.message.user_id == world.charlie.pk)
    steps.record([(job, PermanentError("Cannot send messages to this user", PermanentError.CLOSED_DMS))], due)
    world.charlie.refresh_from_db()
    assert world.charlie.dm_closed_at == due
    other = world.create_game(reminders=(60,))
    signups.join(other.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    steps.create_due_deliveries(due)
    called = [job.message for job in steps.lease_jobs(due, 10) if world.charlie.pk in job.message.ping_users]
    assert {message.channel_id for message in called} == {game.channel_id}
    assert len(called) == 2, "the one refused, and the one not tried"


def test_a_remembered_channel_that_is_not_ours_is_opened_anew(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    type(world.charlie).objects.filter(pk=world.charlie.pk).update(dm_channel_id=99)
    steps.create_due_deliveries(due)
    job = next(job for job in steps.lease_jobs(due, 10) if job.message.user_id == world.charlie.pk)
    assert job.message.channel_id == 99
    steps.record([(job, PermanentError("Missing Access", PermanentError.MISSING_PERMISSION))], due)
    [again] = [leased for leased in steps.lease_jobs(due, 10) if leased.pk == job.pk]
    assert again.message.channel_id is None
    steps.record([(again, PermanentError("Missing Access", PermanentError.MISSING_PERMISSION))], due)
    assert Delivery.objects.get(pk=job.pk).status == DeliveryStatus.FAILED


# --- pausing ---------------------------------------------------------------------------------------------


def test_a_server_that_the_bot_left_pauses_and_resumes_what_is_still_ahead(world: World, game: Game) -> None:
    from guilds.directory.upsert import mark_bot_removed
    from guilds.models import Guild

    mark_bot_removed(world.guild.pk, world.now)
    day_before = game.starts_at - timedelta(minutes=1440)
    assert steps.create_due_deliveries(day_before) == 0
    assert steps.lease_jobs(day_before, 50) == []
    assert steps.next_due() is None, "nor does it keep anybody awake"
    Guild.objects.update(bot_removed_at=None)
    hour_before = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(hour_before)
    assert len(messages_due(hour_before)) == 2


def test_one_refusal_marks_a_channel_as_deleted(world: World) -> None:
    games = [world.create_game(title=f"Game {number}") for number in range(5)]
    job = steps.lease_jobs(world.now, 1)[0]
    steps.record([(job, PermanentError("Unknown Channel", PermanentError.UNKNOWN_CHANNEL))], world.now)
    assert steps.lease_jobs(world.now, 50) == []
    for game in games:
        game.refresh_from_db()
        assert game.announcement.problem_code == PostProblem.CHANNEL_DELETED


# --- moves -----------------------------------------------------------------------------------------------


def test_who_gains_a_seat_and_loses_it_within_a_minute_is_notified_of_neither(world: World, game: Game) -> None:
    def seats(number: int, at: int) -> None:
        game.refresh_from_db()
        plan = world.make_plan(seats=number, reminders=(1440, 60))
        actor = Actor(world.bob, EntryPoint.PAGE)
        scheduling.edit_game(game.pk, plan, actor, world.now + timedelta(seconds=at))

    waiting = world.add_member(100)
    seats(2, 1)
    assert game.signups.get(user=waiting).seated_at is not None
    seats(1, 30)
    steps.create_due_deliveries(world.now + timedelta(seconds=61))
    assert messages_due(world.now + timedelta(seconds=61)) == {}
    assert list(Delivery.objects.values_list("error", flat=True)) == ["they have the same place as before"]
    seats(2, 70)
    later = world.now + timedelta(seconds=130)
    steps.create_due_deliveries(later)
    messages = messages_due(later)
    assert set(messages) == {waiting.pk}
    assert "A seat is yours" in messages[waiting.pk]


@pytest.mark.parametrize("within_a_minute", [True, False])
def test_seats_5_3_5_notify_who_moved_once(world: World, within_a_minute: bool) -> None:
    game = world.create_game(seats=5, reminders=())
    people = [world.add_member(number) for number in range(100, 107)]
    for person in people:
        signups.join(game.pk, person, Actor(person, EntryPoint.PAGE), world.now - timedelta(minutes=9))

    def seats(number: int, at: timedelta) -> list[int]:
        """Return who has a seat then, by number."""
        scheduling.edit_game(
            game.pk, world.make_plan(seats=number, reminders=()), Actor(world.bob, EntryPoint.PAGE), world.now + at
        )
        seated = load_roster(Game.objects.get(pk=game.pk))
        return [[member.pk for member in people].index(seat.user_id or 0) for seat in seated.seated]

    def send_messages(at: timedelta) -> dict[int | None, str]:
        steps.create_due_deliveries(world.now + at)
        jobs = [job for job in steps.lease_jobs(world.now + at, 50) if job.post is None]
        steps.record([(job, SentMessage(1, job.pk)) for job in jobs], world.now + at)
        return {job.message.user_id: job.message.text for job in jobs}

    last_seated = {person.pk for person in people[3:5]}
    again = timedelta(seconds=40) if within_a_minute else timedelta(minutes=5)
    assert seats(3, timedelta()) == [0, 1, 2], "who was seated last moves"
    waiting = [seat.user_id for seat in load_roster(Game.objects.get(pk=game.pk)).waiting]
    assert waiting == [person.pk for person in people[3:]], "before those who asked later"
    if not within_a_minute:
        messages = send_messages(timedelta(minutes=1))
        assert messages.keys() == last_seated
        assert all("fewer seats" in text for text in messages.values())
        assert send_messages(again) == {}
    assert sorted(seats(5, again)) == [0, 1, 2, 3, 4]
    messages = send_messages(again + timedelta(minutes=1))
    assert messages.keys() == (set() if within_a_minute else last_seated)
    assert all("A seat is yours" in text for text in messages.values())
    assert send_messages(again + timedelta(hours=1)) == {}


def test_a_move_while_the_message_waits_is_merged_into_it(world: World, game: Game) -> None:
    waiting = world.add_member(100)
    due = world.now + timedelta(minutes=1, seconds=1)
    signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), due - timedelta(minutes=1))
    steps.create_due_deliveries(due)
    delivery = Delivery.objects.get()
    signups.leave(game.pk, waiting, Actor(waiting, EntryPoint.PAGE), due)
    assert messages_due(due) == {}
    delivery.refresh_from_db()
    assert delivery.status == DeliveryStatus.DROPPED


def test_close_to_the_start_a_seat_is_notified_at_once(world: World, game: Game) -> None:
    Game.objects.filter(pk=game.pk).update(offer_within=0)
    near = game.starts_at - timedelta(minutes=9)
    signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), near)
    assert Notification.objects.get(kind="moved").due_at == near


# --- the ledger's key ------------------------------------------------------------------------------------


def test_a_delivery_carries_its_month_in_its_key(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    keys = sorted(Delivery.objects.values_list("pk", flat=True))
    assert {key // 10**10 for key in keys} == {int(f"{world.now:%Y%m}")}
    assert keys[-1] < 2**53, "what JavaScript counts exactly"


# --- the database's faults -------------------------------------------------------------------------------


def test_a_database_that_goes_away_counts_against_no_row(
    world: World, game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    due = game.starts_at - timedelta(minutes=60)
    monkeypatch.setattr(steps, "_create_deliveries", fail)
    with pytest.raises(OperationalError):
        steps.create_due_deliveries(due)
    assert Notification.objects.get(kind="reminder", minutes=60).attempts == 0


# --- waiting ---------------------------------------------------------------------------------------------

moments = st.datetimes(timezones=st.timezones())


@given(now=moments, due=st.none() | moments)
def test_the_sleep_is_never_negative_and_never_above_the_cap(now: object, due: object) -> None:
    assert 0.0 <= policy.sleep_seconds(now, due) <= policy.MAX_SLEEP  # type: ignore[arg-type]


@given(attempts=st.integers(0, 10**6), retry_after=st.none() | st.floats(-1e9, 1e9))
def test_the_pause_after_a_failure_is_short_and_never_none(attempts: int, retry_after: float | None) -> None:
    assert timedelta(0) < policy.backoff(attempts, retry_after) <= timedelta(minutes=10)


def test_the_newest_message_is_known_even_where_recording_it_was_cut_short(
    world: World, game: Game, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: object) -> None:
        raise KeyboardInterrupt

    heartbeat.record_heartbeat(heartbeat.DAEMON_NAME, world.now)
    jobs = steps.lease_jobs(world.now, 10)
    monkeypatch.setattr(outcomes, "_record_post", killed)
    with pytest.raises(KeyboardInterrupt):
        steps.record([(job, SentMessage(game.channel_id, 777)) for job in jobs], world.now)
    assert Heartbeat.objects.get(name=heartbeat.DAEMON_NAME).newest_message_id == 777


def test_the_first_message_out_is_remembered_as_the_newest(world: World, game: Game) -> None:
    heartbeat.record_heartbeat(heartbeat.DAEMON_NAME, world.now)
    jobs = steps.lease_jobs(world.now, 10)
    steps.record([(job, SentMessage(game.channel_id, 777)) for job in jobs], world.now)
    assert Heartbeat.objects.get(name=heartbeat.DAEMON_NAME).newest_message_id == 777


def test_waiting_for_a_limit_is_no_try(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    jobs = steps.lease_jobs(due, 10)
    steps.record([(job, RateLimited("its turn comes", 5.0)) for job in jobs], due)
    assert set(Delivery.objects.values_list("attempts", "first_attempt_at", "next_attempt_at")) == {
        (0, None, due + timedelta(seconds=5))
    }
    later = due + policy.GIVE_UP_AFTER
    row = Notification.objects.open().get(kind="announcement")
    assert (row.attempts, row.first_attempt_at) == (0, None)
    assert not any(job.message.maybe_sent for job in steps.lease_jobs(later, 10) if job.post)


def test_a_message_that_may_have_arrived_as_a_dm_is_not_sent_to_the_channel(world: World, game: Game) -> None:
    due = game.starts_at - timedelta(minutes=60)
    steps.create_due_deliveries(due)
    job = next(job for job in steps.lease_jobs(due, 10) if job.message.user_id == world.charlie.pk)
    steps.record([(job, TemporaryError("Discord didn't answer in time"))], due)
    type(world.charlie).objects.filter(pk=world.charlie.pk).update(dm_closed_at=due)
    [again] = [leased for leased in steps.lease_jobs(due + timedelta(minutes=1), 10) if leased.pk == job.pk]
    assert again.message.user_id == world.charlie.pk


def test_a_refusal_of_what_has_changed_since_is_not_the_last_word(world: World, game: Game) -> None:
    [job] = steps.lease_jobs(world.now, 10)
    signups.leave(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    steps.record([(job, PermanentError("Missing Permissions", PermanentError.MISSING_PERMISSION))], world.now)
    assert [again.pk for again in steps.lease_jobs(world.now, 10)] == [job.pk]
