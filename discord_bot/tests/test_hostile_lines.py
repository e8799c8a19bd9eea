"""/game create and its like against forged ids, odd texts, old previews, and rights that ended meanwhile."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from django.db import transaction

from conftest import World
from discord_bot.interactions import game_commands
from discord_bot.interactions.command_use import use_command
from discord_bot.interactions.game_commands import Changes
from discord_bot.interactions.line_preview import Written, line_layout
from discord_bot.interactions.line_replies import URL_MAX, LineReply
from discord_bot.interactions.line_state import LineAction, LineState
from discord_bot.interactions.suggestions import find_choices
from discord_bot.tests.test_creation import LINE, hide, payload, press, write
from games.core import wording
from games.models import Announcement, Game, GameTemplate, Signup
from games.models.settings import GuildDefaults
from games.scheduling import command_wording, line_wording
from gamesched.local_discord import fixtures
from guilds.models import Channel, Guild

FORGED = (0, 1, 999_999_999_999_999_999, 2**63 - 1)


def sent(reply: LineReply) -> Written:
    """Return what is read back from the layout that Discord gets, within its limits."""
    written = Written(reply.line, reply.cover)
    layout = line_layout(reply.text, written, reply.post, reply.buttons, reply.web_url)
    assert layout.content_length() <= 4000
    assert layout.total_children_count <= 40
    ids = [getattr(getattr(one, "item", one), "custom_id", None) for one in layout.walk_children()]
    assert len({*filter(None, ids)}) == len([*filter(None, ids)]), "Discord takes each id once"
    return Written.read(message_of(layout))


def message_of(layout: discord.ui.LayoutView) -> discord.Message:
    """Return a layout as the message that comes with a click."""
    given: list[Any] = layout.to_components()  # type: ignore[no-untyped-call]
    parts = [discord.components._component_factory(one) for one in given]
    message: Any = SimpleNamespace(flags=discord.MessageFlags(components_v2=True), components=parts, embeds=[])
    return cast(discord.Message, message)


# --- what stands in a preview is not what is believed ---------------------------------------------------------


def test_a_forged_id_posts_nothing_that_the_person_may_not(world: World) -> None:
    shown = write(world, LINE)
    [post] = [one.state for one in shown.buttons if one.state.action is LineAction.POST]
    for field in ("channel_id", "template_id", "game_id", "seats", "duration"):
        for number in FORGED:
            most = {"seats": 999_999, "duration": 99_999_999}.get(field, number)
            forged: dict[str, Any] = {field: min(number, most)}
            state = LineState.parse(replace(post, **forged).custom_id)
            assert state is not None, forged
            with transaction.atomic():
                reply = write(world, LINE, state, message_id=77)
                for game in Game.objects.all():  # what says nothing, as template 0
                    assert game.channel_id == fixtures.GAME_NIGHT_ID, forged
                    assert (game.template_id, game.title) == (None, "Curse of Strahd"), forged
                assert reply.text, forged
                transaction.set_rollback(True)


def test_a_channel_hidden_after_the_preview_is_refused_and_the_preview_stays(world: World) -> None:
    shown = write(world, LINE, LineState(channel_id=fixtures.RAIDS_ID))
    assert shown.post is not None
    hide(world.other_channel)
    reply = press(world, shown, LineAction.POST)
    assert (reply.text, reply.keeps_preview) == (wording.UNKNOWN_CHANNEL, True)
    assert not Game.objects.exists()


def test_ids_of_another_server_are_none_here(world: World) -> None:
    other = Guild.objects.create(pk=4242, name="Elsewhere", owner_id=world.alice.pk)
    channel = Channel.objects.create(pk=4243, guild=other, name="general", type=world.channel.type)
    template = GameTemplate.objects.create(guild=other, name="Theirs", description="secret")
    assert write(world, LINE, LineState(channel_id=channel.pk)).post is None
    shown = write(world, LINE, LineState(template_id=template.pk))
    assert "secret" not in str(shown)
    game = world.create_game(title="Of here")
    Game.objects.filter(pk=game.pk).update(guild=other, channel=channel)
    assert write(world, "", LineState(game_id=game.pk)).text == wording.UNKNOWN_GAME


def test_without_its_template_a_preview_is_shown_anew_before_it_is_posted(world: World) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="Raid", description="Bring potions.", seats=8)
    shown = write(world, LINE, LineState(template_id=template.pk))
    template.delete()
    again = press(world, shown, LineAction.POST)
    assert again.text.startswith(line_wording.TEMPLATE_GONE)
    assert again.post is not None
    assert "potions" not in again.post.description
    assert not Game.objects.exists()
    press(world, again, LineAction.POST)
    assert Game.objects.get().template is None


def test_a_preview_whose_time_is_over_posts_nothing(world: World) -> None:
    shown = write(world, LINE)
    [post] = [one.state for one in shown.buttons if one.state.action is LineAction.POST]
    reply = write(world, LINE, replace(post, starts_at=world.now - timedelta(days=1)), message_id=77)
    assert reply.keeps_preview
    assert not Game.objects.exists()


def test_the_button_of_somebody_else_posts_as_who_presses(world: World) -> None:
    shown = write(world, LINE)
    [post] = [one.state for one in shown.buttons if one.state.action is LineAction.POST]
    write(world, LINE, post, by=world.charlie, message_id=77)
    assert Game.objects.get().host == world.charlie


def test_said_again_what_was_posted_is_escaped_alike(world: World) -> None:
    shown = write(world, "**Dune** [x](https://evil.example) in 2 days at 20:00")
    first, second = (press(world, shown, LineAction.POST) for _ in range(2))
    assert first.text == second.text


# --- odd texts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        *("@everyone <@&1>", "<@1> <#2>", "[x](https://evil.example)", "\u202eenud", "\u05d3\u05d5\u05e0\u05d4"),
        *("a\u200bb", "\ud800x", "x\0y", "```", "# Dune", "\u3164Dune", "Z" + "\u0301" * 60),
    ],
)
def test_any_title_is_previewed_and_posted_as_it_was_shown(world: World, title: str) -> None:
    shown = write(world, f"{title} in 2 days at 20:00")
    assert shown.post is not None, shown.text
    assert sent(shown) == Written(shown.line)
    shown.line.encode()
    press(world, shown, LineAction.POST)
    assert Game.objects.get().title == shown.post.title


@pytest.mark.parametrize("text", ["\u200b", "\u202e \u200f", "\0", " \u2067 "])
def test_a_line_that_shows_nothing_is_none(world: World, text: str) -> None:
    reply = write(world, text)
    assert reply.text == line_wording.LINE_PROBLEMS["no_when"]
    assert sent(reply) == Written()


@pytest.mark.parametrize(
    "line",
    [
        *("`", "```", "````x````", "`\u2063", "`\u2063`\u2063```", "```\n-# [x](https://e.vil/y)", "\u2028", "\\`"),
        *("-# [x](https://example.org/pictures/" + "a" * 64 + "-1x1)", "a\u2029```b", "``` ```", "\u2063`"),
    ],
)
def test_any_line_is_read_back_as_it_was_written(world: World, line: str) -> None:
    for cover in ("", "f" * 64 + "-640x480"):
        reply = replace(write(world, line), cover=cover)
        assert sent(reply) == Written(reply.line, cover)
        assert "```" not in Written(reply.line).text[4:-4], "its block ends where we end it"


def test_a_preview_from_before_there_were_layouts_is_read_by_its_footer() -> None:
    embed = discord.Embed(title="Dune").set_footer(text=LINE)
    message: Any = SimpleNamespace(flags=discord.MessageFlags(), components=[], embeds=[embed])
    assert Written.read(message) == Written(LINE)


@pytest.mark.parametrize("title", ["\u200b", "\u3164", "\u202e"])
def test_a_title_that_shows_nothing_is_asked_for(world: World, title: str) -> None:
    reply = write(world, f"{title} in 2 days at 20:00")
    assert reply.post is None
    assert [one.state.action for one in reply.buttons] == [LineAction.CHANGE]


def test_the_longest_preview_fits_discord(world: World) -> None:
    template = GameTemplate.objects.create(guild=world.guild, name="Long", description="d" * 2000)
    line = "in 2 days at 20:00 " + "T" * 200
    shown = write(world, line + " " * 10, LineState(template_id=template.pk))
    sent(shown)
    GuildDefaults.objects.update(notify_role_ids=[10**18 + number for number in range(25)], location="w" * 200)
    full = write(world, line, LineState(template_id=template.pk))
    assert full.post is not None
    full = replace(full, text="overlaps " * 400, line="`" * 500, cover="f" * 64 + "-640x480")
    for reply in (shown, full, write(world, "x" * 600), write(world, "\U0001f409" * 500)):
        sent(reply)
        assert len(reply.web_url) <= URL_MAX


# --- again, edit, cancel ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title", ["Catan fri 8pm", "4 players Catan", "Session 12/01", "Tue 19:00 - 22:00 raid", "3h, 2h"]
)
def test_a_title_that_reads_like_a_time_stays_the_title_of_the_next(world: World, title: str) -> None:
    old = world.create_game(title=title, seats=3)
    shown = write(world, "", LineState(game_id=old.pk))
    assert shown.post is not None, shown.text
    assert shown.post.starts_at == old.starts_at.replace(second=0, microsecond=0) + timedelta(days=7)
    sent(shown)
    press(world, shown, LineAction.POST)
    new = Game.objects.exclude(pk=old.pk).get()
    assert (new.title, new.settings.seats, new.minutes) == (title, 3, old.minutes)


def test_a_game_that_they_may_not_see_is_not_scheduled_again(world: World) -> None:
    old = world.create_game(title="Hidden", channel_id=fixtures.RAIDS_ID)
    hide(world.other_channel)
    assert write(world, "", LineState(game_id=old.pk), by=world.charlie).text == wording.UNKNOWN_GAME


@pytest.mark.parametrize("game_id", ["", "x", "0", "-1", str(2**63), str(2**200), "１２", "1; drop"])
def test_no_game_is_none(world: World, game_id: str) -> None:
    for work in (
        partial(game_commands.edit, game_id=game_id, changes=Changes("x")),
        partial(game_commands.cancel, game_id=game_id, reason=""),
    ):
        assert use_command(world.guild.pk, payload(world.bob), work).text == command_wording.CHOOSE_GAME


def test_edit_takes_the_end_that_the_words_say(world: World) -> None:
    game = world.create_game(title="Dune")
    changes = Changes(when="tomorrow 20:00-23:30")
    use_command(world.guild.pk, payload(world.bob), partial(game_commands.edit, game_id=str(game.pk), changes=changes))
    assert Game.objects.get().minutes == 210


def test_edit_and_cancel_of_a_started_or_cancelled_game_say_so(world: World) -> None:
    game = world.create_game(title="Dune")
    cancel = partial(game_commands.cancel, game_id=str(game.pk), reason="@everyone **no**")
    assert use_command(world.guild.pk, payload(world.bob), cancel).outcome == "done"
    assert use_command(world.guild.pk, payload(world.bob), cancel).outcome in {"nothing", "refused"}
    edit = partial(game_commands.edit, game_id=str(game.pk), changes=Changes("Root"))
    assert use_command(world.guild.pk, payload(world.bob), edit).outcome == "refused"


# --- menus ----------------------------------------------------------------------------------------------------


def test_the_menus_of_what_is_not_ours_have_an_answer(world: World) -> None:
    bob = payload(world.bob)
    for message_id in (1, 2**63 - 1, 2**64 - 1):
        told = partial(game_commands.list_deliveries, message_id=message_id)
        sign_up = partial(game_commands.sign_up, message_id=message_id, people={})
        for menu in (told, sign_up):
            assert use_command(world.guild.pk, bob, menu).text == command_wording.NO_POST
    for user_id in (1, 2**63 - 1, 2**64 - 1):
        work = partial(game_commands.games_with, user_id=user_id, name="Zed\u202e")
        reply = use_command(world.guild.pk, bob, work)
        assert "Zed" in reply.text, "nobody of whom we have a row"


def test_who_chose_only_people_that_left_signs_nobody_up(world: World) -> None:
    game = world.create_game(title="Dune")
    Announcement.objects.filter(game=game).update(message_id=4321)
    work = partial(game_commands.sign_up, message_id=4321, people={})
    reply = use_command(world.guild.pk, payload(world.bob), work)
    assert reply.outcome in {"nothing", "refused"}
    assert not Signup.objects.filter(game=game).exists()


# --- suggestions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["\ud800", "\0", "%", "_", "\\", "x" * 6000, "\u202e", "' or 1=1", "\u0130" * 300])
@pytest.mark.parametrize("kind", ["template", "channel", "edit", "cancel", "again"])
def test_any_typed_text_has_choices_or_none(world: World, kind: Any, typed: str) -> None:
    world.create_game(title="Dune")
    assert isinstance(find_choices(kind, world.guild.pk, payload(world.bob), typed), list)


def test_who_sees_nothing_is_suggested_nothing(world: World) -> None:
    world.create_game(title="Dune")
    GameTemplate.objects.create(guild=world.guild, name="Raid", channel=world.channel)
    for channel in Channel.objects.all():
        hide(channel)
    for kind in ("template", "channel", "edit", "cancel", "again"):
        found = find_choices(kind, world.guild.pk, payload(world.charlie), "")
        assert found == [], kind
    assert write(world, LINE, by=world.charlie).text == line_wording.LINE_PROBLEMS["no_channel"]


@pytest.mark.parametrize("kind", ["edit", "again"])
def test_suggestions_cost_the_same_for_many_games(world: World, kind: Any, django_assert_max_num_queries: Any) -> None:
    for number in range(20):
        world.create_game(title=f"Dune {number}", starts_at=world.now + timedelta(days=2 + number))
    with django_assert_max_num_queries(20):
        assert len(find_choices(kind, world.guild.pk, payload(world.bob), "")) == 20
