"""The search finds what its viewer may open and nothing else, by few statements, as a page and as a fragment."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.models import Game, GuildDefaults
from games.pages import search_wording as wording
from games.pages.search import FOUND_MAX, find
from games.pages.tests.test_lists import copies
from games.pages.tests.test_query_counts import fill, statements
from games.signups import actions as signups
from games.tests.cast import foreign_game
from guilds.models import MANAGE_GUILD, VIEW_CHANNEL, Channel, Member, Role, User

pytestmark = pytest.mark.slow
FRAGMENT = {"HX-Request": "true"}
SESSION_AND_PERSON = 2


def found(user: User, text: str) -> dict[str, list[str]]:
    return {group.name: [row.name for row in group.rows] for group in find(user, text)}


def acts_of(guild: str) -> list[str]:
    return [wording.of_server(text, guild) for text in wording.HOSTS_ACTS.values()]


def test_each_word_counts_and_each_kind_is_found(world: World) -> None:
    game = world.create_game(title="Curse of Strahd")
    assert found(world.charlie, "strahd CURSE") == {"games": ["Curse of Strahd"]}
    assert found(world.charlie, "curse of madness") == {}
    assert found(world.charlie, "dice night") == {
        "servers": ["Friday Night Dice"],
        "acts": acts_of("Friday Night Dice"),
    }
    assert found(world.charlie, "notif") == {"pages": ["Notifications"]}
    assert found(world.charlie, "%") == found(world.charlie, "_") == {}
    [group] = find(world.charlie, "bob the")
    assert [(group.name, row.name, row.address) for row in group.rows] == [
        ("people", "Bob the GM", f"{reverse('guild', args=[GUILD])}?host={world.bob.pk}")
    ]
    assert game.get_absolute_url() == find(world.charlie, "strahd")[0].rows[0].address


def test_without_words_there_are_my_next_games_and_pages(world: World) -> None:
    game = world.create_game(title="Mine")
    world.create_game(title="Not mine")
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    groups = found(world.charlie, "  ")
    assert groups["own_games"] == ["Mine"]
    assert {"Home", "Notifications", "Help"} <= {*groups["pages"]}
    assert "Admin" not in groups["pages"]
    nobody = User.objects.create(id=999, username="999", handle="nobody")
    assert [*found(nobody, "")] == ["pages"]
    assert found(nobody, "mine") == {}


def test_games_to_come_are_first_and_few_are_shown(world: World) -> None:
    game = world.create_game(title="Night of dragons")
    ahead = [world.now + timedelta(days=n) for n in range(1, 4)]
    before = [world.now - timedelta(days=n) for n in range(1, 12)]
    copies(game, [*ahead, *before])
    Game.objects.filter(starts_at=ahead[0]).update(cancelled_at=world.now)
    shown = find(world.charlie, "night")[0].rows
    starts = [row.starts_at for row in shown]
    assert len(shown) == FOUND_MAX
    assert starts == sorted([game.starts_at, *ahead]) + before[:4]
    assert [row.cancelled for row in shown][:2] == [True, False]


def hide_channel(world: World, game: Game) -> None:
    Channel.objects.update(overwrites=[[world.charlie.pk, 0, VIEW_CHANNEL]])


def leave_server(world: World, game: Game) -> None:
    Member.objects.filter(user=world.charlie).update(left_at=world.now)


def unannounce(world: World, game: Game) -> None:
    Game.objects.update(announced_at=None)


@pytest.mark.parametrize("loss", [hide_channel, leave_server, unannounce])
def test_what_one_may_not_see_is_not_found(world: World, loss: Any) -> None:
    game = world.create_game()
    assert "games" in found(world.charlie, "strahd")
    loss(world, game)
    assert found(world.charlie, "strahd") == {}
    assert found(world.charlie, "bob") == {}, "nor who hosts it"


def test_other_servers_do_not_exist(world: World) -> None:
    other = foreign_game(world)
    Game.objects.filter(pk=other.pk).update(title="Elsewhere")
    for word in ("elsewhere", other.guild.name, other.host.handle):
        kinds = found(world.charlie, word)
        assert other.title not in kinds.get("games", [])
        assert other.guild.name not in kinds.get("servers", [])
        assert all(name != other.host.display_name for name in kinds.get("people", []))


def test_only_hosts_are_people_here(world: World) -> None:
    game = world.create_game()
    signups.join(game.pk, world.alice, Actor(world.alice, EntryPoint.PAGE), world.now)
    assert found(world.charlie, "alice") == {}
    Member.objects.filter(user=world.bob).update(left_at=world.now)
    assert found(world.charlie, "bob") == {}


def test_settings_are_for_who_manages(world: World) -> None:
    assert "pages" not in found(world.charlie, "settings")
    assert found(world.alice, "settings dice")["pages"] == ["Settings of Friday Night Dice"]
    Role.objects.create(pk=GUILD + 40, guild=world.guild, name="Officer", permissions=MANAGE_GUILD)
    Member.objects.filter(user=world.charlie).update(role_ids=[GUILD + 40])
    assert "pages" in found(world.charlie, "settings")


def test_what_one_may_do_is_found_by_who_may(world: World) -> None:
    schedule = acts_of(world.guild.name)[0]
    assert found(world.charlie, "sche") == {"acts": [schedule]}
    assert found(world.charlie, "")["acts"] == acts_of(world.guild.name), "and offered before one types"
    [act] = find(world.charlie, "sche")[0].rows
    assert act.address == reverse("game-new", args=[GUILD])
    assert found(world.charlie, wording.LOG_OUT)["acts"] == [wording.LOG_OUT]
    GuildDefaults.objects.update(host_role_ids=[])
    assert found(world.charlie, "sche") == {}


@pytest.mark.parametrize("text", ["night", ""])
def test_it_takes_few_statements(world: World, as_person: Any, text: str) -> None:
    client = as_person(world.charlie)
    game = world.create_game(title="Night")
    copies(game, [world.now + timedelta(hours=n) for n in range(1, 20)])
    fill(world, game, range(100, 110))
    executed = statements(lambda: client.get(reverse("search"), {"q": text}, headers=FRAGMENT))
    assert len(executed) - SESSION_AND_PERSON <= 4, "\n".join(executed)


def test_a_fragment_is_part_of_the_page(world: World, as_person: Any) -> None:
    world.create_game(title="<b>Bold</b>")
    client = as_person(world.charlie)
    page = client.get(reverse("search"), {"q": "bold"}).text
    fragment = client.get(reverse("search"), {"q": "bold"}, headers=FRAGMENT).text
    assert "<html" in page
    assert "<html" not in fragment
    assert "&lt;b&gt;Bold" in fragment
    for link in re.findall(r'href="([^"]+)"', fragment):
        assert f'href="{link}"' in page
        assert client.get(unescape(link)).status_code == 200
    assert "nothing-like-it" in client.get(reverse("search"), {"q": "nothing-like-it"}, headers=FRAGMENT).text
    for odd in ("x" * 5000, "a " * 500, "\ud800", "'\"%_\\"):
        assert client.get(reverse("search"), {"q": odd.encode(errors="surrogatepass")}).status_code == 200
