"""The announcement: the longest that a form accepts stays within Discord's limits."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from conftest import EVERYONE, GUILD, World
from discord_bot.post_layout import COLOURS
from discord_bot.render import allowed_mentions, announcement_buttons, announcement_embed
from games.confirmations.edits import TRACKED_FIELDS
from games.confirmations.summary import discord_change_lines
from games.core import rules, state_wording, text_rules, wording
from games.core.base import Actor, EntryPoint
from games.core.escaping import escape_markdown
from games.core.mentions import parse, to_discord
from games.core.states import State
from games.models.settings import GuildDefaults
from games.posts.actions import repost_deleted_posts
from games.posts.announcement import (
    DESCRIPTION_SHOWN,
    LOCATION_SHOWN,
    NOTE_SHOWN,
    AnnouncementView,
    announcement_view,
    columns,
)
from games.posts.calendars import google_url_for
from games.scheduling import cancellation
from games.scheduling import rules as schedule_rules
from games.signups import actions as signups
from games.signups import limits as signup_limits
from games.signups.wording import NOTE_MAX
from games.tests.test_every_state import create_game_in_state
from gamesched.lib.durations import minutes_text
from guilds.display_names import DisplayNames
from guilds.models import Role
from notifications.daemon import steps
from notifications.messages import OutgoingMessage, SentMessage

pytestmark = pytest.mark.slow

URL = "https://games.a-rather-long-name.example.org/games/123456789/"
NAMES = {"b": [1300000000000000001], "here": [1300000000000000002]}
PLACES = {"r": [1200000000000000012]}


def text(longest: int, least: int = 0) -> st.SearchStrategy[str]:
    """Draw words and whatever grows: markup, mentions, URLs, emoji; often the longest possible."""
    some = st.text(st.sampled_from("a *_@#b\n🎲<>[]`|\\"), min_size=least, max_size=longest)
    worst = st.sampled_from(["@b ", "#r ", "@here", "*", "🎲", "https://x.example/a_b ", "<#1200000000000000012>"])
    return some | worst.map(lambda part: (part * longest)[:longest])


def people(longest: int) -> st.SearchStrategy[list[str]]:
    """Draw a few names with their notes, which many others have too after a number of their own; and members."""
    few = st.lists(st.tuples(text(signup_limits.PLACEHOLDER_MAX - 3), text(NOTE_MAX)), min_size=1, max_size=4)
    return st.builds(_people_of, few, st.integers(0, signup_limits.PLACEHOLDERS_MAX), st.integers(0, longest))


def _people_of(few: list[tuple[str, str]], placeholders: int, members: int) -> list[str]:
    named = ((number, *few[number % len(few)]) for number in range(placeholders))
    lines = [f"{escape_markdown(f'{n:03}{name}')} · {escape_markdown(note, NOTE_SHOWN)}" for n, name, note in named]
    return [*lines, *["<@1300000000000000001>"] * members]


@st.composite
def posts(draw: st.DrawFn) -> AnnouncementView:
    title, place = draw(text(schedule_rules.TITLE_MAX, 1)), draw(text(rules.LOCATION_MAX))
    state = draw(st.sampled_from(State))
    reason = draw(text(text_rules.REASON_MAX)) if state is State.CANCELLED else ""
    seated, waiting = draw(people(200)), draw(people(200))
    reminders = draw(st.lists(st.integers(1, rules.REMINDER_MAX), max_size=rules.REMINDERS_MAX))
    starts_at = datetime(2026, 12, 31, 23, tzinfo=UTC)
    seats = draw(st.integers(0, rules.SEATS_MAX))
    return AnnouncementView(
        game_id=1,
        guild_id=2,
        title=title,
        url=URL,
        description=to_discord(parse(draw(text(rules.DESCRIPTION_MAX)), NAMES, PLACES), DESCRIPTION_SHOWN),
        state=state,
        state_text=f"{state_wording.STATE_TEXT[state]}: {reason}",
        starts_at=starts_at,
        duration_text=minutes_text(draw(st.integers(rules.DURATION_MIN, rules.DURATION_MAX))),
        reminders_text=wording.reminders_text(reminders),
        host_name="N" * 32,
        host_avatar_url="https://cdn.example/a.png",
        seats_text=wording.free_seats_text(len(seated), seats, len(waiting)),
        seated=tuple(seated),
        waiting=tuple(waiting),
        may_sign_up=True,
        takes_responses=True,
        signup_text=draw(text(300)),
        maybe=tuple(draw(people(100))),
        absent=tuple(draw(people(100))),
        location=to_discord(parse(place, NAMES, PLACES), LOCATION_SHOWN, escape_markdown),
        calendar_url=f"{URL}calendar.ics",
        google_url=google_url_for(title, place, starts_at, starts_at + timedelta(days=7), URL),
        change_lines=changed_lines(title, place) if not state.over else (),
    )


def changed_lines(title: str, place: str) -> tuple[str, ...]:
    """Draw all changes that a post can show, from and to these values."""
    values = {"start": "2026-12-31T23:00:00+00:00", "duration": rules.DURATION_MAX - 1, "channel": 1200000000000000012}
    values |= {"title": title, "location": place, "host": "N" * 32, "instructions": "Ring twice."}
    return tuple(
        discord_change_lines({word: (values[word], values[word]) for word in TRACKED_FIELDS}, DisplayNames(GUILD))
    )


def check_embed_limits(post: AnnouncementView) -> None:
    embed = announcement_embed(post)
    assert len(embed) <= 6000
    assert 1 <= len(embed.title or "") <= 256
    assert len(embed.description or "") <= 4096
    assert 1 <= len(embed.author.name or "") <= 256
    assert len(embed.fields) <= 25
    for field in embed.fields:
        assert 1 <= len(field.name or "") <= 256
        assert 1 <= len(field.value or "") <= 1024
    shown = "\n".join(field.value or "" for field in embed.fields)
    names = [field.name or "" for field in embed.fields]
    assert ("Wait list" in names) is bool(post.waiting), "it has room beside the longest list of players"
    assert any(name.startswith(post.seats_text) for name in names)
    assert (f"Maybe ({len(post.maybe)})" in names) is bool(post.maybe)
    assert (f"Can't make it ({len(post.absent)})" in names) is bool(post.absent)
    assert post.google_url in shown, "whole: half an address leads nowhere"
    rows = announcement_buttons(post).to_components()
    assert len(rows) == 1
    assert len(rows[0]["components"]) <= 5


def test_the_longest_texts_fit(world: World) -> None:
    post = replace(
        announcement_view(world.create_game(title="*" * 200, description="@here" * 400, location="*" * 200), world.now),
        state=State.CANCELLED,
        state_text="Cancelled: " + "*" * 300,
        reminders_text=wording.reminders_text([43199] * 10),
        google_url="x" * 500,
    )
    to_come = replace(
        post, state=State.SCHEDULED, state_text="Scheduled", change_lines=changed_lines("*" * 200, "*" * 200)
    )
    for name in (escape_markdown("*" * 100), "<@1300000000000000001>", "n"):
        for view in (post, to_come):
            check_embed_limits(
                replace(view, seated=(name,) * 100, waiting=(name,) * 50, maybe=(name,) * 50, absent=(name,) * 50)
            )


def test_a_full_game_shows_all_in_columns_from_the_top(world: World) -> None:
    post = announcement_view(world.create_game(seats=100, location="#raids"), world.now)
    mentions = tuple(f"<@{1300000000000000000 + n}>" for n in range(150))
    embed = announcement_embed(replace(post, seated=mentions[:100], waiting=mentions[100:]))
    column_values = [field.value or "" for field in embed.fields if field.inline]
    assert len(column_values) == 6
    assert column_values[0].startswith("1. <@1300000000000000000>\n2. ")
    assert column_values[1].startswith("35. ")
    assert "more]" not in "".join(column_values)


def test_a_few_lines_are_one_column_and_too_many_are_counted() -> None:
    assert columns(("a", "b"), 999, URL) == ["1. a\n2. b"]
    assert columns((), 999, URL) == []
    shown = columns(["N" * 32] * 100, 800, URL)
    assert sum(map(len, shown)) <= 800
    listed = sum(column.count("N" * 32) for column in shown)
    assert shown[-1].endswith(f"[… and {100 - listed} more]({URL})")


def fields(post: AnnouncementView) -> dict[str, str]:
    return {field.name or "": field.value or "" for field in announcement_embed(post).fields}


def test_a_post(world: World) -> None:
    game = world.create_game(location="")
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    shown = announcement_embed(announcement_view(game, world.now))
    assert (shown.author.name, shown.author.icon_url) == ("Bob the GM", world.bob.avatar_url)
    assert shown.url == game.url
    at = int(game.starts_at.timestamp())
    google_url = announcement_view(game, world.now).google_url
    assert fields(announcement_view(game, world.now)) == {
        "Status": "Scheduled",
        "Starts": f"<t:{at}:F> (<t:{at}:R>)\nLasts 2 hours",
        "Reminders": "1 day, 1 hour before",
        "Calendar": f"[.ics file]({game.url}calendar.ics) · [Google Calendar]({google_url})",
        "4 of 5 seats free": f"1. <@{world.charlie.pk}>",
    }
    cancellation.cancel_game(game.pk, "*rain*", Actor(world.bob, EntryPoint.PAGE), world.now)
    game.refresh_from_db()
    over = announcement_embed(announcement_view(game, world.now))
    assert over.colour is not None
    assert over.colour.value == COLOURS[State.CANCELLED]
    assert over.title == "~~Curse of Strahd~~"
    assert fields(announcement_view(game, world.now)) == {
        "Status": r"Cancelled: \*rain\*",
        "Starts": f"<t:{at}:F>\nLasts 2 hours",
        "1 signed up": f"1. <@{world.charlie.pk}>",
    }


def test_the_state_has_a_colour_and_a_text(world: World) -> None:
    words = {}
    for state in State:
        game = create_game_in_state(world, state)
        shown = announcement_embed(announcement_view(game, world.now))
        assert shown.colour is not None
        assert shown.colour.value == COLOURS[state]
        words[state] = fields(announcement_view(game, world.now))["Status"]
    assert len(set(words.values())) == len(State), words


def test_an_announcement_pings_its_roles_once(world: World) -> None:
    Role.objects.create(id=GUILD + 30, guild=world.guild, name="Players")
    GuildDefaults.objects.update(notify_role_ids=[GUILD + 30, EVERYONE])
    game = world.create_game(title="<@&1200000000000000021> @everyone")

    def posted(after: timedelta) -> OutgoingMessage:
        [job] = [leased for leased in steps.lease_jobs(world.now + after, 50) if leased.post is not None]
        steps.record([(job, SentMessage(game.channel_id, 77))], world.now + after)
        return job.message

    first = posted(timedelta())
    assert (first.text, first.ping_roles, first.ping_users) == ("", (GUILD + 30,), ())
    assert first.post.notified_role_ids == (GUILD + 30,), "the post itself mentions them"
    allowed = allowed_mentions(first).to_dict()
    assert (allowed["parse"], allowed["roles"], allowed["users"]) == ([], [GUILD + 30], [])
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now + timedelta(seconds=5))
    edited = posted(timedelta(seconds=9))
    assert (edited.message_id, edited.text, edited.ping_roles) == (77, "", ())
    repost_deleted_posts([77], world.now + timedelta(minutes=1))
    again = posted(timedelta(minutes=1))
    assert (again.message_id, again.text, again.ping_roles) == (None, "", ()), "put back, it is no news"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("#raids", "<#1200000000000000013>"),
        ("<#1200000000000000012>, *now*", r"<#1200000000000000012>, \*now\*"),
        ("<#1200000000000000999>", r"\<\#1200000000000000999\>"),
        ("https://discord.com/channels/1200000000000000001/1200000000000000012", None),
        ("[free](https://evil.example)", r"\[free\](https://evil.example)"),
        ("<@&5> @everyone", r"\<\@&5\> \@everyone"),
    ],
)
def test_the_location(world: World, typed: str, shown: str | None) -> None:
    game = world.create_game(location=typed)
    assert announcement_view(game, world.now).location == (typed if shown is None else shown)
