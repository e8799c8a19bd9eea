"""Dates and numbers that people give are bounded by the actions, and pages survive stored ones that are not."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.hosts import actions as host_actions
from games.models import AuditEntry, Game
from games.scheduling import actions as scheduling
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen, ClockProblem, resolve_local_time
from gamesched.lib.moments import is_usable
from gamesched.lib.refusal import Refused
from gamesched.testing.page_forms import form_to
from guilds.models import Block, User

ENDS = ["0001-01-01", "0999-12-31", "1999-12-31", "2200-01-01", "9998-12-31", "9999-12-31"]
ZONES = ["Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati", "Etc/GMT+12", "UTC"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", ENDS)
def test_no_day_overflows_in_any_zone(day: str, zone: str) -> None:
    at = datetime.fromisoformat(day)
    problem = resolve_local_time(at.date(), at.time(), zone)
    assert isinstance(problem, ClockProblem)
    assert problem.choices == ()


@pytest.mark.parametrize(("day", "zone"), [*zip(ENDS, ["Europe/Berlin", "America/Los_Angeles"] * 3, strict=True)])
def test_a_game_is_not_announced_or_held_at_the_end_of_time(world: World, as_person: Any, day: str, zone: str) -> None:
    start = f"{world.now + timedelta(days=9):%Y-%m-%d}"
    plan = {"title": "Chess", "time": "20:00", "zone": zone, "channel": str(world.channel.pk)}
    later = {"announce": "later", "announce_date": day, "announce_time": "23:59"}
    client = as_person(world.bob)
    shown = client.post(reverse("game-new", args=[GUILD]), plan | later | {"date": start})
    assert (shown.status_code, list(shown.context["form"].errors)) == (422, ["announce_date"])
    shown = client.post(reverse("game-new", args=[GUILD]), plan | {"date": day})
    assert (shown.status_code, list(shown.context["form"].errors)) == (422, ["date"])
    command = ("game", "create", "--guild", str(GUILD), "--as", "bob")
    options = [f"--{name}={value}" for name, value in (plan | {"date": start}).items()]
    with pytest.raises(CommandError):
        call_command(*command, *options, "--announce", f"{day} 23:59")
    assert not Game.objects.exists()


MONTH_OR_DAY_FIRST = ["01/02/2100", "1/2/00", "01-02-2100", "2.1.2100", "Feb 1 2100", "1 February 2100", "2100/02/01"]


def test_a_date_that_can_be_read_in_two_ways_is_refused(world: World, as_person: Any) -> None:
    client, game = as_person(world.alice), world.create_game()
    address = reverse("admin:games_game_change", args=[game.pk])
    form = form_to(client, address, address)
    for number, day in enumerate(MONTH_OR_DAY_FIRST):
        until = day if number % 2 else f"{day} 10:00"
        shown = client.post(reverse("guild-blocks", args=[GUILD]), {"who": "charlie", "until": until})
        assert (shown.status_code, list(shown.context["form"].errors)) == (422, ["until"])
        assert until in shown.text
        data = {"guild": GUILD, "user": world.charlie.pk, "until_0": day, "until_1": "10:00", "reason": ""}
        shown = client.post(reverse("admin:guilds_block_add"), data)
        assert (shown.status_code, list(shown.context["adminform"].errors)) == (200, ["until"])
        # One form of the admin reads days as another does; a game's is long.
        if number < 2:
            shown = client.post(address, {**form, "starts_at_0": day})
            assert (shown.status_code, list(shown.context["adminform"].errors)) == (200, ["starts_at"])
    assert not Block.objects.exists()
    assert Game.objects.get().starts_at == game.starts_at


@pytest.mark.parametrize("zone", ["Z", "+00:00", "+05:30", " UTC"])
def test_no_zone_that_was_typed_is_dropped(world: World, as_person: Any, zone: str) -> None:
    shown = as_person(world.alice).post(
        reverse("guild-blocks", args=[GUILD]), {"who": "charlie", "until": f"2100-02-01T10:00{zone}"}
    )
    assert (shown.status_code, list(shown.context["form"].errors)) == (422, ["until"])


@pytest.mark.parametrize("until", ["2100-02-01T10:00", "2100-02-01 10:00", " 2100-02-01T10:00:00 "])
def test_what_browsers_send_is_read(world: World, as_person: Any, until: str) -> None:
    as_person(world.alice).post(reverse("guild-blocks", args=[GUILD]), {"who": "charlie", "until": until})
    assert Block.objects.get().until == datetime(2100, 2, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize("until", ["9999-12-31T23:59", "9998-06-01T00:00", "2200-01-01T00:00", "0001-01-01T00:00"])
def test_nobody_is_blocked_until_the_end_of_time(world: World, as_person: Any, until: str) -> None:
    User.objects.filter(pk=world.alice.pk).update(zone="America/Los_Angeles")
    client = as_person(world.alice)
    shown = client.post(reverse("guild-blocks", args=[GUILD]), {"who": "charlie", "until": until})
    assert (shown.status_code, list(shown.context["form"].errors)) == (422, ["until"])
    day, time = until.split("T")
    data = {"guild": GUILD, "user": world.charlie.pk, "until_0": day, "until_1": time, "reason": ""}
    assert client.post(reverse("admin:guilds_block_add"), data).status_code == 200
    at = datetime.fromisoformat(until).replace(tzinfo=UTC)
    with pytest.raises(Refused) as refused:
        host_actions.block_user(GUILD, world.charlie, at, "", Actor(world.alice, EntryPoint.PAGE), world.now)
    assert refused.value.refusal.code == "too_far"
    assert not Block.objects.exists()


def test_the_actions_bound_what_they_are_given(world: World) -> None:
    by = Actor(world.bob, EntryPoint.PAGE)
    far = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    with pytest.raises(Refused):
        scheduling.create_game(GUILD, world.make_plan(starts_at=far), by, world.now)
    for at in (far, datetime.min.replace(tzinfo=UTC)):
        later = AnnounceSchedule(AnnounceWhen.LATER, at)
        with pytest.raises(Refused):
            scheduling.create_game(GUILD, world.make_plan(), by, world.now, announce=later)
    with pytest.raises(Refused) as refused:
        scheduling.create_game(GUILD, world.make_plan(zone="Mars/Olympus"), by, world.now)
    assert list(refused.value.refusal.fields) == ["zone"]
    assert not Game.objects.exists()


STORED = ["10000-01-01 07:59+00", "infinity", "-infinity", "0044-03-15 12:00+00 BC", "9999-12-31 23:59+00"]


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Kiritimati"])
def test_pages_survive_stored_times_that_cannot_be_shown(world: World, as_person: Any, zone: str) -> None:
    User.objects.filter(pk=world.alice.pk).update(zone=zone, is_superuser=True, is_staff=True)
    # Lists show them all at once.
    pages = [
        reverse("guild-blocks", args=[GUILD]), reverse("guild-history", args=[GUILD]), reverse("guild", args=[GUILD]),
        reverse("home"), reverse("admin:guilds_block_changelist"), reverse("admin:games_auditentry_changelist"),
        reverse("admin:games_game_changelist"),
    ]  # fmt: skip
    people = [world.add_member(number) for number in range(100, 100 + len(STORED))]
    for number, (stored, person) in enumerate(zip(STORED, people, strict=True)):
        game = world.create_game()
        host_actions.block_user(GUILD, person, None, "", Actor(world.alice, EntryPoint.PAGE), world.now)
        block = Block.objects.get(user=person)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE guilds_block SET until = %s, created_at = %s WHERE id = %s", [stored] * 2 + [block.pk]
            )
            cursor.execute(
                "UPDATE games_game SET announce_at = %s, announced_at = NULL WHERE id = %s", [stored, game.pk]
            )
        own = [
            game.get_absolute_url(), reverse("game-edit", args=[game.pk]), reverse("game-again", args=[game.pk]),
            reverse("admin:guilds_block_change", args=[block.pk]), reverse("admin:games_game_change", args=[game.pk]),
        ]  # fmt: skip
        # Each page with each time in one of the zones, half of them in each.
        pages += own[(number + (zone == "Pacific/Kiritimati")) % 2 :: 2]
    for value in (*STORED, "9999-12-31T23:59:00-08:00", "0001-01-01T00:00:00+14:00"):
        AuditEntry.objects.create(
            guild=world.guild, actor=world.alice, source="page", action="block", changes={"until": value}, at=world.now
        )
    client = as_person(world.alice)
    assert {page: client.get(page).status_code for page in pages} == dict.fromkeys(pages, 200)
    for person in people:
        client.post(reverse("guild-unblock", args=[GUILD, person.pk]))
    assert not Block.objects.exists()


@pytest.mark.parametrize("day", [*ENDS, "soon", "2026-13-01", "²", "9" * 5000])
def test_the_attendance_of_an_impossible_day_is_refused(world: World, as_person: Any, day: str) -> None:
    client = as_person(world.alice)
    for name in ("from", "to"):
        assert client.get(reverse("guild-attendance", args=[GUILD]), {name: day}).status_code == 302
        with pytest.raises(CommandError):
            call_command("game", "attendance", "--guild", str(GUILD), f"--{name}", day, stdout=io.StringIO())


def test_the_usable_years() -> None:
    assert [is_usable(datetime(year, 1, 1)) for year in (1, 1999, 2000, 2199, 2200, 9999)] == [
        False, False, True, True, False, False,
    ]  # fmt: skip
