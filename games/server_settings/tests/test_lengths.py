"""Lengths of time as people type them, in every setting and at every entry point."""

import io
import json
from typing import Any

import pytest
from django import forms
from django.core.management import CommandError, call_command
from django.urls import reverse

from conftest import GUILD, World
from games.core.setting_kinds import DurationListSetting, DurationSetting
from games.core.settings import SETTINGS
from games.models import Game
from games.models.settings import ChannelDefaults, GuildDefaults
from games.server_settings.fields import setting_field

LENGTHS = [one for one in SETTINGS.values() if isinstance(one, DurationSetting)]
LISTS = [one for one in SETTINGS.values() if isinstance(one, DurationListSetting)]


@pytest.mark.parametrize("setting", LENGTHS, ids=lambda setting: setting.name)
def test_every_length_is_read_and_shown_alike(setting: DurationSetting) -> None:
    field = setting_field(setting)
    for typed in ("1½ h", "1:30", "90 minutes", "an hour and a half", "1h30", "90"):
        assert field.clean(typed) == 90
    assert field.clean(field.prepare_value(1530)) == 1530
    with pytest.raises(forms.ValidationError):
        field.clean("1.30 h")


@pytest.mark.parametrize("setting", LISTS, ids=lambda setting: setting.name)
def test_every_list_of_lengths_is_read_and_shown_alike(setting: DurationListSetting) -> None:
    field = setting_field(setting)
    assert field.clean("24 hours, half an hour, 15") == (1440, 30, 15)
    assert field.clean(field.prepare_value((1530, 90, 5))) == (1530, 90, 5)
    with pytest.raises(forms.ValidationError):
        field.clean("1d 2h")


def test_lengths_on_pages_and_the_command_line(world: World, as_person: Any) -> None:
    start = f"{world.now.replace(year=world.now.year + 1, day=1):%Y-%m-%d}"
    plan = {"title": "Chess", "date": start, "time": "20:00", "channel": str(world.channel.pk)}
    lengths = {"duration": "2 hrs.", "reminders": "1 day, 90 min", "signups_close": "half an hour"}
    client = as_person(world.alice)
    made = client.post(reverse("game-new", args=[GUILD]), plan | lengths | {"zone": "UTC"})
    assert made.status_code == 302
    out = io.StringIO()
    options = [f"--{name}={value}" for name, value in plan.items()]
    options += ["--duration", "2 HRS", "--reminders", "24h, 1:30", "--signups-close", "½ h", "--anyway", "--json"]
    call_command("game", "create", "--guild", str(GUILD), "--as", "bob", *options, stdout=out)
    assert json.loads(out.getvalue())["game"]["id"]
    for game in Game.objects.all():
        assert (game.duration, game.reminders, game.signups_close) == (120, [1440, 90], 30)
    client.post(reverse("guild-settings", args=[GUILD]), {"edition": "1", "duration": "1,5 h", "zone": "UTC"})
    assert GuildDefaults.objects.get(pk=GUILD).duration == 90
    client.post(reverse("guild-channel", args=[GUILD, world.channel.pk]), {"edition": "0", "duration": "an hour"})
    assert ChannelDefaults.objects.get(pk=world.channel.pk).duration == 60
    with pytest.raises(CommandError, match="two things"):
        call_command("game", "create", "--guild", str(GUILD), "--as", "bob", *options, "--duration", "1.30h")


def test_a_length_that_can_be_read_in_two_ways_is_refused_with_an_example(world: World, as_person: Any) -> None:
    shown = as_person(world.bob).post(reverse("game-new", args=[GUILD]), {"duration": "1.30 h", "title": "Kept"})
    assert shown.status_code == 422
    assert "1h30m" in shown.context["form"].errors["duration"][0]
    assert 'value="1.30 h"' in shown.text
    assert 'value="Kept"' in shown.text
