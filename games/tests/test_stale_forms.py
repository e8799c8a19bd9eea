"""Forms that were open while something changed: what they were for is gone, or another tab changed what they set."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from conftest import GUILD, World
from games.core.base import Actor, EntryPoint
from games.hosts import actions as host_actions
from games.models import Game, GameTemplate
from games.signups import actions as signups
from games.tests.cast import Cast, cast, client_of, db, module_cast, module_world, world
from gamesched.testing.page_forms import form_to, page_forms
from guilds.models import VIEW_CHANNEL, Block, Channel, Guild, Member, Role
from guilds.sent_forms.middleware import GONE

__all__ = ["cast", "db", "module_cast", "module_world", "world"]  # the fixtures
TEXT = "Bring dice.\nAnd <b>snacks</b>."


def hide_channel(cast: Cast, who: str) -> None:
    overwrites = [[cast.people[who].pk, 0, VIEW_CHANNEL]]
    Channel.objects.filter(pk=cast.game.channel_id).update(overwrites=overwrites)


def leave(cast: Cast, who: str) -> None:
    Member.objects.filter(user=cast.people[who]).update(left_at=cast.game.created_at)


def remove_bot(cast: Cast, who: str) -> None:
    Guild.objects.filter(pk=GUILD).update(bot_removed_at=cast.game.created_at)


def delete_rows(cast: Cast, who: str) -> None:
    Block.objects.all().delete()
    GameTemplate.objects.all().delete()


FORMS: dict[str, tuple[str, str, str]] = {  # by name: who sends it, the kind of object in its address, the text's field
    "game-tell": ("host", "game", "text"),
    "game-edit": ("host", "game", "description"),
    "game-again": ("host", "game", "description"),
    "game-cancel": ("host", "game", "reason"),
    "game-new": ("host", "guild", "description"),
    "guild-blocks": ("owner", "guild", "reason"),
    "guild-settings": ("owner", "guild", "instructions"),
    "template-new": ("owner", "guild", "description"),
    "admin:guilds_block_change": ("owner", "block", "reason"),
    "admin:games_gametemplate_change": ("owner", "template", "description"),
}
CASES: list[tuple[str, Callable[[Cast, str], None]]] = [
    *((route, hide_channel) for route in ("game-tell", "game-edit", "game-again", "game-cancel")),
    *((route, leave) for route in ("game-tell", "game-new")),
    *((route, remove_bot) for route in ("game-edit", "guild-blocks", "guild-settings", "template-new")),
    *((route, delete_rows) for route in FORMS if route.startswith("admin:")),
]


@pytest.mark.parametrize(("route", "ends"), CASES, ids=[f"{route}-{ends.__name__}" for route, ends in CASES])
def test_what_a_form_was_for_is_gone(cast: Cast, route: str, ends: Callable[[Cast, str], None]) -> None:
    who, kind, field = FORMS[route]
    block = Block.objects.get().pk
    pk = {"game": cast.game.pk, "guild": GUILD, "block": block, "template": cast.template.pk}[kind]
    client, address = client_of(cast, who), reverse(route, args=[pk])
    page = cast.game.get_absolute_url() if route == "game-cancel" else address
    page += f"?edit={field}" if route == "guild-settings" else ""
    form = form_to(client, page, address, **{field: TEXT})
    ends(cast, who)
    response = client.post(address, form)
    assert response.status_code == 404
    shown = next(one.fields for one in page_forms(response.text) if address in one.actions)
    assert shown[field] == [TEXT]
    fragment = client.post(address, form, headers={"HX-Request": "true"})
    assert fragment["HX-Redirect"] == reverse("send-again")


def test_it_comes_back_and_is_taken(cast: Cast) -> None:
    client, address = client_of(cast, "host"), reverse("game-cancel", args=[cast.game.pk])
    form = form_to(client, cast.game.get_absolute_url(), address, reason="Snow")
    hide_channel(cast, "host")
    response = client.post(address, form)
    assert GONE in response.text
    Channel.objects.filter(pk=cast.game.channel_id).update(overwrites=[])
    shown = next(one.fields for one in page_forms(response.text) if address in one.actions)
    assert client.post(address, shown).status_code == 302
    assert Game.objects.get(pk=cast.game.pk).cancel_reason == "Snow"


@pytest.mark.parametrize("route", ["game-join", "game-answer", "game-standby"])
def test_buttons_and_strangers_read_the_ordinary_page(cast: Cast, route: str) -> None:
    address = reverse(route if route != "game-standby" else "game-wait", args=[cast.foreign.pk])
    form = {"kind": "tentative", "on": "1", "text": TEXT}
    for who in ("host", "stranger"):
        response = client_of(cast, who).post(address, form)
        assert response.status_code in {400, 404}
        assert GONE not in response.text
        assert "snacks" not in response.text, "it has no token of ours"


# --- co-hosts in two tabs ------------------------------------------------------------------------------------


@pytest.fixture
def tabs(cast: Cast, world: World) -> tuple[Client, str]:
    """Return the host's browser, and the address of the form; the player has a seat beside Bob."""
    player = cast.people["player"]
    signups.join(cast.game.pk, player, Actor(player, EntryPoint.PAGE), world.now)
    cast.game.cohosts.clear()
    return client_of(cast, "host"), reverse("game-hosts", args=[cast.game.pk])


def cohosts(cast: Cast) -> set[int]:
    return set(cast.game.cohosts.values_list("pk", flat=True))


def test_each_tab_changes_what_it_shows_changed(cast: Cast, world: World, tabs: tuple[Client, str]) -> None:
    client, address = tabs
    player, bob = cast.people["player"].pk, world.bob.pk
    first, second, third = (form_to(client, address, address) for _ in range(3))
    client.post(address, {**first, "cohosts": [str(player)]})
    client.post(address, {**second, "cohosts": [str(bob)]})
    assert cohosts(cast) == {player, bob}
    client.post(address, {**third, "named": [f"<@{cast.people['member'].pk}>"]})
    assert cohosts(cast) == {player, bob, cast.people["member"].pk}
    both = form_to(client, address, address)
    client.post(address, {**both, "cohosts": [str(player)]})
    assert cohosts(cast) == {player}


def test_who_was_taken_out_meanwhile_stays_out(cast: Cast, world: World, tabs: tuple[Client, str]) -> None:
    client, address = tabs
    player, bob = cast.people["player"], world.bob
    host_actions.set_cohosts(cast.game.pk, [player, bob], Actor(cast.people["host"], EntryPoint.PAGE), world.now)
    open_form = form_to(client, address, address)
    assert sorted(open_form["cohosts"]) == sorted([str(player.pk), str(bob.pk)])
    host_actions.set_cohosts(cast.game.pk, [bob], Actor(world.alice, EntryPoint.PAGE), world.now)
    client.post(address, {**open_form, "named": [f"<@{cast.people['member'].pk}>"]})
    assert cohosts(cast) == {bob.pk, cast.people["member"].pk}


def test_an_old_tab_takes_no_question_back(cast: Cast, tabs: tuple[Client, str]) -> None:
    client, address = tabs
    player = cast.people["player"].pk
    old = form_to(client, address, address)
    client.post(address, {**form_to(client, address, address), "host": str(player)})
    assert Game.objects.get(pk=cast.game.pk).next_host_id == player
    client.post(address, {**old, "cohosts": [str(player)]})
    assert Game.objects.get(pk=cast.game.pk).next_host_id == player
    assert cohosts(cast) == {player}
    client.post(address, {**form_to(client, address, address), "host": ""})
    assert Game.objects.get(pk=cast.game.pk).next_host_id is None


def test_a_refused_form_keeps_what_it_changes(cast: Cast, world: World, tabs: tuple[Client, str]) -> None:
    client, address = tabs
    player, bob = cast.people["player"].pk, world.bob.pk
    old = form_to(client, address, address)
    client.post(address, {**form_to(client, address, address), "cohosts": [str(player)]})
    refused = client.post(address, {**old, "cohosts": [str(bob)], "named": "nobody at all"})
    assert refused.status_code == 422
    again = next(one.fields for one in page_forms(refused.text) if "cohosts" in one.fields)
    assert again["cohosts"] == [str(bob)]
    assert client.post(address, {**again, "named": ""}).status_code == 302
    assert cohosts(cast) == {player, bob}


# --- channels of the setup in two tabs -------------------------------------------------------------------------


def enabled(guild_id: int) -> set[int]:
    channels = Channel.objects.for_announcements().filter(guild=guild_id).select_related("defaults")
    return {one.pk for one in channels if getattr(one, "defaults", None) is None or one.defaults.for_games}


def test_setup_switches_only_what_was_switched_in_it(cast: Cast, world: World) -> None:
    client, address = client_of(cast, "owner"), reverse("guild-setup", args=[GUILD])

    def open_tab() -> dict[str, Any]:
        response = client.get(address)
        return dict(next(one.fields for one in page_forms(response.text) if one.id == "switches"))

    first, second, third = open_tab(), open_tab(), open_tab()
    everything = enabled(GUILD)
    assert set(map(int, first["on"])) == everything
    general, nights, raids = sorted(everything)

    def without(form: dict[str, Any], *pks: int) -> dict[str, Any]:
        return {**form, "on": [pk for pk in form["on"] if int(pk) not in pks]}

    assert client.post(address, without(first, general)).status_code == 302
    assert enabled(GUILD) == {nights, raids}
    made = Channel.objects.create(
        pk=raids + 50, guild_id=GUILD, name="new", type=0, position=50, bot_permissions=world.channel.bot_permissions
    )
    assert client.post(address, without(second, raids)).status_code == 302
    assert enabled(GUILD) == {nights, made.pk}, "one made since stays on, and what another tab switched off stays off"
    assert client.post(address, third).status_code == 302
    assert enabled(GUILD) == {nights, made.pk}, "saved as it was shown, it changes nothing"
    again = open_tab()
    assert client.post(address, {**again, "on": [*again["on"], str(general)]}).status_code == 302
    assert enabled(GUILD) == {general, nights, made.pk}


# --- every role of the largest server --------------------------------------------------------------------------


@pytest.mark.parametrize("route", ["guild-settings", "admin:games_guilddefaults_change"])
def test_all_roles_of_a_server_are_chosen(cast: Cast, world: World, route: str) -> None:
    Role.objects.bulk_create(Role(pk=GUILD + 2000 + n, guild=world.guild, name=f"role {n}") for n in range(246))
    client, address = client_of(cast, "owner"), reverse(route, args=[GUILD])
    whole = f"{address}?edit=all" if route == "guild-settings" else address
    page = client.get(whole)
    form = page.context.get("form") or page.context["adminform"].form
    sent = form_to(client, whole, address, title="Raid", name="Raid")
    for name, field in form.fields.items():
        if name.endswith("role_ids") and hasattr(field, "choices"):
            sent |= {f"own_{name.removesuffix('_role_ids')}_roles": ["on"], name: [str(pk) for pk, _ in field.choices]}
    many = {name: len(values) for name, values in sent.items() if name.endswith("role_ids")}
    assert sum(many.values()) > 200
    response = client.post(address, sent)
    assert response.status_code in {200, 302, 422}, "it is read, and what is wrong with it is said"
