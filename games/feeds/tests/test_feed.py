"""The calendar feed: who reads what, and what it looks like; test_parsers says what other programs make of it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from conftest import EVERYONE, GUILD, World
from games.core.base import Actor, EntryPoint
from games.core.settings import ALL_SETTINGS
from games.feeds import contents
from games.feeds.actions import delete_address, replace_address
from games.models import CalendarFeed, Game, Signup
from games.privacy.actions import forget_person
from games.scheduling import actions as scheduling
from games.scheduling import cancellation
from games.scheduling.actions import plan_from_game
from games.scheduling.ending import end_game
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen, change_plan
from games.server_settings.actions import change_guild_defaults
from games.signups import actions as signups
from guilds.directory.lookup import DirectoryUnavailable
from guilds.models import VIEW_CHANNEL, Channel, Member, Role, User
from notifications.models import DeliveryMethod, Preference

OFFICER = GUILD + 40
BERLIN = ZoneInfo("Europe/Berlin")


def address(user: User, now: datetime) -> str:
    """Give a person an address, and return its path."""
    replace_address(user, now)
    return reverse("calendar-feed", args=[CalendarFeed.objects.get(user=user).token])


def fetch(path: str, **headers: str) -> Any:
    """Fetch as a calendar program does: without a cookie."""
    return Client().get(path, headers=headers)


def events(path: str) -> dict[str, Any]:
    return events_in(fetch(path))


def events_in(response: Any) -> dict[str, Any]:
    assert response.status_code == 200
    return {str(event["SUMMARY"]): event for event in Calendar.from_ical(response.content).walk("VEVENT")}


def join(game: Game, user: User, now: datetime) -> None:
    signups.join(game.pk, user, Actor(user, EntryPoint.PAGE), now)


@pytest.fixture
def hidden(world: World) -> Channel:
    """Return a channel that only officers may view; Charlie is one."""
    Role.objects.create(pk=OFFICER, guild=world.guild, name="Officer")
    overwrites = [[EVERYONE, 0, VIEW_CHANNEL], [OFFICER, VIEW_CHANNEL, 0]]
    Channel.objects.filter(pk=world.other_channel.pk).update(overwrites=overwrites)
    Member.objects.filter(user__in=[world.bob, world.charlie]).update(role_ids=[OFFICER])
    return Channel.objects.get(pk=world.other_channel.pk)


# --- what it shows -----------------------------------------------------------------------------------------


def test_the_games_of_a_person(world: World) -> None:
    path = address(world.charlie, world.now)
    played, waited, hosted, left = (
        world.create_game(title=title, seats=seats)
        for title, seats in (("Played", 5), ("Waited for", 1), ("Hosted by Bob", 5), ("Left", 5))
    )
    join(waited, world.alice, world.now)
    for game in (played, waited, left):
        join(game, world.charlie, world.now)
    signups.leave(left.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    draft = AnnounceSchedule(AnnounceWhen.DRAFT)
    plan = world.make_plan(title="Draft")
    scheduling.create_game(GUILD, plan, Actor(world.charlie, EntryPoint.PAGE), world.now, announce=draft)
    shown = events(path)
    assert {name: str(event["STATUS"]) for name, event in shown.items()} == {
        "Played": "CONFIRMED",
        "Waited for": "TENTATIVE",
    }
    assert set(events(address(world.bob, world.now))) == {"Played", "Waited for", "Hosted by Bob", "Left"}
    Game.objects.filter(pk=played.pk).update(
        starts_at=world.now - timedelta(days=100), ends_at=world.now - timedelta(days=99)
    )
    assert set(events(path)) == {"Waited for"}
    assert hosted.title not in shown


def test_an_event(world: World) -> None:
    starts_at = datetime(2027, 7, 2, 20, 30, tzinfo=BERLIN)
    Preference.objects.create(user=world.charlie, guild_id=GUILD, reminder_minutes=15)
    game = world.create_game(
        title="Dune, part 1; again",
        starts_at=starts_at,
        description="**Bring** @alice; see <#1200000000000000012>.",
        location="Bob's attic",
        instructions="The door code is 4711.",
    )
    join(game, world.charlie, world.now)
    path = address(world.charlie, world.now)
    text = fetch(path).text
    assert "DTSTART;TZID=Europe/Berlin:20270702T203000\r\n" in text
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\nX-PUBLISHED-TTL:PT1H\r\n" in text
    assert "NAME:Games\r\nX-WR-CALNAME:Games\r\n" in text
    event = events(path)["Dune, part 1; again"]
    assert event["DTSTART"].dt == starts_at
    assert event["DTEND"].dt == starts_at + timedelta(hours=2)
    assert event["DESCRIPTION"] == (
        f"Bring @alice; see #game-night.\n\nFor people who signed up:\nThe door code is 4711.\n\n{game.url}"
    )
    assert (event["LOCATION"], event["URL"]) == ("Bob's attic", game.url)
    alarms = [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")]
    assert alarms == [-timedelta(minutes=minutes) for minutes in (1440, 60, 15)]


def test_alarms_are_the_persons_reminders(world: World) -> None:
    game = world.create_game(title="Game", seats=1)
    path = address(world.charlie, world.now)
    join(game, world.alice, world.now)
    join(game, world.charlie, world.now)

    def alarms() -> int:
        return len(events(path)["Game"].walk("VALARM"))

    assert alarms() == 0, "nobody who waits is reminded"
    signups.leave(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    assert alarms() == 2
    Preference.objects.create(user=world.charlie, guild_id=GUILD, reminder_minutes=60)
    assert alarms() == 2, "two reminders at the same minute are one"
    Preference.objects.update(method=DeliveryMethod.NONE)
    assert alarms() == 0
    Preference.objects.update(method=DeliveryMethod.MENTION)
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    assert alarms() == 0


def test_a_change_and_a_cancellation(world: World) -> None:
    game = world.create_game(title="Game")
    join(game, world.charlie, world.now)
    path = address(world.charlie, world.now)
    first = events(path)["Game"]
    plan = change_plan(plan_from_game(Game.objects.get()), starts_at=game.starts_at + timedelta(hours=1))
    scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), world.now + timedelta(minutes=1))
    moved = events(path)["Game"]
    assert moved["DTSTART"].dt == first["DTSTART"].dt + timedelta(hours=1)
    later = world.now + timedelta(minutes=2)
    cancellation.cancel_game(game.pk, "The table; burnt", Actor(world.bob, EntryPoint.PAGE), later)
    cancelled = events(path)["Game"]
    assert cancelled["STATUS"] == "CANCELLED"
    assert cancelled["DESCRIPTION"].startswith("Cancelled: The table; burnt\n")
    assert first["UID"] == moved["UID"] == cancelled["UID"]
    assert first["SEQUENCE"] < moved["SEQUENCE"] < cancelled["SEQUENCE"]
    assert first["DTSTAMP"].dt < moved["DTSTAMP"].dt < cancelled["DTSTAMP"].dt


def test_the_sequence_grows_with_all_that_a_calendar_must_see(world: World) -> None:
    game = world.create_game(title="Game", seats=1)
    for person in (world.alice, world.charlie):
        join(game, person, world.now)
    path = address(world.charlie, world.now)
    by_bob, now = Actor(world.bob, EntryPoint.PAGE), world.now

    def edit(**changes: Any) -> None:
        plan = change_plan(plan_from_game(Game.objects.get()), **changes)
        scheduling.edit_game(game.pk, plan, by_bob, now)

    def name_place() -> None:
        settings = dict.fromkeys(ALL_SETTINGS) | {"location": "The attic"}
        change_guild_defaults(GUILD, settings, (), (), Actor(world.alice, EntryPoint.PAGE), now)

    def starts_and_ends() -> None:
        Game.objects.update(starts_at=now - timedelta(hours=1))
        end_game(game.pk, by_bob, now)

    changes: dict[str, Callable[[], Any]] = {
        "a seat": lambda: signups.leave(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), now),
        "a new start": lambda: edit(starts_at=game.starts_at + timedelta(hours=1)),
        "a new title": lambda: edit(title="Other"),
        "a new length": lambda: edit(duration=90),
        "a new description": lambda: edit(description="Bring tea."),
        "new instructions": lambda: edit(instructions="Ring twice."),
        "new reminders": lambda: edit(reminders=(30,)),
        "a place that the server names": name_place,
        "a cancellation": lambda: cancellation.cancel_game(game.pk, "", by_bob, now),
        "that it is on again": lambda: cancellation.undo_cancellation(game.pk, by_bob, now),
        "its early end": starts_and_ends,
    }
    last = fetch(path)
    for name, change in changes.items():
        change()
        CalendarFeed.objects.update(fetches=0)  # it is fetched more often than anybody may
        answer = fetch(path)
        before: Any
        after: Any
        before, after = (next(iter(Calendar.from_ical(one.content).walk("VEVENT"))) for one in (last, answer))
        assert after["SEQUENCE"] > before["SEQUENCE"], name
        assert after["UID"] == before["UID"]
        for event in (before, after):
            del event["SEQUENCE"], event["DTSTAMP"]
        assert after.to_ical() != before.to_ical(), name
        last = answer


# --- who reads it ------------------------------------------------------------------------------------------


def test_a_wrong_a_replaced_and_a_deleted_address_are_the_same(world: World) -> None:
    wrong = reverse("calendar-feed", args=["A" * 32])
    replaced = address(world.charlie, world.now)
    deleted = address(world.charlie, world.now)
    assert replaced != deleted
    assert fetch(deleted).status_code == 200
    old = fetch(replaced)
    delete_address(world.charlie)
    inactive, forgotten = address(world.bob, world.now), address(world.charlie, world.now)
    User.objects.filter(pk=world.bob.pk).update(is_active=False)
    forget_person(world.charlie.pk, world.now)
    answers = [old, *map(fetch, (wrong, deleted, inactive, forgotten, "/calendars/x.ics", "/calendars/a/b.ics"))]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert not any(answer.has_header("ETag") for answer in answers)


def test_an_address_is_long_and_random(world: World) -> None:
    tokens = set()
    for _ in range(20):
        address(world.charlie, world.now)
        tokens.add(CalendarFeed.objects.get().token)
    assert len(tokens) == 20
    assert {len(token) for token in tokens} == {32}  # characters of six bits


def test_the_page_of_an_address(world: World, as_person: Any) -> None:
    client, page = as_person(world.charlie), reverse("calendar")
    assert "Get the address" in client.get(page).text
    client.post(reverse("calendar-new"))
    first = CalendarFeed.objects.get(user=world.charlie)
    shown = client.get(page).text
    assert f'value="{first.url}"' in shown
    assert f'href="webcal://{first.url.partition("://")[2]}"' in shown
    client.post(reverse("calendar-new"))
    second = CalendarFeed.objects.get(user=world.charlie)
    assert second.token != first.token
    assert first.token not in client.get(page).text
    assert second.token not in as_person(world.bob).get(page).text
    as_person(world.charlie).post(reverse("calendar-delete"))
    assert not CalendarFeed.objects.exists()
    assert "Get the address" in client.get(page).text


def test_what_discord_hides_is_not_in_it(world: World, hidden: Channel) -> None:
    game = world.create_game(title="Officers' game", channel_id=hidden.pk)
    other = world.create_game(title="For all", description=f"<#{hidden.pk}>")
    for one in (game, other):
        join(one, world.charlie, world.now)
    path = address(world.charlie, world.now)
    assert set(events(path)) == {"Officers' game", "For all"}
    assert "#raids" in events(path)["For all"]["DESCRIPTION"]
    Member.objects.filter(user=world.charlie).update(role_ids=[])
    assert set(events(path)) == {"For all"}
    assert "#raids" not in events(path)["For all"]["DESCRIPTION"]
    Member.objects.filter(user=world.charlie).update(left_at=world.now)
    assert events(path) == {}


class OtherRoles:
    """A Discord in which somebody's role was taken a moment ago."""

    def member(self, guild_id: int, user_id: int) -> Any:
        from conftest import StoredDirectory

        member = StoredDirectory().member(guild_id, user_id)
        assert member is not None
        return type(member)(member.user, member.nick, member.avatar, ())


class NoDiscord:
    def member(self, guild_id: int, user_id: int) -> Any:
        raise DirectoryUnavailable("down")


def test_a_role_counts_as_discord_has_it_now(world: World, hidden: Channel, settings: Any) -> None:
    game = world.create_game(title="Officers' game", channel_id=hidden.pk)
    join(game, world.charlie, world.now)
    path = address(world.charlie, world.now)
    Member.objects.update(roles_read_at=world.now - timedelta(minutes=5))
    settings.DISCORD_DIRECTORY = "games.feeds.tests.test_feed.NoDiscord"
    assert set(events(path)) == {"Officers' game"}, "as long as Discord is away, roles of this hour count"
    Member.objects.update(roles_read_at=world.now - timedelta(hours=2))
    answer = fetch(path)
    assert answer.status_code == 503
    assert answer.has_header("Retry-After")
    assert "Officers" not in answer.text
    settings.DISCORD_DIRECTORY = "games.feeds.tests.test_feed.OtherRoles"
    assert events(path) == {}


# --- fetching it again -------------------------------------------------------------------------------------


def test_nothing_is_sent_again_that_did_not_change(world: World) -> None:
    game = world.create_game()
    join(game, world.charlie, world.now)
    path = address(world.charlie, world.now)
    first = fetch(path)
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert first["Cache-Control"] == "private, max-age=300"
    assert "Set-Cookie" not in first.headers
    again = fetch(path, if_none_match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert (again["ETag"], again["Cache-Control"]) == (first["ETag"], first["Cache-Control"])
    plain = first["ETag"].removeprefix("W/")
    for given in (f'"other", {first["ETag"]}', f'"other", {plain}', "*"):
        assert fetch(path, if_none_match=given).status_code == 304
    assert Client().head(path)["ETag"] == first["ETag"]
    cancellation.cancel_game(game.pk, "", Actor(world.bob, EntryPoint.PAGE), world.now)
    assert fetch(path, if_none_match=first["ETag"]).status_code == 200
    replace_address(world.charlie, world.now)
    assert fetch(path, if_none_match=first["ETag"]).status_code == 404


@pytest.mark.parametrize("mentions", ["", "@alice and @person{0} of <@&{1}> meet <@{2}> in #raids or <#{3}> {0}"])
def test_statements_do_not_grow_with_games(
    world: World, mentions: str, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    path = address(world.charlie, world.now)
    roles = [Role.objects.create(pk=GUILD + 50 + n, guild=world.guild, name=f"Role {n}") for n in range(9)]

    def add_game(number: int) -> None:
        person = world.add_member(number)
        written = mentions.format(number, roles[number % 9].pk, person.pk, world.channel.pk)
        game = world.create_game(title=f"Game {number}", description=written, location=written, instructions=written)
        join(game, world.charlie, world.now)

    add_game(100)
    fetch(path)  # which is noted, and then not again for a while
    with django_assert_max_num_queries(12) as few:
        assert fetch(path).status_code == 200
    for number in range(101, 110):
        add_game(number)
    with django_assert_num_queries(len(few)):
        assert len(events(path)) == 10


# --- which games, of many ----------------------------------------------------------------------------------


def test_of_too_many_games_the_next_are_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MAX_GAMES", 3)
    for days in (-5, -3, 9, 2):
        game = world.create_game(title=f"{days} days")
        starts_at = world.now + timedelta(days=days)
        Game.objects.filter(pk=game.pk).update(starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
        Signup.objects.create(game=game, user=world.charlie, joined_at=world.now, seated_at=world.now, order_key=1)
    assert list(events(address(world.charlie, world.now))) == ["-3 days", "2 days", "9 days"]


def test_games_that_one_may_not_see_take_no_place_of_those_that_one_may(
    world: World, hidden: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MAX_GAMES", 2)
    for number in range(3):
        join(world.create_game(title=f"Officers {number}", channel_id=hidden.pk), world.charlie, world.now)
    join(world.create_game(title="For all", starts_at=world.now + timedelta(days=9)), world.charlie, world.now)
    path = address(world.charlie, world.now)
    assert set(events(path)) == {"Officers 0", "Officers 1"}
    Member.objects.filter(user=world.charlie).update(role_ids=[])
    assert set(events(path)) == {"For all"}


def test_an_event_ends_after_its_start(world: World) -> None:
    game = world.create_game(title="Game")
    join(game, world.charlie, world.now)
    Game.objects.update(starts_at=world.now, ends_at=world.now + timedelta(hours=2))
    by_host = Actor(world.bob, EntryPoint.PAGE)
    end_game(game.pk, by_host, world.now + timedelta(milliseconds=300))
    event = events(address(world.charlie, world.now))["Game"]
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(seconds=1)
