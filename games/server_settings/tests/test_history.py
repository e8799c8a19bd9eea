"""A guild's History page: who changed which settings, through which entry point, and both values."""

from datetime import timedelta
from typing import Any

from django.urls import reverse

from conftest import EVERYONE, GUILD, World
from games.core.base import Actor, EntryPoint
from games.core.permissions import load_viewer
from games.hosts import actions as host_actions
from games.models import AuditEntry
from games.models.settings import GuildDefaults
from games.pages.guild_history import HistoryEntry, history_entries
from games.server_settings import actions as server_settings
from games.server_settings import removals, templates
from games.server_settings.actions import values_of
from guilds.models import Role

ORGANISER = GUILD + 20


def change_guild(world: World, source: EntryPoint = EntryPoint.PAGE, **values: Any) -> None:
    settings = values_of(GuildDefaults.objects.get(pk=GUILD)) | values
    server_settings.change_guild_defaults(GUILD, settings, (), (), Actor(world.alice, source), world.now)


def last(world: World) -> HistoryEntry:
    return history_entries(load_viewer(world.alice, GUILD), AuditEntry.objects.filter(game=None)[:1], "UTC")[0]


def test_settings_are_shown_with_both_values(world: World) -> None:
    change_guild(world, seats=4, host_role_ids=(), reminders=(60,))
    assert last(world) == HistoryEntry(
        world.now,
        "alice changed the server's settings",
        "web page",
        [
            ("Seats", "default", "4 seats"),
            ("Reminders", "default", "1 hour before"),
            ("Who can schedule", "@everyone", "managers only"),
        ],
    )
    change_guild(world, EntryPoint.ADMIN, seats=None, host_role_ids=(ORGANISER,))
    assert last(world).source_text == "admin"
    assert ("Who can schedule", "managers only", "Organiser") in last(world).changes


def test_templates_channels_and_blocks_are_shown(world: World) -> None:
    by, operator = Actor(world.alice, EntryPoint.PAGE), Actor(None, EntryPoint.COMMAND, operator=True)
    settings = values_of(None)
    created = templates.save_template(
        GUILD, None, "Raid", "Long " * 100, world.channel.pk, settings, ["seats"], by, world.now
    )
    assert last(world).text == "alice created the template Raid"
    shown = {name: after for name, _, after in last(world).changes}
    assert (shown["Channel"], shown["Locked"], len(shown["Description"])) == ("#game-night", "seats", 200)
    other = templates.duplicate_template(GUILD, created.layer.pk, by, world.now)
    assert last(world).changes == [("Copy", "", "Raid (copy)")]
    templates.reorder_templates(GUILD, [other.layer.pk, created.layer.pk], by, world.now)
    assert last(world).changes == [("Order", "Raid, Raid (copy)", "Raid (copy), Raid")]
    server_settings.change_channel_defaults(world.channel.pk, settings, False, by, world.now)
    assert (last(world).text, last(world).changes) == (
        "alice changed #game-night",
        [("Open for games", "yes", "no")],
    )
    host_actions.block_user(GUILD, world.bob, None, "rude", operator, world.now)
    assert (last(world).text, last(world).source_text) == ("An operator blocked Bob the GM", "command line")
    assert last(world).changes == [("Until", "", "for good"), ("Reason", "", "rude")]
    host_actions.block_user(GUILD, world.bob, world.now + timedelta(days=1), "rude", by, world.now)
    assert last(world).changes[0][1] == "for good"
    assert last(world).changes[0][2].endswith("UTC")
    assert host_actions.unblock_user(GUILD, world.bob, by, world.now)
    assert last(world).text == "alice let Bob the GM sign up again"
    assert not host_actions.unblock_user(GUILD, world.bob, by, world.now)
    assert AuditEntry.objects.filter(action="unblock").count() == 1


def test_deletions_in_discord_are_shown_without_a_person(world: World) -> None:
    change_guild(world, player_role_ids=(ORGANISER, EVERYONE))
    Role.objects.filter(pk=ORGANISER).update(deleted_at=world.now)
    removals.remove_deleted_roles([GUILD], world.now)
    assert (last(world).text, last(world).source_text) == (
        "the server no longer names Organiser: deleted in Discord",
        "Discord",
    )


def test_the_page_shows_managers_the_latest_first(world: World, as_person: Any) -> None:
    client, url = as_person(world.alice), reverse("guild-history", args=[GUILD])
    assert client.get(url).context["entries"] == []
    world.create_game()
    change_guild(world, location="<b>Here</b>")
    for seats in range(1, 31):
        change_guild(world, seats=seats)
    assert "scheduled the game" in client.get(url, {"page": 2}).text, "everything stands there"
    page = client.get(url, {"of": "settings"})
    assert "Page 1 of 2" in page.text
    assert "30 seats" in page.text
    assert "scheduled the game" not in page.text
    assert "<s>29 seats</s>" in page.text
    for last_page in ("2", "99"):
        older = client.get(url, {"page": last_page, "of": "settings"}).text
        assert "&lt;b&gt;Here&lt;/b&gt;" in older
        assert 'rel="prev" href="?page=1&amp;of=settings"' in older
    assert client.get(url, {"page": "x"}).context["page"].number == 1
    assert url in client.get(reverse("guild-health", args=[GUILD])).text
    assert as_person(world.bob).get(url).status_code == 403
