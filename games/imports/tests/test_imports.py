"""What becomes of a file: by the action, the page and the command; twice it changes nothing, and it can be undone."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse
from icalendar import Calendar

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.exports.archive import guild_archive
from games.imports import wording
from games.imports.actions import (
    FILE_KEPT,
    FILES_MAX,
    ImportPlan,
    Outcome,
    delete_old_files,
    import_games,
    keep_file,
    preview_import,
    undo_import,
)
from games.imports.files import read_file, unpacked
from games.imports.found import Note, ReadingOptions
from games.models import Game, GameImport, ImportedGame, Series
from games.scheduling.rules import AnnounceWhen
from games.series.actions import plan_of
from games.tests.stage import rows
from gamesched.lib.refusal import Refused
from guilds.models import Channel, Guild, Member
from notifications.models import Notification

FILES = Path(__file__).parent / "files"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def by(user: Any) -> Actor:
    return Actor(user, EntryPoint.PAGE)


def read(world: World, content: bytes, **plan: Any) -> tuple[Any, ImportPlan]:
    values = {"channel_id": world.channel.pk, "zone": "Europe/Berlin", "host": world.alice, **plan}
    return read_file(content, NOW, ReadingOptions(values["zone"])), ImportPlan(**values)


def bring(world: World, content: bytes, **plan: Any) -> Any:
    reading, chosen = read(world, content, **plan)
    return import_games(world.guild.pk, reading, chosen, by(world.alice), NOW)


@pytest.fixture
def raid(world: World) -> bytes:
    text = (FILES / "raid_helper.json").read_text()
    return text.replace("LEADER", str(world.bob.pk)).replace("PLAYER", str(world.charlie.pk)).encode()


def starts_of(series: Series, count: int) -> Iterator[datetime]:
    plan = plan_of(series)
    days = (day for day in plan.days_to_come(NOW) if not plan.is_left_out(day))
    return (plan.start_on(day) for day, _ in zip(days, range(count), strict=False))


def test_a_calendar_becomes_games_with_the_same_instants(world: World) -> None:
    result = bring(world, (FILES / "google.ics").read_bytes(), announce=AnnounceWhen.NOW)
    assert [row.outcome for row in result.rows] == [Outcome.MADE] * 3
    single = Game.objects.get(title="Board games")
    assert (single.starts_at, single.ends_at) == (
        datetime(2026, 12, 12, 18, tzinfo=UTC),
        datetime(2026, 12, 12, 21, 30, tzinfo=UTC),
    )
    assert single.settings.location == "Café Würfel, Hinterzimmer"
    assert single.announced_at == NOW
    series = Series.objects.get()
    assert [f"{at:%m-%d %H}" for at in starts_of(series, 4)] == ["12-03 19", "12-10 19", "01-07 19", "01-14 19"]
    # And out again: each game's event has the instant that came in.
    files = unpacked(guild_archive(GUILD, by(world.alice), NOW), lambda name: name == "calendar.ics")
    events = Calendar.from_ical(files["calendar.ics"].decode()).events
    assert {str(one.summary): one.start for one in events} == {
        row.found.title: row.found.starts_at for row in result.rows
    }


@pytest.mark.parametrize("name", ["google.ics", "outlook.ics", "apple.ics", "raid_helper.json"])
def test_again_it_changes_nothing(world: World, raid: bytes, name: str) -> None:
    content = raid if name.endswith("json") else (FILES / name).read_bytes()
    first = bring(world, content)
    assert first.count(Outcome.MADE) == len(first.rows) > 0
    before = rows()
    again = bring(world, content)
    assert again.count(Outcome.ALREADY) == len(first.rows)
    assert rows() == before


def test_a_preview_changes_nothing_and_says_the_same(world: World, raid: bytes) -> None:
    before = rows()
    reading, plan = read(world, raid)
    shown = preview_import(GUILD, reading, plan, by(world.alice), NOW)
    assert rows() == before
    assert [row.outcome for row in shown.rows] == [row.outcome for row in bring(world, raid).rows]


def test_people_of_another_bot(world: World, raid: bytes) -> None:
    (row,) = bring(world, raid).rows
    game = row.game
    assert game.host == world.bob
    assert set(game.signups.values_list("user_id", flat=True)) == {world.bob.pk, world.charlie.pk}
    assert not Notification.objects.filter(game=game, kind="reminder").exists(), "a draft notifies nobody"


def test_people_who_are_no_members(world: World, raid: bytes) -> None:
    Member.objects.filter(user__in=[world.bob, world.charlie]).update(left_at=NOW)
    (row,) = bring(world, raid).rows
    assert row.game.host == world.alice
    assert not row.game.signups.exists()
    assert {Note.UNKNOWN_PEOPLE, Note.NOT_HOST} <= {*row.found.notes}


def test_undone_it_can_come_again(world: World) -> None:
    content = (FILES / "google.ics").read_bytes()
    bring(world, content)
    of = GameImport.objects.get()
    Game.objects.filter(title="Board games").update(starts_at=NOW - timedelta(hours=1), announced_at=NOW)
    undo_import(GUILD, of.pk, by(world.alice), NOW)
    assert set(Game.objects.filter(cancelled_at=None).values_list("title", flat=True)) == {"Board games"}
    assert Series.objects.get().ended_at is not None
    again = bring(world, content)
    assert (again.count(Outcome.MADE), again.count(Outcome.ALREADY)) == (2, 1), "what began is there once"
    assert undo_import(GUILD, of.pk, by(world.alice), NOW) == wording.undone(0, 1)
    undo_import(GUILD, GameImport.objects.exclude(pk=of.pk).get().pk, by(world.alice), NOW)
    assert GameImport.objects.get() == of
    with pytest.raises(Refused) as refused:
        undo_import(GUILD, of.pk + 1, by(world.alice), NOW)
    assert refused.value.refusal.code == "unknown_import"


def test_one_game_that_is_refused(world: World) -> None:
    text = "title,start\nDune,2027-01-01 20:00\n\u200b,2027-01-02 20:00\nFar,2040-01-01 20:00\n"
    result = bring(world, text.encode())
    assert [row.outcome for row in result.rows] == [Outcome.MADE, Outcome.REFUSED, Outcome.REFUSED]
    assert all(row.sentence for row in result.rows[1:])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"who": "bob"}, "not_manager"),
        ({"channel_id": 5}, "unknown_channel"),
        ({"foreign": True}, "unknown_channel"),
        ({"guild": 5}, "unknown_guild"),
    ],
)
def test_what_is_not_theirs_changes_nothing(world: World, change: dict[str, Any], code: str) -> None:
    reading, plan = read(world, b"title,start\nDune,2027-01-01 20:00\n")
    if change.get("foreign"):
        other = Guild.objects.create(pk=GUILD + 7, name="Other", owner_id=1)
        channel = Channel.objects.create(
            pk=GUILD + 8, guild=other, name="there", type=0, bot_permissions=world.channel.bot_permissions
        )
        plan = ImportPlan(channel.pk, "UTC", world.alice)
    elif "channel_id" in change:
        plan = ImportPlan(change["channel_id"], "UTC", world.alice)
    before = rows()
    with pytest.raises(Refused) as refused:
        import_games(change.get("guild", GUILD), reading, plan, by(getattr(world, change.get("who", "alice"))), NOW)
    assert refused.value.refusal.code == code
    assert rows() == before


def test_files_are_kept_for_a_day(world: World) -> None:
    for _ in range(FILES_MAX):
        keep_file(GUILD, b"Dune 2027-01-01 20:00", by(world.alice), NOW)
    with pytest.raises(Refused) as refused:
        keep_file(GUILD, b"Dune 2027-01-01 20:00", by(world.alice), NOW)
    assert refused.value.refusal.code == "too_many_files"
    later = NOW + FILE_KEPT + timedelta(minutes=1)
    keep_file(GUILD, b"Dune 2027-01-01 20:00", by(world.alice), later)
    assert GameImport.objects.count() == 1
    delete_old_files(later + FILE_KEPT + timedelta(minutes=1))
    assert not GameImport.objects.exists()


# --- the page ------------------------------------------------------------------------------------------------


def table(world: World) -> bytes:
    day = world.now + timedelta(days=20)
    return f"Spiel;Tag;Uhr\nCatan;{day:%Y-%m-%d};20:00\n".encode()


def choices(world: World, **values: str) -> dict[str, str]:
    columns = {"column_0": "title", "column_1": "date", "column_2": "time"}
    return {"channel": str(world.channel.pk), "zone": "Europe/Berlin", "announce": "draft", **columns, **values}


def test_the_page(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    address = reverse("guild-imports", args=[GUILD])
    sent = client.post(address, {"file": SimpleUploadedFile("games.csv", table(world))})
    assert sent.status_code == 302
    shown = client.get(sent.url)
    assert shown.status_code == 200
    assert not Game.objects.exists()
    preview = client.post(sent.url, choices(world, do="preview"))
    assert preview.status_code == 200
    assert "Catan" in preview.text
    assert not Game.objects.exists()
    done = client.post(sent.url, choices(world, do="import"))
    assert done.status_code == 302
    game = Game.objects.get()
    assert (game.title, game.host, game.announced_at) == ("Catan", world.alice, None)
    file = GameImport.objects.get()
    assert (file.file, ImportedGame.objects.get().game) == (None, game)
    assert game.title in client.get(sent.url).text
    undone = client.post(reverse("guild-import-undo", args=[GUILD, file.pk]))
    assert undone.status_code == 302
    game.refresh_from_db()
    assert game.cancelled_at is not None


@pytest.mark.parametrize("content", [b"", b"\x89PNG", b"<html>", b"BEGIN:VCALENDAR", "Café,x".encode("latin-1")])
def test_a_bad_file_comes_back_with_one_sentence(world: World, as_person: Any, content: bytes) -> None:
    client = as_person(world.alice)
    response = client.post(reverse("guild-imports", args=[GUILD]), {"file": SimpleUploadedFile("games.ics", content)})
    assert response.status_code == 422
    assert len(response.context["form"].errors["file"]) == 1
    assert not GameImport.objects.exists()


def test_the_text_of_a_file_is_escaped(world: World, as_person: Any) -> None:
    text = f"<script>alert(1)</script>\n{world.now + timedelta(days=9):%Y-%m-%d} 20:00"
    client = as_person(world.alice)
    sent = client.post(reverse("guild-imports", args=[GUILD]), {"text": "Game " + text})
    assert "<script>alert" not in client.get(sent.url).text


def test_another_servers_import_is_not_there(world: World, as_person: Any) -> None:
    other = Guild.objects.create(pk=GUILD + 7, name="Other", owner_id=1)
    file = GameImport.objects.create(guild=other, source="text", file=b"x", created_at=world.now)
    client = as_person(world.alice)
    for name in ("guild-import", "guild-import-undo"):
        assert client.post(reverse(name, args=[GUILD, file.pk])).status_code == 404
    assert GameImport.objects.exists()


# --- the command ---------------------------------------------------------------------------------------------


def run(*args: str) -> str:
    out = StringIO()
    call_command("import", "--guild", str(GUILD), *args, stdout=out)
    return out.getvalue()


def test_the_command(world: World, tmp_path: Path) -> None:
    file = tmp_path / "games.csv"
    file.write_bytes(table(world))
    said = ["--from", str(file), "--host", str(world.alice.pk), "--channel", "#game-night", "--json"]
    said += ["--column", "title=Spiel", "--column", "date=Tag", "--column", "time=Uhr", "--zone", "Europe/Berlin"]
    preview = json.loads(run(*said, "--preview"))
    assert [row["outcome"] for row in preview["rows"]] == ["made"]
    assert not Game.objects.exists()
    assert json.loads(run(*said))["rows"] == preview["rows"]
    assert Game.objects.get().channel == world.channel
    assert [row["outcome"] for row in json.loads(run(*said))["rows"]] == ["already"]
    run("--undo", str(GameImport.objects.get().pk))
    assert Game.objects.get().cancelled_at is not None


@pytest.mark.parametrize(
    "args",
    [
        ["--from", "/nonexistent"],
        [],
        ["--from", __file__],
        ["--from", __file__, "--host", "alice", "--zone", "Mars"],
        ["--from", __file__, "--host", "alice", "--column", "nonsense=x"],
        ["--undo", "99"],
    ],
)
def test_a_mistake_on_the_command_line(world: World, args: list[str]) -> None:
    before = rows()
    with pytest.raises(CommandError):
        run(*args)
    assert rows() == before


@pytest.mark.parametrize("command", ["import", "export", "channel list", "notifications list"])
def test_a_name_that_is_no_text_is_nobodys(world: World, tmp_path: Path, command: str) -> None:
    more = {
        "import": ["--from", __file__, "--guild", "\udcff"],
        "export": ["--to", str(tmp_path / "a.zip"), "--guild", "\udcff"],
        "channel list": ["--guild", "\udcff"],
        "notifications list": ["--person", "\udcff"],
    }
    with pytest.raises(CommandError):
        call_command(*command.split(), *more[command])
