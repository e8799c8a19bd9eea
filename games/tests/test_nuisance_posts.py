"""What a plain host could do to a server with posts, and what bounds it."""

from datetime import timedelta
from typing import Any

import pytest

from conftest import World
from games.core.base import Actor, EntryPoint
from games.models import Game
from games.scheduling import actions as scheduling
from games.scheduling import cancellation, cloning, publishing, rules
from games.scheduling.cloning import CarryPlayers
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.signups import actions as signups
from games.tests.test_nuisance import MINUTE, bob, sent, to
from gamesched.lib.refusal import Refused
from guilds.models import User
from notifications.messages import OutgoingMessage


def create(world: World, who: User, **kwargs: Any) -> Game:
    return scheduling.create_game(
        world.guild.pk, world.make_plan(), Actor(who, EntryPoint.PAGE), world.now, **kwargs
    ).game


def test_creating_and_cancelling_ends_with_the_day(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(rules, "POSTS_OF_HOST_IN_A_DAY", 3)
    for _ in range(3):
        cancellation.cancel_game(create(world, world.bob).pk, "", bob(world), world.now)
    with pytest.raises(Refused) as refused:
        create(world, world.bob)
    assert refused.value.refusal.code == "too_many_posts"
    create(world, world.charlie)  # each host for themselves
    for _ in range(5):
        create(world, world.alice)  # she manages the server
    tomorrow = world.now + timedelta(days=1, seconds=1)
    scheduling.create_game(world.guild.pk, world.make_plan(), bob(world), tomorrow)


def test_no_way_to_announce_passes_the_bound(world: World, monkeypatch: Any) -> None:
    draft = create(world, world.bob, announce=AnnounceSchedule(AnnounceWhen.DRAFT))
    other = create(world, world.bob, announce=AnnounceSchedule(AnnounceWhen.DRAFT))
    monkeypatch.setattr(rules, "POSTS_OF_HOST_IN_A_DAY", 1)
    later = AnnounceSchedule(AnnounceWhen.LATER, world.now + MINUTE)
    create(world, world.bob, announce=later)
    plan = scheduling.plan_from_game(draft)
    for announce in (
        lambda: create(world, world.bob),
        lambda: create(world, world.bob, announce=later),
        lambda: publishing.announce_game(draft.pk, bob(world), world.now),
        lambda: scheduling.edit_game(draft.pk, plan, bob(world), world.now, announce=AnnounceSchedule()),
        lambda: scheduling.edit_game(draft.pk, plan, bob(world), world.now, announce=later),
        lambda: cloning.clone_game(other.pk, plan, CarryPlayers.NO, bob(world), world.now),
    ):
        with pytest.raises(Refused) as refused:
            announce()
        assert refused.value.refusal.code == "too_many_posts"
    create(world, world.bob, announce=AnnounceSchedule(AnnounceWhen.DRAFT))


def test_calling_off_and_on_again_ends_with_the_day(world: World) -> None:
    game = world.create_game(reminders=())
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    now, messages = world.now, list[OutgoingMessage]()
    for _ in range(3):
        cancellation.cancel_game(game.pk, "", bob(world), now)
        messages += sent(world, now + 2 * MINUTE)
        cancellation.undo_cancellation(game.pk, bob(world), now + 3 * MINUTE)
        messages += sent(world, now + 5 * MINUTE)
        now += 6 * MINUTE
    assert len(to(world.charlie, messages)) == 6
    cancellation.cancel_game(game.pk, "", bob(world), now)
    with pytest.raises(Refused) as refused:
        cancellation.undo_cancellation(game.pk, bob(world), now)
    assert refused.value.refusal.code == "too_often"
    cancellation.undo_cancellation(game.pk, Actor(world.alice, EntryPoint.PAGE), now)


def test_moving_a_game_from_channel_to_channel_ends_with_the_day(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(rules, "POSTS_OF_HOST_IN_A_DAY", 4)
    game, channels = create(world, world.bob), [world.other_channel.pk, world.channel.pk]

    def move(to_channel: int, actor: Actor, now: Any = None) -> None:
        plan = rules.change_plan(scheduling.plan_from_game(Game.objects.get(pk=game.pk)), channel_id=to_channel)
        scheduling.edit_game(game.pk, plan, actor, now or world.now)

    for turn in range(3):
        move(channels[turn % 2], bob(world))
    with pytest.raises(Refused) as refused:
        move(channels[1], bob(world))
    assert refused.value.refusal.code == "too_many_posts"
    with pytest.raises(Refused):
        create(world, world.bob)  # moves and new games count together
    plan = rules.change_plan(scheduling.plan_from_game(Game.objects.get(pk=game.pk)), title="Else")
    assert scheduling.edit_game(game.pk, plan, bob(world), world.now).changed, "what makes no new post"
    move(channels[1], Actor(world.alice, EntryPoint.PAGE))  # she manages the server
    move(channels[0], bob(world), world.now + timedelta(days=1, seconds=1))


def test_moving_what_nobody_sees_is_not_counted(world: World, monkeypatch: Any) -> None:
    draft = create(world, world.bob, announce=AnnounceSchedule(AnnounceWhen.DRAFT))
    monkeypatch.setattr(rules, "POSTS_OF_HOST_IN_A_DAY", 0)
    plan = rules.change_plan(scheduling.plan_from_game(draft), channel_id=world.other_channel.pk)
    assert scheduling.edit_game(draft.pk, plan, bob(world), world.now).changed
