"""What those who manage a server read and choose of channels that Discord hides from them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.core.codes import AuditAction
from games.core.permissions import load_viewer
from games.core.resolved_settings import THE_SERVER
from games.core.wording import HIDDEN_CHANNEL, HIDDEN_VALUE, inherits
from games.models import Agenda, AuditEntry, Game, GameTemplate
from games.models.settings import ChannelDefaults, GuildDefaults
from games.posts import archive
from games.scheduling import actions as scheduling
from games.server_settings import actions as server_settings
from games.server_settings import setup, templates
from games.server_settings.actions import values_of
from games.server_settings.base_forms import KEEP_HIDDEN
from gamesched.lib.refusal import Refused
from gamesched.local_discord import fixtures
from gamesched.testing.page_forms import form_to
from guilds.models import VIEW_CHANNEL, Channel, Member, Role

pytestmark = pytest.mark.slow

SECRET = "secret-planning"
PLACE = "Behind the old mill"


@pytest.fixture
def secret(world: World) -> Channel:
    """Return a channel that only its owner views; Bob manages the server by a role, and is no administrator."""
    Member.objects.filter(user=world.bob).update(role_ids=[fixtures.ORGANISER_ID])
    channel = Channel.objects.get(pk=world.other_channel.pk)
    channel.name, channel.overwrites = SECRET, [[GUILD, 0, VIEW_CHANNEL]]
    channel.save()
    ChannelDefaults.objects.create(channel=channel, location=PLACE, seats=3, for_games=True, edit_version=1)
    return channel


def bob(world: World) -> Actor:
    return Actor(world.bob, EntryPoint.PAGE)


def template_of(world: World, channel: Channel, **values: Any) -> GameTemplate:
    return GameTemplate.objects.create(
        guild=world.guild, name="Campaign", channel=channel, is_default=True, edit_version=1, **values
    )


def change_guild(world: World, actor: Actor, **values: Any) -> None:
    settings = values_of(GuildDefaults.objects.get(pk=GUILD)) | values
    server_settings.change_guild_defaults(GUILD, settings, (), (), actor, world.now)


# --- reading ---------------------------------------------------------------------------------------------


@pytest.fixture
def everywhere(world: World, secret: Channel) -> Channel:
    """Name the hidden channel in every setting and in the history."""
    owner = Actor(world.alice, EntryPoint.PAGE)
    change_guild(world, owner, archive_channel_id=secret.pk)
    server_settings.change_channel_defaults(secret.pk, values_of(None) | {"location": PLACE}, False, owner, world.now)
    settings = values_of(None) | {"archive_channel_id": secret.pk}
    templates.save_template(GUILD, None, "Campaign", "", secret.pk, settings, (), owner, world.now)
    other = ChannelDefaults.objects.create(channel=world.channel, archive_channel_id=secret.pk, edit_version=1)
    assert other.pk
    Agenda.objects.create(channel=secret, guild=world.guild, days=7)
    # As entries were stored before: with the name of that day.
    for of in ("#secret-planning", "#secret-of-old"):
        AuditEntry.objects.create(
            guild=world.guild, action=AuditAction.EDIT_CHANNEL, source="page", at=world.now,
            changes={"of": of, "location": [None, PLACE]},
        )  # fmt: skip
    AuditEntry.objects.create(
        guild=world.guild, action=AuditAction.ROLE_DELETED, source="discord", at=world.now,
        changes={"of": "#secret-of-old", "roles": ["Player"]},
    )  # fmt: skip
    return secret


def addresses(world: World) -> list[str]:
    template = GameTemplate.objects.get()
    pages = ("guild-settings", "guild-setup", "guild-channels", "guild-templates", "template-new", "guild-history")
    admin = (
        "games_gametemplate", "games_channeldefaults", "games_auditentry", "guilds_channel", "games_announcement",
        "games_agenda",
    )  # fmt: skip
    entries = AuditEntry.objects.filter(guild=world.guild).values_list("pk", flat=True)
    return [
        *(reverse(name, args=[GUILD]) for name in pages),
        *(reverse(name, args=[GUILD]) for name in ("guild-people", "guild-health")),
        reverse("guild-settings", args=[GUILD]) + "?edit=all",
        reverse("guild-settings", args=[GUILD]) + "?edit=archive_channel_id",
        reverse("guild-channel", args=[GUILD, world.channel.pk]),
        reverse("template", args=[GUILD, template.pk]),
        reverse("template", args=[GUILD, template.pk]) + "?edit=channel",
        reverse("template", args=[GUILD, template.pk]) + "?edit=all",
        reverse("template-delete", args=[GUILD, template.pk]),
        *(reverse(f"admin:{name}_changelist") for name in admin),
        reverse("admin:games_guilddefaults_change", args=[GUILD]),
        reverse("admin:games_channeldefaults_change", args=[world.channel.pk]),
        reverse("admin:games_gametemplate_change", args=[template.pk]),
        reverse("admin:games_game_add") + f"?guild={GUILD}&channel={world.other_channel.pk}",
        *(reverse("admin:games_auditentry_change", args=[pk]) for pk in entries),
    ]


def test_no_page_names_a_hidden_channel_or_what_it_sets(world: World, everywhere: Channel, as_person: Any) -> None:
    client = as_person(world.bob)
    for address in addresses(world):
        response = client.get(address)
        assert response.status_code == 200, address
        for word in ("secret", PLACE, str(everywhere.pk)):
            assert word not in response.text.replace(address, ""), f"{word} in {address}"


def test_who_views_every_channel_reads_all(world: World, everywhere: Channel, as_person: Any) -> None:
    client = as_person(world.alice)
    for name in ("guild-settings", "guild-setup", "guild-channels", "guild-templates", "guild-history"):
        assert SECRET in client.get(reverse(name, args=[GUILD])).text, name
    history = client.get(reverse("guild-history", args=[GUILD])).text
    assert PLACE in history
    assert "#secret-of-old" in history, "a name of that day"


def test_it_is_shown_as_hidden(world: World, everywhere: Channel, as_person: Any) -> None:
    client = as_person(world.bob)
    names = ("guild-settings", "guild-templates", "guild-history")
    for address in (
        *(reverse(name, args=[GUILD]) for name in names),
        reverse("template", args=[GUILD, GameTemplate.objects.get().pk]),
    ):
        assert HIDDEN_CHANNEL in client.get(address).text.lower(), address
    assert HIDDEN_VALUE in client.get(reverse("template", args=[GUILD, GameTemplate.objects.get().pk])).text


@pytest.mark.parametrize("name", ["guild-channel", "admin:guilds_channel_change", "admin:games_channeldefaults_change"])
def test_its_own_pages_do_not_exist(world: World, secret: Channel, as_person: Any, name: str) -> None:
    args = [GUILD, secret.pk] if name == "guild-channel" else [secret.pk]
    address = reverse(name, args=args)
    client = as_person(world.bob)
    assert client.get(address).status_code == 404
    assert client.post(address, {"edition": "1"}).status_code == 404


def test_a_deleted_template_does_not_name_it(world: World, secret: Channel, as_person: Any) -> None:
    template = template_of(world, secret, deleted_at=world.now)
    shown = as_person(world.bob).get(reverse("admin:games_gametemplate_change", args=[template.pk]))
    assert HIDDEN_CHANNEL in shown.text
    assert SECRET not in shown.text


def test_the_preview_names_only_what_the_manager_may_view(world: World, secret: Channel, as_person: Any) -> None:
    world.create_game()
    change_guild(world, Actor(world.alice, EntryPoint.PAGE), archive_channel_id=secret.pk)
    client, address = as_person(world.bob), reverse("guild-settings", args=[GUILD])
    form = form_to(client, f"{address}?edit=all", address)
    shown = client.post(address, form | {"archive_channel_id": str(world.channel.pk)})
    [(_, changes)] = shown.context["changes"]
    assert [(before, after) for _, before, after in changes] == [(HIDDEN_CHANNEL, "#game-night")]
    assert SECRET not in shown.text


def test_a_host_does_not_read_the_name_of_a_hidden_archive(world: World, secret: Channel, as_person: Any) -> None:
    Member.objects.filter(user=world.bob).update(role_ids=[])
    change_guild(world, Actor(world.alice, EntryPoint.PAGE), archive_channel_id=secret.pk)
    game = world.create_game()
    Game.objects.update(archive_channel_id=secret.pk)
    client = as_person(world.bob)
    for address in (reverse("game-edit", args=[game.pk]), reverse("game-new", args=[GUILD])):
        shown = client.get(address).text
        assert inherits(HIDDEN_CHANNEL, THE_SERVER) in shown
        assert SECRET not in shown
        assert str(secret.pk) not in shown
    assert str(secret.pk) not in client.get(reverse("game-again", args=[game.pk])).text
    Channel.objects.filter(pk=secret.pk).update(bot_permissions=0)
    Game.objects.update(ends_at=world.now, starts_at=world.now - timedelta(hours=2))
    with pytest.raises(Refused) as refused:
        archive.archive_game(game.pk, bob(world), world.now)
    assert SECRET not in refused.value.refusal.sentence


# --- saving ----------------------------------------------------------------------------------------------


def saved_layers(world: World, secret: Channel) -> dict[str, Callable[[], Any]]:
    return {
        "guild-settings": lambda: GuildDefaults.objects.get(pk=GUILD).archive_channel_id,
        "guild-channel": lambda: ChannelDefaults.objects.get(pk=world.channel.pk).archive_channel_id,
        "template": lambda: GameTemplate.objects.get().archive_channel_id,
    }


def layer_args(world: World, name: str) -> list[int]:
    own = {"guild-channel": [world.channel.pk], "template": [GameTemplate.objects.get().pk]}
    return [GUILD, *own.get(name, [])]


@pytest.mark.parametrize("name", ["guild-settings", "guild-channel", "template"])
def test_a_hidden_channel_survives_being_saved(world: World, everywhere: Channel, as_person: Any, name: str) -> None:
    client, address = as_person(world.bob), reverse(name, args=layer_args(world, name))
    form = form_to(client, f"{address}?edit=all", address)
    assert form["archive_channel_id"] == [KEEP_HIDDEN]
    assert client.post(address, form | {"seats": "7"}).status_code == 302
    saved = saved_layers(world, everywhere)[name]
    assert saved() == everywhere.pk
    if name == "template":
        assert GameTemplate.objects.get().channel_id == everywhere.pk
        assert form["channel"] == [KEEP_HIDDEN]
    # It may be given up, and then it cannot be chosen any more: neither in its row nor with all.
    row = form_to(client, f"{address}?edit=archive_channel_id", address)
    assert row["archive_channel_id"] == [KEEP_HIDDEN]
    assert client.post(address, row | {"archive_channel_id": "0"}).status_code == 302
    assert saved() == 0
    row = form_to(client, f"{address}?edit=archive_channel_id", address)
    for value in (KEEP_HIDDEN, str(everywhere.pk)):
        assert (
            client.post(address, row | {"archive_channel_id": value}, headers={"HX-Request": "true"}).status_code == 422
        )
    form = form_to(client, f"{address}?edit=all", address)
    assert client.post(address, form | {"archive_channel_id": str(everywhere.pk)}).status_code == 422
    assert saved() == 0


@pytest.mark.parametrize("layer", ["guilddefaults", "channeldefaults", "gametemplate"])
def test_it_survives_being_saved_in_the_admin(world: World, everywhere: Channel, as_person: Any, layer: str) -> None:
    row = {
        "guilddefaults": GuildDefaults.objects.get(pk=GUILD),
        "channeldefaults": ChannelDefaults.objects.get(pk=world.channel.pk),
        "gametemplate": GameTemplate.objects.get(),
    }[layer]
    client, address = as_person(world.bob), reverse(f"admin:games_{layer}_change", args=[row.pk])
    form = form_to(client, address, address)
    assert client.post(address, form | {"seats": "7"}).status_code == 302
    row.refresh_from_db()
    assert (row.seats, row.archive_channel_id) == (7, everywhere.pk)


def test_a_game_keeps_its_hidden_archive(world: World, secret: Channel, as_person: Any) -> None:
    game = world.create_game()
    Game.objects.update(archive_channel_id=secret.pk)
    client, address = as_person(world.bob), reverse("game-edit", args=[game.pk])
    form = form_to(client, address, address)
    assert client.post(address, form | {"title": "Tomb of Horrors"}).status_code == 302
    game.refresh_from_db()
    assert (game.title, game.archive_channel_id) == ("Tomb of Horrors", secret.pk)


def test_switching_channels_leaves_the_hidden_ones(world: World, secret: Channel, as_person: Any) -> None:
    client, address = as_person(world.bob), reverse("guild-setup", args=[GUILD])
    page = client.get(address)
    assert secret.pk not in [status.channel.pk for status in page.context["channels"]]
    client.post(address, {"step": "channels", "on": [str(world.channel.pk)]})
    assert ChannelDefaults.objects.get(pk=secret.pk).for_games
    ChannelDefaults.objects.filter(pk=secret.pk).update(for_games=False)
    client.post(address, {"step": "channels", "on": [str(world.channel.pk), str(secret.pk)]})
    assert not ChannelDefaults.objects.get(pk=secret.pk).for_games


def test_actions_refuse_a_hidden_channel_as_an_unknown_one(world: World, secret: Channel) -> None:
    by, settings = bob(world), values_of(None)
    plan = world.make_plan(archive_channel_id=secret.pk)
    for action in (
        lambda: change_guild(world, by, archive_channel_id=secret.pk),
        lambda: server_settings.change_channel_defaults(secret.pk, settings, False, by, world.now),
        lambda: templates.save_template(GUILD, None, "Raid", "", secret.pk, settings, (), by, world.now),
        lambda: setup.send_channel_test(secret.pk, by, world.now),
        lambda: scheduling.create_game(GUILD, plan, by, world.now),
    ):
        with pytest.raises(Refused) as hidden:
            action()
        assert SECRET not in hidden.value.refusal.sentence
        assert hidden.value.refusal.code in {"unknown_channel", "bad_settings", "bad_plan"}


def test_copies_keep_it(world: World, secret: Channel) -> None:
    template = template_of(world, secret, archive_channel_id=secret.pk)
    copy = templates.duplicate_template(GUILD, template.pk, bob(world), world.now).layer
    assert (copy.channel_id, copy.archive_channel_id) == (secret.pk, secret.pk)
    template.delete()
    game = world.create_game(template_id=template_of(world, world.channel, archive_channel_id=secret.pk).pk)
    saved = templates.save_game_as_template(game.pk, "From a game", bob(world), world.now).layer
    assert saved.archive_channel_id == secret.pk


def test_those_with_administrator_see_all(world: World, secret: Channel, as_person: Any) -> None:
    Role.objects.filter(pk=fixtures.ORGANISER_ID).update(permissions=1 << 3)
    assert load_viewer(world.bob, GUILD).hidden_channel_ids == set()
    assert SECRET in as_person(world.bob).get(reverse("guild-channels", args=[GUILD])).text
