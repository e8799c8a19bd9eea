"""Times around a change of clocks, by every entry point: never silently read as another time."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from conftest import World
from games.models import Game
from games.pages.tests.test_pages import fields
from guilds.models import Block, User

SKIPPED = [
    ("Europe/Berlin", "2027-03-28", "02:30"),
    ("America/New_York", "2027-03-14", "02:00"),
    ("Australia/Lord_Howe", "2027-10-03", "02:15"),  # by half an hour
    ("Antarctica/Troll", "2027-03-28", "01:30"),  # by two hours
]


@pytest.mark.parametrize(("zone", "day", "time"), SKIPPED)
def test_a_skipped_time_of_the_announcement_is_refused(
    world: World, as_person: Any, zone: str, day: str, time: str
) -> None:
    start = f"{datetime.fromisoformat(day) + timedelta(days=3):%Y-%m-%d}"
    later = {"announce": "later", "announce_date": day, "announce_time": time}
    data = fields(world, date=start, zone=zone, **later)
    refused = as_person(world.bob).post(reverse("game-new", args=[world.guild.pk]), data)
    assert refused.status_code == 422
    assert f"doesn&#x27;t exist in {zone}" in refused.text
    words = ["--title=Dune", f"--date={start}", "--time=20:00", f"--zone={zone}", f"--announce={day} {time}"]
    with pytest.raises(CommandError, match="doesn't exist"):
        call_command("game", "create", f"--guild={world.guild.pk}", f"--channel={world.channel.pk}", *words)
    assert not Game.objects.exists()


@pytest.mark.parametrize(("zone", "day", "time"), SKIPPED)
def test_a_skipped_end_of_a_block_is_refused(world: World, as_person: Any, zone: str, day: str, time: str) -> None:
    User.objects.filter(pk=world.alice.pk).update(zone=zone)
    client, url = as_person(world.alice), reverse("guild-blocks", args=[world.guild.pk])
    refused = client.post(url, {"who": "bob", "until": f"{day}T{time}"})
    assert f"doesn&#x27;t exist in {zone}" in refused.text
    assert not Block.objects.exists()
    client.post(url, {"who": "bob", "until": f"{day}T12:00"})
    assert Block.objects.get().until is not None


def test_the_first_of_two_moments_is_when_it_is_announced(world: World, as_person: Any) -> None:
    later = {"announce": "later", "announce_date": "2027-10-31", "announce_time": "02:30"}
    data = fields(world, date="2027-11-03", zone="Europe/Berlin", **later)
    assert as_person(world.bob).post(reverse("game-new", args=[world.guild.pk]), data).status_code == 302
    assert Game.objects.get().announce_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("hour", [0, 1])
def test_a_start_that_comes_twice_is_asked_for_once(world: World, as_person: Any, hour: int) -> None:
    start = datetime(2027, 10, 31, hour, 30, tzinfo=UTC)  # both 02:30 in Berlin
    game = world.create_game(starts_at=start)
    call_command("game", "edit", str(game.pk), "--title=Dune", stdout=StringIO())
    url = reverse("game-edit", args=[game.pk])
    data = fields(world, title="Dune II", date="2027-10-31", time="02:30", zone="Europe/Berlin", edition="2")
    client = as_person(world.bob)
    assert client.post(url, data).status_code == 302
    game.refresh_from_db()
    assert (game.title, game.starts_at) == ("Dune II", start)
    other = data | {"fold": str(1 - hour), "edition": "3"}
    assert client.post(url, other).status_code == 302
    game.refresh_from_db()
    assert game.starts_at != start, "the other one can still be chosen"
    moved = data | {"date": "2027-03-28", "edition": "4"}
    assert "doesn&#x27;t exist" in client.post(url, moved).text
