"""What other sites show of a server: nothing unless its managers let them, and never what not all members see."""

from typing import Any

import pytest
from django.urls import reverse

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.models import AuditEntry
from games.sharing.embeds import switch_embed
from games.signups import actions as signups
from gamesched.testing.page_forms import form_to
from guilds.models import VIEW_CHANNEL, Channel

pytestmark = pytest.mark.django_db
PAGE, JSON = reverse("embed", args=[GUILD]), reverse("embed-json", args=[GUILD])


@pytest.fixture
def embed(world: World) -> None:
    switch_embed(GUILD, Actor(world.alice, EntryPoint.PAGE), world.now, on=True)


def test_off_until_a_manager_switches_it_on(world: World, as_person: Any, client: Any) -> None:
    assert {client.get(PAGE).status_code, client.get(JSON).status_code} == {404}
    manager, page = as_person(world.alice), reverse("guild-embed", args=[GUILD])
    manager.post(page, form_to(manager, page, page, on="1"))
    assert client.get(PAGE).status_code == 200
    assert PAGE in manager.get(page).text
    manager.post(page, form_to(manager, page, page, on="0"))
    assert client.get(PAGE).status_code == 404
    assert [*AuditEntry.objects.order_by("pk").values_list("action", flat=True)] == ["embed_on", "embed_off"]


@pytest.mark.usefixtures("embed")
def test_it_names_games_and_nobody(world: World, client: Any) -> None:
    game = world.create_game(title="<b>Raid</b>")
    signups.join(game.pk, world.charlie, Actor(world.charlie, EntryPoint.PAGE), world.now)
    text = client.get(PAGE).text
    assert "&lt;b&gt;Raid" in text
    shown = client.get(JSON).json()
    assert shown["id"] == str(GUILD)
    (only,) = shown["games"]
    assert (only["id"], only["seats"], only["seated"]) == (str(game.pk), 5, 1)
    for who in (world.bob, world.charlie):
        assert who.handle not in text + str(shown)


@pytest.mark.usefixtures("embed")
def test_nothing_that_not_all_members_see(world: World, client: Any) -> None:
    world.create_game()
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[GUILD, 0, VIEW_CHANNEL]])
    assert client.get(JSON).json()["games"] == []


@pytest.mark.usefixtures("embed")
def test_only_the_embed_may_be_framed(client: Any) -> None:
    framed, other = client.get(PAGE), client.get(reverse("help"))
    assert "frame-ancestors *" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed
    assert "frame-ancestors 'none'" in other["Content-Security-Policy"]
    assert other["X-Frame-Options"] == "DENY"
    assert client.get(JSON)["Access-Control-Allow-Origin"] == "*"
    assert not framed.cookies
