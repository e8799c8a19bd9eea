"""A server's archive: by its schema, without what is hidden, and the same again from another site, row by row."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.core.setting_kinds import (
    ChannelId,
    ChoiceSetting,
    DurationListSetting,
    DurationSetting,
    Roles,
    Setting,
    WholeNumber,
    YesNo,
    Zone,
)
from games.core.settings import GAME_SETTINGS, PICTURE_SETTINGS, SETTINGS
from games.exports.archive import SCHEMA, guild_archive
from games.imports.actions import ImportPlan, Outcome, import_games
from games.imports.files import read_file
from games.imports.found import ReadingOptions
from games.imports.restoring import store_pictures
from games.models import AuditEntry, Game, GameTemplate, GuildDefaults, Picture, Series, Signup
from games.models.settings import ChannelDefaults
from games.pictures.actions import store_picture
from games.pictures.tests.samples import encoded, picture
from games.scheduling import cancellation
from games.scheduling.rules import AnnounceWhen
from games.series.tests.scene import repeat
from games.signups import actions as signups
from gamesched.lib.refusal import Refused
from guilds.models import Member, Role
from notifications.models import Notification

OPERATOR = Actor(None, EntryPoint.COMMAND, operator=True)


def data_of(content: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found: dict[str, Any] = json.loads(archive.read("guild.json"))
        return found


def with_data(content: bytes, change: Callable[[Any], Any]) -> bytes:
    """Return an archive whose data somebody edited."""
    data, file = data_of(content), io.BytesIO()
    change(data)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("guild.json", json.dumps(data))
    return file.getvalue()


def without_numbers(data: dict[str, Any]) -> dict[str, Any]:
    """Return an archive's data without what every site counts itself."""
    names = {one["id"]: (one["title"], one["starts_at"]) for one in data["games"]}
    rules = {one["id"]: one["rule"] for one in data["series"]}
    games = [{**one, "id": None, "series": rules.get(one["series"])} for one in data["games"]]
    series = [{**one, "id": None, "source": names[one["source"]]} for one in data["series"]]
    return {**data, "exported_at": "", "games": games, "series": series}


@pytest.fixture
def full(world: World) -> World:
    """Fill the guild with games past, to come, cancelled and repeating, their people, and settings of each layer."""
    alice = Actor(world.alice, EntryPoint.PAGE)
    GuildDefaults.objects.filter(pk=GUILD).update(seats=4, manager_role_ids=[])
    ChannelDefaults.objects.create(channel=world.other_channel, duration=240)
    template = GameTemplate.objects.create(
        guild=world.guild, name="Campaign", seats=3, locked=["seats"], is_default=True
    )
    played = world.create_game(title="Played", template_id=template.pk)
    for person in (world.charlie, world.alice):
        signups.join(played.pk, person, Actor(person, EntryPoint.PAGE), world.now)
    past = world.now - timedelta(days=9)
    Game.objects.filter(pk=played.pk).update(starts_at=past, ends_at=past + timedelta(hours=2))
    Signup.objects.filter(game=played, user=world.charlie).update(no_show=True)
    coming = world.create_game(title="=HYPERLINK(1)", location="Café", plus_one=True)
    signups.join(coming.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    signups.join(coming.pk, world.alice, alice, world.now)
    signups.leave(coming.pk, world.alice, alice, world.now)
    cancellation.cancel_game(world.create_game(title="Cancelled").pk, "ill", alice, world.now)
    repeat(world, world.create_game(title="Repeats", starts_at=world.now + timedelta(days=4)))
    return world


def empty() -> None:
    """Leave of the guild what another site's bot would know of it."""
    Notification.objects.all().delete()
    AuditEntry.objects.all().delete()
    Game.objects.all().delete()
    Series.objects.all().delete()
    GameTemplate.objects.all().delete()
    ChannelDefaults.objects.all().delete()
    GuildDefaults.objects.all().delete()


def bring(world: World, content: bytes, actor: Actor = OPERATOR) -> Any:
    reading = read_file(content, world.now, ReadingOptions())
    plan = ImportPlan(world.channel.pk, "UTC", world.alice, AnnounceWhen.NOW)
    return import_games(GUILD, reading, plan, actor, world.now)


def test_it_follows_its_schema(full: World) -> None:
    data = data_of(guild_archive(GUILD, OPERATOR, full.now))
    jsonschema_rs.validate(json.loads(SCHEMA.read_text()), data)
    assert len(data["games"]) == 4


def test_another_site_has_the_same_row_by_row(full: World) -> None:
    content = guild_archive(GUILD, OPERATOR, full.now)
    empty()
    result = bring(full, content)
    assert [row.outcome for row in result.rows] == [Outcome.MADE] * 4
    again = guild_archive(GUILD, OPERATOR, full.now)
    assert without_numbers(data_of(again)) == without_numbers(data_of(content))
    coming = Game.objects.get(title="=HYPERLINK(1)")
    kinds = set(Notification.objects.filter(game=coming).values_list("kind", flat=True))
    assert {"announcement", "reminder", "start"} <= kinds
    past = Notification.objects.filter(game__title__in=["Played", "Cancelled"])
    assert not past.exists(), "nobody hears of what is over"
    assert bring(full, content).count(Outcome.ALREADY) == 4


def test_as_many_roles_as_a_server_has_come_along(full: World) -> None:
    roles = [
        Role(id=9000 + number, guild=full.guild, name=f"Role {number}", position=number, permissions=0)
        for number in range(Roles.most)
    ]
    Role.objects.bulk_create(roles)
    ids = [one.pk for one in roles]
    GuildDefaults.objects.filter(pk=GUILD).update(player_role_ids=ids)
    content = guild_archive(GUILD, OPERATOR, full.now)
    assert data_of(content)["settings"]["player_role_ids"] == [str(pk) for pk in ids]
    empty()
    bring(full, content)
    assert sorted(GuildDefaults.objects.get(pk=GUILD).player_role_ids or ()) == ids


def another_value(setting: Setting[Any], world: World) -> Any:
    """Return a value of a setting that is not its default."""
    match setting:
        case YesNo():
            return not setting.default
        case ChoiceSetting():
            return next(value for value in setting.choices.values if value != setting.default.value)
        case Roles():
            return [GUILD + 30]
        case ChannelId():
            return world.other_channel.pk
        case DurationListSetting():
            return [30]
        case WholeNumber() | DurationSetting():
            return setting.default + 5
    return "Asia/Tokyo" if isinstance(setting, Zone) else "there"


def test_every_setting_of_every_layer_comes_along(full: World) -> None:
    Role.objects.create(id=GUILD + 30, guild=full.guild, name="Player", position=9, permissions=0)
    values = {name: another_value(one, full) for name, one in SETTINGS.items() if name not in PICTURE_SETTINGS}
    GuildDefaults.objects.filter(pk=GUILD).update(**values)
    ChannelDefaults.objects.update(**values)
    GameTemplate.objects.update(**values)
    Game.objects.filter(title="Repeats").update(**{name: values[name] for name in GAME_SETTINGS if name in values})
    content = guild_archive(GUILD, OPERATOR, full.now)
    layers = data_of(content)
    assert layers["settings"].keys() == values.keys()
    empty()
    bring(full, content)
    again = data_of(guild_archive(GUILD, OPERATOR, full.now))
    for name in ("settings", "channels", "templates"):
        assert again[name] == layers[name]
    assert [one["settings"] for one in again["games"]] == [one["settings"] for one in layers["games"]]


@pytest.mark.parametrize(
    "settings",
    [
        {"player_role_ids": ["x"]},
        {"player_role_ids": "1"},
        {"player_role_ids": [str(9000 + number) for number in range(Roles.most + 1)]},
        {"player_role_ids": [[]]},
        {"player_role_ids": None},
        {"method": "nobody"},
        {"method": ["picks"]},
        {"method": None},
    ],
)
def test_who_can_sign_up_is_read_or_nothing_is(full: World, settings: dict[str, Any]) -> None:
    content = with_data(guild_archive(GUILD, OPERATOR, full.now), lambda data: data["settings"].update(settings))
    with pytest.raises(Refused) as refused:
        read_file(content, full.now, ReadingOptions())
    assert refused.value.refusal.code == "bad_archive"


def test_pictures_come_along(full: World) -> None:
    name = store_picture(encoded(picture(), "PNG"))
    Game.objects.filter(title="Repeats").update(cover=name)
    content = guild_archive(GUILD, OPERATOR, full.now)
    empty()
    Picture.objects.all().delete()
    reading = read_file(content, full.now, ReadingOptions())
    plan = ImportPlan(full.channel.pk, "UTC", full.alice, AnnounceWhen.NOW, store_pictures(reading))
    import_games(GUILD, reading, plan, OPERATOR, full.now)
    assert Picture.objects.get().name == Game.objects.get(title="Repeats").cover


def test_by_page_only_members_are_named(full: World) -> None:
    content = guild_archive(GUILD, OPERATOR, full.now)
    empty()
    Member.objects.filter(user=full.charlie).update(left_at=full.now)
    bring(full, content, Actor(full.alice, EntryPoint.PAGE))
    game = Game.objects.get(title="=HYPERLINK(1)")
    assert game.signups.get(left_at=None, user=None).placeholder == "charlie"


def test_ids_of_another_server_lead_nowhere(full: World) -> None:
    content = guild_archive(GUILD, OPERATOR, full.now)

    def of_elsewhere(data: dict[str, Any]) -> None:
        for game in data["games"]:
            game["channel"] = {"id": "999", "name": "not-here"}
            game["settings"] |= {"archive_channel_id": "999", "notify_role_ids": ["998"], "cover": "0" * 64 + "-1x1"}
            game["settings"] |= {"seats": "many", "duration": -5, "nonsense": 1}
            game["host_id"] = "997"

    content = with_data(content, of_elsewhere)
    empty()
    bring(full, content, Actor(full.alice, EntryPoint.PAGE))
    for made in Game.objects.all():
        assert (made.channel, made.host) == (full.channel, full.alice)
        assert made.archive_channel_id is None
        assert not made.notify_role_ids
        assert made.cover is None
        assert made.duration is None or made.duration > 0


def test_a_manager_takes_along_what_they_see(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from games.core.permissions import Viewer

    hidden = full.other_channel
    Game.objects.filter(title="Cancelled").update(channel=hidden)
    secret = GameTemplate.objects.create(guild=full.guild, name="Secret", channel=hidden)
    Game.objects.filter(title="Repeats").update(template=secret)
    for layers in (GuildDefaults, Game, GameTemplate):
        layers._default_manager.update(archive_channel_id=hidden.pk)
    monkeypatch.setattr(Viewer, "hidden_channel_ids", {hidden.pk})
    monkeypatch.setattr(Viewer, "may_view", lambda viewer, channel: channel.pk != hidden.pk)
    data = data_of(guild_archive(GUILD, Actor(full.alice, EntryPoint.PAGE), full.now))
    assert not {"Secret", hidden.name, str(hidden.pk)} & {*re.findall(r'"([^"]*)"', json.dumps(data))}
    assert "Cancelled" not in {game["title"] for game in data["games"]}
    assert not data["channels"]
    with pytest.raises(Refused):
        guild_archive(GUILD, Actor(full.bob, EntryPoint.PAGE), full.now)


def test_sign_ups_as_tables(full: World, as_person: Any) -> None:
    game = Game.objects.get(title="=HYPERLINK(1)")
    client = as_person(full.bob)
    table = client.get(reverse("game-signups-csv", args=[game.pk]))
    (_, first, second) = list(csv.reader(io.StringIO(table.text.lstrip("\ufeff"))))
    assert first[1] == "'=HYPERLINK(1)", "no spreadsheet runs it"
    assert [(row[3], row[5]) for row in (first, second)] == [
        (str(full.charlie.pk), "seated"),
        (str(full.alice.pk), "left"),
    ]
    data = client.get(reverse("game-signups-json", args=[game.pk])).json()
    assert [(one["user_id"], one["place"], one["present"]) for one in data] == [
        (str(full.charlie.pk), "seated", None),
        (str(full.alice.pk), "left", None),
    ]
    with zipfile.ZipFile(io.BytesIO(guild_archive(GUILD, OPERATOR, full.now))) as archive:
        assert "'=HYPERLINK(1)" in archive.read("signups.csv").decode()
        assert {"calendar.ics", "attendance.csv", "guild.schema.json"} <= {*archive.namelist()}


def test_the_command(full: World, tmp_path: Path) -> None:
    file = tmp_path / "server.zip"
    call_command("export", "--guild", str(GUILD), "--to", str(file))
    assert data_of(file.read_bytes())["guild"]["id"] == str(GUILD)
    with pytest.raises(CommandError):
        call_command("export", "--guild", str(GUILD), "--to", str(file))
    with pytest.raises(CommandError):
        call_command("export", "--guild", "5", "--to", str(tmp_path / "other.zip"))


ROLE, ELSEWHERE = GUILD + 30, "998"


def only_on(layer: str, roles: list[str]) -> Callable[[dict[str, Any]], None]:
    """Return what has a layer of an archive, and no other, say who can sign up."""

    def change(data: dict[str, Any]) -> None:
        data["channels"].append(
            {"id": data["games"][-1]["channel"]["id"], "name": "there", "for_games": True, "settings": {}}
        )
        layers = {"guild": data["settings"], "channel": data["channels"][-1]["settings"]}
        layers["template"] = data["templates"][0]["settings"]
        for game in data["games"]:
            game["template"] = data["templates"][0]["name"]
            game["settings"] |= {"player_role_ids": roles} if layer == "game" else {}
        if layer != "game":
            layers[layer]["player_role_ids"] = roles
        # Set on the layer below, it must not let everyone in again.
        layers["channel"]["method"] = "priority"

    return change


@pytest.mark.parametrize("layer", ["game", "template", "channel", "guild"])
@pytest.mark.parametrize("has_settings", [False, True])
def test_a_game_for_roles_that_are_not_here_is_open_to_nobody(full: World, layer: str, has_settings: bool) -> None:
    content = with_data(guild_archive(GUILD, OPERATOR, full.now), only_on(layer, [ELSEWHERE]))
    empty()
    if has_settings:  # which are not replaced by those of the archive
        GuildDefaults.objects.create(guild=full.guild, seats=9)
        ChannelDefaults.objects.create(channel=full.channel, seats=9)
        GameTemplate.objects.create(guild=full.guild, name="Campaign", seats=9, locked=["method", "player_role_ids"])
    bring(full, content, Actor(full.alice, EntryPoint.PAGE))
    dave = full.add_member(40)
    coming = Game.objects.filter(starts_at__gt=full.now, cancelled_at=None)
    assert len(coming) == 2
    for game in coming:
        with pytest.raises(Refused):
            signups.join(game.pk, dave, Actor(dave, EntryPoint.PAGE), full.now)
    if not has_settings and layer != "game":
        made = full.create_game(title="Later", template_id=GameTemplate.objects.get().pk)
        with pytest.raises(Refused):
            signups.join(made.pk, dave, Actor(dave, EntryPoint.PAGE), full.now)


@pytest.mark.parametrize("layer", ["game", "template", "channel", "guild"])
def test_a_game_for_some_roles_stays_theirs(full: World, layer: str) -> None:
    Role.objects.create(id=ROLE, guild=full.guild, name="Player", position=9, permissions=0)
    content = with_data(guild_archive(GUILD, OPERATOR, full.now), only_on(layer, [str(ROLE), ELSEWHERE]))
    empty()
    GuildDefaults.objects.create(guild=full.guild, seats=9)
    ChannelDefaults.objects.create(channel=full.channel, seats=9)
    bring(full, content, Actor(full.alice, EntryPoint.PAGE))
    for game in Game.objects.filter(starts_at__gt=full.now):
        assert game.settings.player_role_ids == (ROLE,)
        assert game.closed_at is None


def test_everyones_role_is_that_of_the_server(full: World) -> None:
    def of_elsewhere(data: dict[str, Any]) -> None:
        data["guild"]["id"] = "555"
        data["settings"] |= {"player_role_ids": ["555"], "host_role_ids": ["555"], "notify_role_ids": [ELSEWHERE]}

    content = with_data(guild_archive(GUILD, OPERATOR, full.now), of_elsewhere)
    empty()
    bring(full, content)
    defaults = GuildDefaults.objects.get()
    assert (defaults.player_role_ids, defaults.host_role_ids, defaults.notify_role_ids) == ([GUILD], [GUILD], [])


def test_what_is_hidden_from_who_imports_is_not_there(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive names a channel, a template and settings that are there, and that its importer does not see."""
    from games.core.permissions import Viewer

    hidden = full.other_channel
    GameTemplate.objects.create(guild=full.guild, name="Secret", channel=hidden)

    def into_hidden(data: dict[str, Any]) -> None:
        data["templates"].append({**data["templates"][0], "name": "Other", "channel": None})
        for game in data["games"]:
            game["channel"] = {"id": str(hidden.pk), "name": hidden.name}
            game["settings"] |= {"archive_channel_id": str(hidden.pk)}
            game["template"] = "Secret"

    content = with_data(guild_archive(GUILD, OPERATOR, full.now), into_hidden)
    Game.objects.all().delete()
    ChannelDefaults.objects.all().delete()
    monkeypatch.setattr(Viewer, "may_view", lambda viewer, channel: channel.pk != hidden.pk)
    bring(full, content, Actor(full.alice, EntryPoint.PAGE))
    assert len(Game.objects.all()) == 4
    for game in Game.objects.all():
        assert (game.channel, game.template, game.archive_channel_id) == (full.channel, None, None)
    assert not ChannelDefaults.objects.filter(channel=hidden).exists()


def test_nobody_is_in_a_game_whose_channel_they_do_not_see(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from games.imports import restoring

    content = guild_archive(GUILD, OPERATOR, full.now)
    empty()
    monkeypatch.setattr(restoring, "may_view", lambda member, channel: member.user_id == full.alice.pk)
    bring(full, content, Actor(full.alice, EntryPoint.PAGE))
    for game in Game.objects.filter(starts_at__gt=full.now):
        people = {game.host_id, *game.cohost_ids, *game.signups.values_list("user_id", flat=True)}
        assert people <= {full.alice.pk, None}
