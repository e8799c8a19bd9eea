"""The page of what is kept, the download, the page that forgets, and the same from the command line."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from conftest import GUILD, World
from discord_bot.scheduled_tasks import KEPT_FOR
from games.core.base import Actor, EntryPoint
from games.models import AuditEntry, GameEdit
from games.privacy import actions as privacy
from games.privacy import wording
from games.privacy.tests.zoe import MARK, ZOE, block_zoe, make_zoe, meet_zoe, traces
from games.scheduled_tasks import purge, purge_people
from games.server_settings.rules import KEPT_AFTER_LEAVING as GUILD_KEPT
from games.signups import actions as signups
from guilds.forgetting import purge_ended_memberships
from guilds.models import Channel, User
from guilds.personal_data import KEPT_AFTER_LEAVING, described_tables
from notifications.models import Delivery, DeliveryStatus, Pause

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
AsPerson = Callable[[User], Client]


# --- the page --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_page_names_every_table_without_log_in(client: Client) -> None:
    page = client.get(reverse("privacy")).text
    for table in described_tables():
        for sentence in (table.what, table.why, table.kept, table.forgotten):
            assert escape(sentence) in page


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["home", "help", "login", "privacy"])
def test_every_page_links_there_before_log_in(client: Client, name: str) -> None:
    assert f'href="{reverse("privacy")}"' in client.get(reverse(name)).text


def test_the_page_says_how_long_things_are_kept_as_the_code_does(world: World) -> None:
    text = {table.model._meta.label: table.kept for table in described_tables()}
    assert f"{KEPT_FOR.days} days" in text["discord_bot.Interaction"]
    assert f"{django_settings.NOTIFY_KEPT.days} days" in text["notifications.Delivery"]
    assert f"{django_settings.SESSION_COOKIE_AGE // 86400} days" in text["sessions.Session"]
    assert f"{KEPT_AFTER_LEAVING.days} days" in text["guilds.Member"]
    assert f"{GUILD_KEPT.days} days" in text["games.Game"]
    assert str(GUILD_KEPT.days) in Client().get(reverse("privacy")).text


def test_what_is_kept_no_longer_is_deleted(world: World) -> None:
    GameEdit.objects.create(game=world.create_game(), at=world.now - 31 * DAY, previous={})
    GameEdit.objects.create(game=world.create_game(), at=world.now - 29 * DAY, previous={})
    for days in (31, 29):
        Pause.objects.create(reason="", paused_at=world.now, resumed_at=world.now - days * DAY, resumed_by="1")
    purge()
    assert (GameEdit.objects.count(), Pause.objects.count()) == (1, 1)
    assert purge_people() == "Deleted 0 memberships and blocks that ended, forgot 0 people, and deleted 0 rows."
    assert purge_ended_memberships(world.now) == 0


# --- the download ----------------------------------------------------------------------------------------


def test_the_download_has_what_she_typed_and_nothing_of_others(world: World, as_person: AsPerson) -> None:
    zoe = make_zoe(world)
    block_zoe(world)
    response = as_person(zoe).get(reverse("privacy-download"))
    assert response.headers["Content-Disposition"] == f'attachment; filename="game-scheduler-{ZOE}.json"'
    data = json.loads(response.content)
    tables = data["tables"]
    assert data["person"] == str(ZOE)
    assert tables["guilds.user"]["rows"][0]["id"] == str(ZOE), "text, for programs round such numbers"
    for typed in ("note", "old note", "maybe", "guest", "to players", "draft"):
        assert f"{MARK} {typed}" in response.text
    for table in ("games.follow", "notifications.preference", "discord_bot.interaction", "guilds.block"):
        assert tables[table]["rows"], table
    assert {row["game__title"] for row in tables["games.signup"]["rows"]} >= {"Playing", "Played"}
    for other in (world.alice, world.charlie):
        assert str(other.pk) not in response.text
    assert "Knows why" not in response.text, "a note of managers"
    assert f"{MARK} reason" not in response.text
    assert f"{MARK} word" in response.text, "was said to her"
    sessions = tables["sessions.session"]
    assert sessions["rows"]
    assert sessions["left_out"].keys() == {"session_key", "session_data"}


def test_the_download_has_no_title_of_a_game_hidden_since(world: World, as_person: AsPerson) -> None:
    zoe, game = meet_zoe(world), world.create_game(title="Surprise")
    signups.join(game.pk, zoe, Actor(zoe, EntryPoint.PAGE), world.now)
    assert "Surprise" in as_person(zoe).get(reverse("privacy-download")).text
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=[[GUILD, 0, 1024]])
    response = as_person(zoe).get(reverse("privacy-download"))
    assert "Surprise" not in response.text
    assert json.loads(response.content)["tables"]["games.signup"]["rows"][0]["game_id"] == game.pk


def test_the_download_of_an_edit_by_another_has_only_what_is_about_her(world: World) -> None:
    zoe, game = meet_zoe(world), world.create_game()
    changes = {"host": [{"users": [ZOE]}, {"users": [world.bob.pk]}], "title": ["Old", "New secret"]}
    AuditEntry.objects.create(
        guild=world.guild, game=game, actor=world.bob, source="page", action="edit", changes=changes, at=world.now
    )
    rows = next(t for t in described_tables() if t.model is AuditEntry).export(zoe)
    assert [(row["actor_id"], row["changes"]) for row in rows] == [(None, {"host": [str(ZOE), "another person"]})]


# --- forgetting ------------------------------------------------------------------------------------------


def test_forgetting_asks_first_and_then_logs_out(world: World, as_person: AsPerson) -> None:
    zoe = make_zoe(world)
    client = as_person(zoe)
    url = reverse("privacy-forget")
    page = client.get(url)
    assert "Hosted" in page.text, "names what she hosts"
    before = traces()
    refused = client.post(url)
    assert refused.status_code == 422
    assert escape(wording.NOT_CONFIRMED) in refused.text
    assert traces() == before
    done = client.post(url, {"sure": "on"}, follow=True)
    assert done.redirect_chain == [(reverse("privacy"), 302)]
    assert escape(wording.FORGOTTEN) in done.text
    assert "_auth_user_id" not in client.session
    assert "guilds.member.user" not in traces()
    assert client.post(url, {"sure": "on"})["Location"].startswith(reverse("login")), "once more is nothing"


def test_a_refusal_is_shown_and_changes_nothing(world: World, as_person: AsPerson, monkeypatch: Any) -> None:
    monkeypatch.setattr(privacy, "PATIENCE", 0.0)
    zoe = make_zoe(world)
    Delivery.objects.filter(recipient=zoe, status=DeliveryStatus.PENDING).update(leased_until=world.now + DAY)
    client = as_person(zoe)
    response = client.post(reverse("privacy-forget"), {"sure": "on"})
    assert response.status_code == 422
    assert escape(wording.BEING_SENT) in response.text
    assert client.get(reverse("me")).status_code == 200, "still logged in"


def test_forgetting_takes_no_get_and_a_token(world: World) -> None:
    zoe = meet_zoe(world)
    client = Client(enforce_csrf_checks=True)
    client.force_login(zoe, backend="django.contrib.auth.backends.ModelBackend")
    client.get(reverse("privacy-forget"), {"sure": "on"})
    assert client.post(reverse("privacy-forget"), {"sure": "on"}).status_code == 403
    assert "guilds.member.user" in traces()


# --- the command line ------------------------------------------------------------------------------------


def run(*words: Any) -> str:
    out = StringIO()
    call_command("person", *map(str, words), stdout=out)
    return out.getvalue()


def test_the_command_exports_and_forgets(world: World) -> None:
    make_zoe(world)
    assert f"{MARK} old note" in json.dumps(json.loads(run("export", ZOE)))
    before = traces()
    for count, what in ((1, "handed_over"), (1, "deleted"), (1, "left"), (2, "past_games"), (0, "blocks")):
        assert f"{count} {wording.COUNTS[what]}" in run("forget", ZOE)
    assert traces() == before, "without --yes it only says what it would do"
    assert run("forget", ZOE, "--yes") == f"{wording.forgotten_by_command(ZOE)}\n"
    assert "guilds.member.user" not in traces()


@pytest.mark.parametrize("who", ["999", "alice", "-1", str(10**30), "²"])
def test_the_command_refuses_nobody(world: World, who: str) -> None:
    for words in (("export",), ("forget",), ("forget", "--yes")):
        with pytest.raises(CommandError, match="We don't know anyone"):
            run(*words, "--", who)


def test_the_command_refuses_operators(world: World) -> None:
    User.objects.filter(pk=world.bob.pk).update(is_superuser=True)
    with pytest.raises(CommandError, match=wording.OPERATORS_STAY[:30]):
        run("forget", world.bob.pk, "--yes")
