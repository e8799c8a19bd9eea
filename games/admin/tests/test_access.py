"""Access to the admin: current managers of a server, and superusers."""

from datetime import timedelta
from html import escape
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse

from conftest import GUILD, MANAGE_GUILD, World
from games.admin.tests.two_guilds import ORGANISER, make_manager
from games.models import AuditEntry
from games.models.settings import GuildDefaults
from guilds.directory import lookup, upsert
from guilds.directory.lookup import DirectoryUnavailable
from guilds.directory.payloads import MemberPayload, RolePayload, UserPayload
from guilds.models import Member, Role, User

pytestmark = pytest.mark.slow

INDEX = "/admin/"


def test_the_owner_and_a_manager_come_in(world: World, as_person: Any) -> None:
    for person in (world.alice, make_manager(world)):
        page = as_person(person).get(INDEX)
        assert page.status_code == 200
        assert "Game Scheduler for server operators" in page.text
        assert reverse("admin:games_game_changelist") in page.text


def test_a_holder_of_the_guilds_own_manager_role_comes_in(world: World, as_person: Any) -> None:
    upsert.upsert_roles(GUILD, [RolePayload(GUILD + 30, "Game masters", 2, 0)])
    GuildDefaults.objects.update(manager_role_ids=[GUILD + 30])
    payload = MemberPayload(UserPayload(world.charlie.pk, "charlie"), "", "", (GUILD + 30,))
    upsert.upsert_member(GUILD, payload, world.now + timedelta(minutes=1))
    assert as_person(world.charlie).get(INDEX).status_code == 200


def test_members_and_strangers_read_who_may_open_the_admin(world: World, as_person: Any) -> None:
    game = world.create_game()
    stranger = User.objects.create(id=999, username="999", handle="stranger")
    for person in (world.charlie, stranger):
        client = as_person(person)
        for url in (INDEX, reverse("admin:games_game_change", args=[game.pk]), reverse("admin:autocomplete")):
            response = client.get(url)
            assert response.status_code == 403
            assert "The admin is for server managers." in response.text
            assert client.post(url).status_code == 403


def test_staff_without_a_server_are_turned_away(world: World, as_person: Any) -> None:
    world.charlie.is_staff = True
    world.charlie.save()
    assert as_person(world.charlie).get(INDEX).status_code == 403


def test_a_former_manager_is_refused_at_the_next_request(world: World, as_person: Any) -> None:
    client = as_person(make_manager(world))
    game = world.create_game()
    assert client.get(INDEX).status_code == 200
    payload = MemberPayload(UserPayload(world.bob.pk, "bob"), "Bob the GM")
    upsert.upsert_member(GUILD, payload, world.now + timedelta(minutes=2))
    assert client.get(INDEX).status_code == 403
    data = {"action": "cancel", "_selected_action": [game.pk], "confirmed": "yes", "reason": ""}
    assert client.post(reverse("admin:games_game_changelist"), data).status_code == 403
    game.refresh_from_db()
    assert game.cancelled_at is None


def test_a_manager_who_left_or_lost_the_role_is_refused(world: World, as_person: Any) -> None:
    client = as_person(make_manager(world))
    Role.objects.filter(pk=ORGANISER).update(deleted_at=world.now)
    assert client.get(INDEX).status_code == 403
    upsert.upsert_roles(GUILD, [RolePayload(ORGANISER, "Organiser", 1, MANAGE_GUILD)])
    assert client.get(INDEX).status_code == 200
    upsert.mark_member_left(GUILD, world.bob.pk, world.now)
    assert client.get(INDEX).status_code == 403


def test_nobody_manages_a_server_that_the_bot_left(world: World, as_person: Any) -> None:
    upsert.mark_bot_removed(GUILD, world.now)
    assert as_person(world.alice).get(INDEX).status_code == 403


@pytest.mark.parametrize("path", ["", "games/game/", "games/game/1/change/", "autocomplete/", "nothing/here/"])
def test_strangers_are_sent_to_log_in_with_discord_and_back(db: None, client: Any, path: str) -> None:
    response = client.get(INDEX + path)
    assert response.status_code == 302
    assert response.url == f"/login/?next=/admin/{path}"
    page = client.get(response.url).text
    assert "Log in with Discord" in page
    assert "/admin/login/" in page, "a superuser with a password finds the way too"


def test_a_superuser_logs_in_with_a_password(db: None, client: Any) -> None:
    User.objects.create_superuser("root", "a long password")
    response = client.post("/admin/login/?next=/admin/", {"username": "root", "password": "a long password"})
    assert response.url == INDEX
    assert client.get(INDEX).status_code == 200
    assert client.get(reverse("admin:django_q_schedule_changelist")).status_code == 200


def test_the_menu_has_subjects_in_plain_names_and_no_internal_tables(world: World, as_person: Any) -> None:
    world.alice.is_superuser = True
    world.alice.save()
    apps = as_person(world.alice).get(INDEX).context["app_list"]
    menu = {app["name"]: [table["name"] for table in app["models"]] for app in apps}
    assert menu["What happened"] == ["History", "Presses and commands"]
    shown = {name for names in menu.values() for name in names}
    # Every table that has pages stands in the menu, once.
    assert len(shown) == sum(map(len, menu.values())) == len(admin.site._registry)
    assert not {model._meta.app_label for model in admin.site._registry} & {
        "account", "auth", "contenttypes", "sessions", "sites", "socialaccount",
    }  # fmt: skip
    manager = as_person(make_manager(world)).get(INDEX).context["app_list"]
    assert "Programs" not in [app["name"] for app in manager]


def test_others_do_not_log_in_with_a_password(db: None, client: Any) -> None:
    User.objects.create_user("helper", "a long password", is_staff=True)
    response = client.post("/admin/login/", {"username": "helper", "password": "a long password"})
    assert response.status_code == 200
    assert "_auth_user_id" not in client.session


def test_an_inactive_superuser_is_turned_away(world: World, as_person: Any) -> None:
    world.charlie.is_superuser = True
    world.charlie.save()
    client = as_person(world.charlie)
    assert client.get(INDEX).status_code == 200
    User.objects.filter(pk=world.charlie.pk).update(is_active=False)
    assert client.get(INDEX).status_code == 302


@pytest.mark.parametrize("superuser", [False, True])
def test_nobody_adds_changes_or_deletes_audit_entries(world: World, as_person: Any, superuser: bool) -> None:
    world.create_game()
    entry = AuditEntry.objects.get()
    world.alice.is_superuser = superuser
    world.alice.save()
    client = as_person(world.alice)
    assert client.get(reverse("admin:games_auditentry_change", args=[entry.pk])).status_code == 200
    assert client.post(reverse("admin:games_auditentry_change", args=[entry.pk]), {"action": "x"}).status_code == 403
    assert client.post(reverse("admin:games_auditentry_delete", args=[entry.pk]), {"post": "yes"}).status_code == 403
    assert client.post(reverse("admin:games_auditentry_add"), {"action": "x"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"}
    client.post(reverse("admin:games_auditentry_changelist"), data)
    assert AuditEntry.objects.get().action == "create"


def test_rights_are_refreshed_from_discord_before_a_change(
    world: World, as_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = make_manager(world)
    Member.objects.filter(user=manager).update(roles_read_at=world.now - timedelta(minutes=5))
    client = as_person(manager)
    url = reverse("admin:games_game_changelist")

    def down(guild_id: int, user_id: int) -> None:
        raise DirectoryUnavailable("Discord answered 502")

    monkeypatch.setattr(lookup, "refresh_member", down)
    response = client.post(url, {})
    assert response.status_code == 503
    assert escape(lookup.ROLES_UNKNOWN) in response.text
    assert client.get(url).status_code == 200, "reading goes on"

    def demoted(guild_id: int, user_id: int) -> None:
        upsert.upsert_member(GUILD, MemberPayload(UserPayload(user_id, "bob")), world.now)

    monkeypatch.setattr(lookup, "refresh_member", demoted)
    assert client.post(url, {}).status_code == 403
