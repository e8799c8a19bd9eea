"""In the admin, a manager of guild A reads and changes nothing of guild B, whatever request they send."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.contrib.messages import get_messages
from django.db.models import ForeignKey, ManyToManyField, Model, OneToOneField
from django.test import RequestFactory
from django.urls import reverse

from conftest import GUILD, World
from games.admin.tests.two_guilds import (
    MARK,
    OTHER,
    SCOPED,
    TYPED,
    clean,
    edit_of,
    everything,
    lists,
    make_two_guilds,
    name_of,
    other_guild_pks,
)
from games.models import Game, GameTemplate, Signup
from games.models.settings import ChannelDefaults, GuildDefaults
from gamesched.testing.stored_rows import Rows
from guilds.admin_site import SuperuserOnlyMixin
from guilds.models import Block, Member, User
from notifications.models import Notification

pytestmark = pytest.mark.slow

# Not of guilds, so for superusers alone. Who registers another admin scopes it, or names it here.
SUPERUSERS_ALONE = {
    "discord_bot.interaction",
    "django_q.failure",
    "django_q.schedule",
    "django_q.success",
    "guilds.user",
    "notifications.heartbeat",
    "notifications.pushsubscription",
}

CLOSED = {model: one for model, one in admin.site._registry.items() if model not in SCOPED}


def test_o18_the_tables_of_log_in_packages_are_not_in_the_menu() -> None:
    assert {model._meta.app_label for model in admin.site._registry} & {"account", "auth", "socialaccount"} == set()


@pytest.fixture(scope="module")
def module_world(module_db: None) -> World:
    return make_two_guilds()


@pytest.fixture(scope="module")
def before(module_world: World) -> Rows:
    """Return all rows as each test finds them."""
    return everything()


@pytest.fixture
def db(module_world: World, savepoint: None) -> None:
    """Undo a test's changes, and keep the two guilds; roles were read just now, whatever the module has lasted."""
    Member.objects.update(roles_read_at=datetime.now(UTC), member_read_at=datetime.now(UTC))


@pytest.fixture
def world(db: None, module_world: World) -> World:
    return copy.deepcopy(module_world)


def test_every_admin_is_scoped_or_named_as_for_superusers_alone() -> None:
    assert {name_of(model) for model in CLOSED} == SUPERUSERS_ALONE
    assert all(isinstance(model_admin, SuperuserOnlyMixin) for model_admin in CLOSED.values())


@pytest.mark.parametrize("model", SCOPED, ids=name_of)
def test_a_list_shows_only_own_rows_for_any_query(world: World, as_person: Any, model: type[Model]) -> None:
    client, url = as_person(world.bob), lists(model)
    date = SCOPED[model].date_hierarchy
    queries: list[dict[str, Any]] = [{}, {"q": TYPED}, {"_popup": 1, "_to_field": "id"}]
    queries += [{"_facets": "True", **({f"{date}__year": world.now.year} if date else {})}]
    queries += [{f"{path}__exact": OTHER} for path in ("guild__id", "game__guild__id", "id")]
    for query in queries:
        response = client.get(url, query)
        assert response.status_code in ({200, 302, 400} if query else {200})
        # What it cannot filter by leads to the whole list, which comes first.
        assert response.status_code != 302 or response.url == f"{url}?e=1"
        assert MARK not in response.text, query
        # A page repeats what it was asked.
        assert OTHER in query.values() or str(OTHER) not in response.text, query


@pytest.mark.parametrize("query", ["guild__name__startswith", "host__password__startswith", "guild__members__nick"])
def test_a_list_cannot_be_filtered_by_other_tables(world: World, as_person: Any, query: str) -> None:
    response = as_person(world.bob).get(lists(Game), {query: "Z"})
    assert response.status_code == 400


@pytest.mark.usefixtures("bare_refusals")
@pytest.mark.parametrize("model", SCOPED, ids=name_of)
def test_another_guilds_row_is_a_404_at_every_address(
    world: World, as_person: Any, before: Rows, model: type[Model]
) -> None:
    client = as_person(world.bob)
    label = f"{model._meta.app_label}_{model._meta.model_name}"
    kind = ContentType.objects.get_for_model(model).pk
    for number, pk in enumerate(other_guild_pks(model)):
        # Each table's first row at every address; which row it is makes no difference to all but one.
        for page in ("change", "delete", "history")[: 1 if number else 3]:
            url = reverse(f"admin:{label}_{page}", args=[pk])
            for query in ("", f"?_popup=1&_to_field={model._meta.pk.name}")[: 1 if number else 2]:
                assert client.get(url + query).status_code == 404, url
                assert client.post(url + query, {"post": "yes", "_to_field": "id"}).status_code in {400, 404}
        if not number:
            assert client.get(reverse("admin:view_on_site", args=[kind, pk])).status_code == 404
    assert everything() == before


@pytest.mark.parametrize("model", SCOPED, ids=name_of)
def test_own_rows_open_and_show_nothing_of_the_other_guild(world: World, as_person: Any, model: type[Model]) -> None:
    client = as_person(world.bob)
    label = f"{model._meta.app_label}_{model._meta.model_name}"
    own = model._default_manager.exclude(pk__in=other_guild_pks(model))
    if model is Notification:  # what belongs to no game, as a poll's, superusers alone see
        of_no_game = own.filter(game=None)
        assert {client.get(reverse(f"admin:{label}_change", args=[row.pk])).status_code for row in of_no_game} == {404}
        own = own.exclude(game=None).order_by("recipient", "pk").distinct("recipient")
    for number, pk in enumerate(own.values_list("pk", flat=True)):
        response = client.get(reverse(f"admin:{label}_change", args=[pk]))
        assert response.status_code == 200
        clean(response)
        clean(client.get(reverse(f"admin:{label}_history", args=[pk]), follow=True))
        if not number or model in {GameTemplate, Block}:
            deleted = client.get(reverse(f"admin:{label}_delete", args=[pk]))
            assert deleted.status_code == (200 if model in {GameTemplate, Block} else 403)
            clean(deleted)


def request_of(user: User) -> Any:
    request = RequestFactory().get("/admin/")
    request.user = user
    return request


@pytest.mark.parametrize("model", SCOPED, ids=name_of)
def test_actions_skip_rows_of_another_guild(world: World, as_person: Any, before: Rows, model: type[Model]) -> None:
    client = as_person(world.bob)
    for action in SCOPED[model].get_actions(request_of(world.bob)):
        data = {
            "action": action,
            "_selected_action": other_guild_pks(model),
            "confirmed": "yes",
            "reason": "x",
            "post": "yes",
        }
        for extra in ({}, {"index": "0"}):
            # Without the list that it leads back to, which has a test of its own; what it says stands in messages.
            response = client.post(lists(model), {**data, **extra})
            assert response.status_code in {200, 302}
            assert response.status_code == 200 or response.url.startswith(lists(model))
            assert MARK not in response.text + "".join(map(str, get_messages(response.wsgi_request)))
    assert everything() == before


def fields() -> Iterator[tuple[type[Model], str, Any]]:
    """Return every field in the project that has an autocomplete, with its model, and what it offers rows of."""
    for model in apps.get_models():
        for field in (*model._meta.fields, *model._meta.many_to_many):
            if isinstance(field, (ForeignKey, OneToOneField, ManyToManyField)):
                yield model, field.name, field.related_model


def test_autocomplete_offers_no_rows_of_another_guild(world: World, as_person: Any) -> None:
    client = as_person(world.bob)
    searched = set()
    for model, field, offered in fields():
        # Of each table's rows once by terms that only the other guild's have; all others offer all that they may.
        for term in ("", TYPED, str(OTHER))[: 1 if offered in searched else 3]:
            query = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name,
                "field_name": field,
                "term": term,
            }
            response = client.get(reverse("admin:autocomplete"), query)
            assert response.status_code in {200, 403, 404}
            assert MARK not in response.text, query
            assert term == str(OTHER) or str(OTHER) not in response.text, query
            if response.status_code != 200:
                break  # refused before any term is looked for
            assert not response.json()["pagination"]["more"], "all of them are read here"
            searched.add(offered)
    assert searched, "none was answered at all"


def test_autocomplete_of_users_offers_members(world: World, as_person: Any) -> None:
    query = {"app_label": "games", "model_name": "signup", "field_name": "user", "term": "char"}
    response = as_person(world.bob).get(reverse("admin:autocomplete"), query)
    assert [result["id"] for result in response.json()["results"]] == [str(world.charlie.pk)]


@pytest.mark.parametrize("model", [Game, Signup, GuildDefaults, ChannelDefaults, GameTemplate, Block], ids=name_of)
def test_forms_offer_and_accept_nothing_of_another_guild(
    world: World, as_person: Any, before: Rows, model: type[Model]
) -> None:
    client = as_person(world.bob)
    game, template = Game.objects.get(guild=OTHER), GameTemplate.objects.get(guild=OTHER)
    start = world.now + timedelta(days=2)
    data = {
        "guild": OTHER, "channel": OTHER + 10, "template": template.pk, "host": game.host_id, "title": "x",
        "starts_at_0": f"{start:%Y-%m-%d}", "starts_at_1": f"{start:%H:%M:%S}", "zone": "UTC", "game": game.pk,
        "user": world.charlie.pk, "name": "x",
    }  # fmt: skip
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    assert MARK not in client.get(url, data).text
    own: dict[str, Any] = {
        "guild": GUILD,
        "channel": world.channel.pk,
        "template": "",
        "game": Game.objects.get(guild=GUILD).pk,
    }
    foreign: dict[type[Model], list[dict[str, Any]]] = {
        Game: [{"guild": GUILD}, {**own, "template": template.pk}, {**own, "channel": OTHER + 10}],
        Signup: [{"user": game.host_id, "game": own["game"]}],
        Block: [{"guild": GUILD, "user": game.host_id}],
    }
    for mine in [{}, *foreign.get(model, [])]:
        response = client.post(url, {**data, **mine})
        assert response.status_code == 200, "the form is shown again"
        assert MARK not in response.text
    assert everything() == before


def test_an_edit_accepts_nothing_of_another_guild(world: World, as_person: Any, before: Rows) -> None:
    client, game = as_person(world.bob), Game.objects.get(guild=GUILD)
    alien = Signup.objects.get(game__guild=OTHER)
    good = edit_of(game)
    crafted: list[dict[str, Any]] = [
        {"channel": OTHER + 10},
        {"template": GameTemplate.objects.get(guild=OTHER).pk},
        {"signups-TOTAL_FORMS": 1, "signups-0-user": alien.game.host_id, "signups-0-game": alien.game_id},
        {
            "signups-TOTAL_FORMS": 1, "signups-INITIAL_FORMS": 1, "signups-0-id": alien.pk,
            "signups-0-game": alien.game_id, "signups-0-user": alien.user_id, "signups-0-DELETE": "on",
        },
        {"guild": OTHER, "host": alien.game.host_id},
    ]  # fmt: skip
    for mine in crafted:
        response = client.post(reverse("admin:games_game_change", args=[game.pk]), {**good, **mine})
        assert MARK not in response.text
    assert everything() == before


def test_settings_accept_nothing_of_another_guild(world: World, as_person: Any, before: Rows) -> None:
    client = as_person(world.bob)
    template, block = GameTemplate.objects.get(guild=GUILD), Block.objects.get(guild=GUILD)
    # Refused, each by a form that is shown again.
    crafted: list[tuple[str, Any, dict[str, Any]]] = [
        ("games_guilddefaults", GUILD, {"manager_role_ids": OTHER + 20}),
        ("games_guilddefaults", GUILD, {"pingable_role_ids": OTHER + 20}),
        ("games_channeldefaults", world.channel.pk, {"own_player_roles": "on", "player_role_ids": OTHER + 20}),
        ("games_gametemplate", template.pk, {"channel": OTHER + 10}),
        ("games_gametemplate", template.pk, {"own_notify_roles": "on", "notify_role_ids": OTHER + 20}),
    ]
    for name, pk, data in crafted:
        response = client.post(reverse(f"admin:{name}_change", args=[pk]), {"edition": 1, "name": "x", **data})
        assert response.status_code == 200
        assert response.context["adminform"].form.errors.keys() == {list(data)[-1]}
        assert MARK not in response.text
    assert everything() == before
    # Passed over: what a row is of cannot be changed.
    alien = Block.objects.get(guild=OTHER)
    client.post(reverse("admin:guilds_block_change", args=[block.pk]), {"guild": OTHER, "user": alien.guild.owner_id})
    block.refresh_from_db()
    assert (block.guild_id, block.user) == (GUILD, world.charlie)
    client.post(reverse("admin:games_gametemplate_change", args=[template.pk]), {
        "edition": 1, "name": "Mine", "guild": OTHER, "channel": world.channel.pk,
    })  # fmt: skip
    template.refresh_from_db()
    assert (template.guild_id, template.name) == (GUILD, "Mine")
    after = everything()
    for table in ("games.GameTemplate", "guilds.Block"):
        other_rows_after, other_rows_before = (
            [row for row in rows[table] if row["guild_id"] == OTHER] for rows in (after, before)
        )
        assert other_rows_after == other_rows_before


@pytest.mark.usefixtures("bare_refusals")
@pytest.mark.parametrize("model", CLOSED, ids=name_of)
def test_tables_without_a_guild_are_hidden_from_managers(world: World, as_person: Any, model: type[Model]) -> None:
    client = as_person(world.bob)
    label = f"{model._meta.app_label}_{model._meta.model_name}"
    assert client.get(lists(model)).status_code == 403
    assert client.get(reverse(f"admin:{label}_add")).status_code == 403
    for pk in (1, 1300000000000000900):
        for page in ("change", "delete", "history"):
            assert client.get(reverse(f"admin:{label}_{page}", args=[pk])).status_code == 404
    assert lists(model) not in client.get(reverse("admin:index")).text


def test_a_persons_link_leads_to_the_member(world: World, as_person: Any) -> None:
    response = as_person(world.bob).get(reverse("admin:guilds_user_change", args=[world.charlie.pk]))
    member = Member.objects.get(guild=GUILD, user=world.charlie)
    assert response.url == reverse("admin:guilds_member_change", args=[member.pk])


def test_a_superuser_sees_every_guild(world: World, as_person: Any) -> None:
    world.bob.is_superuser = True
    world.bob.save()
    client = as_person(world.bob)
    for model in admin.site._registry:
        response = client.get(lists(model))
        assert response.status_code == 200
        assert MARK in response.text or model in CLOSED
