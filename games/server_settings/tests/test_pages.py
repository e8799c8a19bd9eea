"""The pages of a guild's settings, its channels and templates."""

import re
from datetime import timedelta
from html import escape
from typing import Any

import pytest
from django.urls import reverse

from conftest import EVERYONE, GUILD, World
from games.core.base import Actor, EntryPoint
from games.core.resolved_settings import BUILT_IN_SOURCE, THE_SERVER
from games.core.wording import if_empty, inherits
from games.models import Game, GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from games.server_settings import actions as server_settings
from games.server_settings import templates
from games.server_settings.actions import values_of
from games.server_settings.wording import (
    MANAGERS_ONLY,
    NO_TEMPLATES,
    REORDERED,
    STALE_SETTINGS,
    TEMPLATE_DELETED,
    UNKNOWN_TEMPLATE,
    bad_duration,
    duplicated,
    games_change,
    made_default,
    settings_saved,
    template_channel_deleted,
    template_deleted,
)
from gamesched.lib.durations import DurationProblem
from guilds.directory import upsert
from guilds.models import Guild, User

pytestmark = pytest.mark.slow

ORGANISER = GUILD + 20
ALL = "?edit=all"  # the form of all rows


def create_template(world: World, name: str = "Campaign", channel_id: int | None = None, **values: Any) -> GameTemplate:
    alice = Actor(world.alice, EntryPoint.PAGE)
    settings = values_of(None) | values
    created = templates.save_template(GUILD, None, name, "Bring dice.", channel_id, settings, (), alice, world.now)
    assert isinstance(created.layer, GameTemplate)
    return created.layer


def pages(world: World) -> list[str]:
    created = create_template(world)
    return [
        *(reverse(name, args=[GUILD]) for name in ("guild-settings", "guild-channels", "guild-templates")),
        reverse("guild-channel", args=[GUILD, world.channel.pk]),
        *(reverse(name, args=[GUILD, created.pk]) for name in ("template", "template-delete")),
        reverse("template-new", args=[GUILD]) + "?start=raid",
        reverse("guild-setup", args=[GUILD]),
    ]


def guild_fields(**changes: Any) -> dict[str, Any]:
    edition = GuildDefaults.objects.get(pk=GUILD).edit_version
    return {"own_host_roles": "on", "host_role_ids": [str(EVERYONE)], "edition": str(edition), **changes}


# --- who sees what ---------------------------------------------------------------------------------------


def test_access_of_managers_members_and_strangers(world: World, as_person: Any) -> None:
    urls = pages(world)
    stranger = User.objects.create(id=999, username="999", handle="stranger")
    for who, status in ((world.alice, 200), (world.bob, 403), (stranger, 404)):
        client = as_person(who)
        assert {url: client.get(url).status_code for url in urls} == dict.fromkeys(urls, status)
    refused = as_person(world.bob).get(urls[0])
    assert MANAGERS_ONLY in refused.text


def test_another_guilds_channel_or_template_is_a_404(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    for name in ("guild-channel", "template", "template-delete"):
        assert client.get(reverse(name, args=[GUILD, 12345])).status_code == 404
    for name in ("template-up", "template-default", "template-duplicate"):
        assert client.get(reverse(name, args=[GUILD, 12345])).status_code == 405
    response = client.post(reverse("template-default", args=[GUILD, 12345]), follow=True)
    assert escape(UNKNOWN_TEMPLATE) in response.text


def test_the_guilds_page_links_them_for_managers_only(world: World, as_person: Any) -> None:
    url = reverse("guild", args=[GUILD])
    assert reverse("guild-settings", args=[GUILD]) in as_person(world.alice).get(url).text
    assert reverse("guild-settings", args=[GUILD]) not in as_person(world.bob).get(url).text


# --- a guild's settings --------------------------------------------------------------------------------------


def test_the_form_shows_inherited_values_and_their_source(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    assert if_empty("2 hours", BUILT_IN_SOURCE) in client.get(reverse("guild-settings", args=[GUILD]) + ALL).text
    client.post(reverse("guild-settings", args=[GUILD]), guild_fields(duration="3h", zone="Europe/Berlin"))
    page = client.get(reverse("guild-settings", args=[GUILD]) + ALL).text
    assert f"({THE_SERVER})" not in page, "it is the server's own"
    page = client.get(reverse("guild-channel", args=[GUILD, world.channel.pk]) + ALL).text
    assert if_empty("3 hours", THE_SERVER) in page
    assert f">{inherits('Europe/Berlin', THE_SERVER)}</option>" in page


def test_saving_first_shows_which_games_change(world: World, as_person: Any) -> None:
    game = world.create_game(seats=None)
    client = as_person(world.alice)
    url = reverse("guild-settings", args=[GUILD])
    shown = client.post(url, guild_fields(seats="3"))
    assert shown.status_code == 200
    assert games_change(1) in shown.text
    assert re.search(r"Seats: <s>unlimited seats</s>.*<b>3 seats</b>", shown.text)
    assert GuildDefaults.objects.get().seats is None, "nothing is saved yet"
    confirmed = re.findall(r'name="confirmed" value="(\w+)"', shown.text)[0]
    # What changed since it was shown is shown again: only what was seen is confirmed.
    world.create_game(seats=None)
    again = client.post(url, guild_fields(seats="3", confirmed=confirmed))
    assert games_change(2) in again.text
    confirmed = re.findall(r'name="confirmed" value="(\w+)"', again.text)[0]
    done = client.post(url, guild_fields(seats="3", confirmed=confirmed), follow=True)
    assert settings_saved(True, 2) in done.text
    assert Game.objects.with_guild_and_channel().get(pk=game.pk).settings.seats == 3


def test_empty_fields_stay_empty_when_the_form_is_shown_again(world: World, as_person: Any) -> None:
    response = as_person(world.alice).post(
        reverse("guild-settings", args=[GUILD]), guild_fields(seats="many", location="")
    )
    assert not response.context["form"]["location"].value()
    GuildDefaults.objects.update(location="")
    again = as_person(world.alice).get(reverse("guild-settings", args=[GUILD]) + ALL)
    assert again.context["form"]["location"].value() == "none"


def test_a_change_without_effect_on_games_is_saved_at_once(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    data = guild_fields(location="none", manager_role_ids=[str(ORGANISER)], pingable_role_ids=[str(ORGANISER)])
    response = client.post(reverse("guild-settings", args=[GUILD]), data, follow=True)
    assert settings_saved(True, 0) in response.text
    saved = GuildDefaults.objects.get()
    assert (saved.location, saved.manager_role_ids, saved.pingable_role_ids) == ("", [ORGANISER], [ORGANISER])
    cleared = client.post(reverse("guild-settings", args=[GUILD]), guild_fields(), follow=True)
    assert settings_saved(True, 0) in cleared.text
    assert GuildDefaults.objects.get().location is None, "emptying a field inherits again"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"seats": "101"}, "Choose 1 to 100 seats"),
        ({"duration": "soon"}, escape(bad_duration(DurationProblem.UNKNOWN, "soon", listed=False))),
        ({"zone": "Mars/Olympus"}, "know that time zone."),
        ({"manager_role_ids": ["123"]}, "Select a valid choice"),
        ({"manager_role_ids": [str(EVERYONE)]}, "Select a valid choice"),
    ],
)
def test_bad_input_is_named_and_nothing_typed_is_lost(
    world: World, as_person: Any, changes: dict[str, Any], sentence: str
) -> None:
    data = guild_fields(**({"instructions": "Wear a hat."} | changes))
    response = as_person(world.alice).post(reverse("guild-settings", args=[GUILD]), data)
    assert response.status_code == 422
    assert sentence in response.text
    assert "Wear a hat." in response.text


def test_a_stale_form_shows_both_versions_and_overwrites_neither(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    url = reverse("guild-settings", args=[GUILD])
    old = guild_fields(location="My place", player_role_ids=[str(ORGANISER), str(EVERYONE)], own_player_roles="on")
    client.post(url, guild_fields(location="Their place"))
    stale = client.post(url, old)
    assert stale.status_code == 422
    assert STALE_SETTINGS in stale.text
    assert "Their place" in stale.text
    assert "My place" in stale.text
    assert stale.context["form"]["player_role_ids"].value() == [str(ORGANISER), str(EVERYONE)], "ticks are kept"
    assert GuildDefaults.objects.get().location == "Their place"
    edition = re.findall(r'name="edition" value="(\d+)"', stale.text)[0]
    client.post(url, old | {"edition": edition})
    assert GuildDefaults.objects.get().location == "My place"


# --- channels --------------------------------------------------------------------------------------------


def test_a_channel_can_be_closed_to_games(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    url = reverse("guild-channel", args=[GUILD, world.other_channel.pk])
    assert settings_saved(True, 0) in client.post(url, {"edition": "0", "seats": "4"}, follow=True).text
    saved = ChannelDefaults.objects.get()
    assert (saved.for_games, saved.seats, saved.edit_version) == (False, 4, 1)
    form = client.get(reverse("game-new", args=[GUILD])).context["form"]
    assert str(world.other_channel.pk) not in dict(form.fields["channel"].choices)
    assert "Not for games" in client.get(reverse("guild-channels", args=[GUILD])).text


def test_a_channel_deleted_meanwhile_is_shown_and_typed_values_stay(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    upsert.mark_channel_deleted(world.channel.pk, world.now)
    url = reverse("guild-channel", args=[GUILD, world.channel.pk])
    response = client.post(url, {"edition": "0", "instructions": "Wear a hat.", "for_games": "on"})
    assert response.status_code == 422
    assert "#game-night was deleted in Discord" in response.text
    assert "Wear a hat." in response.text


# --- templates -------------------------------------------------------------------------------------------


def test_an_empty_list_offers_starting_points(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    page = client.get(reverse("guild-templates", args=[GUILD])).text
    assert NO_TEMPLATES in page
    raid = client.get(reverse("template-new", args=[GUILD]) + "?start=raid").text
    assert 'value="Raid"' in raid
    assert 'value="20"' in raid
    assert 'value="3h"' in raid
    evening = client.get(reverse("template-new", args=[GUILD]) + "?start=evening").text
    assert 'value="unlimited"' in evening


def test_make_order_duplicate_default_and_delete(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    for name in ("One-shot", "Raid"):
        data = {"name": name, "seats": "5", "locked": ["seats"], "edition": "0"}
        client.post(reverse("template-new", args=[GUILD]), data)
    first, second = world.guild.templates.all()
    assert (first.name, first.is_default, first.locked) == ("One-shot", True, ["seats"])

    def press(name: str, which: GameTemplate) -> str:
        pressed = client.post(reverse(f"template-{name}", args=[GUILD, which.pk]), follow=True)
        return str(pressed.text)

    assert REORDERED in press("down", first)
    assert [t.name for t in world.guild.templates.all()] == ["Raid", "One-shot"]
    assert duplicated("One-shot", "One-shot (copy)") in press("duplicate", first)
    assert "One-shot is the default." in press("delete", first)
    assert "One-shot is the default." in client.get(reverse("template-delete", args=[GUILD, first.pk])).text
    assert made_default("Raid") in press("default", second)
    assert "No upcoming game changes." in client.get(reverse("template-delete", args=[GUILD, first.pk])).text
    assert template_deleted("One-shot", 0) in press("delete", first)
    response = client.post(reverse("template", args=[GUILD, first.pk]), {"name": "X"}, follow=True)
    assert TEMPLATE_DELETED.format(name="One-shot") in response.text


def test_deleting_shows_which_games_change(world: World, as_person: Any) -> None:
    created = create_template(world, seats=3)
    world.create_game(seats=None, template_id=created.pk)
    page = as_person(world.alice).get(reverse("template-delete", args=[GUILD, created.pk])).text
    assert "Curse of Strahd" in page
    assert "<s>3 seats</s>" in page


def test_a_template_of_a_deleted_channel_says_so(world: World, as_person: Any) -> None:
    created = create_template(world, channel_id=world.other_channel.pk)
    upsert.mark_channel_deleted(world.other_channel.pk, world.now)
    client = as_person(world.alice)
    url = reverse("template", args=[GUILD, created.pk])
    assert template_channel_deleted("raids") in client.get(url).text
    kept = client.post(url, {"name": "X", "channel": str(world.other_channel.pk), "edition": "1"}, follow=True)
    assert settings_saved(True, 0) in kept.text


def test_scheduling_begins_with_the_template_chosen_or_the_default(world: World, as_person: Any) -> None:
    first = create_template(world, "One-shot", world.other_channel.pk, duration=240, zone="Europe/Berlin")
    second = create_template(world, "Raid", duration=180)
    client = as_person(world.bob)
    assert "Schedule: Raid" in client.get(reverse("guild", args=[GUILD])).text
    page = client.get(reverse("game-new", args=[GUILD]))
    form = page.context["form"]
    assert form["template"].value() == str(first.pk)
    assert form["channel"].value() == str(world.other_channel.pk)
    assert form["zone"].value() == "Europe/Berlin"
    assert form["description"].value() == "Bring dice."
    assert if_empty("4 hours", "One-shot") in page.text
    page = client.get(reverse("game-new", args=[GUILD]) + f"?template={second.pk}")
    assert if_empty("3 hours", "Raid") in page.text
    none = client.get(reverse("game-new", args=[GUILD]) + "?template=0")
    assert if_empty("2 hours", BUILT_IN_SOURCE) in none.text


# --- what may happen in between ------------------------------------------------------------------------------


def test_the_bot_removed_while_a_form_is_open(world: World, as_person: Any) -> None:
    upsert.mark_bot_removed(GUILD, world.now)
    response = as_person(world.alice).post(reverse("guild-settings", args=[GUILD]), {"seats": "3"})
    assert response.status_code == 404
    assert "The bot is no longer in Friday Night Dice." in response.text


def test_a_former_owner_with_an_open_form_reads_who_may(world: World, as_person: Any) -> None:
    data = guild_fields(seats="3")
    Guild.objects.filter(pk=GUILD).update(owner_id=world.charlie.pk)
    response = as_person(world.alice).post(reverse("guild-settings", args=[GUILD]), data)
    assert response.status_code == 403
    assert MANAGERS_ONLY in response.text
    assert GuildDefaults.objects.get().seats is None


def test_editing_a_game_under_way_shows_no_inherited_values(world: World, as_person: Any) -> None:
    game = world.create_game(seats=None)
    Game.objects.filter(pk=game.pk).update(starts_at=world.now - timedelta(minutes=5))
    settings = values_of(GuildDefaults.objects.get()) | {"seats": 3}
    server_settings.change_guild_defaults(GUILD, settings, (), (), Actor(world.alice, EntryPoint.PAGE), world.now)
    page = as_person(world.bob).get(reverse("game-edit", args=[game.pk])).text
    assert "from the server" not in page
    assert 'value="unlimited"' in page
