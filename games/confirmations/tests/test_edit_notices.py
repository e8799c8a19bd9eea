"""Notices of edits: one message for all edits of a minute, and changes shown on post and page for a day."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import World
from discord_bot.render import announcement_embed
from games.confirmations import edits
from games.confirmations.wording import CHANGE_LABELS, REWRITTEN
from games.core.base import Actor, EntryPoint
from games.core.wording import timestamp
from games.deliveries.tests.test_resend import lease_message_jobs
from games.hosts import actions as host_actions
from games.models import Game
from games.posts.announcement import announcement_view
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.rules import change_plan
from games.signups import actions as signups
from guilds.models import User
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage
from notifications.models import Notification

MINUTE = timedelta(minutes=1)


def sent_messages(at: datetime) -> dict[int | None, OutgoingMessage]:
    """Return the messages sent at a time, by recipient."""
    steps.create_due_deliveries(at)
    jobs = lease_message_jobs(at)
    steps.record([(job, SentMessage(1, job.pk)) for job in jobs], at)
    return {job.message.user_id: job.message for job in jobs}


def edit(game: Game, by: User, at: datetime, drop_unconfirmed: bool | None = None, **changes: Any) -> None:
    plan = change_plan(scheduling.plan_from_game(Game.objects.get(pk=game.pk)), **changes)
    scheduling.edit_game(game.pk, plan, Actor(by, EntryPoint.PAGE), at, drop_unconfirmed=drop_unconfirmed)


@pytest.fixture
def game(world: World) -> Game:
    """Bob's game with one seat: Charlie is seated, Alice waits."""
    created = world.create_game(seats=1, reminders=())
    for person in (world.charlie, world.alice):
        signups.join(created.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    return created


words = st.sampled_from(edits.TRACKED_FIELDS)
values = st.integers(0, 2)
begun = st.fixed_dictionaries(dict.fromkeys(edits.TRACKED_FIELDS, values))


@given(begun, st.lists(st.dictionaries(words, values, max_size=3), max_size=6))
def test_many_edits_are_one_notice_from_first_to_last_value(start: dict[str, int], steps_: list[Any]) -> None:
    at, befores = start, []
    for step in steps_:
        after = {**at, **step}
        befores.append({word: at[word] for word in at if at[word] != after[word]})
        at = after
    whole = {word: (start[word], at[word]) for word in edits.TRACKED_FIELDS if start[word] != at[word]}
    assert edits.diff(edits.merge_earliest(befores), at) == whole


def test_edits_within_a_minute_are_one_notification(world: World, game: Game) -> None:
    edit(game, world.bob, world.now, title="Dune", duration=180, location="Table 3")
    edit(game, world.bob, world.now + 30 * MINUTE / 60, title="Dune *II*", duration=120, ask_if_moved=0)
    assert sent_messages(world.now + 0.9 * MINUTE) == {}
    messages = sent_messages(world.now + MINUTE)
    assert messages.keys() == {world.charlie.pk, world.alice.pk}, "not who edited"
    text = messages[world.charlie.pk].text
    assert "Title: ~~Curse of Strahd~~ → Dune \\*II\\*" in text
    assert "Where: ~~none~~ → Table 3" in text
    assert "Lasts" not in text, "it ended up the same"
    assert f"{game.url}?d=" in text


def test_an_edit_that_was_reverted_is_not_notified(world: World, game: Game) -> None:
    edit(game, world.bob, world.now, title="Dune", seats=2)
    edit(game, world.bob, world.now + 30 * MINUTE / 60, title="Curse of Strahd")
    assert {
        text
        for message in sent_messages(world.now + MINUTE).values()
        for text in [message.text]
        if "was changed" in text
    } == set()


def test_close_to_the_start_notices_are_sent_at_once(world: World, game: Game) -> None:
    at = game.starts_at - 5 * MINUTE
    edit(game, world.bob, at, instructions="The door is green.\nRing twice.", duration=180)
    text = sent_messages(at)[world.charlie.pk].text
    assert "Lasts: ~~2 hours~~ → 3 hours" in text
    assert f"{CHANGE_LABELS['instructions']}: {REWRITTEN}" in text
    assert "> The door is green.\n> Ring twice." in text


def test_a_pending_notice_is_replaced(world: World, game: Game) -> None:
    edit(game, world.bob, world.now, title="Dune")
    steps.create_due_deliveries(world.now + MINUTE)
    edit(game, world.bob, world.now + 2 * MINUTE, title="Dune II")
    assert lease_message_jobs(world.now + 2 * MINUTE) == []
    assert "~~Curse of Strahd~~ → Dune II" in sent_messages(world.now + 3 * MINUTE)[world.charlie.pk].text


def test_a_cancelled_game_sends_no_edit_notices(world: World, game: Game) -> None:
    edit(game, world.bob, world.now, title="Dune")
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    assert not Notification.objects.open().filter(kind__in=["edited", "changed_end"]).exists()


def test_a_new_host_and_channel_are_notified(world: World, game: Game) -> None:
    host_actions.hand_over(game.pk, world.charlie, Actor(world.bob, EntryPoint.PAGE), world.now)
    host_actions.answer_open_hand_over(game.pk, "accept", Actor(world.charlie, EntryPoint.PAGE), world.now)
    edit(game, world.charlie, world.now, channel_id=world.other_channel.pk)
    messages = sent_messages(world.now + MINUTE)
    assert "Host: ~~Bob the GM~~ → charlie" in messages[world.alice.pk].text
    assert f"Channel: ~~<#{world.channel.pk}>~~ → <#{world.other_channel.pk}>" in messages[world.alice.pk].text
    assert world.charlie.pk not in messages, "they said yes, and changed the channel themselves"


def test_post_and_page_show_changes_for_a_day(world: World, game: Game, as_person: Any) -> None:
    later = game.starts_at + timedelta(hours=1)
    edit(game, world.bob, world.now, starts_at=later, instructions="Ring twice.")
    fresh = Game.objects.get(pk=game.pk)
    field = {
        embed_field.name: embed_field.value
        for embed_field in announcement_embed(announcement_view(fresh, world.now)).fields
    }["Changed"]
    start = f"Start: ~~{timestamp(game.starts_at)}~~ → {timestamp(later)}"
    assert field == f"{start}\n{CHANGE_LABELS['instructions']}: {REWRITTEN}"
    page = as_person(world.alice).get(game.get_absolute_url()).text
    assert "Changed since" in page
    assert "rewritten" in page
    history = as_person(world.bob).get(game.get_absolute_url()).text
    assert f"Bob the GM changed {CHANGE_LABELS['instructions']}; Start:" in history
    day_after = world.now + timedelta(hours=24)
    revision = Game.objects.get().post_version
    steps.create_due_deliveries(day_after)
    assert Game.objects.get().post_version > revision, "the post is rendered again"
    assert "Changed" not in [
        embed_field.name for embed_field in announcement_embed(announcement_view(Game.objects.get(), day_after)).fields
    ]


def test_joining_again_unschedules_earlier_notices(world: World, game: Game) -> None:
    edit(game, world.bob, world.now, location="Table 3")
    for action in (signups.leave, signups.join):
        action(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now + MINUTE / 6)
    edit(game, world.bob, world.now + MINUTE / 3, title="Dune")
    messages = sent_messages(world.now + 2 * MINUTE)
    assert "Where: " in messages[world.charlie.pk].text
    assert "Where: " not in messages[world.alice.pk].text
    assert "Title: ~~Curse of Strahd~~ → Dune" in messages[world.alice.pk].text
