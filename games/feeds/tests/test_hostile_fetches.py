"""Fetches that no calendar makes, and every change of what a feed shows, one by one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from conftest import GUILD, World
from games.feeds.actions import FETCHES_A_MINUTE, count_fetch
from games.feeds.choices import FeedChoice
from games.feeds.tests.test_feed import fetch, join
from games.feeds.tests.test_narrowed_feeds import address, hide
from games.models import CalendarFeed, Game, GameTemplate, Signup
from games.models.settings import ChannelDefaults, GuildDefaults
from guilds.models import Channel, Guild, Member, Role, User
from notifications.models import DeliveryMethod

GARBAGE = ("", '"', "W/", 'W/"', "*, *", "\x7f", "a" * 7000, '"' * 3000, 'W/"\udcff"', "é", '"a", ,,"b')


def test_conditions_that_nobody_can_read_are_no_error(world: World) -> None:
    world.create_game()
    path = address(world.charlie, world)
    for value in GARBAGE:
        CalendarFeed.objects.update(fetches=0)  # it is fetched more often than anybody may
        for name in ("if_none_match", "if_modified_since", "if_unmodified_since", "if_range", "range"):
            assert fetch(path, **{name: value}).status_code == 200, (name, value[:40])
        assert fetch(path, if_match=value).status_code in {200, 412}, value[:40]


@pytest.mark.parametrize(("ahead", "allowed"), [(timedelta(seconds=2), False), (timedelta(days=300), True)])
def test_nobody_waits_until_a_clock_that_was_set_back_is_there_again(
    world: World, ahead: timedelta, allowed: bool
) -> None:
    feed = CalendarFeed.objects.create(user=world.charlie, created_at=world.now)
    fetches = [count_fetch(feed, world.now + ahead) for _ in range(FETCHES_A_MINUTE + 1)]
    assert fetches == [True] * FETCHES_A_MINUTE + [False]
    assert count_fetch(feed, world.now) is allowed, "two at once come in any order"


def test_a_part_of_the_file_is_the_whole(world: World) -> None:
    world.create_game()
    path = address(world.charlie, world)
    whole = fetch(path).content
    for part in ("bytes=0-9", "bytes=-1", "bytes=99999999-", "bytes=0-0,2-2"):
        answer = fetch(path, range=part)
        assert (answer.status_code, answer.content) == (200, whole)


def test_head_has_the_headers_and_nothing_else(world: World) -> None:
    world.create_game()
    path = address(world.charlie, world)
    answer, head = fetch(path), Client().head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert {name: head[name] for name in ("ETag", "Cache-Control", "Content-Type")} == {
        name: answer[name] for name in ("ETag", "Cache-Control", "Content-Type")
    }
    assert Client().head("/calendars/x.ics").status_code == 404
    for method in ("post", "put", "delete", "options", "patch"):
        assert getattr(Client(), method)(path).status_code == getattr(Client(), method)("/calendars/x.ics").status_code


@pytest.mark.parametrize("kind", ["own", "guild", "channel", "template"])
def test_where_the_file_differs_the_etag_does(world: World, kind: str) -> None:
    """Else calendars would keep what is wrong for up to a day."""
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign", location="The attic")
    game = world.create_game(title="Game", template_id=template.pk, description="At <t:1790000000:F>")
    waiting = world.create_game(title="Full", seats=0, template_id=template.pk)
    for one in (game, waiting):
        join(one, world.charlie, world.now)
    choices = {
        "own": FeedChoice(),
        "guild": FeedChoice(guild_id=GUILD),
        "channel": FeedChoice(channel_id=world.channel.pk),
        "template": FeedChoice(template_id=template.pk),
    }
    path = address(world.charlie, world, choices[kind])
    rows, settings = Game.objects.filter(pk=game.pk), GuildDefaults.objects.filter(guild=GUILD)
    signups, charlie = Signup.objects.filter(user=world.charlie), Member.objects.filter(user=world.charlie)
    Role.objects.create(pk=GUILD + 9, guild=world.guild, name="Organiser of all")
    changes: dict[str, Callable[[], Any]] = {
        "title": lambda: rows.update(title="Other"),
        "description": lambda: rows.update(description="Other at <t:1790000000:F>"),
        "start": lambda: rows.update(starts_at=game.starts_at + timedelta(hours=1)),
        "length": lambda: rows.update(ends_at=game.ends_at + timedelta(hours=3)),
        "zone": lambda: rows.update(zone="America/New_York"),
        "location of the game": lambda: rows.update(location="The cellar"),
        "location no more": lambda: rows.update(location=None),
        "location of the template": lambda: GameTemplate.objects.update(location="The roof"),
        "instructions of the channel": lambda: ChannelDefaults.objects.create(
            channel=world.channel, instructions="4711"
        ),
        "instructions of the server": lambda: (
            ChannelDefaults.objects.all().delete(),
            settings.update(instructions="5"),
        ),
        "reminders of the server": lambda: (rows.update(reminders=None), settings.update(reminders=[77])),
        "seat": lambda: signups.filter(game=waiting).update(seated_at=world.now),
        "seat no more": lambda: signups.filter(game=game).update(seated_at=None),
        "left": lambda: signups.filter(game=game).update(left_at=world.now),
        "role of managers": lambda: charlie.update(role_ids=[GUILD + 9]),
        "manager": lambda: settings.update(manager_role_ids=[GUILD + 9]),
        "manager no more": lambda: settings.update(manager_role_ids=[]),
        "co-host": lambda: game.cohosts.add(world.charlie),
        "co-host no more": lambda: game.cohosts.remove(world.charlie),
        "host": lambda: rows.update(host=world.charlie),
        "host no more": lambda: rows.update(host=world.bob),
        "reminder of their own": lambda: world.charlie.preferences.create(guild=world.guild, reminder_minutes=15),
        "no messages": lambda: world.charlie.preferences.update(method=DeliveryMethod.NONE),
        "zone of theirs": lambda: User.objects.filter(pk=world.charlie.pk).update(zone="Asia/Tokyo"),
        "name of the server": lambda: Guild.objects.update(name="Renamed"),
        "name of the channel": lambda: Channel.objects.filter(pk=world.channel.pk).update(name="renamed"),
        "name of the template": lambda: GameTemplate.objects.update(name="Renamed"),
        "cancelled": lambda: rows.update(cancelled_at=world.now),
        "reason": lambda: rows.update(cancel_reason="Ill"),
        "draft": lambda: Game.objects.filter(pk=waiting.pk).update(announced_at=None),
        "announced": lambda: Game.objects.filter(pk=waiting.pk).update(announced_at=world.now),
        "template deleted": lambda: GameTemplate.objects.update(deleted_at=world.now),
        "moved": lambda: rows.update(channel=world.other_channel),
        "hidden": lambda: hide(world.channel),
        "left the server": lambda: charlie.update(left_at=world.now),
    }
    before, seen = fetch(path), 0
    for name, change in changes.items():
        change()
        CalendarFeed.objects.update(fetches=0)
        answer = fetch(path, if_none_match=before["ETag"])
        assert answer.status_code in {200, 304}, name
        if answer.status_code == 304:
            assert answer["ETag"] == before["ETag"], name
            answer = fetch(path)
            assert (answer["ETag"], answer.content) == (before["ETag"], before.content), name
        assert answer["ETag"] != before["ETag"] or answer.content == before.content, name
        seen, before = seen + (answer.content != before.content), answer
    assert seen >= 10
    assert before.content.count(b"BEGIN:VEVENT") == 0, "who left the server reads nothing"
