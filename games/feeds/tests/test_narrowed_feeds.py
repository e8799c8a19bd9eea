"""Feeds of a guild, a channel or a template: what they show, to whom, and the page on which a person has them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.urls import reverse
from icalendar import Calendar

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.feeds import wording
from games.feeds.actions import FETCHES_A_MINUTE, replace_address
from games.feeds.choices import FeedChoice
from games.feeds.contents import find_feed, read_contents
from games.feeds.tests.test_feed import events, fetch, join
from games.models import CalendarFeed, Game, GameTemplate, Signup
from games.models.settings import GuildDefaults
from games.scheduling import actions as scheduling
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.server_settings.removals import purge_departed_guilds
from games.server_settings.rules import KEPT_AFTER_LEAVING
from games.tests.cast import foreign_game
from guilds.models import THREAD_TYPES, VIEW_CHANNEL, Channel, Guild, Member, User

GUILD_FEED = FeedChoice(guild_id=GUILD)


def address(user: User, world: World, choice: FeedChoice = GUILD_FEED) -> str:
    """Give a person an address of what they choose, and return its path."""
    replace_address(user, world.now, choice)
    feed = CalendarFeed.objects.get(user=user, **choice.columns)
    return reverse("calendar-feed", args=[feed.token])


def hide(channel: Channel) -> None:
    """Have Discord show a channel to nobody but the guild's owner."""
    Channel.objects.filter(pk=channel.pk).update(overwrites=[[GUILD, 0, VIEW_CHANNEL]])


def calendar_name(path: str) -> str:
    return str(Calendar.from_ical(fetch(path).content)["X-WR-CALNAME"])


# --- what they show ----------------------------------------------------------------------------------------


def test_a_guilds_feed_has_all_that_its_person_may_see(world: World) -> None:
    join(world.create_game(title="Mine"), world.charlie, world.now)
    full = world.create_game(title="Full", seats=1)
    for person in (world.alice, world.charlie):
        join(full, person, world.now)
    world.create_game(title="Others'")
    world.create_game(title="Officers'", channel_id=world.other_channel.pk)
    draft = AnnounceSchedule(AnnounceWhen.DRAFT)
    by_charlie = Actor(world.charlie, EntryPoint.PAGE)
    scheduling.create_game(GUILD, world.make_plan(title="Draft"), by_charlie, world.now, announce=draft)
    foreign_game(world)
    hide(world.other_channel)
    path = address(world.charlie, world)
    shown = {name: (str(one["STATUS"]), str(one["TRANSP"])) for name, one in events(path).items()}
    assert shown == {
        "Mine": ("CONFIRMED", "OPAQUE"),
        "Full": ("TENTATIVE", "TRANSPARENT"),
        "Others'": ("CONFIRMED", "TRANSPARENT"),
    }
    assert calendar_name(path) == world.guild.name
    assert "Officers'" in events(address(world.alice, world))
    Member.objects.filter(user=world.charlie).update(left_at=world.now)
    assert events(path) == {}
    assert calendar_name(path) == wording.CALENDAR_NAME


def test_only_who_takes_part_reads_the_instructions_and_has_alarms(world: World) -> None:
    game = world.create_game(title="Game", instructions="The door code is 4711.")
    path = address(world.charlie, world)
    assert "4711" not in events(path)["Game"]["DESCRIPTION"]
    assert events(path)["Game"].walk("VALARM") == []
    join(game, world.charlie, world.now)
    assert "4711" in events(path)["Game"]["DESCRIPTION"]
    assert len(events(path)["Game"].walk("VALARM")) == 2


def test_a_channels_feed(world: World) -> None:
    world.create_game(title="Here")
    world.create_game(title="There", channel_id=world.other_channel.pk)
    thread = world.create_game(title="In a thread")
    Channel.objects.create(
        pk=GUILD + 77, guild=world.guild, name="Session 0", type=min(THREAD_TYPES), parent=world.channel
    )
    Game.objects.filter(pk=thread.pk).update(channel_id=GUILD + 77)
    path = address(world.charlie, world, FeedChoice(channel_id=world.channel.pk))
    assert set(events(path)) == {"Here", "In a thread"}
    assert calendar_name(path) == f"#game-night · {world.guild.name}"
    hide(world.channel)
    assert events(path) == {}
    assert calendar_name(path) == wording.CALENDAR_NAME, "the name of a hidden channel is nobody's business"


def test_a_templates_feed(world: World) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign", channel=world.other_channel)
    one = world.create_game(title="Of it")
    world.create_game(title="Another")
    Game.objects.filter(pk=one.pk).update(template=template)
    path = address(world.charlie, world, FeedChoice(template_id=template.pk))
    assert set(events(path)) == {"Of it"}
    assert calendar_name(path) == f"Campaign · {world.guild.name}"
    hide(world.other_channel)
    assert events(path) == {}, "a template for a hidden channel does not exist, nor what is made from it"
    assert calendar_name(path) == wording.CALENDAR_NAME


def test_a_feed_is_of_one_thing_and_each_person_has_one_of_each(world: World) -> None:
    paths = {
        address(world.charlie, world, one)
        for one in (FeedChoice(), GUILD_FEED, FeedChoice(channel_id=world.channel.pk))
    }
    assert len(paths) == CalendarFeed.objects.count() == 3
    old = address(world.charlie, world)
    new = address(world.charlie, world)
    assert (fetch(old).status_code, fetch(new).status_code) == (404, 200)
    assert CalendarFeed.objects.count() == 3
    two = CalendarFeed(user=world.bob, guild=world.guild, channel=world.channel, created_at=world.now)
    again = CalendarFeed(user=world.charlie, guild=world.guild, created_at=world.now)
    for row in (two, again):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()


# --- what a fetch costs ------------------------------------------------------------------------------------


def add_games(world: World, number: int) -> None:
    """Add games by copying one: each action takes a while."""
    columns: dict[str, Any] = {**Game.objects.values().earliest("pk")}
    del columns["id"]
    days = [timedelta(days=1 + n / 10) for n in range(number)]
    Game.objects.bulk_create(
        Game(**columns | {"title": f"Copy {n}", "starts_at": world.now + at, "ends_at": world.now + at * 1.1})
        for n, at in enumerate(days)
    )


def test_five_hundred_games_take_as_many_statements_as_one(world: World, django_assert_num_queries: Any) -> None:
    game = world.create_game(description="@alice of <#1200000000000000012> and <@&1>", location="#raids")
    path = address(world.charlie, world)
    fetch(path)
    with django_assert_num_queries(12):
        first = fetch(path)
    with django_assert_num_queries(6):
        assert fetch(path, if_none_match=first["ETag"]).status_code == 304
    add_games(world, 501)
    with django_assert_num_queries(12):
        many = fetch(path)
    with django_assert_num_queries(6):
        assert fetch(path, if_none_match=many["ETag"]).status_code == 304
    assert many.content.count(b"BEGIN:VEVENT") == 500, "of more, the next"
    assert game.pk


def test_not_modified_writes_no_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.create_game()
    path = address(world.charlie, world)
    etag = fetch(path)["ETag"]

    def fail(*args: Any) -> None:
        raise AssertionError("written")

    monkeypatch.setattr("games.feeds.contents.write_calendar", fail)
    assert fetch(path, if_none_match=etag).status_code == 304


def test_a_wrong_and_a_revoked_token_cost_one_statement(world: World, django_assert_num_queries: Any) -> None:
    revoked = address(world.charlie, world)
    address(world.charlie, world)
    inactive = address(world.bob, world)
    User.objects.filter(pk=world.bob.pk).update(is_active=False)
    answers = []
    for path in (revoked, inactive, "/calendars/x.ics", f"/calendars/{'A' * 32}.ics", f"/calendars/{'A' * 3000}.ics"):
        with django_assert_num_queries(1) as seen:
            answers.append(fetch(path))
        assert 'FROM "games_calendarfeed"' in seen.captured_queries[0]["sql"]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_who_fetches_again_and_again_is_told_to_wait(world: World) -> None:
    path, other = address(world.charlie, world), address(world.bob, world)
    answers = [fetch(path) for _ in range(FETCHES_A_MINUTE + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert (answers[-1].status_code, answers[-1]["Retry-After"]) == (429, "60")
    cache.clear()
    assert fetch(path).status_code == 429, "no process counts for itself"
    assert fetch(other).status_code == 200, "of other feeds nobody has to wait"
    wrong = [fetch("/calendars/x.ics").status_code for _ in range(FETCHES_A_MINUTE + 1)]
    assert set(wrong) == {404}
    replace_address(world.charlie, world.now, GUILD_FEED)
    assert fetch(path).status_code == 404
    CalendarFeed.objects.update(minute_began_at=world.now - timedelta(minutes=2))  # as after a minute
    assert fetch(address(world.charlie, world)).status_code == 200


def test_what_a_calendar_must_see_changes_the_etag(world: World) -> None:
    game = world.create_game(title="Game", seats=1, instructions="4711")
    path = address(world.charlie, world)
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign")
    changes: dict[str, Callable[[], Any]] = {
        "a column": lambda: Game.objects.filter(pk=game.pk).update(title="Other"),
        "a sign-up": lambda: Signup.objects.create(game=game, user=world.charlie, joined_at=world.now, order_key=1),
        "a seat": lambda: Signup.objects.update(seated_at=world.now),
        "a co-host": lambda: game.cohosts.add(world.charlie),
        "a role": lambda: Member.objects.filter(user=world.charlie).update(role_ids=[GUILD + 1]),
        "a setting of the server": lambda: GuildDefaults.objects.update(location="Bob's attic"),
        "a new game": lambda: world.create_game(),
        "the guild's name": lambda: Guild.objects.filter(pk=GUILD).update(name="Renamed"),
        "an own reminder": lambda: world.charlie.preferences.create(guild=world.guild, reminder_minutes=15),
        "their zone": lambda: User.objects.filter(pk=world.charlie.pk).update(zone="Asia/Tokyo"),
        "a channel that is hidden": lambda: hide(world.channel),
    }
    assert template.pk
    before = fetch(path)["ETag"]
    for name, change in changes.items():
        change()
        CalendarFeed.objects.update(fetches=0)
        after = fetch(path)["ETag"]
        assert after != before, name
        assert fetch(path)["ETag"] == after
        before = after
    feed = find_feed(CalendarFeed.objects.get().token)
    assert feed is not None
    tags = {read_contents(feed, feed.read_at + timedelta(days=days)).etag for days in (0, 1, 2)}
    assert len(tags) == 3, "names that texts mention are looked up once a day"


# --- the page ----------------------------------------------------------------------------------------------


def test_the_page_makes_and_revokes_each_of_them(world: World, as_person: Any) -> None:
    world.create_game()
    GameTemplate.objects.create(guild=world.guild, name="Campaign")
    template = GameTemplate.objects.get()
    client, page = as_person(world.charlie), reverse("calendar")
    for what in (f"guild-{GUILD}", f"channel-{world.channel.pk}", f"template-{template.pk}"):
        assert f'value="{what}" selected' in client.get(page, {"what": what}).text
        client.post(reverse("calendar-new"), {"what": what})
    feeds = list(CalendarFeed.objects.filter(user=world.charlie))
    assert {one.what for one in feeds} == {f"guild-{GUILD}", f"channel-{world.channel.pk}", f"template-{template.pk}"}
    shown = client.get(page).text
    assert shown.count("Not fetched yet") == 3
    for one in feeds:
        assert f'value="{one.url}"' in shown
        for link in (one.webcal_url, one.google_url, one.outlook_url):
            assert f'href="{link}"' in shown
    assert "calendar.google.com/calendar/r?cid=webcal%3A%2F%2F" in shown
    assert "outlook.live.com/calendar/0/addfromweb?url=http" in shown
    fetch(reverse("calendar-feed", args=[feeds[0].token]))
    shown = client.get(page).text
    assert (shown.count("Not fetched yet"), shown.count("Last fetched")) == (2, 1)
    as_person(world.bob).post(reverse("calendar-delete"), {"what": feeds[0].what})
    assert CalendarFeed.objects.count() == 3, "nobody deletes somebody else's"
    as_person(world.charlie).post(reverse("calendar-delete"), {"what": feeds[0].what})
    assert fetch(reverse("calendar-feed", args=[feeds[0].token])).status_code == 404
    assert CalendarFeed.objects.count() == 2


def test_nobody_makes_one_of_what_they_may_not_see(world: World, as_person: Any) -> None:
    foreign = foreign_game(world)
    world.create_game(channel_id=world.other_channel.pk)
    hide(world.other_channel)
    secret = GameTemplate.objects.create(guild=world.guild, name="Conspiracy", channel=world.other_channel)
    client = as_person(world.charlie)
    page = client.get(reverse("calendar")).text
    for name in ("#raids", "Conspiracy", foreign.guild.name):
        assert name not in page
    refused = (
        f"channel-{world.other_channel.pk}", f"template-{secret.pk}", f"guild-{foreign.guild_id}",
        f"channel-{foreign.channel_id}", "guild-1", f"guild-{10**30}", "guild", "guild-0",
        "game-1", "guild-\N{ARABIC-INDIC DIGIT ONE}",
    )  # fmt: skip
    for what in refused:
        assert client.post(reverse("calendar-new"), {"what": what}).status_code == 404, what
        assert client.get(reverse("calendar"), {"what": what}).status_code == 200
    assert not CalendarFeed.objects.exists()


def test_the_page_does_not_name_what_is_hidden_by_now(world: World, as_person: Any) -> None:
    world.create_game(channel_id=world.other_channel.pk)
    address(world.charlie, world, FeedChoice(channel_id=world.other_channel.pk))
    client = as_person(world.charlie)
    assert "#raids" in client.get(reverse("calendar")).text
    hide(world.other_channel)
    page = client.get(reverse("calendar")).text
    assert "#raids" not in page
    assert wording.HIDDEN in page
    what = f"channel-{world.other_channel.pk}"
    assert client.post(reverse("calendar-new"), {"what": f"{what}\n"}).status_code == 404
    assert client.post(reverse("calendar-new"), {"what": what}).status_code == 302, "their own they may renew"
    assert client.post(reverse("calendar-delete"), {"what": what}).status_code == 302
    assert not CalendarFeed.objects.exists()


def test_the_page_takes_as_many_statements_for_many_addresses(
    world: World, as_person: Any, django_assert_max_num_queries: Any
) -> None:
    templates = [GameTemplate.objects.create(guild=world.guild, name=f"Kind {n}") for n in range(9)]
    client = as_person(world.charlie)
    address(world.charlie, world, FeedChoice(template_id=templates[0].pk))
    with django_assert_max_num_queries(8) as few:
        client.get(reverse("calendar"))
    for one in templates[1:]:
        address(world.charlie, world, FeedChoice(template_id=one.pk))
    with django_assert_max_num_queries(len(few)):
        client.get(reverse("calendar"))


def test_the_pages_of_a_guild_and_a_game_lead_there(world: World, as_person: Any) -> None:
    game = world.create_game()
    world.create_game(channel_id=world.other_channel.pk)
    client, page, calendar = as_person(world.charlie), reverse("guild", args=[GUILD]), reverse("calendar")
    assert f'href="{calendar}?what=guild-{GUILD}"' in client.get(page).text
    assert f'href="{calendar}?what=guild-{GUILD}"' in client.get(game.get_absolute_url()).text
    of_channel = client.get(page, {"channel": world.channel.pk}).text
    assert f'href="{calendar}?what=channel-{world.channel.pk}"' in of_channel
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign")
    GameTemplate.objects.create(guild=world.guild, name="One-shot")
    Game.objects.filter(pk=game.pk).update(template=template)
    Game.objects.exclude(pk=game.pk).update(template=GameTemplate.objects.get(name="One-shot"))
    assert f'href="{calendar}?what=template-{template.pk}"' in client.get(page, {"template": template.pk}).text


def test_a_guild_that_is_deleted_takes_its_feeds_along(world: World) -> None:
    game = world.create_game()
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign")
    Game.objects.filter(pk=game.pk).update(template=template)
    narrowed = (GUILD_FEED, FeedChoice(channel_id=world.channel.pk), FeedChoice(template_id=template.pk))
    own, *paths = [address(world.charlie, world, one) for one in (FeedChoice(), *narrowed)]
    Guild.objects.update(bot_removed_at=world.now)
    assert all(events(path) == {} for path in (own, *paths)), "the bot may come back"
    purge_departed_guilds(world.now + KEPT_AFTER_LEAVING)
    assert [fetch(path).status_code for path in (own, *paths)] == [200, 404, 404, 404]
