"""The setup page and the invite link ask for what is switched on, and for nothing that is off."""

from io import StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import GUILD, World
from games.core.companions import PERMISSIONS
from games.models import CompanionKind, GameTemplate
from games.models.agenda import Agenda
from games.models.settings import ChannelDefaults, GuildDefaults
from games.pages.invite import invite_url
from games.server_settings.doctor import diagnose
from guilds.models import (
    CREATE_EVENTS,
    CREATE_PUBLIC_THREADS,
    FORUM,
    MANAGE_ROLES,
    PIN_MESSAGES,
    Channel,
)

PLAIN = 1 << 10 | 1 << 11 | 1 << 14 | 1 << 16 | 1 << 38


def asked(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def link_of(guild_id: int = GUILD) -> dict[str, str]:
    out = StringIO()
    call_command("invite_url", guild=guild_id, stdout=out)
    return asked(out.getvalue().strip())


def test_with_nothing_switched_on_nothing_more_is_said_or_asked(world: World, as_person: Any) -> None:
    page = as_person(world.alice).get(reverse("guild-setup", args=[GUILD])).text
    assert "Also in Discord" not in page
    assert link_of() == {**asked(invite_url()), "guild_id": str(GUILD), "disable_guild_select": "true"}
    assert int(asked(invite_url())["permissions"]) == PLAIN
    assert "guild_id" not in asked(invite_url())


@pytest.mark.parametrize(
    ("settings", "bits"),
    [
        ({"server_event": True}, {CREATE_EVENTS}),
        ({"thread": "post"}, {*PERMISSIONS[CompanionKind.THREAD]}),
        ({"voice_channel": "players"}, {*PERMISSIONS[CompanionKind.VOICE]}),
        ({"player_role": True}, {MANAGE_ROLES}),
    ],
)
def test_the_link_asks_for_exactly_what_is_switched_on(world: World, settings: dict[str, Any], bits: set[int]) -> None:
    GuildDefaults.objects.update(**settings)
    assert int(link_of()["permissions"]) == PLAIN | sum(bits - {1 << 10, 1 << 38})


def test_a_pinned_agenda_needs_to_pin(world: World) -> None:
    agenda = Agenda.objects.create(channel=world.channel, guild=world.guild, days=7)
    assert diagnose(world.guild, world.now).all_features == []
    agenda.pinned = True
    agenda.save()
    found = diagnose(world.guild, world.now)
    assert (found.all_features, found.lacks) == (["pinned_agenda"], {"pinned_agenda": ["Pin Messages"]})
    assert int(link_of()["permissions"]) == PLAIN | PIN_MESSAGES


@pytest.mark.parametrize("layer", ["guild", "channel", "template", "game"])
def test_every_layer_counts(world: World, layer: str) -> None:
    if layer == "guild":
        GuildDefaults.objects.update(player_role=True)
    elif layer == "channel":
        ChannelDefaults.objects.create(channel=world.channel, player_role=True)
    elif layer == "template":
        GameTemplate.objects.create(guild=world.guild, name="Campaign", channel=world.channel, player_role=True)
    else:
        world.create_game(player_role=True)
    found = diagnose(world.guild, world.now)
    assert found.all_features == ["player_role"]
    assert (layer == "guild") is (len(found.features) == 3), "in that channel alone"


def test_a_channel_that_says_no_does_not_count(world: World) -> None:
    GuildDefaults.objects.update(player_role=True)
    for channel in Channel.objects.filter(guild=world.guild):
        ChannelDefaults.objects.update_or_create(channel=channel, defaults={"player_role": False})
    assert diagnose(world.guild, world.now).all_features == []


def test_the_page_says_what_is_lacking_everywhere_and_where(world: World, as_person: Any) -> None:
    GuildDefaults.objects.update(player_role=True, server_event=True, thread="post")
    Channel.objects.update(bot_permissions=PLAIN | CREATE_EVENTS | CREATE_PUBLIC_THREADS)
    Channel.objects.filter(pk=world.channel.pk).update(bot_permissions=PLAIN)
    found = diagnose(world.guild, world.now)
    assert found.lacks == {"player_role": ["Manage Roles"]}
    assert found.channel_lacks == {world.channel.pk: ["Create Events", "Create Public Threads"]}
    page = as_person(world.alice).get(reverse("guild-setup", args=[GUILD])).text
    assert "the bot lacks Manage Roles" in page
    assert "the bot lacks Create Events and Create Public Threads here" in page
    assert "disable_guild_select" in page


def test_threads_in_a_forum_need_nothing_more(world: World) -> None:
    ChannelDefaults.objects.create(channel=world.channel, thread="post")
    Channel.objects.filter(pk=world.channel.pk).update(type=FORUM, bot_permissions=PLAIN)
    found = diagnose(world.guild, world.now)
    assert (found.all_features, found.channel_lacks) == ([], {})
    assert int(link_of()["permissions"]) == PLAIN


def test_it_takes_as_many_statements_for_many_games_as_for_none(world: World) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            diagnose(world.guild, world.now)
        return len(queries)

    few = statements()
    for number in range(5):
        world.create_game(title=f"Game {number}", player_role=True)
        GameTemplate.objects.create(guild=world.guild, name=f"Template {number}", player_role=True)
    assert statements() == few == 5


def test_a_server_that_the_bot_was_never_in_has_no_link(db: None) -> None:
    with pytest.raises(CommandError):
        call_command("invite_url", guild=5)
