"""A manager's settings, templates and blocks in the admin: the pages' forms and actions."""

from datetime import timedelta
from html import escape
from typing import Any

import pytest
from django.urls import reverse

from conftest import EVERYONE, GUILD, World
from games.admin.tests.two_guilds import ORGANISER, make_manager
from games.core.base import Actor, EntryPoint
from games.hosts import actions as host_actions
from games.models import AuditEntry, Game, GameTemplate, Signup
from games.models.settings import ChannelDefaults, GuildDefaults
from games.server_settings import templates
from games.server_settings.wording import UNKNOWN_TEMPLATE, made_default
from games.signups import actions as signups
from gamesched.lib.refusal import Refusal, Refused
from guilds.models import Block, User

pytestmark = pytest.mark.slow

LEVELS = ("guilddefaults", "channeldefaults", "gametemplate")


@pytest.fixture
def manager(world: World, as_person: Any) -> Any:
    """Return the browser of Bob, who manages the guild."""
    return as_person(make_manager(world))


@pytest.fixture
def template(world: World) -> GameTemplate:
    """Return the guild's first template, and so its default."""
    settings = {"seats": 5, "reminders": (60,), "location": "The cellar", "player_role_ids": (ORGANISER,)}
    texts = ("Campaign", "Bring dice.", world.channel.pk)
    saved = templates.save_template(
        GUILD, None, *texts, settings, ("seats",), Actor(world.alice, EntryPoint.PAGE), world.now
    )
    created: GameTemplate = saved.layer
    return created


def admin_url(model: str, pk: int, page: str = "change") -> str:
    return reverse(f"admin:{'guilds' if model == 'block' else 'games'}_{model}_{page}", args=[pk])


def as_shown(response: Any) -> dict[str, Any]:
    """Return what the browser sends if nothing is changed: every field of the form on the page."""
    form = response.context["adminform"].form
    shown = {}
    for field in form:
        value = field.value()
        assert f'name="{field.html_name}"' in response.text, f"{field.name} is on the page"
        if value not in (None, "", False, []):
            shown[field.html_name] = "on" if value is True else value
    return shown


def last_change() -> dict[str, Any]:
    changes: dict[str, Any] = AuditEntry.objects.filter(game=None).latest("pk").changes
    return {name: pair for name, pair in changes.items() if name != "of"}


@pytest.fixture
def form_url(request: Any, world: World, template: GameTemplate) -> str:
    """Return the URL of each kind of form in turn."""
    ChannelDefaults.objects.create(channel=world.channel, seats=0, reminders=[], location="", confirm_by_dm=True)
    keys = {"guilddefaults": GUILD, "channeldefaults": world.channel.pk, "gametemplate": template.pk}
    return admin_url(request.param, keys[request.param])


@pytest.mark.parametrize("form_url", LEVELS, indirect=True)
def test_saving_untouched_changes_nothing_and_one_field_only_that(manager: Any, form_url: str) -> None:
    data = as_shown(manager.get(form_url))
    before = AuditEntry.objects.count()
    assert manager.post(form_url, data).status_code == 302
    assert AuditEntry.objects.count() == before
    assert manager.post(form_url, data | {"instructions": "Bring tea."}).status_code == 302
    assert last_change() == {"instructions": [None, "Bring tea."]}
    entry = AuditEntry.objects.latest("pk")
    assert (entry.source, entry.actor_id) == ("admin", User.objects.get(handle="bob").pk)


@pytest.mark.parametrize("form_url", LEVELS, indirect=True)
def test_a_stale_form_shows_the_saved_values_and_keeps_the_typed_ones(manager: Any, form_url: str) -> None:
    data = as_shown(manager.get(form_url))
    manager.post(form_url, data | {"location": "Theirs"})
    mine = data | {"location": "Mine", "own_host_roles": "on", "host_role_ids": [EVERYONE, ORGANISER]}
    response = manager.post(form_url, mine)
    assert response.status_code == 200
    assert "Someone else changed this while you were editing" in response.text
    assert "Location: “Theirs”" in response.text
    again = as_shown(response)
    assert again["location"] == "Mine"
    assert [int(role_id) for role_id in again["host_role_ids"]] == [EVERYONE, ORGANISER]
    assert last_change()["location"][1] == "Theirs"
    assert manager.post(form_url, again).status_code == 302, "sent once more, on purpose"
    assert last_change()["location"] == ["Theirs", "Mine"]


@pytest.mark.parametrize("form_url", LEVELS, indirect=True)
def test_a_refusal_is_shown_beside_its_field(manager: Any, form_url: str) -> None:
    data = as_shown(manager.get(form_url)) | {"seats": "5000", "location": "The attic"}
    response = manager.post(form_url, data)
    assert response.status_code == 200
    assert response.context["adminform"].form.errors.keys() == {"seats"}
    assert 'value="The attic"' in response.text


@pytest.mark.parametrize(("typed", "saved"), [("", None), ("none", []), ("2h, 15", [120, 15])])
def test_inherited_none_and_a_value_are_distinct(
    world: World, manager: Any, template: GameTemplate, typed: str, saved: Any
) -> None:
    url = admin_url("gametemplate", template.pk)
    manager.post(url, as_shown(manager.get(url)) | {"reminders": typed})
    template.refresh_from_db()
    assert template.reminders == saved


def test_changes_of_upcoming_games_are_shown_before_saving(world: World, manager: Any, template: GameTemplate) -> None:
    game = world.create_game(template_id=template.pk, seats=None)
    for person in (world.alice, world.charlie):
        signups.join(game.pk, person, Actor(world.bob, EntryPoint.PAGE), world.now)
    url = admin_url("gametemplate", template.pk)
    response = manager.post(url, as_shown(manager.get(url)) | {"seats": "1"})
    assert response.status_code == 200
    assert "Curse of Strahd: Seats: 5 seats becomes 1 seat." in str(
        response.context["adminform"].form.errors["__all__"]
    )
    assert Signup.objects.filter(seated_at=None).count() == 0
    assert manager.post(url, as_shown(response)).status_code == 302
    assert Signup.objects.get(seated_at=None).user == world.charlie


def test_settings_are_created_by_a_short_form_that_leads_to_the_long_one(world: World, manager: Any) -> None:
    add = reverse("admin:games_channeldefaults_add")
    response = manager.post(add, {"channel": world.channel.pk})
    assert response.url == admin_url("channeldefaults", world.channel.pk)
    ChannelDefaults.objects.update(seats=3, for_games=False, edit_version=7)
    assert manager.post(add, {"channel": world.channel.pk}).url == admin_url("channeldefaults", world.channel.pk)
    level = ChannelDefaults.objects.get()
    assert (level.seats, level.for_games, level.edit_version) == (3, False, 7), "what there is stays"
    GuildDefaults.objects.all().delete()
    manager.post(reverse("admin:games_guilddefaults_add"), {"guild": GUILD})
    assert GuildDefaults.objects.get().host_role_ids is None
    response = manager.post(reverse("admin:games_gametemplate_add"), {"guild": GUILD, "name": " Raid "})
    created = GameTemplate.objects.get()
    assert response.url == admin_url("gametemplate", created.pk)
    assert (created.name, created.is_default) == ("Raid", True)
    response = manager.post(reverse("admin:games_gametemplate_add"), {"guild": GUILD, "name": "raid"})
    assert response.context["adminform"].form.errors.keys() == {"name"}


def test_deleting_a_template_shows_what_its_games_inherit_instead(
    world: World, manager: Any, template: GameTemplate
) -> None:
    game = world.create_game(template_id=template.pk, seats=None)
    page = manager.get(admin_url("gametemplate", template.pk, "delete"))
    assert "Seats: 5 seats becomes unlimited seats" in page.text
    manager.post(admin_url("gametemplate", template.pk, "delete"), {"post": "yes"})
    template.refresh_from_db()
    assert template.deleted_at is not None, "the row stays, for games that were"
    assert Game.objects.get(pk=game.pk).settings.seats == 0
    shown = manager.get(admin_url("gametemplate", template.pk)).text
    assert "The cellar" in shown
    assert 'name="seats"' not in shown
    assert manager.get(admin_url("gametemplate", template.pk, "delete")).status_code == 403


def test_a_default_template_stays_while_there_are_others(world: World, manager: Any, template: GameTemplate) -> None:
    two = templates.duplicate_template(GUILD, template.pk, Actor(world.alice, EntryPoint.PAGE), world.now).layer
    for ask in (manager.get, manager.post):
        response = ask(admin_url("gametemplate", template.pk, "delete"), {"post": "yes"}, follow=True)
        assert "Make another template the default first" in response.text
    many = {"action": "make_default", "_selected_action": [two.pk]}
    reply = manager.post(reverse("admin:games_gametemplate_changelist"), many, follow=True).text
    assert made_default(two.name) in reply
    manager.post(admin_url("gametemplate", template.pk, "delete"), {"post": "yes"})
    assert list(GameTemplate.objects.filter(deleted_at=None)) == [two]


def test_a_template_deleted_meanwhile_is_refused_with_a_sentence(
    world: World, manager: Any, template: GameTemplate
) -> None:
    data = as_shown(manager.get(admin_url("gametemplate", template.pk)))
    templates.delete_template(GUILD, template.pk, Actor(world.alice, EntryPoint.PAGE), world.now)
    response = manager.post(admin_url("gametemplate", template.pk), data | {"name": "Mine"})
    assert escape(UNKNOWN_TEMPLATE) in response.text
    assert 'value="Mine"' in response.text


def test_blocking_changing_and_lifting(world: World, manager: Any) -> None:
    add = reverse("admin:guilds_block_add")
    person = {"guild": GUILD, "user": world.charlie.pk}
    past = world.now - timedelta(days=1)
    response = manager.post(add, {**person, "until_0": f"{past:%Y-%m-%d}", "until_1": "12:00", "reason": "Rude."})
    assert response.context["adminform"].form.errors.keys() == {"until"}
    assert 'value="Rude."' in response.text
    manager.post(add, {**person, "reason": "Rude."})
    block = Block.objects.get()
    assert (block.user, block.until, block.reason) == (world.charlie, None, "Rude.")
    manager.post(admin_url("block", block.pk), {"reason": "Very rude.", "user": world.alice.pk, "guild": GUILD})
    block.refresh_from_db()
    assert (block.user, block.reason) == (world.charlie, "Very rude.")
    manager.post(admin_url("block", block.pk, "delete"), {"post": "yes"})
    assert not Block.objects.exists()
    host_actions.block_user(GUILD, world.charlie, None, "", Actor(world.alice, EntryPoint.PAGE), world.now)
    many = {"action": "lift", "_selected_action": [Block.objects.get().pk]}
    assert "can sign up again" in manager.post(reverse("admin:guilds_block_changelist"), many, follow=True).text
    assert not Block.objects.exists()


def test_a_refusal_between_dry_run_and_save_is_a_form_error(
    world: World, manager: Any, template: GameTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = templates.save_template
    calls = []

    def raced(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) == 2:  # after rehearsing, when it is to be saved
            raise Refused(Refusal("bad_settings", "", {"name": "Taken meanwhile."}))
        if len(calls) == 3:
            raise Refused(Refusal("bad_settings", "", {"name": "Taken meanwhile, still."}))
        return real(*args, **kwargs)

    monkeypatch.setattr(templates, "save_template", raced)
    url = admin_url("gametemplate", template.pk)
    response = manager.post(url, as_shown(manager.get(url)) | {"name": "Mine"})
    assert response.status_code == 200
    assert "Taken meanwhile, still." in response.text
    assert 'value="Mine"' in response.text
