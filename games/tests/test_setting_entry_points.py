"""Every setting can be entered wherever settings can be, and what was entered holds."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from PIL import Image

from conftest import GUILD, World
from games.core.resolved_settings import ResolvedSettings, resolve_settings
from games.core.setting_kinds import (
    ChannelId,
    ChoiceSetting,
    DurationListSetting,
    DurationSetting,
    MultiLineText,
    PictureSetting,
    Roles,
    RolesInOrder,
    Setting,
    Text,
    WholeNumber,
    YesNo,
    Zone,
)
from games.core.settings import ALL_SETTINGS, GAME_SETTINGS, SETTINGS
from games.management.commands.game import Command
from games.models import Game, GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults, SettingsFields
from games.pictures.actions import store_picture
from games.pictures.tests.samples import encoded
from games.server_settings.base_forms import is_ticked, override_field
from gamesched.testing.page_forms import form_in
from guilds.models import User

pytestmark = pytest.mark.slow

ORGANISER = GUILD + 20


def example(world: World, setting: Setting[Any]) -> tuple[str, Any]:
    """What is typed for a setting, which no layer says otherwise, and what its column then keeps."""
    match setting:
        case WholeNumber():
            return "3", 3
        case DurationSetting():
            return "2d" if setting.most > 2880 else "45", 2880 if setting.most > 2880 else 45
        case DurationListSetting():
            return "2h, 15", [120, 15]
        case MultiLineText():
            return "Bring tea.\nAnd dice.", "Bring tea.\nAnd dice."
        case Text():
            return "Table 3", "Table 3"
        case RolesInOrder():
            return "Organiser", [ORGANISER]
        case Roles():
            return str(ORGANISER), [ORGANISER]
        case PictureSetting():
            picture = store_picture(encoded(Image.new("RGB", (8, 8), "teal"), "PNG"))
            return picture, picture
        case YesNo():
            return "yes", True
        case ChoiceSetting():
            return setting.choices.values[-1], setting.choices.values[-1]
        case ChannelId():
            return str(world.other_channel.pk), world.other_channel.pk
        case Zone():
            return "Europe/Berlin", "Europe/Berlin"
    raise AssertionError(f"say here what {type(setting).__name__} may be")


def form_data(world: World, names: tuple[str, ...]) -> dict[str, Any]:
    """What a browser sends for these settings."""
    data: dict[str, Any] = {name: example(world, SETTINGS[name])[0] for name in names}
    return data | {override_field(name): "on" for name in names if is_ticked(SETTINGS[name])}


def saved(row: SettingsFields, names: tuple[str, ...]) -> dict[str, Any]:
    row.refresh_from_db()
    return {name: getattr(row, name) for name in names}


def expected(world: World, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: example(world, SETTINGS[name])[1] for name in names}


def offered(page: str) -> set[str]:
    return {name for name in ALL_SETTINGS if f'name="{name}"' in page}


def operator(world: World) -> User:
    world.alice.is_staff = world.alice.is_superuser = True
    world.alice.save()
    return world.alice


# --- a game ----------------------------------------------------------------------------------------------


def by_page(world: World, as_person: Any, game: Game) -> None:
    browser, url = as_person(world.alice), reverse("game-edit", args=[game.pk])
    assert offered(browser.get(url).text) == set(GAME_SETTINGS) | {"zone"}
    start = {"date": f"{game.starts_at:%Y-%m-%d}", "time": f"{game.starts_at:%H:%M}", "zone": "UTC", "edition": "1"}
    data = {"title": game.title, "channel": game.channel_id} | start | form_data(world, GAME_SETTINGS)
    response = browser.post(url, data)
    assert response.status_code == 302, response.text


def by_admin(world: World, as_person: Any, game: Game) -> None:
    browser, url = as_person(operator(world)), reverse("admin:games_game_change", args=[game.pk])
    assert offered(browser.get(url).text) == set(GAME_SETTINGS) | {"zone"}
    start = {"starts_at_0": f"{game.starts_at:%Y-%m-%d}", "starts_at_1": f"{game.starts_at:%H:%M:%S}", "zone": "UTC"}
    rows = {f"{rows}-{count}": 0 for rows in ("signups", "notifications") for count in ("TOTAL_FORMS", "INITIAL_FORMS")}
    data = {"title": game.title, "channel": game.channel_id, "edition": "1"} | start | rows
    response = browser.post(url, data | form_data(world, GAME_SETTINGS))
    assert response.status_code == 302, response.text


def by_command(world: World, as_person: Any, game: Game) -> None:
    options = [f"--{SETTINGS[name].option}={example(world, SETTINGS[name])[0]}" for name in GAME_SETTINGS]
    call_command("game", "edit", str(game.pk), *options, "--as", "alice")


GAME_ENTRY_POINTS: dict[str, Callable[[World, Any, Game], None]] = {
    "page": by_page,
    "admin": by_admin,
    "command": by_command,
}


@pytest.mark.parametrize("entry_point", GAME_ENTRY_POINTS)
def test_a_game_is_given_every_setting(world: World, as_person: Any, entry_point: str) -> None:
    game = world.create_game()
    GAME_ENTRY_POINTS[entry_point](world, as_person, game)
    assert saved(game, GAME_SETTINGS) == expected(world, GAME_SETTINGS)


def test_new_games_too_are_given_every_setting(world: World, as_person: Any) -> None:
    assert offered(as_person(world.alice).get(reverse("game-new", args=[GUILD])).text) == set(GAME_SETTINGS) | {"zone"}
    page = as_person(operator(world)).get(reverse("admin:games_game_add"), {"guild": GUILD}).text
    assert offered(page) == set(GAME_SETTINGS) | {"zone"}
    parser = ArgumentParser()
    Command().add_arguments(parser)
    words = next(action for action in parser._actions if action.dest == "word").choices
    assert words is not None
    for word in ("create", "edit", "clone"):
        destinations = {action.dest for action in words[word]._actions}  # type: ignore[index]
        assert destinations >= set(GAME_SETTINGS), word


def test_the_command_line_inherits_again_and_sets_none(world: World) -> None:
    game = world.create_game(player_role_ids=(ORGANISER,), archive_channel_id=world.other_channel.pk, answers=True)
    none = ["--player-roles=none", "--archive-channel=none", "--answers=no", "--seats=unlimited"]
    call_command("game", "edit", str(game.pk), *none, "--as", "alice")
    game.refresh_from_db()
    assert (game.player_role_ids, game.archive_channel_id, game.answers, game.seats) == ([], 0, False, 0)
    call_command(
        "game", "edit", str(game.pk), *[f"{assignment.split('=')[0]}=" for assignment in none], "--as", "alice"
    )
    game.refresh_from_db()
    assert (game.player_role_ids, game.archive_channel_id, game.answers, game.seats) == (None, None, None, None)
    call_command("game", "edit", str(game.pk), "--archive-channel=#raids", "--player-roles=Organiser", "--as", "alice")
    game.refresh_from_db()
    assert (game.player_role_ids, game.archive_channel_id) == ([ORGANISER], world.other_channel.pk)


def test_the_command_line_names_the_option_that_is_wrong(world: World) -> None:
    game = world.create_game()
    for option, sentence in (
        ("--player-roles=Organizer", "Do you mean Organiser?"),
        ("--archive-channel=nowhere at all", "Select a valid choice."),
        ("--offer-for=1", "Give people 5 minutes to 1 day"),
    ):
        with pytest.raises(Exception, match=option.split("=", maxsplit=1)[0]) as caught:
            call_command("game", "edit", str(game.pk), option, "--as", "alice")
        assert sentence in str(caught.value)


# --- the layers above a game -----------------------------------------------------------------------------


def layers(world: World) -> dict[str, tuple[SettingsFields, str, str, dict[str, Any]]]:
    """Each layer with the addresses of its page and of its admin, and what its forms need besides."""
    guild = GuildDefaults.objects.get(pk=GUILD)
    channel = ChannelDefaults.objects.create(channel=world.channel)
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign")
    return {
        "guild": (guild, reverse("guild-settings", args=[GUILD]), "guilddefaults", {}),
        "channel": (
            channel,
            reverse("guild-channel", args=[GUILD, world.channel.pk]),
            "channeldefaults",
            {"for_games": "on"},
        ),
        "template": (
            template,
            reverse("template", args=[GUILD, template.pk]),
            "gametemplate",
            {"name": "Campaign"},
        ),
    }


@pytest.mark.parametrize("kind", ["guild", "channel", "template"])
@pytest.mark.parametrize("entry_point", ["page", "admin"])
def test_a_layer_is_given_every_setting(world: World, as_person: Any, kind: str, entry_point: str) -> None:
    row, page, model, besides = layers(world)[kind]
    admin = reverse(f"admin:games_{model}_change", args=[row.pk])
    browser, url = (as_person(world.alice), page) if entry_point == "page" else (as_person(operator(world)), admin)
    shown = browser.get(f"{url}?edit=all" if entry_point == "page" else url).text
    assert offered(shown) == set(ALL_SETTINGS)
    response = browser.post(url, besides | {"edition": "1"} | form_data(world, ALL_SETTINGS))
    assert response.status_code == 302, response.text
    assert saved(row, ALL_SETTINGS) == expected(world, ALL_SETTINGS)


@pytest.mark.parametrize("kind", ["guild", "channel", "template"])
def test_each_setting_of_a_layer_is_a_row_edited_in_place(world: World, as_person: Any, kind: str) -> None:
    """Each setting of the server; of the other layers one of each kind, as the rest of the way is the same."""
    row, page, _, _ = layers(world)[kind]
    browser = as_person(world.alice)
    shown = browser.get(page).text
    assert {name for name in ALL_SETTINGS if f'href="{page}?edit={name}#row-{name}"' in shown} == set(ALL_SETTINGS)
    one_of_each = tuple({type(SETTINGS[name]): name for name in ALL_SETTINGS}.values())
    names = ALL_SETTINGS if kind == "guild" else one_of_each
    for number, name in enumerate(names):
        # In its page it stands as it does alone.
        shown = browser.get(page, {"edit": name}, headers={"HX-Request": "true"} if number else {}).text
        assert offered(shown) - {"zone"} == {name} - {"zone"}
        response = browser.post(page, form_in(shown, page, page, **form_data(world, (name,))))
        assert response.status_code == 302, response.text
    assert saved(row, names) == expected(world, names)


def test_a_template_can_lock_explicit_values_of_a_game_and_nothing_else(world: World, as_person: Any) -> None:
    page = as_person(world.alice).get(reverse("template-new", args=[GUILD]))
    assert [value for value, _ in page.context["form"].fields["locked"].choices] == list(GAME_SETTINGS)


# --- values ----------------------------------------------------------------------------------------------


def test_unset_settings_have_the_declared_default() -> None:
    resolved = ResolvedSettings.of(resolve_settings([]))
    assert {name: getattr(resolved, name) for name in ALL_SETTINGS} == {
        name: setting.default for name, setting in SETTINGS.items()
    }


def test_every_default_and_none_read_and_are_right(world: World) -> None:
    for setting in SETTINGS.values():
        assert setting.text(setting.default, {}, {})
        assert setting.check(setting.default) == ""
        assert setting.label
        assert setting.help
