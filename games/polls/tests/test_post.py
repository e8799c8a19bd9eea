"""The post of a poll: what it shows, within Discord's limits, and what becomes of it when Discord refuses."""

from datetime import timedelta

import discord
import pytest
from django.utils.html import escape

from conftest import GUILD, World
from discord_bot import render
from discord_bot.interactions.polls import run_poll_action
from games.core.base import Actor, EntryPoint
from games.core.codes import GameSkipCode, NotificationKind
from games.models import PollState, PostForm, TimePoll, TimePollPost
from games.models.announcement import PostProblem
from games.polls import actions, wording
from games.polls.post import PEOPLE_SHOWN, PollPost, poll_post
from games.polls.tests.helpers import DAY, by, make_poll, options, tick, ticked_by
from games.server_settings.actions import change_guild_defaults, values_of
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Channel, Guild
from guilds.templatetags.zoned_times import when
from notifications.daemon import steps
from notifications.daemon.steps import Job
from notifications.messages import PermanentError, SentMessage
from notifications.models import Notification

MESSAGE = 777


def due_post(world: World) -> Job:
    [job] = [job for job in steps.lease_jobs(world.now, 10) if job.post is not None]
    return job


def posted(world: World) -> TimePoll:
    poll = make_poll(world)
    steps.record([(due_post(world), SentMessage(world.channel.pk, MESSAGE))], world.now)
    return poll


def shown(poll: TimePoll, world: World) -> PollPost:
    return poll_post(TimePoll.objects.for_action().get(pk=poll.pk), actions.voters_of(poll), world.now)


def texts(layout: discord.ui.LayoutView) -> str:
    """Return all texts of a layout."""
    return "\n".join(item.content for item in layout.walk_children() if isinstance(item, discord.ui.TextDisplay))


def test_it_is_posted_once_and_edited_after_ticks(world: World) -> None:
    poll = posted(world)
    post = TimePollPost.objects.get()
    assert (post.message_id, post.shown_version) == (MESSAGE, 1)
    assert not Notification.objects.open().filter(kind=NotificationKind.TIME_POLL).exists()
    for user in (world.charlie, world.alice):
        tick(poll, user, world, [0])
    assert not steps.lease_jobs(world.now, 10), "ticks of two seconds are one edit"
    world.now += timedelta(seconds=2)
    job = due_post(world)
    assert (job.message.message_id, job.message.channel_id) == (MESSAGE, world.channel.pk)
    assert f"<@{world.charlie.pk}> <@{world.alice.pk}>" in job.message.post.lines[0]


def test_components_follow_what_can_be_done(world: World) -> None:
    poll = make_poll(world)
    tick(poll, world.charlie, world, [1])

    def ids() -> list[str | None]:
        view = render.post_message(shown(poll, world))["view"]
        rows = [item for item in view.walk_children() if isinstance(item, discord.ui.ActionRow)]
        return [getattr(getattr(item, "item", item), "custom_id", None) for row in rows for item in row.children]

    assert ids() == [f"poll:{poll.pk}:times", f"poll:{poll.pk}:game", None]
    assert [one.option_id for one in shown(poll, world).choices] == [one.pk for one in options(poll)]
    world.now += 3 * DAY
    assert shown(poll, world).state is PollState.CLOSED
    assert ids() == [f"poll:{poll.pk}:game", None]
    made = actions.make_game(poll.pk, by(world.bob), world.now).game
    assert made is not None
    assert (ids(), shown(poll, world).game_url) == ([None, None], made.url)


def test_times_that_are_past_cannot_be_chosen(world: World) -> None:
    poll = make_poll(world, starts=(world.now + timedelta(minutes=5), world.now + 3 * DAY))
    world.now += timedelta(minutes=5)
    assert [one.option_id for one in shown(poll, world).choices] == [options(poll)[1].pk]


def test_the_fullest_post_is_within_discords_limits(world: World) -> None:
    starts = [world.now + days * DAY for days in range(3, 13)]
    poll = make_poll(world, title="*" * 200, starts=starts, quorum=99, zone="America/Argentina/ComodRivadavia")
    ticked_by(poll, world.add_members(range(50, 53 + PEOPLE_SHOWN)), world)
    layout = render.post_message(shown(poll, world))["view"]
    assert 3000 < layout.content_length() <= 4000
    assert layout.total_children_count <= 40
    assert "+3" in texts(layout)
    [select] = [item.item for item in layout.walk_children() if hasattr(getattr(item, "item", None), "options")]
    assert (select.min_values, select.max_values, len(select.options)) == (0, 10, 10)
    assert all(len(one.label) <= 100 and len(one.description or "") <= 100 for one in select.options)


def test_a_post_from_before_stays_an_embed_until_it_is_posted_anew(world: World) -> None:
    poll = posted(world)
    TimePollPost.objects.update(form=PostForm.EMBED)
    tick(poll, world.charlie, world, [0])
    world.now += timedelta(seconds=2)
    job = due_post(world)
    content = render.post_message(job.message.post)
    assert content["embed"].url == poll.url
    assert next(item.custom_id for item in content["view"].children if hasattr(item, "custom_id")).endswith(":times")
    steps.record([(job, PermanentError("Unknown Message", PermanentError.UNKNOWN_MESSAGE))], world.now)
    job = due_post(world)
    assert "embed" not in render.post_message(job.message.post)
    steps.record([(job, SentMessage(world.channel.pk, MESSAGE + 1))], world.now)
    assert TimePollPost.objects.get().form == PostForm.COMPONENTS


def test_until_when_it_is_open_is_right_whenever_it_is_read(world: World) -> None:
    """Discord writes a relative time anew by itself, so a post that nobody edits would say that it closes hours ago."""
    end_text = shown(make_poll(world), world).end_text
    assert ":F>" in end_text
    assert ":R>" not in end_text


def test_a_deleted_post_is_put_back(world: World) -> None:
    poll = posted(world)
    nonce = TimePollPost.objects.get().nonce
    assert actions.recheck_posts(world.now, {MESSAGE, 5}) == 1
    error = PermanentError("Unknown Message", PermanentError.UNKNOWN_MESSAGE)
    steps.record([(due_post(world), error)], world.now)
    post = TimePollPost.objects.get()
    assert post.message_id is None
    assert post.nonce != nonce, "with the old one, Discord would return the deleted message"
    assert due_post(world).message.message_id is None
    actions.cancel_poll(poll.pk, by(world.bob), world.now)
    assert actions.recheck_posts(world.now, {MESSAGE}) == 0


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (PermanentError.MISSING_PERMISSION, PostProblem.MISSING_PERMISSION),
        (PermanentError.UNKNOWN_CHANNEL, PostProblem.CHANNEL_DELETED),
        (PermanentError.UNCERTAIN, PostProblem.MAYBE_POSTED),
        ("50035", PostProblem.REFUSED),
    ],
)
def test_its_page_says_why_it_is_not_in_discord(
    world: World, as_person: object, code: str, problem: PostProblem
) -> None:
    poll = make_poll(world)
    steps.record([(due_post(world), PermanentError("no", code))], world.now)
    assert TimePollPost.objects.get().problem_code == problem
    page = as_person(world.charlie).get(poll.get_absolute_url())  # type: ignore[operator]
    assert escape(page.context["post_problem"]) in page.text
    tick(poll, world.charlie, world, [0])
    assert Notification.objects.open().filter(kind=NotificationKind.TIME_POLL).exists(), "it is tried again"


def test_the_answer_to_a_tick_names_times_by_each_readers_clock(world: World) -> None:
    """In Discord, by the time itself; on the page, whose boxes say at which, how many they are."""
    poll = make_poll(world, quorum=2)
    times, charlie = options(poll), MemberPayload(UserPayload(world.charlie.pk, "charlie"))
    clocks = [f"<t:{int(one.starts_at.timestamp())}:F>" for one in times]
    answer = run_poll_action(poll.pk, [times[0].pk, times[2].pk], GUILD, charlie).text
    assert [clock in answer for clock in clocks] == [True, False, True]
    assert run_poll_action(poll.pk, [], GUILD, charlie).text == wording.TICKS_CLEARED
    tick(poll, world.alice, world, [1])
    won = run_poll_action(poll.pk, [times[1].pk], GUILD, charlie).text
    assert won.endswith(wording.won_by_vote(clocks[1]))
    page = tick(make_poll(world, quorum=1), world.charlie, world, [0]).text
    assert page == wording.ticked(1, 3) + wording.won_by_vote(when(times[0].starts_at, world.charlie.zone))


def test_nothing_is_posted_where_the_bot_or_the_channel_is_gone(world: World) -> None:
    make_poll(world)
    Guild.objects.update(bot_removed_at=world.now)
    assert not steps.lease_jobs(world.now, 10)
    row = Notification.objects.get(kind=NotificationKind.TIME_POLL)
    assert (row.skip_code, row.closed_at is None) == (GameSkipCode.BOT_REMOVED, False)
    Guild.objects.update(bot_removed_at=None)
    make_poll(world)
    Channel.objects.update(deleted_at=world.now)
    assert not steps.lease_jobs(world.now, 10)
    assert TimePollPost.objects.latest("pk").problem_code == PostProblem.CHANNEL_DELETED


def test_an_open_poll_is_written_in_the_servers_new_language(world: World) -> None:
    posted(world)
    settings = values_of(None)
    manager = Actor(world.alice, EntryPoint.PAGE)
    for language, due in (("he", 1), ("he", 0), ("de", 1)):
        change_guild_defaults(GUILD, settings, (), (), manager, world.now, language=language)
        jobs = [job for job in steps.lease_jobs(world.now, 10) if job.post is not None]
        assert [job.message.message_id for job in jobs] == [MESSAGE] * due, language
        steps.record([(job, SentMessage(world.channel.pk, MESSAGE)) for job in jobs], world.now)
