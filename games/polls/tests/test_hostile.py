"""What hostile, careless and vanished people do to polls, and what clocks, channels and limits do."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, PERMISSIONS, World
from discord_bot import render
from discord_bot.interactions.polls import run_poll_action
from discord_bot.models import Outcome
from games.core.codes import NotificationKind
from games.hosts.actions import block_user
from games.models import Game, PollState, TimePoll, TimePollOption, TimePollPost
from games.models.announcement import PostProblem
from games.models.settings import GuildDefaults
from games.polls import actions, wording
from games.polls.post import PollChoice, poll_choices
from games.polls.tests.helpers import DAY, by, make_poll, options, tick, ticked_by
from games.polls.tests.test_post import texts
from games.scheduling import rules as schedule_rules
from gamesched.lib.clock import db_now
from gamesched.testing.page_forms import form_to
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.directory.upsert import mark_member_left
from guilds.models import Block, Channel, Guild, Member, Role, User
from notifications.daemon import steps
from notifications.daemon.outcomes import Job
from notifications.models import Delivery, Notification

VIEW = 1 << 10
PLAYER = GUILD + 31
MESSAGE_MAX = 2000  # characters, Discord's


def jobs_to(user: User, now: Any) -> list[Job]:
    """Return what notifyd sends a person now, and what it writes in channels to nobody else."""
    return [job for job in steps.lease_jobs(now, 50) if job.post is None and job.message.user_id in (user.pk, None)]


def shown_choices(poll: TimePoll, world: World) -> tuple[PollChoice, ...]:
    return poll_choices(poll, options(poll), actions.voters_of(poll), world.now)


# --- the quorum ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["left", "blocked", "role", "hidden"])
def test_who_may_not_sign_up_is_none_of_a_quorum(world: World, why: str) -> None:
    """Enough people can come only if they may sign up: else a game is made for fewer."""
    poll = make_poll(world, quorum=2)
    gone, dana = world.add_member(50), world.add_member(51)
    tick(poll, gone, world, [0])
    if why == "left":
        mark_member_left(GUILD, gone.pk, world.now)
    elif why == "blocked":
        block_user(GUILD, gone, None, "", by(world.alice), world.now)
    elif why == "hidden":
        Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[gone.pk, 0, VIEW]])
    else:
        Role.objects.create(pk=PLAYER, guild=world.guild, name="Player")
        GuildDefaults.objects.update(player_role_ids=[PLAYER])
        Member.objects.filter(user__in=[world.charlie, dana]).update(role_ids=[PLAYER])
    tick(poll, world.charlie, world, [0])
    poll.refresh_from_db()
    assert poll.state(world.now) is PollState.OPEN
    tick(poll, dana, world, [0])
    steps.create_due_deliveries(world.now)
    assert set(Game.objects.get().signups.current().values_list("user", flat=True)) == {world.charlie.pk, dana.pk}


def test_of_two_times_the_one_wins_that_enough_may_come_to(world: World) -> None:
    """More people ticked the first, but those who may sign up meet at the second."""
    poll = make_poll(world, quorum=2)
    gone, late = world.add_member(50), world.add_member(51)
    tick(poll, gone, world, [0])
    mark_member_left(GUILD, gone.pk, world.now)
    tick(poll, late, world, [0, 1])
    poll.refresh_from_db()
    assert poll.state(world.now) is PollState.OPEN
    tick(poll, world.charlie, world, [1])
    poll.refresh_from_db()
    assert poll.winner == options(poll)[1]


def test_a_host_without_the_players_role_counts_if_they_ticked(world: World) -> None:
    Role.objects.create(pk=PLAYER, guild=world.guild, name="Player")
    GuildDefaults.objects.update(player_role_ids=[PLAYER])
    Member.objects.filter(user=world.charlie).update(role_ids=[PLAYER])
    poll = make_poll(world, quorum=2)
    tick(poll, world.bob, world, [0])
    tick(poll, world.charlie, world, [0])
    steps.create_due_deliveries(world.now)
    assert Game.objects.get().signups.current().count() == 2


def test_a_quorum_makes_a_game_at_its_own_time_or_none(world: World) -> None:
    """notifyd was down until the winner was past: another time, which fewer ticked, has won nothing."""
    poll = make_poll(world, quorum=2, starts=(world.now + timedelta(minutes=5), world.now + 3 * DAY))
    tick(poll, world.alice, world, [0, 1])
    tick(poll, world.charlie, world, [0])
    late = world.now + timedelta(minutes=6)
    steps.create_due_deliveries(late)
    assert not Game.objects.exists()
    [job] = jobs_to(world.bob, late)
    assert poll.url in job.message.text, "its host decides"
    assert actions.make_game(poll.pk, by(world.bob), late).changed


def test_the_limit_of_games_that_is_reached_when_a_poll_wins(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    poll = make_poll(world, quorum=1)
    monkeypatch.setattr(schedule_rules, "OPEN_GAMES_OF_HOST", 0)
    tick(poll, world.charlie, world, [0])
    for _ in range(2):
        steps.create_due_deliveries(world.now)
    assert not Game.objects.exists()
    assert [poll.url in job.message.text for job in jobs_to(world.bob, world.now)] == [True]
    monkeypatch.undo()
    made = actions.make_game(poll.pk, by(world.bob), world.now).game
    assert made is not None
    assert made.signups.count() == 1


# --- what is said, and where -----------------------------------------------------------------------------


def test_who_is_left_out_is_named_in_no_channel(world: World) -> None:
    """A host whose direct messages are closed is mentioned in the channel: who is blocked is nobody else's to know."""
    poll = make_poll(world, quorum=2)
    tick(poll, world.charlie, world, [0])
    tick(poll, world.alice, world, [0])
    block_user(GUILD, world.charlie, None, "", by(world.alice), world.now)
    steps.create_due_deliveries(world.now)
    Delivery.objects.filter(recipient=world.bob).update(in_channel=True)
    [job] = [job for job in jobs_to(world.bob, world.now) if job.message.channel_id == world.channel.pk]
    assert world.bob.pk in job.message.ping_users
    assert poll.url in job.message.text
    assert "charlie" not in job.message.text


def test_however_many_are_left_out_what_is_said_of_them_is_short(world: World) -> None:
    poll = make_poll(world, quorum=100 - 1)
    people = world.add_members(range(50, 110), "_" * 28 + "{}")
    ticked_by(poll, people, world, 0)
    type(poll).objects.update(quorum=1)
    Block.objects.bulk_create(Block(guild=world.guild, user=person, created_at=world.now) for person in people)
    tick(poll, world.charlie, world, [0])
    steps.create_due_deliveries(world.now)
    [job] = [job for job in jobs_to(world.bob, world.now) if job.message.user_id == world.bob.pk]
    assert len(job.message.text) <= MESSAGE_MAX
    assert poll.url in job.message.text


def test_however_many_ticked_the_answer_to_the_button_is_whole(world: World) -> None:
    poll = make_poll(world)
    ticked_by(poll, world.add_members(range(50, 130), "_" * 28 + "{}"), world, 0)
    bob = MemberPayload(UserPayload(world.bob.pk, "bob"))
    reply = run_poll_action(poll.pk, None, GUILD, bob)
    assert len(reply.text) <= MESSAGE_MAX
    assert reply.buttons


# --- channels and roles ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [PostProblem.MISSING_PERMISSION, PostProblem.REFUSED, PostProblem.MAYBE_POSTED])
def test_a_poll_that_could_not_be_posted_is_posted_once_the_bot_may(world: World, code: PostProblem) -> None:
    """The bot was given the permission that it lacked: nobody has to tick on the page first."""
    poll, good = make_poll(world), make_poll(world)
    steps.create_due_deliveries(world.now)
    steps.lease_jobs(world.now, 10)
    Notification.objects.filter(kind=NotificationKind.TIME_POLL).update(closed_at=world.now)
    TimePollPost.objects.filter(poll=good).update(message_id=777, shown_version=1)
    TimePollPost.objects.filter(poll=poll).update(problem_code=code)
    Channel.objects.filter(pk=world.channel.pk).update(bot_permissions=VIEW)
    assert actions.repair_posts(world.now) == 0, "another attempt would fail like the last"
    Channel.objects.filter(pk=world.channel.pk).update(bot_permissions=PERMISSIONS)
    assert actions.repair_posts(world.now) == 1
    assert actions.repair_posts(world.now) == 0, "it is under way"
    assert [job.message.post.poll_id for job in steps.lease_jobs(world.now, 10) if job.post is not None] == [poll.pk]


class NoRoles:
    """Discord, where Charlie lost his role while the bot was away."""

    def member(self, guild_id: int, user_id: int) -> MemberPayload:
        return MemberPayload(UserPayload(user_id, "charlie"))


def test_a_role_that_was_taken_hides_a_poll_in_the_list_too(world: World, as_person: Any, settings: Any) -> None:
    """Its channel has no games, so that nothing else has the roles read anew."""
    poll = make_poll(world, title="Poll of the officers")
    Role.objects.create(pk=PLAYER, guild=world.guild, name="Officer")
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[GUILD, 0, VIEW], [PLAYER, VIEW, 0]])
    Member.objects.filter(user=world.charlie).update(role_ids=[PLAYER])
    client, address = as_person(world.charlie), reverse("guild", args=[GUILD])
    assert poll.title in client.get(address).content.decode()
    settings.DISCORD_DIRECTORY = f"{__name__}.NoRoles"
    Member.objects.filter(user=world.charlie).update(roles_read_at=world.now - timedelta(hours=1))
    assert poll.title not in client.get(address).content.decode()
    assert client.get(poll.get_absolute_url()).status_code == 404


# --- forged components and stale pages ---------------------------------------------------------------------


def test_what_no_select_offers_changes_nothing(world: World, as_person: Any) -> None:
    """By Discord, by the page and by a fragment: values of another poll, of none, too many, and each twice."""
    poll, other = make_poll(world), make_poll(world, title="Another")
    tick(poll, world.charlie, world, [0])
    own, foreign = ([one.pk for one in options(which)] for which in (poll, other))
    charlie = MemberPayload(UserPayload(world.charlie.pk, "charlie"))
    client, address = as_person(world.charlie), reverse("poll-vote", args=[poll.pk])
    for values in ([0], [-1], [2**63 - 1], foreign, [own[0], foreign[0]], list(range(1, 26)), [own[0]] * 25 + [0]):
        assert not run_poll_action(poll.pk, values, GUILD, charlie).choices
        for headers in ({}, {"HX-Request": "true"}):
            typed = [*map(str, values), "x", "", "9" * 30, "\u0661"]
            assert client.post(address, {"times": typed}, headers=headers).status_code in {200, 302}
        assert actions.voters_of(poll) == {own[0]: [world.charlie.pk]}
        assert not actions.voters_of(other)
    assert run_poll_action(poll.pk, [own[0], own[1], own[1]], GUILD, charlie).outcome == Outcome.DONE
    assert actions.voters_of(poll) == {own[0]: [world.charlie.pk], own[1]: [world.charlie.pk]}


def test_a_poll_exists_only_in_its_own_server(world: World) -> None:
    """A forged id says no more of a poll elsewhere, hidden or cancelled than of none."""
    foreign_guild = GUILD + 900
    Guild.objects.create(pk=foreign_guild, name="Elsewhere", owner_id=world.alice.pk, synced_at=world.now)
    poll, hidden = make_poll(world), make_poll(world, channel_id=world.other_channel.pk)
    Channel.objects.filter(pk=world.other_channel.pk).update(overwrites=[[GUILD, 0, VIEW]])
    times = [one.pk for one in options(poll)]
    stranger = MemberPayload(UserPayload(world.charlie.pk + 900, "stranger"))
    charlie = MemberPayload(UserPayload(world.charlie.pk, "charlie"))
    for values in (times[:1], [], None):
        replies = {
            run_poll_action(poll.pk, values, foreign_guild, stranger).text,
            run_poll_action(None, values, GUILD, charlie).text,
            run_poll_action(2**63 - 1, values, GUILD, charlie).text,
            run_poll_action(hidden.pk, values, GUILD, charlie).text,
        }
        assert len(replies) == 1
        assert run_poll_action(poll.pk, values, None, charlie).text not in replies, "in a direct message"
    assert not actions.voters_of(poll)


def test_after_the_end_every_way_says_so_and_nothing_changes(world: World, as_person: Any) -> None:
    decided, cancelled, late = make_poll(world), make_poll(world), make_poll(world)
    for poll in (decided, cancelled, late):
        tick(poll, world.charlie, world, [0])
    actions.make_game(decided.pk, by(world.bob), world.now)
    actions.cancel_poll(cancelled.pk, by(world.bob), world.now)
    type(late).objects.filter(pk=late.pk).update(closes_at=world.now)
    alice = MemberPayload(UserPayload(world.alice.pk, "alice"))
    client = as_person(world.alice)
    for poll in (decided, cancelled, late):
        times = [one.pk for one in options(poll)]
        assert run_poll_action(poll.pk, times, GUILD, alice).outcome == Outcome.REFUSED
        answer = client.post(reverse("poll-vote", args=[poll.pk]), {"times": times}, headers={"HX-Request": "true"})
        assert (answer.status_code, "say error" in answer.text) == (200, True)
        assert actions.voters_of(poll) == {times[0]: [world.charlie.pk]}
    for verb in ("poll-game", "poll-cancel"):
        client.post(reverse(verb, args=[decided.pk]))
    client.post(reverse("poll-game", args=[cancelled.pk]))
    assert Game.objects.count() == 1


def test_a_host_who_lost_the_role_makes_no_game_and_may_still_cancel(world: World, as_person: Any) -> None:
    poll = make_poll(world)
    tick(poll, world.charlie, world, [0])
    Role.objects.create(pk=PLAYER, guild=world.guild, name="Host")
    GuildDefaults.objects.update(host_role_ids=[PLAYER])
    client = as_person(world.bob)
    assert client.get(poll.get_absolute_url()).status_code == 200
    client.post(reverse("poll-game", args=[poll.pk]))
    bob = MemberPayload(UserPayload(world.bob.pk, "bob"))
    assert run_poll_action(poll.pk, None, GUILD, bob).outcome == Outcome.REFUSED
    assert not Game.objects.exists()
    client.post(reverse("poll-cancel", args=[poll.pk]))
    poll.refresh_from_db()
    assert poll.state(world.now) is PollState.CANCELLED


def test_a_right_that_was_taken_between_look_and_press(world: World, as_person: Any) -> None:
    """Its host, too, has no poll in a channel that is hidden from them by now."""
    poll, client = make_poll(world), as_person(world.bob)
    assert client.get(poll.get_absolute_url()).status_code == 200
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[world.bob.pk, 0, VIEW]])
    data = {"times": options(poll)[0].pk, "time": options(poll)[0].pk}
    for verb in ("poll", "poll-vote", "poll-game", "poll-cancel"):
        send, address = client.get if verb == "poll" else client.post, reverse(verb, args=[poll.pk])
        for headers in ({}, {"HX-Request": "true"}):
            assert send(address, data, headers=headers).status_code == 404, (verb, headers)
            assert not Game.objects.exists()
            assert not actions.voters_of(poll)
            poll.refresh_from_db()
            assert poll.cancelled_at is None


def test_hostile_names_and_titles_stay_text(world: World, as_person: Any) -> None:
    name, title = "<script>x</script>", '"><img src=x onerror=1> **b** @everyone <@&5> ||s||'
    poll = make_poll(world, title=title)
    tick(poll, world.add_member(50, name), world, [0])
    page = as_person(world.bob).get(poll.get_absolute_url()).text
    assert name not in page
    assert "<img src=x" not in page
    [job] = [job for job in steps.lease_jobs(world.now, 10) if job.post is not None]
    assert texts(render.post_message(job.message.post)["view"]).count("\\") > 5
    assert (job.message.ping_users, job.message.ping_roles, job.message.text) == ((), (), "")


# --- what happens in Discord meanwhile ---------------------------------------------------------------------


def test_a_deleted_channel_ends_in_no_error(world: World, as_person: Any) -> None:
    poll = make_poll(world, quorum=1)
    tick(poll, world.charlie, world, [0])
    Channel.objects.filter(pk=world.channel.pk).update(deleted_at=world.now)
    for now in (world.now, poll.closes_at):
        steps.create_due_deliveries(now)
        steps.lease_jobs(now, 10)
        actions.repair_posts(now)
    assert not Game.objects.exists()
    assert as_person(world.bob).get(reverse("guild", args=[GUILD])).status_code == 200
    assert actions.repair_posts(poll.closes_at) == 0, "no other attempt"


def test_a_bot_that_was_kicked_and_comes_back_shows_how_the_poll_ended(world: World) -> None:
    poll = make_poll(world)
    TimePollPost.objects.update(message_id=777, shown_version=1)
    Guild.objects.update(bot_removed_at=world.now)
    for now in (world.now, poll.closes_at):
        steps.create_due_deliveries(now)
        assert not [job for job in steps.lease_jobs(now, 10) if job.post is not None]
        assert actions.repair_posts(now) == 0
    Guild.objects.update(bot_removed_at=None)
    assert actions.repair_posts(poll.closes_at) == 1
    [job] = [job for job in steps.lease_jobs(poll.closes_at, 10) if job.post is not None]
    assert (job.message.message_id, job.message.post.choices) == (777, ())


def test_a_post_that_was_deleted_while_the_bot_was_away_is_put_back(world: World) -> None:
    """The bot hears of no deletion then: on its return it has the posts of open polls edited."""
    poll, decided = make_poll(world), make_poll(world)
    actions.cancel_poll(decided.pk, by(world.bob), world.now)
    steps.lease_jobs(world.now, 10)
    Notification.objects.filter(kind=NotificationKind.TIME_POLL).update(closed_at=world.now)
    TimePollPost.objects.filter(poll=poll).update(message_id=777, shown_version=1)
    assert actions.recheck_posts(world.now) == 1
    [job] = [job for job in steps.lease_jobs(world.now, 10) if job.post is not None]
    assert job.message.message_id == 777


def test_notifyd_that_fails_after_the_game_was_made_makes_it_again_and_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Game and message are one transaction: neither is there without the other."""
    poll = make_poll(world, quorum=1)
    tick(poll, world.charlie, world, [0])
    monkeypatch.setattr("notifications.shared_messages.create_deliveries", lambda *args: 1 / 0)
    steps.create_due_deliveries(world.now)
    assert not Game.objects.exists()
    monkeypatch.undo()
    for minutes in range(60):
        steps.create_due_deliveries(world.now + timedelta(minutes=minutes))
    assert Game.objects.count() == 1
    assert Delivery.objects.filter(notification__kind=NotificationKind.TIME_POLL_GAME).count() == 1


def test_times_around_a_change_of_clocks(world: World, as_person: Any) -> None:
    """Ten times, an hour apart by the clock, from before the hour that comes twice to after it."""
    year = world.now.year + (world.now.month > 9)
    last = datetime(year, 10, 31, tzinfo=UTC)
    sunday = last - timedelta(days=(last.weekday() + 1) % 7)
    client, address = as_person(world.bob), reverse("poll-new", args=[GUILD])
    typed = {"title": "Night", "zone": "Europe/Berlin"}
    for number in range(1, 11):
        typed |= {f"date_{number}": f"{sunday:%Y-%m-%d}", f"time_{number}": f"0{number // 2}:{number % 2 * 30:02}"}
    answer = client.post(address, form_to(client, address, address, **typed))
    assert answer.status_code == 302
    times = [one.starts_at for one in options(TimePoll.objects.get())]
    assert len(times) == 10
    assert sorted((b - a).total_seconds() / 60 for a, b in pairwise(times)) == [30] * 8 + [90]
    labels = {one.label for one in shown_choices(TimePoll.objects.get(), world)}
    assert len(labels) == 10, "no two that read alike"


def test_times_that_read_alike_are_one_time(world: World, as_person: Any) -> None:
    """No label shows seconds, and of a time that comes twice the first is meant."""
    client, address = as_person(world.bob), reverse("poll-new", args=[GUILD])
    day = f"{world.now + 5 * DAY:%Y-%m-%d}"
    typed = {"title": "Night", "zone": "Europe/Berlin", "date_1": day, "time_1": "20:00", "date_2": day}
    typed |= {"time_2": "20:00:30"}
    answer = client.post(address, form_to(client, address, address, **typed))
    assert answer.status_code == 422
    assert wording.NO_TIMES in answer.text
    assert (
        client.post(address, form_to(client, address, address, **typed, date_3=day, time_3="21:00:59")).status_code
        == 302
    )
    assert [one.starts_at.second for one in options(TimePoll.objects.get())] == [0, 0]


def test_a_post_that_still_offers_a_past_time_is_answered_with_those_to_come(world: World) -> None:
    """Nothing edits the post when one of its times begins."""
    now = db_now()
    poll = make_poll(world, starts=(now + timedelta(minutes=5), now + 3 * DAY, now + 4 * DAY))
    times = options(poll)
    TimePollOption.objects.filter(pk=times[0].pk).update(starts_at=now - timedelta(minutes=5))
    charlie = MemberPayload(UserPayload(world.charlie.pk, "charlie"))
    reply = run_poll_action(poll.pk, [times[0].pk, times[1].pk], GUILD, charlie)
    assert reply.outcome == Outcome.REFUSED
    assert [one.option_id for one in reply.choices] == [times[1].pk, times[2].pk]
    assert run_poll_action(poll.pk, [times[1].pk], GUILD, charlie).outcome == Outcome.DONE
    TimePoll.objects.update(closes_at=now)
    assert not run_poll_action(poll.pk, [times[0].pk], GUILD, charlie).choices
