"""The announcement in Components V2: within Discord's limits, people before settings, nobody left out uncounted."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from conftest import EVERYONE, GUILD, World
from discord_bot.post_layout import COLOURS, announcement_layout
from discord_bot.render import post_message
from games.core.base import Actor, EntryPoint
from games.core.states import State
from games.models import Announcement, Game, PostForm
from games.models.settings import GuildDefaults
from games.posts import wording
from games.posts.actions import repost_deleted_posts
from games.posts.announcement import AnnouncementView, announcement_view
from games.posts.tests.test_announcement import check_embed_limits, posts
from games.scheduling import cancellation
from games.signups import actions as signups
from guilds.models import Role
from notifications.daemon import steps
from notifications.messages import SentMessage

pytestmark = pytest.mark.slow
TEXT_DISPLAY, SECTION, CONTAINER, BUTTON = 10, 9, 17, 2


def nodes(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield each component, as Discord counts them: accessories and children too."""
    for one in components:
        yield one
        yield from nodes([*one.get("components", []), *([one["accessory"]] if "accessory" in one else [])])


def components(view: AnnouncementView) -> list[dict[str, Any]]:
    layout: Any = announcement_layout(view)
    found: list[dict[str, Any]] = layout.to_components()
    return found


def texts(view: AnnouncementView) -> list[str]:
    return [one["content"] for one in nodes(components(view)) if one["type"] == TEXT_DISPLAY]


def check_limits(post: AnnouncementView) -> None:
    every = list(nodes(components(post)))
    shown = [one["content"] for one in every if one["type"] == TEXT_DISPLAY]
    assert len(every) <= 40
    assert all(shown), "Discord refuses an empty text"
    assert sum(map(len, shown)) <= 4000
    for people in post.people_lists:
        [listed] = [text for text in shown if text.startswith(f"**{people.heading}**")]
        names = [line for line in people.lines if line in listed]
        if len(names) < len(set(people.lines)):
            assert re.search(r"and \d+ more\]", listed), "who has no room is counted"
    assert [one["accessory"]["type"] for one in every if one["type"] == SECTION] == [11]
    assert len([one for one in every if one["type"] == BUTTON]) <= 5


@settings(suppress_health_check=[HealthCheck.too_slow])  # of a busy machine, not of these posts
@given(posts())
def test_every_valid_form_is_within_discords_limits(post: AnnouncementView) -> None:
    """In both forms, since drawing a post takes longer than either."""
    check_limits(replace(post, notified_role_ids=tuple(range(10**18, 10**18 + 50))))
    check_embed_limits(post)


def test_a_post(world: World) -> None:
    game = world.create_game(location="#raids", description="Bring dice.")
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    view = announcement_view(game, world.now)
    at, calendars = int(game.starts_at.timestamp()), wording.calendar_links(view.calendar_url, view.google_url)
    assert texts(view) == [
        f"### [Curse of Strahd]({game.url})\n<t:{at}:F> (<t:{at}:R>) · 2 hours\n<#{world.other_channel.pk}>",
        "Bring dice.",
        f"**4 of 5 seats free**\n1. <@{world.charlie.pk}>",
        f"-# Hosted by Bob the GM · Reminders 1 day, 1 hour before · {calendars}",
    ]
    [container] = components(view)
    assert (container["type"], container["accent_color"]) == (CONTAINER, COLOURS[State.SCHEDULED])
    assert "Status" not in str(components(view))
    cancellation.cancel_game(game.pk, "*rain*", Actor(world.bob, EntryPoint.PAGE), world.now)
    over = announcement_view(Game.objects.get(), world.now)
    assert texts(over)[0].splitlines()[:2] == [
        f"### ~~[Curse of Strahd]({game.url})~~",
        r"**Cancelled: \*rain\***",
    ]


def test_a_hundred_people_with_mentions_all_have_room(world: World) -> None:
    view = announcement_view(world.create_game(seats=100), world.now)
    mentions = tuple(f"<@{1300000000000000000 + n}>" for n in range(100))
    assert all(mention in texts(replace(view, seated=mentions))[2] for mention in mentions)
    check_limits(replace(view, seated=mentions))
    [many] = [text for text in texts(replace(view, waiting=mentions * 5)) if text.startswith("**Wait list**")]
    listed = many.count("<@")
    assert listed > 90
    assert many.endswith(f"[… and {500 - listed} more]({view.url})")


def test_roles_are_pinged_once_and_stay_in_sight(world: World) -> None:
    Role.objects.create(id=GUILD + 30, guild=world.guild, name="Players")
    GuildDefaults.objects.update(notify_role_ids=[GUILD + 30, EVERYONE])
    game = world.create_game()
    for after in (timedelta(), timedelta(seconds=9)):
        [job] = [leased for leased in steps.lease_jobs(world.now + after, 50) if leased.post is not None]
        steps.record([(job, SentMessage(game.channel_id, 77))], world.now + after)
        assert texts(job.message.post)[0] == f"<@&{GUILD + 30}>"
        assert job.message.ping_roles == (() if after else (GUILD + 30,))
        signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now + timedelta(seconds=5))


def test_a_post_from_before_stays_an_embed_until_it_is_posted_anew(world: World) -> None:
    game = world.create_game()
    Announcement.objects.update(form=PostForm.EMBED, message_id=77, shown_version=0)

    def posted(after: timedelta = timedelta()) -> dict[str, Any]:
        [job] = [leased for leased in steps.lease_jobs(world.now + after, 50) if leased.post is not None]
        steps.record([(job, SentMessage(game.channel_id, 77))], world.now + after)
        return post_message(job.message.post)

    assert posted()["embed"].title == game.title
    assert Announcement.objects.get().form == PostForm.EMBED
    repost_deleted_posts([77], world.now + timedelta(minutes=1))
    assert "embed" not in posted(timedelta(minutes=1))
    assert Announcement.objects.get().form == PostForm.COMPONENTS
