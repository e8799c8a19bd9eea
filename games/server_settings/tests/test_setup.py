"""Setting up a guild: the page, the test message, and the welcome message to the owner."""

import html
from typing import Any

from django.urls import reverse

from conftest import EVERYONE, GUILD, PERMISSIONS, World
from discord_bot.guild_sync import save_guilds
from games.models.settings import ChannelDefaults, GuildDefaults
from games.server_settings import setup as guild_setup
from games.server_settings.wording import (
    ASK_A_MANAGER,
    FORUM_TIDIER,
    NOT_SET_UP,
    NOTHING_CHANGED,
    STALE_SETTINGS,
    TEST_SENT,
    settings_saved,
    switched,
)
from games.server_settings.wording import test_result as result_of_test
from gamesched.lib.clock import db_now
from guilds.directory import upsert
from guilds.directory.payloads import ChannelPayload, GuildPayload
from guilds.models import Channel, Guild
from notifications.daemon import steps
from notifications.messages import PermanentError, SentMessage
from notifications.models import Delivery, DeliveryStatus, Notification

ORGANISER = GUILD + 20
PAGE = "guild-setup"


def undo_setup(world: World) -> None:
    """A guild that nobody has set up yet."""
    GuildDefaults.objects.filter(pk=world.guild.pk).delete()
    Guild.objects.update(welcomed_at=None)


def test_a_guild_not_set_up_is_shown_as_such_to_each_viewer(world: World, as_person: Any) -> None:
    undo_setup(world)
    url = reverse("guild", args=[GUILD])
    manager = as_person(world.alice).get(url).text
    assert "This server isn't set up yet" in html.unescape(manager)
    assert reverse(PAGE, args=[GUILD]) in manager
    member = as_person(world.bob).get(url).text
    assert f"{NOT_SET_UP} {ASK_A_MANAGER}" in html.unescape(member)
    assert "Schedule a game" not in member


def test_the_page_names_missing_permissions_and_where_to_click(world: World, as_person: Any) -> None:
    view, send, embed, manage_threads = 1 << 10, 1 << 11, 1 << 14, 1 << 34
    payloads = [
        ChannelPayload(GUILD + 10, "general", 0, 1, view | send),
        ChannelPayload(GUILD + 11, "news", 5, 2, view | embed),
        ChannelPayload(GUILD + 12, "secret", 0, 3, 0),
        ChannelPayload(GUILD + 13, "admin", 0, 4, 1 << 3),
        ChannelPayload(GUILD + 14, "Table", 2, 5, PERMISSIONS),
        ChannelPayload(GUILD + 15, "ideas", 15, 6, PERMISSIONS),
        ChannelPayload(GUILD + 17, "campaigns", 15, 7, PERMISSIONS | 1 << 38 | manage_threads, lacks_tag=True),
        ChannelPayload(GUILD + 18, "art", 16, 8, PERMISSIONS),
        ChannelPayload(GUILD + 16, "Section", 4, 7, PERMISSIONS),
    ]
    upsert.upsert_channels(GUILD, payloads)
    shown = {c.channel.name: c for c in as_person(world.alice).get(reverse(PAGE, args=[GUILD])).context["channels"]}
    assert {name: channel.missing for name, channel in shown.items() if channel.is_postable} == {
        "general": ["Embed Links"],
        "news": ["Send Messages"],
        "secret": ["View Channel", "Send Messages", "Embed Links"],
        "admin": [],
        "ideas": ["Send Messages in Posts"],
        "campaigns": ["a tag that it may use"],
    }
    assert "Edit Channel of #general" in shown["general"].advice
    assert shown["Table"].advice.startswith("A voice channel")
    assert shown["art"].advice.startswith("A media channel")
    assert "allow Send Messages in Posts." in shown["ideas"].advice
    assert shown["campaigns"].advice.startswith("Posts in #campaigns need a tag")
    assert (shown["ideas"].note, shown["campaigns"].note) == (FORUM_TIDIER, "")
    assert "Section" not in shown


def test_channels_are_switched(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    url = reverse(PAGE, args=[GUILD])
    response = client.post(url, {"step": "channels", "on": [str(world.channel.pk), "nonsense"]}, follow=True)
    assert switched(2) in response.text
    off = ChannelDefaults.objects.filter(for_games=False).values_list("channel__name", flat=True)
    assert sorted(off) == ["general", "raids"]
    again = client.post(url, {"step": "channels", "on": [str(world.channel.pk)]}, follow=True)
    assert NOTHING_CHANGED in again.text


def test_roles_and_zone_are_saved_and_the_rest_is_kept(world: World, as_person: Any) -> None:
    GuildDefaults.objects.filter(pk=GUILD).update(seats=4, pingable_role_ids=[ORGANISER], host_role_ids=None)
    client = as_person(world.alice)
    data = {
        "step": "roles",
        "host_role_ids": [str(EVERYONE)],
        "manager_role_ids": [str(ORGANISER)],
        "zone": "Europe/Berlin",
        "edition": "1",
    }
    assert settings_saved(True, 0) in client.post(reverse(PAGE, args=[GUILD]), data, follow=True).text
    saved = GuildDefaults.objects.get()
    assert (saved.host_role_ids, saved.manager_role_ids, saved.zone) == ([EVERYONE], [ORGANISER], "Europe/Berlin")
    assert (saved.seats, saved.pingable_role_ids) == (4, [ORGANISER])
    stale = client.post(reverse(PAGE, args=[GUILD]), data)
    assert stale.status_code == 422
    assert STALE_SETTINGS in stale.text


def test_members_may_not_set_up(world: World, as_person: Any) -> None:
    client = as_person(world.bob)
    assert client.post(reverse(PAGE, args=[GUILD]), {"step": "channels"}).status_code == 403
    assert client.post(reverse("channel-test", args=[GUILD, world.channel.pk])).status_code == 403
    assert not Notification.objects.filter(kind="channel_test").exists()


# --- the test message --------------------------------------------------------------------------------------


def test_a_test_message_is_scheduled_and_its_result_shown(world: World, as_person: Any) -> None:
    client = as_person(world.alice)
    page = reverse(PAGE, args=[GUILD])
    response = client.post(reverse("channel-test", args=[GUILD, world.channel.pk]), follow=True)
    assert TEST_SENT in response.text
    [job] = steps.lease_jobs(db_now(), 10)
    assert job.message.channel_id == world.channel.pk
    assert f"/guilds/{GUILD}/setup/?d={job.message.dedupe_marker}" in job.message.text
    steps.record([(job, PermanentError("Missing Access", PermanentError.MISSING_PERMISSION))], world.now)
    assert result_of_test(True, "x", "Missing Access") in html.unescape(client.get(page).text)
    client.post(reverse("channel-test", args=[GUILD, world.channel.pk]))
    [job] = steps.lease_jobs(db_now(), 10)
    steps.record([(job, SentMessage(world.channel.pk, 77))], world.now)
    assert "The last test message arrived." in html.unescape(client.get(page).text)


def test_a_voice_channel_is_not_tested(world: World, as_person: Any) -> None:
    Channel.objects.filter(pk=world.channel.pk).update(type=2)
    response = as_person(world.alice).post(reverse("channel-test", args=[GUILD, world.channel.pk]), follow=True)
    assert "find that text channel in this server" in response.text


# --- the welcome message -----------------------------------------------------------------------------------


def test_the_owner_of_a_new_guild_gets_one_welcome_message(world: World) -> None:
    undo_setup(world)
    assert guild_setup.welcome_guild(GUILD, world.alice.pk, world.now)
    assert not guild_setup.welcome_guild(GUILD, world.alice.pk, world.now), "once for each stay"
    assert steps.create_due_deliveries(world.now) == 1
    [job] = steps.lease_jobs(world.now, 10)
    assert job.message.user_id == world.alice.pk
    assert f"/guilds/{GUILD}/setup/?d=" in job.message.text
    steps.record([(job, SentMessage(555, 77))], world.now)
    assert Delivery.objects.get().status == DeliveryStatus.SENT


def test_two_guilds_of_one_owner_are_two_welcome_messages(world: World) -> None:
    undo_setup(world)
    other = Guild.objects.create(pk=GUILD + 5, name="Elsewhere", owner_id=world.alice.pk)
    guild_setup.welcome_guild(GUILD, world.alice.pk, world.now)
    guild_setup.welcome_guild(other.pk, world.alice.pk, world.now)
    assert Notification.objects.open().filter(kind="welcome").count() == 2


def test_no_welcome_with_closed_dms_or_without_the_bot(world: World) -> None:
    undo_setup(world)
    guild_setup.welcome_guild(GUILD, world.alice.pk, world.now)
    steps.create_due_deliveries(world.now)
    [job] = steps.lease_jobs(world.now, 10)
    steps.record([(job, PermanentError("Cannot send", PermanentError.CLOSED_DMS))], world.now)
    assert steps.lease_jobs(world.now, 10) == []
    assert Delivery.objects.get().error == "their direct messages are closed"
    Delivery.objects.update(status=DeliveryStatus.PENDING, in_channel=False)
    upsert.mark_bot_removed(GUILD, world.now)
    assert steps.lease_jobs(world.now, 10) == []
    assert Delivery.objects.get().error == "the bot was removed from the server"


def test_a_restart_does_not_repeat_the_welcome(world: World) -> None:
    payload = GuildPayload(GUILD + 9, "Elsewhere", "", world.alice.pk, (), ())
    assert save_guilds([payload]), "it came, while the bot ran or was down"
    assert save_guilds([payload]), "and is tried again where the owner could not be asked"
    assert guild_setup.welcome_guild(payload.id, world.alice.pk, world.now)
    assert not save_guilds([payload]), "a reconnect or restart sees it again"
    upsert.mark_guild_unavailable(payload.id)
    assert not save_guilds([payload]), "an outage is not a removal"
    for while_running in (True, False):
        if while_running:
            upsert.mark_bot_removed(payload.id, world.now)
        else:
            upsert.mark_guilds_present([GUILD], world.now)
        assert not guild_setup.welcome_guild(payload.id, world.alice.pk, world.now), "the bot is not there"
        assert save_guilds([payload]), "it came back"
        assert guild_setup.welcome_guild(payload.id, world.alice.pk, world.now)


def test_the_welcome_to_a_server_that_was_set_up_before(world: World) -> None:
    Guild.objects.update(welcomed_at=None)
    guild_setup.welcome_guild(GUILD, world.alice.pk, world.now)
    steps.create_due_deliveries(world.now)
    [job] = steps.lease_jobs(world.now, 10)
    assert "Your earlier settings still hold" in job.message.text
