"""What pages say once, in the order in which it stands, and only to whom it says something."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World
from games.core import state_wording
from games.core.base import Actor, EntryPoint
from games.core.states import State
from games.models import Game, GameTemplate
from games.models.settings import GuildDefaults
from games.pages.shortcuts import REFUSED_MARK
from games.scheduling import actions as scheduling
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen
from games.signups import actions as signups
from games.signups.wording import NOTE_MAX
from games.tests.cast import foreign_game
from guilds.models import Guild, Member


def draft_of(world: World) -> Game:
    draft = AnnounceSchedule(AnnounceWhen.DRAFT)
    return scheduling.create_game(
        GUILD, world.make_plan(), Actor(world.bob, EntryPoint.PAGE), world.now, announce=draft
    ).game


def fields_in(html: str) -> list[str]:
    """Return the names of a page's fields as they stand, each once."""
    form = html.partition('class="form"')[2]
    return list(dict.fromkeys(re.findall(r'<(?:input|select|textarea)[^>]* name="(\w+)"', form)))


@pytest.mark.parametrize("page", ["game-new", "game-edit", "guild-settings", "guild-channel", "template"])
def test_a_list_of_errors_follows_the_form(world: World, as_person: Any, page: str) -> None:
    game = world.create_game()
    template = GameTemplate.objects.create(guild=world.guild, name="Campaign")
    ids = {
        "game-new": [GUILD],
        "game-edit": [game.pk],
        "guild-settings": [GUILD],
        "guild-channel": [GUILD, world.channel.pk],
        "template": [GUILD, template.pk],
    }
    client, address = as_person(world.alice), reverse(page, args=ids[page])
    shown = client.get(address if page.startswith("game") else f"{address}?edit=all")
    standing = fields_in(shown.text)
    form = shown.context["form"]
    standing = [name for name in standing if name in form.fields and not form[name].is_hidden]
    assert [name for name in form.fields if name in standing] == standing


def test_a_running_game_is_not_over(world: World, as_person: Any) -> None:
    game = world.create_game()
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    Game.objects.update(starts_at=world.now - timedelta(hours=1), ends_at=world.now + timedelta(hours=1))
    running = as_person(world.bob).get(game.get_absolute_url()).text
    assert "End it now" in running
    assert ">Afterwards<" not in running
    Game.objects.update(ends_at=world.now - timedelta(minutes=1))
    assert ">Afterwards<" in as_person(world.bob).get(game.get_absolute_url()).text


def test_a_host_is_not_sent_to_the_host(world: World, as_person: Any) -> None:
    game = world.create_game()
    Game.objects.update(starts_at=world.now - timedelta(hours=1), ends_at=world.now + timedelta(hours=1))
    to_player, to_host = state_wording.signups_closed(State.IN_PROGRESS), state_wording.ROSTER_CLOSED
    assert to_player != to_host
    for person, sentence in ((world.charlie, to_player), (world.bob, to_host)):
        assert f">{sentence}</p>" in as_person(person).get(game.get_absolute_url()).text


def test_what_is_not_announced_is_said_once(world: World, as_person: Any) -> None:
    draft_of(world)
    client = as_person(world.bob)
    for page in (reverse("home"), reverse("guild", args=[GUILD])):
        assert client.get(page).text.count("Not announced yet") == 1


def test_cancelling_a_draft_tells_nobody_and_says_so(world: World, as_person: Any) -> None:
    draft, game = draft_of(world), world.create_game()
    client = as_person(world.bob)
    assert "so we notify nobody" in client.get(draft.get_absolute_url()).text
    shown = client.get(game.get_absolute_url()).text
    assert "We notify everyone who signed up" in shown
    assert "so we notify nobody" not in shown


def test_my_games_lead_to_scheduling_where_one_may(
    world: World, as_person: Any, django_assert_num_queries: Any
) -> None:
    def links(person: Any) -> list[str]:
        return re.findall(r'href="/guilds/(\d+)/new/"', as_person(person).get(reverse("home")).text)

    GuildDefaults.objects.update(host_role_ids=[GUILD + 1])
    assert links(world.charlie) == []
    assert links(world.alice) == [str(GUILD)] * 2, "at the top, and where the first game would be"
    other = foreign_game(world).guild
    Member.objects.create(guild=other, user=world.alice, member_read_at=world.now, roles_read_at=world.now)
    assert links(world.alice) == [str(GUILD)]
    Guild.objects.filter(pk=other.pk).update(owner_id=world.alice.pk)
    assert sorted(links(world.alice)) == sorted([str(GUILD), str(other.pk)])


def test_an_empty_home_leads_a_manager_to_setup(world: World, as_person: Any) -> None:
    address = reverse("guild-setup", args=[GUILD])
    GuildDefaults.objects.update(host_role_ids=None)
    home = [f'href="{address}"' in as_person(one).get(reverse("home")).text for one in (world.alice, world.charlie)]
    assert home == [True, False]
    GuildDefaults.objects.update(host_role_ids=[GUILD])
    assert address not in as_person(world.alice).get(reverse("home")).text


def test_a_refused_text_has_its_reason_beside_it_alone(world: World, as_person: Any) -> None:
    game = world.create_game()
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    page = as_person(world.charlie).post(
        reverse("game-note", args=[game.pk]), {"note": "x" * (NOTE_MAX + 1)}, headers={"HX-Request": "true"}
    )
    assert page.text.count(REFUSED_MARK) == 1
    # Nor in the bar below, which on a phone covers the field's button; what it said before goes.
    assert '<div id="says" hx-swap-oob="innerHTML"></div>' in page.text
