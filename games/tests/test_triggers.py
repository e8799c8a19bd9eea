"""Every trigger notifies open pages, whatever made the change. A function does not follow a renamed column."""

from collections.abc import Callable

import pytest

from conftest import NotifyListener, World
from games.core.base import Actor
from games.models import Game, Signup
from games.signups import actions as signups
from guilds.models import Channel, Guild, Member, User

pytestmark = pytest.mark.slow


def test_each_table_that_a_page_shows_notifies(committed_world: World, pg_notifications: NotifyListener) -> None:
    world = committed_world
    game = world.create_game()
    signups.join(game.pk, world.charlie, Actor(world.charlie, "page"), world.now)
    guest = game.signups.create(placeholder="Grandma", order_key=100, joined_at=world.now)
    changes: dict[str, Callable[[], object]] = {
        "game": lambda: Game.objects.update(title="Another"),
        "sign-up": lambda: Signup.objects.of(world.charlie).update(note="late"),
        "deleted sign-up": guest.delete,
        "nickname": lambda: Member.objects.filter(user=world.charlie).update(nick="Chuck"),
        "name": lambda: User.objects.filter(pk=world.bob.pk).update(global_name="Robert"),
        "channel": lambda: Channel.objects.filter(pk=world.channel.pk).update(name="elsewhere"),
        "server": lambda: Guild.objects.update(name="Saturday Night Dice"),
    }
    pg_notifications.received()
    for what, change in changes.items():
        change()
        assert "game_changed" in pg_notifications.received(), what
