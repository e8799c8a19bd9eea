"""Opening a poll, ticking times, and what becomes of it."""

from datetime import timedelta
from typing import Any

import pytest

from conftest import GUILD, World
from games.core.codes import AuditAction, NotificationKind
from games.hosts.actions import block_user
from games.models import AuditEntry, Game, GameTemplate, PollState, TimePoll, TimePollVote
from games.models.settings import GuildDefaults
from games.polls import actions, rules
from games.polls.tests.helpers import DAY, by, make_poll, options, tick
from games.privacy.actions import forget_person
from games.server_settings.removals import purge_departed_guilds
from games.server_settings.rules import KEPT_AFTER_LEAVING
from gamesched.lib.refusal import Refused
from guilds.directory.upsert import mark_member_left
from guilds.models import Channel, Guild, Member, Role
from notifications.daemon import steps
from notifications.models import Delivery, Notification

VIEW = 1 << 10
PLAYER = GUILD + 31


def refusal_of(call: Any, *args: Any) -> str:
    with pytest.raises(Refused) as refused:
        call(*args)
    return refused.value.refusal.code


def open_kinds(poll: TimePoll) -> set[str]:
    """Return the kinds of the poll's open notifications."""
    return set(Notification.objects.open().filter(dedupe_key=str(poll.pk)).values_list("kind", flat=True))


# --- opening ---------------------------------------------------------------------------------------------


def test_a_poll_has_its_times_and_is_to_be_posted_and_closed(world: World) -> None:
    poll = make_poll(world)
    assert [one.starts_at for one in options(poll)] == [world.now + days * DAY for days in (3, 4, 5)]
    assert (poll.zone, poll.quorum, poll.state(world.now)) == ("Europe/Berlin", None, PollState.OPEN)
    assert open_kinds(poll) == {NotificationKind.TIME_POLL, NotificationKind.TIME_POLL_END}
    assert Notification.objects.get(kind=NotificationKind.TIME_POLL_END).due_at == poll.closes_at
    assert AuditEntry.objects.get().action == AuditAction.OPEN_POLL, "and no game was scheduled"
    assert not Game.objects.exists()


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"starts": (3,)}, {"times"}),
        ({"starts": tuple(range(1, 12))}, {"times"}),
        ({"starts": (-1, 3)}, {"times"}),
        ({"starts": (3, 800)}, {"times"}),
        ({"closes": -1}, {"closes_time"}),
        ({"closes": 5}, {"closes_time"}),
        ({"closes": 61, "starts": (70, 71)}, {"closes_time"}),
        ({"quorum": 0}, {"number"}),
        ({"quorum": 100}, {"number"}),
        ({"title": " "}, {"title"}),
        ({"channel_id": 5}, {"channel"}),
        ({"template_id": 5}, {"template"}),
        ({"zone": "Mars/Olympus"}, {"zone"}),
        ({"by_minimum": True}, {"wins"}),
    ],
)
def test_what_makes_no_poll_is_refused_at_its_field(world: World, changes: dict[str, Any], fields: set[str]) -> None:
    if "starts" in changes:
        changes = changes | {"starts": tuple(world.now + days * DAY for days in changes["starts"])}
    if "closes" in changes:
        changes = {name: value for name, value in changes.items() if name != "closes"} | {
            "closes_at": world.now + changes["closes"] * DAY
        }
    with pytest.raises(Refused) as refused:
        make_poll(world, **changes)
    assert refused.value.refusal.fields.keys() == fields
    assert not TimePoll.objects.exists()


def test_ten_times_are_taken_and_one_twice_counts_once(world: World) -> None:
    starts = [world.now + days * DAY for days in range(3, 13)]
    assert len(options(make_poll(world, starts=[*starts, starts[0]]))) == 10


def test_who_may_not_schedule_such_a_game_opens_no_poll(world: World) -> None:
    GuildDefaults.objects.update(host_role_ids=[PLAYER])
    assert refusal_of(lambda: make_poll(world)) == "not_a_host"
    assert make_poll(world, world.alice).host == world.alice
    mark_member_left(GUILD, world.bob.pk, world.now)
    assert refusal_of(lambda: make_poll(world)) == "not_a_member"


def test_polls_of_one_host_are_limited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "OPEN_OF_HOST", 1)
    poll = make_poll(world)
    assert refusal_of(lambda: make_poll(world)) == "too_many"
    actions.cancel_poll(poll.pk, by(world.bob), world.now)
    monkeypatch.setattr(rules, "OPENED_IN_A_DAY", 1)
    assert refusal_of(lambda: make_poll(world)) == "too_many_posts"
    assert [make_poll(world, world.alice).host for _ in range(2)] == [world.alice] * 2, "who manages has no limit"


def test_the_games_minimum_is_the_quorum(world: World) -> None:
    GuildDefaults.objects.update(minimum=3)
    assert make_poll(world, by_minimum=True).quorum == 3


# --- ticking ---------------------------------------------------------------------------------------------


def test_ticks_replace_each_other_and_the_post_is_edited_once(world: World) -> None:
    poll = make_poll(world)
    assert tick(poll, world.charlie, world, [0, 1]).changed
    assert tick(poll, world.charlie, world, [1, 2]).changed
    assert not tick(poll, world.charlie, world, [1, 2]).changed
    times = options(poll)
    assert actions.voters_of(poll) == {times[1].pk: [world.charlie.pk], times[2].pk: [world.charlie.pk]}
    poll.refresh_from_db()
    assert poll.post_version == 3
    assert Notification.objects.open().filter(kind=NotificationKind.TIME_POLL).count() == 1
    assert tick(poll, world.charlie, world, []).changed
    assert not TimePollVote.objects.exists()


def test_times_that_are_past_are_refused_and_keep_who_ticked_them(world: World) -> None:
    poll = make_poll(world, starts=(world.now + timedelta(minutes=5), world.now + 3 * DAY))
    tick(poll, world.charlie, world, [0])
    world.now += timedelta(minutes=6)
    assert refusal_of(tick, poll, world.alice, world, [0]) == "past"
    assert tick(poll, world.charlie, world, [1]).changed
    assert [len(people) for people in actions.voters_of(poll).values()] == [1, 1]


def test_who_may_not_tick(world: World) -> None:
    poll, other = make_poll(world), make_poll(world, title="Another")
    assert refusal_of(actions.vote, poll.pk, [options(other)[0].pk], by(world.charlie), world.now) == "unknown_time"
    block_user(GUILD, world.charlie, None, "", by(world.alice), world.now)
    assert refusal_of(tick, poll, world.charlie, world, [0]) == "blocked"
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[GUILD, 0, VIEW], [world.bob.pk, VIEW, 0]])
    assert refusal_of(tick, poll, world.charlie, world, [0]) == "unknown_poll"
    assert tick(poll, world.bob, world, [0]).changed
    mark_member_left(GUILD, world.bob.pk, world.now)
    assert refusal_of(tick, poll, world.bob, world, [0]) == "unknown_poll"


def test_nobody_ticks_in_a_poll_that_is_over(world: World) -> None:
    poll = make_poll(world)
    for over in (
        lambda: actions.cancel_poll(poll.pk, by(world.bob), world.now),
        lambda: TimePoll.objects.update(cancelled_at=None, closed_at=None, closes_at=world.now),
    ):
        over()
        assert refusal_of(tick, poll, world.charlie, world, [0]) == "closed"


# --- a game ----------------------------------------------------------------------------------------------


def test_the_time_with_most_becomes_a_game_with_them_in_the_order_in_which_they_ticked(world: World) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign", description="Bring dice.", seats=2)
    poll = make_poll(world, template_id=template.pk)
    dana, erin = world.add_member(50), world.add_member(51)
    tick(poll, erin, world, [0, 1])
    tick(poll, world.charlie, world, [1])
    tick(poll, dana, world, [1])
    tick(poll, world.alice, world, [0])
    done = actions.make_game(poll.pk, by(world.bob), world.now)
    game = Game.objects.get()
    assert (done.changed, done.game) == (True, game)
    assert (game.host, game.starts_at, game.zone) == (world.bob, world.now + 4 * DAY, "Europe/Berlin")
    assert (game.title, game.channel, game.template, game.description) == (
        poll.title, world.channel, template, "Bring dice.",
    )  # fmt: skip
    signups = game.signups.current().order_by("order_key")
    assert [(one.user, one.seated_at is not None) for one in signups] == [
        (erin, True), (world.charlie, True), (dana, False),
    ]  # fmt: skip
    recipients = Notification.objects.open().filter(kind=NotificationKind.ADDED).values_list("recipient", flat=True)
    assert set(recipients) == {erin.pk, world.charlie.pk, dana.pk}
    poll.refresh_from_db()
    assert (poll.game, poll.winner, poll.state(world.now)) == (game, options(poll)[1], PollState.SCHEDULED)
    assert AuditEntry.objects.filter(game=game, action=AuditAction.SCHEDULE_FROM_POLL, actor=world.bob).exists()


def test_it_becomes_a_game_once(world: World) -> None:
    poll = make_poll(world)
    tick(poll, world.charlie, world, [0])
    first = actions.make_game(poll.pk, by(world.bob), world.now)
    second = actions.make_game(poll.pk, by(world.alice), world.now, options(poll)[2].pk)
    assert (second.changed, second.game) == (False, first.game)
    assert Game.objects.count() == 1


def test_of_several_the_earliest_to_come_wins_and_a_past_one_never(world: World) -> None:
    soon = world.now + timedelta(minutes=5)
    poll = make_poll(world, starts=(soon, world.now + 3 * DAY, world.now + 4 * DAY))
    tick(poll, world.charlie, world, [0, 1, 2])
    tick(poll, world.alice, world, [0])
    world.now = soon
    assert refusal_of(actions.make_game, poll.pk, by(world.bob), world.now, options(poll)[0].pk) == "past"
    made = actions.make_game(poll.pk, by(world.bob), world.now).game
    assert made is not None
    assert made.starts_at == options(poll)[1].starts_at


def test_who_may_not_sign_up_is_left_out_and_named(world: World) -> None:
    Role.objects.create(pk=PLAYER, guild=world.guild, name="Player")
    GuildDefaults.objects.update(player_role_ids=[PLAYER])
    player, blocked, gone = (world.add_member(number) for number in (50, 51, 52))
    Member.objects.filter(user__in=[player, blocked, gone]).update(role_ids=[PLAYER])
    poll = make_poll(world)
    for person in (world.charlie, player, blocked, gone, world.bob):
        tick(poll, person, world, [0])
    block_user(GUILD, blocked, None, "", by(world.alice), world.now)
    mark_member_left(GUILD, gone.pk, world.now)
    done = actions.make_game(poll.pk, by(world.bob), world.now)
    assert done.game is not None
    assert [one.user for one in done.game.signups.current().order_by("order_key")] == [player, world.bob]
    for name in ("charlie", "person51", "person52"):
        assert name in done.text.partition("May not sign up")[2]
    assert "person50" not in done.text.partition("May not sign up")[2]


def test_only_its_host_and_managers_decide(world: World) -> None:
    poll = make_poll(world)
    tick(poll, world.charlie, world, [0])
    for action in (actions.make_game, actions.cancel_poll):
        assert refusal_of(action, poll.pk, by(world.charlie), world.now) == "not_yours"
    mark_member_left(GUILD, world.bob.pk, world.now)
    assert refusal_of(actions.make_game, poll.pk, by(world.bob), world.now) == "unknown_poll"
    made = actions.make_game(poll.pk, by(world.alice), world.now).game
    assert made is not None
    assert made.host == world.alice, "its host is not there any more"


def test_a_poll_that_nobody_answered_has_no_winner_but_the_host_may_choose(world: World) -> None:
    poll = make_poll(world)
    assert refusal_of(actions.make_game, poll.pk, by(world.bob), world.now) == "no_winner"
    assert refusal_of(actions.make_game, poll.pk, by(world.bob), world.now, 5) == "unknown_time"
    assert actions.make_game(poll.pk, by(world.bob), world.now, options(poll)[2].pk).changed


def test_a_cancelled_poll_becomes_no_game_and_a_game_is_not_cancelled_with_its_poll(world: World) -> None:
    poll, other = make_poll(world), make_poll(world)
    assert actions.cancel_poll(poll.pk, by(world.bob), world.now).changed
    assert not actions.cancel_poll(poll.pk, by(world.bob), world.now).changed
    assert refusal_of(actions.make_game, poll.pk, by(world.bob), world.now) == "closed"
    actions.make_game(other.pk, by(world.bob), world.now, options(other)[0].pk)
    assert refusal_of(actions.cancel_poll, other.pk, by(world.bob), world.now) == "closed"


# --- by itself -------------------------------------------------------------------------------------------


def test_the_first_time_that_has_the_quorum_becomes_a_game_once(world: World) -> None:
    poll = make_poll(world, quorum=2)
    tick(poll, world.charlie, world, [0, 1])
    assert open_kinds(poll) == {NotificationKind.TIME_POLL, NotificationKind.TIME_POLL_END}
    tick(poll, world.alice, world, [1, 2])
    poll.refresh_from_db()
    assert (poll.winner, poll.state(world.now)) == (options(poll)[1], PollState.CLOSED)
    assert refusal_of(tick, poll, world.bob, world, [0]) == "closed"
    for _ in range(2):
        steps.create_due_deliveries(world.now)
    game = Game.objects.get()
    assert (game.host, game.starts_at) == (world.bob, options(poll)[1].starts_at)
    assert [one.user for one in game.signups.current().order_by("order_key")] == [world.charlie, world.alice]
    [job] = [job for job in steps.lease_jobs(world.now, 10) if job.post is None and job.message.user_id == world.bob.pk]
    assert poll.url in job.message.text, "its host hears of it"
    steps.create_due_deliveries(poll.closes_at)
    assert not Delivery.objects.filter(notification__kind=NotificationKind.TIME_POLL_END).exists(), "nothing is left"


def test_a_quorum_that_cannot_become_a_game_is_told_to_its_host(world: World) -> None:
    poll = make_poll(world, quorum=1)
    tick(poll, world.charlie, world, [0])
    GuildDefaults.objects.update(host_role_ids=[PLAYER])
    steps.create_due_deliveries(world.now)
    assert not Game.objects.exists()
    [job] = [job for job in steps.lease_jobs(world.now, 10) if job.post is None]
    assert (job.message.user_id, poll.url in job.message.text) == (world.bob.pk, True)
    assert actions.make_game(poll.pk, by(world.alice), world.now).changed, "a manager still may"


def test_it_closes_by_itself_and_its_host_hears_which_time_is_ahead(world: World) -> None:
    poll = make_poll(world)
    tick(poll, world.charlie, world, [1])
    closes_at = poll.closes_at
    assert steps.create_due_deliveries(closes_at - timedelta(seconds=1)) == 0
    for _ in range(2):
        steps.create_due_deliveries(closes_at)
    poll.refresh_from_db()
    assert (poll.closed_at, poll.state(closes_at)) == (closes_at, PollState.CLOSED)
    [job] = [job for job in steps.lease_jobs(closes_at, 10) if job.post is None]
    assert job.message.user_id == world.bob.pk
    assert f"<t:{int(options(poll)[1].starts_at.timestamp())}:F>" in job.message.text
    assert not Game.objects.exists()


def test_who_is_left_out_of_a_game_that_the_quorum_made_is_named_to_its_host(world: World) -> None:
    poll = make_poll(world, quorum=2)
    tick(poll, world.charlie, world, [0])
    tick(poll, world.alice, world, [0])
    block_user(GUILD, world.charlie, None, "", by(world.alice), world.now)
    steps.create_due_deliveries(world.now)
    [job] = [job for job in steps.lease_jobs(world.now, 10) if job.post is None and job.message.user_id == world.bob.pk]
    assert "charlie" in job.message.text
    assert "alice" not in job.message.text


# --- what goes with a person and a server ----------------------------------------------------------------


def test_a_person_who_is_forgotten_leaves_no_tick_and_no_open_poll(world: World) -> None:
    theirs, other, decided = make_poll(world), make_poll(world, world.alice), make_poll(world)
    for poll in (theirs, other, decided):
        tick(poll, world.bob, world, [0])
        tick(poll, world.charlie, world, [0])
    actions.make_game(decided.pk, by(world.bob), world.now)
    shown = {poll.pk: poll.post_version for poll in TimePoll.objects.all()}
    forget_person(world.bob.pk, world.now)
    assert set(TimePollVote.objects.values_list("user", flat=True)) == {world.charlie.pk}
    states = {poll.pk: poll.state(world.now) for poll in TimePoll.objects.all()}
    assert states == {theirs.pk: PollState.CANCELLED, other.pk: PollState.OPEN, decided.pk: PollState.SCHEDULED}
    assert not TimePoll.objects.filter(host=world.bob).exists()
    assert all(poll.post_version > shown[poll.pk] for poll in TimePoll.objects.all()), "their posts are edited"


def test_polls_go_with_their_server(world: World) -> None:
    poll = make_poll(world)
    tick(poll, world.charlie, world, [0])
    actions.make_game(poll.pk, by(world.bob), world.now)
    make_poll(world)
    Guild.objects.update(bot_removed_at=world.now - KEPT_AFTER_LEAVING - DAY)
    assert purge_departed_guilds(world.now) == 1
    assert not TimePoll.objects.exists()
    assert not Notification.objects.exists()
