"""Background look-ups of members: which ones, how often, and what happens while Discord is down."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from conftest import World
from guilds.directory import lookup
from guilds.directory.lookup import DirectoryUnavailable, refresh_displayed
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import Member

looked_up_ids: list[int] = []


class RenamingDirectory:
    """A directory in which everyone is called Zed, and Bob has left."""

    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        looked_up_ids.append(user_id)
        return None if user_id % 10 == 2 else MemberPayload(UserPayload(user_id, f"u{user_id}"), "Zed")

    def has_message(self, channel_id: int, message_id: int) -> bool:
        return True


class UnavailableDirectory(RenamingDirectory):
    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        super().member(guild_id, user_id)
        raise DirectoryUnavailable("Discord answered 502")


@pytest.fixture(autouse=True)
def synchronous_lookups(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Run look-ups in the test's own thread: another connection would not see its transaction."""

    class AtOnce:
        def submit(self, work: Callable[..., None], *args: Any) -> None:
            work(*args)

    looked_up_ids.clear()
    settings.DISCORD_DIRECTORY = f"{__name__}.RenamingDirectory"
    monkeypatch.setattr(lookup, "_executor", AtOnce())
    monkeypatch.setattr(lookup, "close_old_connections", lambda: None)


def user_ids(world: World) -> list[int]:
    return [world.alice.pk, world.bob.pk, world.charlie.pk]


def test_those_looked_up_just_now_are_left_alone(world: World) -> None:
    Member.objects.filter(user=world.charlie).update(roles_read_at=world.now - timedelta(seconds=31))
    refresh_displayed(world.guild.pk, user_ids(world), world.now)
    assert looked_up_ids == [world.charlie.pk]
    assert Member.objects.get(user=world.charlie).nick == "Zed"


def test_who_left_is_learnt_from_the_look_up(world: World) -> None:
    Member.objects.update(roles_read_at=world.now - timedelta(minutes=5))
    refresh_displayed(world.guild.pk, user_ids(world), world.now)
    assert set(looked_up_ids) == set(user_ids(world))
    assert Member.objects.get(user=world.bob).left_at is not None
    refresh_displayed(world.guild.pk, user_ids(world), world.now + timedelta(minutes=5))
    assert looked_up_ids.count(world.bob.pk) == 1, "ex-members are not asked about for ever"


def test_while_discord_is_down_one_failure_pauses_all(world: World, settings: Any) -> None:
    settings.DISCORD_DIRECTORY = f"{__name__}.UnavailableDirectory"
    Member.objects.update(roles_read_at=None)
    refresh_displayed(world.guild.pk, user_ids(world), world.now)
    assert len(looked_up_ids) == 1
    assert Member.objects.filter(left_at=None).count() == 3, "what is known stays"


def test_a_games_page_looks_up_everyone_it_shows(world: World, as_person: Any) -> None:
    from games.core.base import Actor, EntryPoint
    from games.signups import actions as signups

    game = world.create_game()
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    client = as_person(world.alice)
    Member.objects.update(roles_read_at=world.now - timedelta(minutes=5))
    assert client.get(game.get_absolute_url()).status_code == 200
    assert set(looked_up_ids) == set(user_ids(world))
    assert "Zed" in client.get(game.get_absolute_url()).text
