"""Lines that people type (titles, places, notes, names): nothing in them moves or covers what stands beside them."""

import re
from typing import Any

import pytest
from django.urls import reverse

from conftest import World
from games.core.base import Actor, EntryPoint
from games.hosts import messages as host_messages
from games.hosts.rules import Audience
from games.models import Game, GameTemplate
from games.scheduling import actions as scheduling
from games.signups import actions as signups
from games.signups import responses, swaps
from gamesched.lib.refusal import Refused
from guilds.models import Guild
from notifications.daemon import steps

TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
TOWER = "e" + "\u0301" * 40
HOSTILE = [f"\u202e{TOWER} x", f"{TURNING}a{TOWER}", f"a \u2069{TOWER}\u202d", f"\u2067 {TOWER}"]
HEBREW = "מבוכים ודרקונים"


def moves_nothing(text: str) -> bool:
    return not set(text) & set(TURNING) and not re.search("\u0301{5}", text)


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_line_is_stored_without_what_moves_or_covers_others(world: World, typed: str) -> None:
    game = world.create_game(title=typed, location=typed, plus_one=True, description=f"{typed}\nas typed")
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    responses.set_note(game.pk, world.charlie, typed, Actor(world.charlie, EntryPoint.PAGE), world.now)
    responses.add_guest(game.pk, world.charlie, typed, Actor(world.charlie, EntryPoint.PAGE), world.now)
    game = Game.objects.get()
    rows = game.signups.current()
    stored = [game.title, game.location or "", *(row.note for row in rows), *(row.placeholder for row in rows)]
    assert all(map(moves_nothing, stored))
    assert all("e\u0301" in text for text in (game.title, game.location or ""))
    assert game.description == f"{typed}\nas typed".strip(), "a text of its own stays as typed"


@pytest.mark.parametrize("typed", HOSTILE)
def test_placeholders_and_templates_too(world: World, as_person: Any, typed: str) -> None:
    game = world.create_game()
    client = as_person(world.alice)
    assert client.post(reverse("game-add", args=[game.pk]), {"participants": typed}).status_code == 302
    assert moves_nothing(game.signups.get().placeholder)
    form = {"name": typed, "description": ""}
    assert client.post(reverse("template-new", args=[world.guild.pk]), form).status_code == 302
    assert moves_nothing(GameTemplate.objects.get().name)


@pytest.mark.parametrize("typed", ["\u202e", TURNING, "\u2069\u202c \u200b"])
def test_a_title_of_nothing_else_is_refused(world: World, typed: str) -> None:
    with pytest.raises(Refused) as refused:
        world.create_game(title=typed)
    assert "title" in refused.value.refusal.fields


@pytest.mark.parametrize("title", ["👨‍👩‍👧 night", "שבת\u200f!", "नमस्ते", "ภาษาไทย", "Ẳ̀ Z̲a̲"])
def test_writing_that_needs_marks_is_kept(world: World, title: str) -> None:
    assert world.create_game(title=title).title == title


def test_a_title_from_right_to_left_moves_nothing_beside_it_in_messages(world: World) -> None:
    Guild.objects.update(name=f"{HEBREW} 5")
    game = world.create_game(title=f"{HEBREW} 3")
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    host_messages.message_players(game.pk, "Bring dice.", Audience.ALL, Actor(world.bob, EntryPoint.PAGE), world.now)
    steps.create_due_deliveries(world.now)
    texts = [job.message.text for job in steps.lease_jobs(world.now, 50) if job.message.text]
    assert texts
    for text in texts:
        assert f"**\u2068{HEBREW} 3\u2069**" in text
        assert f"\u2068{HEBREW} 5\u2069" in text


def test_the_prompt_about_another_game_names_it_so_too(world: World) -> None:
    first, other = world.create_game(title=HEBREW, plus_one=True), world.create_game()
    charlie = Actor(world.charlie, EntryPoint.PAGE)
    signups.join(first.pk, world.charlie, charlie, world.now)
    responses.add_guest(first.pk, world.charlie, f"{HEBREW}!", charlie, world.now)
    with pytest.raises(Refused) as refused:
        swaps.swap_games(other.pk, charlie, world.now, number=0)
    assert f"“\u2068{HEBREW}\u2069”" in refused.value.refusal.sentence
    result = swaps.swap_games(other.pk, charlie, world.now)
    assert f"“\u2068{HEBREW}\u2069”" in result.text
    assert f"\u2068{HEBREW}!\u2069" in result.text, "the guest's name as well"


def test_an_edit_of_an_old_game_tidies_its_title(world: World) -> None:
    game = world.create_game()
    Game.objects.filter(pk=game.pk).update(title=f"\u202e{HEBREW}")
    game.refresh_from_db()
    scheduling.edit_game(game.pk, scheduling.plan_from_game(game), Actor(world.bob, EntryPoint.PAGE), world.now)
    game.refresh_from_db()
    assert moves_nothing(game.title)
