"""/game create: a private preview from one line, posted once, with the rules of the page."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from io import BytesIO
from typing import Any

import pytest
import requests
from PIL import Image

from conftest import EVERYONE, World, make_world
from discord_bot.interactions.line_replies import LineReply, LineRequest, check_picture, reply_to_line
from discord_bot.interactions.line_state import LineAction, LineState
from discord_bot.interactions.suggestions import find_choices, suggest_duration
from games.core import wording
from games.core.codes import AuditAction
from games.models import AuditEntry, Game, GameTemplate, Picture
from games.models.settings import GuildDefaults
from games.pictures.actions import UPLOADS_MAX
from games.pictures.encoding import EncodedPicture, PictureProblem
from games.pictures.wording import PROBLEMS
from games.scheduling import command_wording, line_wording
from games.scheduling.line_wording import LINE_PROBLEMS
from games.scheduling.planned_line import NO_TEMPLATE
from games.tests.test_same_instant import in_threads
from gamesched.local_discord import fixtures
from gamesched.testing.programs import run_program
from gamesched.testing.stack import Stack, shown_in
from gamesched.testing.waiting import eventually
from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.models import VIEW_CHANNEL, Channel, User

LINE = "Curse of Strahd in 2 days at 20:00, 4 seats, 3h"


def payload(user: User, *roles: int) -> MemberPayload:
    return MemberPayload(UserPayload(user.pk, user.handle, "", "", False), "", "", roles, False, None)


def write(world: World, text: str, state: LineState | None = None, by: User | None = None, **more: Any) -> LineReply:
    """Answer a line of Bob's, written in #game-night."""
    member = payload(by or world.bob)
    request = LineRequest(text, state or LineState(), world.guild.pk, member, fixtures.GAME_NIGHT_ID)
    return reply_to_line(replace(request, **more))


def press(world: World, reply: LineReply, action: LineAction, message_id: int = 77) -> LineReply:
    """Press a button of a preview, by what its custom id carries."""
    [button] = [one for one in reply.buttons if one.state.action is action][:1]
    state = LineState.parse(button.custom_id)
    assert state is not None
    return write(world, reply.line, replace(state, cover=reply.cover), message_id=message_id)


# --- the preview -------------------------------------------------------------------------------------------


def test_the_preview_is_the_post_and_leaves_nothing_behind(world: World) -> None:
    reply = write(world, LINE)
    assert reply.post is not None
    assert (reply.post.title, reply.post.duration_text, reply.post.seats_text) == (
        "Curse of Strahd",
        "3 hours",
        "4 seats free",
    )
    assert f"<t:{int(reply.post.starts_at.timestamp())}:F>" in reply.text
    assert not Game.objects.exists()
    assert not AuditEntry.objects.exists()


def test_post_it_makes_one_game_however_often_it_is_pressed(world: World) -> None:
    reply = write(world, LINE)
    first, second = (press(world, reply, LineAction.POST) for _ in range(2))
    game = Game.objects.get()
    assert (game.title, game.host, game.settings.seats, game.minutes) == ("Curse of Strahd", world.bob, 4, 180)
    assert game.channel_id == fixtures.GAME_NIGHT_ID, "where it was written"
    assert game.announced_at is not None
    assert game.url in first.text
    assert game.url in second.text
    assert AuditEntry.objects.get().source == "button"


def test_the_time_that_was_shown_is_posted_though_the_words_mean_another_by_then(world: World) -> None:
    reply = write(world, "Dune in 3 minutes")
    assert reply.post is not None
    press(world, reply, LineAction.POST)
    assert Game.objects.get().starts_at == reply.post.starts_at


def test_two_presses_in_the_same_instant_make_one_game(committed_world: World) -> None:
    world = committed_world
    reply = write(world, LINE)
    shown = in_threads(*[partial(press, world, reply, LineAction.POST)] * 2)
    game = Game.objects.get()
    assert [game.url in one.text for one in shown] == [True, True]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("Curse of Strahd", "no_when"),
        ("Curse of Strahd friday", "no_time"),
        ("Curse of Strahd 12/01", "ambiguous"),
        ("Curse of Strahd yesterday 8pm", "past"),
        ("Curse of Strahd 30 february 8pm", "no_such_day"),
        ("tomorrow 8pm", "no_title"),
    ],
)
def test_what_is_not_understood_is_asked_in_one_sentence_and_stays(world: World, line: str, problem: str) -> None:
    reply = write(world, line)
    assert (reply.text, reply.line, reply.post) == (LINE_PROBLEMS[problem], line, None)
    assert [button.state.action for button in reply.buttons][-1] is LineAction.CHANGE


def test_two_readings_are_two_buttons_and_the_pressed_one_is_previewed(world: World) -> None:
    reply = write(world, "Dune tomorrow at 8")
    at = [button.state.starts_at for button in reply.buttons if button.state.action is LineAction.AT]
    assert [one.hour for one in at if one] == [20, 8]
    chosen = press(world, reply, LineAction.AT)
    assert chosen.post is not None
    assert (chosen.post.title, chosen.post.starts_at) == ("Dune", at[0])


def test_options_go_before_the_line(world: World) -> None:
    chosen = LineState(channel_id=fixtures.RAIDS_ID, seats=6, duration=90)
    press(world, write(world, LINE, chosen), LineAction.POST)
    game = Game.objects.get()
    assert (game.channel_id, game.settings.seats, game.minutes) == (fixtures.RAIDS_ID, 6, 90)


def test_the_default_template_gives_channel_description_and_settings_unless_none_is_chosen(world: World) -> None:
    template = GameTemplate.objects.create(
        guild=world.guild,
        name="Raid",
        channel=world.other_channel,
        description="Bring potions.",
        seats=8,
        is_default=True,
    )
    first = write(world, "Dune tomorrow 20:00")
    press(world, first, LineAction.POST)
    game = Game.objects.get()
    assert (game.template, game.channel_id, game.description) == (template, fixtures.RAIDS_ID, "Bring potions.")
    assert game.settings.seats == 8
    second = write(world, "Root tomorrow 23:00", LineState(template_id=NO_TEMPLATE))
    press(world, second, LineAction.POST, message_id=78)
    assert Game.objects.get(title="Root").template is None


def test_a_game_at_the_same_time_is_asked_about(world: World) -> None:
    press(world, write(world, LINE), LineAction.POST)
    reply = write(world, LINE)
    assert reply.post is not None
    assert [button.state.action for button in reply.buttons] == [LineAction.ANYWAY, LineAction.CHANGE]
    press(world, reply, LineAction.ANYWAY, message_id=78)
    assert Game.objects.count() == 2


# --- who may -----------------------------------------------------------------------------------------------


def test_who_may_not_schedule_is_told_who_may(world: World) -> None:
    GuildDefaults.objects.update(host_role_ids=[fixtures.ORGANISER_ID])
    reply = write(world, LINE)
    assert reply.text == wording.role_needed_to_host(["Organiser"])
    assert (reply.post, reply.buttons) == (None, ())
    assert find_choices("template", world.guild.pk, payload(world.bob), "") == []


def test_rights_lost_before_the_press_refuse_it_and_keep_the_preview(world: World) -> None:
    reply = write(world, LINE)
    GuildDefaults.objects.update(host_role_ids=[fixtures.ORGANISER_ID])
    assert press(world, reply, LineAction.POST).text == wording.role_needed_to_host(["Organiser"])
    assert not Game.objects.exists()


def test_nobody_of_the_server_is_told_so(world: World) -> None:
    request = LineRequest(LINE, LineState(), world.guild.pk + 1, payload(world.bob), None)
    assert reply_to_line(request).text == wording.NOT_A_MEMBER
    assert reply_to_line(replace(request, guild_id=None, member=None)).text == command_wording.ONLY_IN_SERVER


def test_a_channel_that_they_may_not_use_is_refused_and_not_offered(world: World) -> None:
    shown = [choice.name for choice in find_choices("channel", world.guild.pk, payload(world.bob), "")]
    assert shown == ["#general", "#game-night", "#raids"]
    hide(world.other_channel)
    shown = [choice.name for choice in find_choices("channel", world.guild.pk, payload(world.bob), "")]
    assert shown == ["#general", "#game-night"]
    GameTemplate.objects.create(guild=world.guild, name="Secret raid", channel=world.other_channel)
    GameTemplate.objects.create(guild=world.guild, name="Board games")
    assert [one.name for one in find_choices("template", world.guild.pk, payload(world.bob), "")] == ["Board games"]
    reply = write(world, LINE, LineState(channel_id=fixtures.RAIDS_ID))
    assert wording.UNKNOWN_CHANNEL in reply.text
    assert reply.post is None


def test_only_games_that_they_run_are_offered_to_edit(world: World) -> None:
    world.create_game(title="Bobs")
    hidden = world.create_game(title="Hidden", channel_id=fixtures.RAIDS_ID)
    hide(world.other_channel)
    names = [choice.name.split(" · ")[0] for choice in find_choices("edit", world.guild.pk, payload(world.bob), "")]
    assert names == ["Bobs"]
    assert find_choices("edit", world.guild.pk, payload(world.charlie), "") == []
    Game.objects.filter(pk=hidden.pk).update(starts_at=world.now - timedelta(days=2), ends_at=world.now)
    assert find_choices("again", world.guild.pk, payload(world.charlie), "hid") == []


def hide(channel: Any) -> None:
    """Let nobody but managers view a channel."""
    Channel.objects.filter(pk=channel.pk).update(overwrites=[[EVERYONE, 0, VIEW_CHANNEL]])


def test_lengths_are_suggested_as_they_are_typed() -> None:
    assert [choice.value for choice in suggest_duration("2.5 h")] == ["2h30m"]
    assert len(suggest_duration("")) > 3
    assert suggest_duration("soon") == []


@pytest.mark.parametrize(("template", "channel", "duration"), [("Raid", "", ""), ("", "#raids", ""), ("", "", "long")])
def test_options_that_are_none_are_named(template: str, channel: str, duration: str) -> None:
    problem = LineState.of_options(template, channel, None, duration)
    assert isinstance(problem, str)
    assert problem in LINE_PROBLEMS


def test_a_buttons_id_carries_everything_within_discords_limit() -> None:
    chosen = (datetime(2199, 12, 31, tzinfo=UTC), 2**63 - 1, 2**63 - 1, 100, 10_080)
    full = LineState(*chosen, action=LineAction.CHANGE, game_id=2**63 - 1)
    assert len(full.custom_id) <= 100
    assert LineState.parse(full.custom_id) == full
    assert LineState.parse(LineState(action=LineAction.ANYWAY).custom_id) == LineState(action=LineAction.ANYWAY)
    assert LineState.parse("line:post:99999999999:-:-:-:-") is not None
    assert LineState.parse("line:forged") is None


def test_scheduled_again_it_has_the_old_plan_a_week_later(world: World) -> None:
    old = world.create_game(title="Friday Night Dice", description="Bring dice.", seats=3)
    reply = write(world, "", LineState(game_id=old.pk))
    assert reply.post is not None
    assert (reply.post.title, reply.post.starts_at) == (old.title, old.starts_at.replace(second=0) + timedelta(days=7))
    press(world, reply, LineAction.POST)
    new = Game.objects.exclude(pk=old.pk).get()
    assert (new.description, new.settings.seats, new.channel_id) == ("Bring dice.", 3, old.channel_id)
    assert AuditEntry.objects.filter(game=old, action=AuditAction.CLONE).exists()
    assert write(world, "", LineState(game_id=old.pk), by=world.charlie).post is None, "not over, and not theirs"


# --- in Discord --------------------------------------------------------------------------------------------


@pytest.fixture
def stack(now: Any, transactional_db: None) -> Iterator[Stack]:
    make_world(now)
    with Stack("bot", "notifyd") as running:
        done = run_program(["manage.py", "sync_commands"], running.variables)
        assert done.returncode == 0, done.stderr
        yield running


def options(**values: Any) -> list[dict[str, Any]]:
    return [{"type": 1, "name": "create", "options": [{"name": name, "value": at} for name, at in values.items()]}]


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the buttons under a preview."""
    found: list[dict[str, Any]] = message["components"][-1]["components"]
    return found


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_from_the_command_to_the_post_over_a_restart(stack: Stack) -> None:
    client = stack.discord.client

    def shown() -> dict[str, Any]:
        seen = client.messages("bob", fixtures.GENERAL_ID)
        return next((one for one in seen if one.get("flags", 0) & 64), {})

    entry = client.use_command("bob", fixtures.GENERAL_ID, "game", options(what="Dune tomorrow at 8", seats=3))
    assert entry["state"] == "answered"
    question = eventually(shown)
    assert question["components"][0]["content"] == LINE_PROBLEMS["ambiguous"]
    assert "Dune" not in str(client.messages("charlie", fixtures.GENERAL_ID)), "it is private"
    stack.kill("bot")
    stack.start("bot")
    _, morning, change, web = buttons(question)
    assert (change["label"], web["label"]) == (line_wording.CHANGE, line_wording.MORE_ON_WEB)
    assert web["url"].startswith(f"{stack.url}/guilds/{fixtures.GUILD_ID}/new/?what=Dune")
    assert client.click("bob", question, morning["custom_id"])["response_type"] == 7, "in place"
    assert "### Dune\n" in shown_in(shown()).replace("\\n", "\n")
    [joining, *_] = [row for row in shown()["components"][1]["components"] if row["type"] == 1]
    assert [one["disabled"] for one in joining["components"]] == [True] * len(joining["components"]), (
        "it is no game yet"
    )
    # Written again in the modal, which holds what was typed.
    modal = client.click("bob", shown(), change["custom_id"])["modal"]
    assert modal["components"][0]["component"]["value"] == "Dune tomorrow at 8"
    client.submit_modal("bob", modal, {"line": "Dune tomorrow at 8pm, 3h"})
    eventually(lambda: "```\nDune tomorrow at 8pm, 3h\n```" in [one.get("content") for one in shown()["components"]])
    assert "3 seats free" in shown_in(shown()), "what was chosen stays chosen"
    [post, *_] = buttons(shown())
    preview = shown()
    for _ in range(2):
        with contextlib.suppress(requests.HTTPError):  # the first answer takes the buttons away
            client.click("bob", preview, post["custom_id"], wait=0)
    posted = eventually(stack.posts)
    assert ["### [Dune](" in shown_in(one) for one in posted] == [True]
    assert Game.objects.count() == 1


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_without_a_line_a_modal_asks_for_it(stack: Stack) -> None:
    client = stack.discord.client
    modal = client.use_command("bob", fixtures.GENERAL_ID, "game", options(seats=3))["modal"]
    client.submit_modal("bob", modal, {"line": "Dune tomorrow 20:00"})
    eventually(lambda: "3 seats free" in shown_in(client.messages("bob", fixtures.GENERAL_ID)[0]))
    typing = [{"name": "channel", "value": "rai", "focused": True}]
    found = client.autocomplete("bob", fixtures.GENERAL_ID, "game", [{"type": 1, "name": "create", "options": typing}])
    assert [choice["name"] for choice in found["choices"]] == ["#raids"]


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_again_without_a_line_previews_changes_and_posts(stack: Stack, now: datetime) -> None:
    world = make_world(now)
    old = world.create_game(title="Catan fri 8pm", seats=3)
    client = stack.discord.client

    def shown() -> dict[str, Any]:
        seen = client.messages("bob", fixtures.GENERAL_ID)
        return next((one for one in seen if one.get("flags", 0) & 64), {})

    again = [{"type": 1, "name": "again", "options": [{"name": "game", "value": str(old.pk)}]}]
    client.use_command("bob", fixtures.GENERAL_ID, "game", again)
    preview = eventually(shown)
    assert f"### {old.title}" in shown_in(preview)
    post, change, _ = buttons(preview)
    modal = client.click("bob", preview, change["custom_id"])["modal"]
    client.submit_modal("bob", modal, {"line": "Dune in 3 days at 20:00"})
    eventually(lambda: "### Dune" in shown_in(shown()))
    [post, *_] = buttons(shown())
    client.click("bob", shown(), post["custom_id"])
    eventually(lambda: Game.objects.count() == 2)
    new = Game.objects.exclude(pk=old.pk).get()
    assert (new.title, new.settings.seats) == ("Dune", 3)


def test_a_picture_stays_chosen_until_it_is_posted(world: World) -> None:
    picture = EncodedPicture(b"large", b"small", 640, 480)
    reply = write(world, LINE, picture=picture)
    assert Picture.objects.get().name == reply.cover == picture.name
    assert f"cover={picture.name}" in reply.web_url, "on the web too"
    press(world, reply, LineAction.POST)
    assert Game.objects.get().settings.cover == picture.name
    assert Picture.objects.get().unused_since is None


def test_a_cover_that_will_be_drawn_is_drawn_for_the_preview(world: World) -> None:
    """The game that is rehearsed is not there any more when Discord fetches its picture."""
    GuildDefaults.objects.update(post_picture="drawn")
    reply = write(world, LINE)
    assert reply.post is not None
    [picture] = Picture.objects.all()
    assert reply.post.image_url.endswith(f"/pictures/{picture.name}.webp")
    press(world, reply, LineAction.POST)
    assert Game.objects.get().settings.cover == ""


def test_without_its_picture_a_preview_is_shown_anew_before_it_is_posted(world: World) -> None:
    """A picture comes with the command alone, so that nobody could choose one here."""
    shown = write(world, LINE, picture=EncodedPicture(b"large", b"small", 640, 480))
    Picture.objects.all().delete()
    for action in (LineAction.POST, LineAction.CHANGE):
        reply = press(world, shown, action)
        assert reply.text.startswith(line_wording.PICTURE_GONE)
        assert (reply.outcome, reply.keeps_preview, reply.cover) == ("nothing", False, "")
        assert not Game.objects.exists()
    press(world, reply, LineAction.POST)
    assert Game.objects.get().settings.cover == ""


def test_who_may_not_schedule_sends_no_picture_and_nobody_many(world: World) -> None:
    request = LineRequest(LINE, LineState(), world.guild.pk, payload(world.bob), None)
    for _ in range(UPLOADS_MAX):
        assert check_picture(request) == ""
    assert check_picture(request) == PROBLEMS[PictureProblem.TOO_MANY]
    GuildDefaults.objects.update(host_role_ids=[fixtures.ORGANISER_ID])
    assert check_picture(request) == wording.role_needed_to_host(["Organiser"])
    assert check_picture(replace(request, guild_id=None, member=None)) == command_wording.ONLY_IN_SERVER


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_picture_comes_with_the_command_and_is_on_the_post(stack: Stack) -> None:
    client = stack.discord.client

    def shown() -> dict[str, Any]:
        seen = client.messages("bob", fixtures.GENERAL_ID)
        return next((one for one in seen if one.get("flags", 0) & 64), {})

    def create(what: str, content: bytes) -> dict[str, Any]:
        given = options(what=what, picture="0") if what else options(picture="0")
        files = [("cover.png", content)]
        entry = client.use_command("bob", fixtures.GENERAL_ID, "game", given, files=files)
        assert entry["milliseconds"] < 3000, "Discord's limit"
        return eventually(lambda: shown() if not shown().get("flags", 0) & 128 else {})

    refused = create("Dune tomorrow 20:00", b"no picture")
    assert refused["components"][0]["content"] == PROBLEMS[PictureProblem.NO_PICTURE]
    assert refused["components"][1]["content"] == "```\nDune tomorrow 20:00\n```", "what was written stays"
    image = BytesIO()
    Image.new("RGB", (640, 480), "teal").save(image, "PNG")
    question = create("", image.getvalue())
    assert question["components"][0]["content"] == LINE_PROBLEMS["no_when"]
    modal = client.click("bob", question, buttons(question)[0]["custom_id"])["modal"]
    client.submit_modal("bob", modal, {"line": "Dune tomorrow 20:00"})
    name = Picture.objects.get().name
    preview = eventually(lambda: shown() if "### Dune" in shown_in(shown()) else {})
    assert f"/pictures/{name}" in str(preview["components"][1]), "as the post will show it"
    client.click("bob", preview, buttons(preview)[0]["custom_id"])
    assert f"/pictures/{name}" in shown_in(eventually(stack.posts)[0])


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_preview_from_before_there_were_layouts_becomes_one(stack: Stack) -> None:
    """As an ephemeral message cannot be made without an interaction, a message of the bot's stands for it."""
    state = LineState(action=LineAction.CHANGE).custom_id
    token = stack.variables["DISCORD_BOT_TOKEN"]
    sent = requests.post(
        f"{stack.discord.origin}/api/v10/channels/{fixtures.GENERAL_ID}/messages",
        json={
            "content": "Nothing is posted yet.",
            "embeds": [{"title": "Dune", "footer": {"text": "Dune tomorrow at 8pm"}}],
            "components": [{"type": 1, "components": [{"type": 2, "style": 2, "label": "Change", "custom_id": state}]}],
        },
        headers={"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (https://example.org, 1)"},
        timeout=10,
    ).json()
    client = stack.discord.client
    modal = client.click("bob", sent, state)["modal"]
    assert modal["components"][0]["component"]["value"] == "Dune tomorrow at 8pm"
    client.submit_modal("bob", modal, {"line": "Dune tomorrow at 9pm"})

    def shown() -> dict[str, Any]:
        seen = client.messages("bob", fixtures.GENERAL_ID)
        return next(one for one in seen if one["id"] == sent["id"])

    eventually(lambda: "### Dune" in shown_in(shown()))
    assert (shown()["content"], shown()["embeds"]) == ("", [])
    client.click("bob", shown(), buttons(shown())[0]["custom_id"])
    assert eventually(lambda: Game.objects.count() == 1)
