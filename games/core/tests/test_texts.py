"""Texts in a guild, for their readers: what they mention is named only to whom Discord shows it."""

from datetime import timedelta
from time import thread_time
from typing import Any
from urllib.parse import unquote_plus

import pytest
from django.urls import reverse

from conftest import EVERYONE, GUILD, World
from games.core.base import Actor, EntryPoint
from games.core.mentions import candidates, parse
from games.core.permissions import load_viewer
from games.core.text import GuildTexts
from games.core.wording import HIDDEN_CHANNEL, NO_ACCESS
from games.hosts import messages as host_messages
from games.hosts.rules import Audience
from games.models import AuditEntry, Game
from games.pages.game_page import history
from games.posts.announcement import announcement_view
from games.posts.calendars import calendar_file, google_url
from games.scheduling import actions as scheduling
from games.scheduling.actions import plan_from_game
from games.scheduling.rules import change_plan
from games.signups import actions as signups
from guilds.models import VIEW_CHANNEL, Channel, Guild, Member, Role
from notifications.daemon import steps

OFFICER = GUILD + 40
HIDDEN = "secret-planning"


@pytest.fixture
def hidden(world: World) -> Channel:
    """Return a channel that only officers may view. Bob, who hosts, is one; Charlie is none."""
    Role.objects.create(pk=OFFICER, guild=world.guild, name="Officer")
    overwrites = [[EVERYONE, 0, VIEW_CHANNEL], [OFFICER, VIEW_CHANNEL, 0]]
    Channel.objects.filter(pk=world.other_channel.pk).update(name=HIDDEN, overwrites=overwrites)
    Member.objects.filter(user=world.bob).update(role_ids=[OFFICER])
    return Channel.objects.get(pk=world.other_channel.pk)


@pytest.mark.parametrize("typed", ["Meet in <#{}>", "||<#{}>||", "**<#{}>** x", "> <#{}>"])
def test_a_hidden_channel_is_not_named(world: World, as_person: Any, hidden: Channel, typed: str) -> None:
    text = typed.format(hidden.pk)
    game = world.create_game(description=text, location=text, instructions=text)
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    page = as_person(world.charlie).get(game.get_absolute_url()).text
    assert HIDDEN not in page
    assert NO_ACCESS in page
    assert f"#{HIDDEN}" in as_person(world.bob).get(game.get_absolute_url()).text
    # A file or a link has no reader: it names what everybody sees who sees the game.
    assert HIDDEN not in calendar_file(game, world.now).decode()
    assert HIDDEN not in google_url(game, GuildTexts(GUILD, channel=game.channel))
    assert GuildTexts(GUILD).as_plain_text(text).count(HIDDEN) == 0


def test_a_calendar_names_channels_that_all_see_who_see_the_game(world: World, hidden: Channel) -> None:
    game = world.create_game(location=f"<#{world.channel.pk}>, then <#{hidden.pk}>")
    assert f"LOCATION:#game-night\\, then {NO_ACCESS}" in calendar_file(game, world.now).decode()
    inside = world.create_game(channel_id=hidden.pk, location=f"<#{world.channel.pk}>, then <#{hidden.pk}>")
    assert f"LOCATION:#game-night\\, then #{HIDDEN}" in calendar_file(inside, world.now).decode()


def test_a_typed_name_does_not_tell_of_a_hidden_channel(world: World, as_person: Any, hidden: Channel) -> None:
    game = world.create_game(description=f"See #{HIDDEN} and #nowhere")
    assert announcement_view(game, world.now).description == f"See #{HIDDEN} and #nowhere"
    page = as_person(world.charlie).get(game.get_absolute_url()).text
    assert f"See #{HIDDEN} and #nowhere" in page
    assert '<span class="mention">' not in page
    seen = GuildTexts(GUILD, viewer=load_viewer(world.bob, GUILD)).as_html(game.description)
    assert f'<span class="mention">#{HIDDEN}</span>' in seen


def test_a_move_does_not_name_the_hidden_channel(world: World, as_person: Any, hidden: Channel) -> None:
    game = world.create_game(channel_id=hidden.pk)
    plan = change_plan(plan_from_game(Game.objects.get()), channel_id=world.channel.pk)
    scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), world.now)
    page = as_person(world.charlie).get(game.get_absolute_url()).text
    assert HIDDEN not in page
    assert HIDDEN_CHANNEL in page
    game.refresh_from_db()
    assert f"#{HIDDEN}" in history(game, load_viewer(world.bob, GUILD))[0].text
    Member.objects.filter(user=world.bob).update(role_ids=[])
    assert HIDDEN not in as_person(world.bob).get(game.get_absolute_url()).text
    assert HIDDEN not in "".join(line.text for line in history(game))


def test_the_admin_does_not_name_the_hidden_channel(world: World, as_person: Any, hidden: Channel) -> None:
    game = world.create_game(channel_id=hidden.pk)
    plan = change_plan(plan_from_game(Game.objects.get()), channel_id=world.channel.pk)
    scheduling.edit_game(game.pk, plan, Actor(world.bob, EntryPoint.PAGE), world.now)
    manager = world.add_member(77)
    guild_manager = Role.objects.create(pk=GUILD + 41, guild=world.guild, name="Boss", permissions=0x20)
    Member.objects.filter(user=manager).update(role_ids=[guild_manager.pk])
    entry = AuditEntry.objects.get(game=game, action="edit")
    page = as_person(manager).get(reverse("admin:games_auditentry_change", args=[entry.pk]))
    assert page.status_code == 200
    assert HIDDEN not in page.text


def test_roles_and_people_of_other_guilds_are_not_named(world: World) -> None:
    other = Guild.objects.create(pk=GUILD + 7, name="Elsewhere", owner_id=world.alice.pk)
    foreign_role = Role.objects.create(pk=GUILD + 70, guild=other, name="Foreign")
    foreign_channel = Channel.objects.create(pk=GUILD + 71, guild=other, name="foreign", type=0)
    own_role = Role.objects.create(pk=GUILD + 72, guild=world.guild, name="Game <Masters>")
    stranger = world.add_member(55)
    Member.objects.filter(user=stranger).delete()
    texts = GuildTexts(GUILD, viewer=load_viewer(world.alice, GUILD))
    shown = texts.as_plain_text(f"<@&{foreign_role.pk}> <#{foreign_channel.pk}> <@{stranger.pk}> <@&{own_role.pk}>")
    assert shown == f"@unknown-role {NO_ACCESS} @unknown-user @Game <Masters>"
    assert "Game &lt;Masters&gt;" in texts.as_html(f"<@&{own_role.pk}>")
    huge = 10**20 - 1
    assert texts.as_plain_text(f"<@{huge}> <#{huge}> <@&{huge}>") == f"@unknown-user {NO_ACCESS} @unknown-role"


def test_markup_on_the_page_and_in_the_calendar(world: World, as_person: Any) -> None:
    text = "**Level 5**, <:dice:123> ||the butler|| [map](https://e.io/map) <t:1893456000:F>"
    game = world.create_game(description=f"# Rules\n{text}", location=text)
    page = as_person(world.charlie).get(game.get_absolute_url()).text
    assert '<h3 class="heading-1">Rules</h3><strong>Level 5</strong>, :dice: <details class="spoiler"' in page
    assert '<time datetime="2030-01-01T00:00:00+00:00"' in page
    assert '>map</a> <span class="host">(e.io)</span>' in page
    file = calendar_file(game, world.now).decode().replace("\r\n ", "")
    assert "LOCATION:Level 5\\, :dice: [spoiler] map (e.io) Tue 1 Jan 2030\\, " in file
    assert "butler" not in unquote_plus(google_url(game, GuildTexts(GUILD, channel=game.channel)))


def test_a_message_to_players_has_live_addresses_and_no_markup(world: World, as_person: Any) -> None:
    typed = "Read https://e.io/my_rules_v2, **all** of @everyone! [a](https://x.io) [b](https://y.io)"
    game = world.create_game(reminders=())
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    type(world.charlie).objects.filter(pk=world.charlie.pk).update(dm_closed_at=world.now)
    host_messages.message_players(game.pk, typed, Audience.ALL, Actor(world.bob, EntryPoint.PAGE), world.now)
    now = world.now + timedelta(minutes=2)
    steps.create_due_deliveries(now)
    [job] = [job for job in steps.lease_jobs(now, 100) if world.charlie.pk in job.message.ping_users]
    nonce = job.message.dedupe_marker
    page = as_person(world.charlie).get(f"{game.get_absolute_url()}?d={nonce}").context["own_message"]
    assert '<a href="https://e.io/my_rules_v2"' in page
    assert "**all** of @everyone! [a](" in page
    assert '<time datetime="' in page
    assert "\\" not in page


@pytest.mark.parametrize(
    "word", ["a" * 20_000, "@" + "a" * 20_000, "@" + "a'" * 10_000, "#" + "a." * 9_000, "a:/" * 7_000]
)
def test_long_words_take_time_in_proportion(word: str) -> None:
    """One of 2,000 letters once took 70 ms: each letter was tried as the beginning of an address."""
    before = thread_time()
    candidates(word)
    parse(word, {}, {})
    assert thread_time() - before < 1
