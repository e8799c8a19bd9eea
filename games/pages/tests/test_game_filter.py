"""The filters of the lists of games, on pages and in Discord."""

from html import escape
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World
from discord_bot import render
from discord_bot.interactions.game_list import PageRequest, load_page
from games.core.base import Actor, EntryPoint
from games.models import Game, GameTemplate
from games.pages.game_list import ListOptions
from games.pages.list_wording import SOMEONE
from games.pages.tests.test_lists import DAY, HOUR, copies, member, shown, titles
from games.signups import actions as signups
from games.signups.wording import you_typed
from games.tests.cast import module_world
from guilds.models import Channel

__all__ = ["module_world"]  # the fixture


@pytest.fixture(scope="module")
def module_kinds(module_world: World) -> World:
    """A server with games that differ in what a filter asks."""
    world = module_world
    raid = GameTemplate.objects.create(guild=world.guild, name="Raid night")
    quiz = GameTemplate.objects.create(guild=world.guild, name="Quiz night")
    thread = Channel.objects.create(id=77, guild=world.guild, name="table", type=11, parent=world.other_channel)
    world.create_game(title="Molten Core", template_id=raid.pk, seats=1)
    world.create_game(title="Quiz", description="About 50% Onyxia_", template_id=quiz.pk)
    world.create_game(title="In a thread", channel_id=thread.pk)
    world.create_game(title="Elsewhere", channel_id=world.other_channel.pk)
    signups.join(
        Game.objects.get(title="Molten Core").pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now
    )
    return world


@pytest.fixture
def db(module_kinds: World, savepoint: None) -> None:
    """Undo a test's changes, and keep the module's games."""


@pytest.fixture
def kinds(db: None, module_kinds: World) -> World:
    return module_kinds


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"text": "core MOLTEN"}, ["Molten Core"]),
        ({"text": "raid"}, ["Molten Core"]),
        ({"text": "50%"}, ["Quiz"]),
        ({"text": "a_"}, ["Quiz"]),
        ({"text": "'; --"}, []),
        ({"text": "\\"}, []),
        ({"template": "Raid night"}, ["Molten Core"]),
        ({"channel": "raids"}, ["In a thread", "Elsewhere"]),
        ({"channel": "table"}, ["In a thread"]),
        ({"mine": "on"}, ["Molten Core"]),
        ({"open_seats": "on"}, ["Quiz", "In a thread", "Elsewhere"]),
        ({"open_seats": "on", "text": "else"}, ["Elsewhere"]),
        ({"host": "bob"}, ["Molten Core", "Quiz", "In a thread", "Elsewhere"]),
        ({"host": "charlie"}, []),
    ],
)
def test_filters(kinds: World, as_person: Any, query: dict[str, str], expected: list[str]) -> None:
    rows: dict[str, Any] = {"template": GameTemplate, "channel": Channel}
    data = {k: str(rows[k].objects.get(name=v).pk) if k in rows else v for k, v in query.items()}
    data |= {k: str(getattr(kinds, v).pk) for k, v in query.items() if k == "host"}
    client, address = as_person(kinds.charlie), reverse("guild", args=[GUILD])
    page = client.get(address, data)
    assert titles(page.text) == expected
    chips = page.context["filters"].chosen
    assert len(chips) == len(query)
    for chip in chips:
        assert f'href="{escape(chip.address)}"' in page.text
        left = client.get(address + chip.address)
        assert len(left.context["filters"].chosen) == len(query) - 1, "it takes itself away, and nothing else"
        assert {*titles(left.text)} >= {*expected}


def test_every_filter_that_is_offered_narrows_the_list(kinds: World, as_person: Any) -> None:
    client, address = as_person(kinds.charlie), reverse("guild", args=[GUILD])
    filters = client.get(address).context["filters"]
    links = [*filters.switches, *(link for _, group in filters.groups for link in group)]
    assert len(links) == 2 + 3 + 2, "two switches, three channels and two templates"
    for link in links:
        page = client.get(address + link.address)
        [chip] = page.context["filters"].chosen
        assert chip.label == link.label
        assert 0 < len(titles(page.text)) < 4
    words = client.get(address, {"mine": "1", "text": "x"}).context["filters"].kept
    assert words == {"mine": "1"}, "a search keeps the other filters"


def test_a_host_of_no_game_shown_is_not_named(kinds: World, as_person: Any) -> None:
    client, address = as_person(kinds.charlie), reverse("guild", args=[GUILD])
    page = client.get(address, {"host": kinds.alice.pk})
    assert [chip.label for chip in page.context["filters"].chosen] == [SOMEONE]


def test_home_is_filtered_too(kinds: World, as_person: Any) -> None:
    client = as_person(kinds.charlie)
    assert titles(client.get("/").text) == ["Molten Core", "Quiz", "In a thread", "Elsewhere"]
    assert titles(client.get("/", {"mine": "1"}).text) == ["Molten Core"]
    assert titles(client.get("/", {"text": "quiz", "open_seats": "1"}).text) == ["Quiz"]


@pytest.mark.parametrize(
    "query",
    [
        {"page": "abc"}, {"page": "-1"}, {"page": "9" * 5000}, {"page": "٣"}, {"show": "nonsense", "page": "2"},
        {"text": "x" * 5000}, {"template": "9" * 40}, {"channel": "x"}, {"mine": "\ud800"}, {"host": "9" * 40},
        {"host": "-1"}, {"text": "\u202e\u200b"}, {"open_seats": "' OR 1=1"},
    ],
)  # fmt: skip
def test_nonsense_is_no_error(kinds: World, as_person: Any, query: dict[str, str]) -> None:
    client = as_person(kinds.charlie)
    for address in ("/", reverse("guild", args=[GUILD])):
        encoded = {k: v.encode("utf-8", "surrogatepass") for k, v in query.items()}
        assert client.get(address, encoded).status_code == 200


def test_lists_in_discord(kinds: World) -> None:
    past = copies(Game.objects.get(title="Quiz"), [kinds.now - DAY - n * HOUR for n in range(9)], host=kinds.charlie)
    first, second = (shown("list", kinds.charlie, past=True, page=page) for page in (1, 2))
    assert [row.title for row in (*first.rows, *second.rows)] == [row.title for row in past]
    embed, buttons = render.game_list_page(first)
    assert embed.title == "Past games in Friday Night Dice"
    assert [(one.item.label, one.item.custom_id) for one in buttons.children] == [("Earlier", "games:list:2:0:p:")]  # type: ignore[attr-defined]
    assert [row.title for row in shown("mine", kinds.charlie, past=True, page=9).rows] == ["Night 008."]
    assert [row.title for row in shown("list", kinds.charlie, text="RAID core").rows] == ["Molten Core"]
    assert "Molten Core" not in str(shown("list", kinds.charlie, free=True).rows)
    nothing = load_page(PageRequest("list", GUILD, member(kinds.charlie), 1, ListOptions(text="nothing")))
    assert nothing == "No games match. Leave options out to see more." + you_typed("nothing")
