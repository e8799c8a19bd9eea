"""What each part of the API does, by the rows that the same actions write for pages."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conftest import World
from games.api.tests.test_api import Program
from games.models import ApiToken, CalendarFeed, Game, GameTemplate, GuildDefaults, TimePoll
from games.polls.tests.helpers import make_poll
from games.privacy.export import export_text
from guilds.models import VIEW_CHANNEL, Block, Channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def host(client: Any, world: World) -> Program:
    return Program(client, world, world.bob)


@pytest.fixture
def player(client: Any, world: World) -> Program:
    return Program(client, world, world.charlie)


@pytest.fixture
def manager(client: Any, world: World) -> Program:
    return Program(client, world, world.alice)


def done(response: Any) -> Any:
    assert response.status_code < 300, response.text
    return response.json()


def test_settings_of_each_layer(world: World, manager: Program, player: Program) -> None:
    guild = f"/guilds/{world.guild.pk}"
    changed = done(manager("PATCH", f"{guild}/settings", {"settings": {"seats": 7, "notify_role_ids": []}}))
    assert (changed["changed"], GuildDefaults.objects.get().seats) == (True, 7)
    assert done(manager("GET", f"{guild}/settings"))["settings"]["seats"] == 7
    stale = manager("PATCH", f"{guild}/settings", {"settings": {"seats": 8}}, If_Match='"0"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    wrong = manager("PATCH", f"{guild}/settings", {"settings": {"seats": 1000, "player_role_ids": ["5"]}})
    assert {*wrong.json()["fields"]} == {"settings.seats", "settings.player_role_ids"}

    channel = f"{guild}/channels/{world.channel.pk}/settings"
    done(manager("PATCH", channel, {"settings": {"duration": 45}}))
    shown = done(manager("GET", channel))["resolved"]
    assert (shown["duration"]["value"], shown["seats"]["value"]) == (45, 7)
    assert player("GET", channel).status_code == 403


def test_templates(world: World, manager: Program, host: Program) -> None:
    guild = f"/guilds/{world.guild.pk}"
    made = done(manager("POST", f"{guild}/templates", {"name": "Raid", "settings": {"seats": 4}, "locked": ["seats"]}))
    template = f"{guild}/templates/{made['template_id']}"
    done(manager("PATCH", template, {"description": "Bring dice"}))
    [shown] = [one for one in done(host("GET", f"{guild}/templates")) if one["name"] == "Raid"]
    assert (shown["description"], shown["locked"], shown["settings"]) == ("Bring dice", ["seats"], {"seats": 4})
    copy = done(manager("POST", f"{template}/duplicate"))["template_id"]
    done(manager("POST", f"{guild}/templates/{copy}/default"))
    done(manager("DELETE", template))
    assert [*GameTemplate.objects.filter(deleted_at=None).values_list("pk", flat=True)] == [int(copy)]


def test_what_a_game_cannot_take_is_refused(world: World, manager: Program, host: Program) -> None:
    guild = f"/guilds/{world.guild.pk}"
    start = (world.now + timedelta(days=3)).replace(second=0, microsecond=0).isoformat()
    body = {"title": "Raid", "starts_at": start, "channel_id": str(world.channel.pk), "template_id": "5"}
    assert {*host("POST", f"{guild}/games", body).json()["fields"]} == {"template_id"}
    locked = {"name": "Raid", "settings": {"seats": 4, "reminders": [60]}, "locked": ["seats", "reminders"]}
    body["template_id"] = done(manager("POST", f"{guild}/templates", locked))["template_id"]
    refused = host("POST", f"{guild}/games", {**body, "settings": {"seats": 9, "reminders": [60], "duration": 45}})
    assert (refused.status_code, {*refused.json()["fields"]}) == (422, {"settings.seats"})
    game = done(host("POST", f"{guild}/games", {**body, "settings": {"seats": 4, "duration": 45}}))["game"]
    assert (game["seats"], game["settings"]["duration"]["value"]) == (4, 45)
    path = f"/games/{game['id']}"
    assert {*host("PATCH", path, {"settings": {"reminders": [30]}}).json()["fields"]} == {"settings.reminders"}
    assert {*host("PATCH", path, {"announce": "draft"}).json()["fields"]} == {"announce"}
    done(host("PATCH", path, {"announce": "now", "settings": {"seats": None}, "title": "Raid night"}))


def test_series(world: World, host: Program, player: Program) -> None:
    game = world.create_game(zone="Europe/Berlin")
    path = f"/games/{game.pk}/series"
    done(host("PUT", path, {"rule": "FREQ=WEEKLY"}))
    shown = done(player("GET", path))
    day = shown["dates"][2]["date"]
    done(host("PUT", f"{path}/skipped/{day}"))
    assert [one["left_out"] for one in done(player("GET", path))["dates"] if one["date"] == day] == [True]
    done(host("DELETE", f"{path}/skipped/{day}"))
    until = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
    done(host("PUT", f"{path}/pause", {"until": until}))
    assert done(player("GET", path))["paused_until"] == until
    done(host("DELETE", f"{path}/pause"))
    done(host("DELETE", path))
    assert done(player("GET", path))["ended"]
    assert player("PUT", path, {"rule": "FREQ=DAILY"}).status_code == 403
    assert "rule" in host("PUT", path, {"rule": "every full moon"}).json()["fields"]


def test_calendars(world: World, player: Program, client: Any) -> None:
    world.create_game()
    listed = {one["what"]: one for one in done(player("GET", "/calendars"))}
    assert {"own", f"guild-{world.guild.pk}", f"channel-{world.channel.pk}"} <= {*listed}
    assert {one["url"] for one in listed.values()} == {None}
    path = f"/calendars/channel-{world.channel.pk}"
    made = done(player("POST", path))
    calendar = made["url"].removeprefix("http://testserver")
    assert "BEGIN:VEVENT" in client.get(calendar).text
    assert made["url"] in {one["url"] for one in done(player("GET", "/calendars"))}
    again = done(player("POST", path, Idempotency_Key="a"))["url"]
    assert again not in export_text(world.charlie, world.now), "a file for anyone's hands holds no secret"
    assert client.get(calendar).status_code == 404, "the former one stops"
    assert player("DELETE", path).status_code == 204
    assert client.get(again.removeprefix("http://testserver")).status_code == 404
    for what in ("guild-1", "channel-1", "own-1", "channel-0", "channel-" + "9" * 25, "x" * 50):
        assert player("POST", f"/calendars/{what}").status_code in {404, 422}, what
    hidden = [[world.guild.pk, 0, VIEW_CHANNEL]]
    Channel.objects.filter(pk=world.channel.pk).update(overwrites=hidden)
    assert player("POST", path).status_code == 404


def test_a_servers_token_reaches_no_calendar_of_all_servers(world: World, player: Program) -> None:
    done(player("POST", "/calendars/own"))
    ApiToken.objects.update(guild=world.guild)
    assert "own" not in {one["what"] for one in done(player("GET", "/calendars"))}
    for method in ("POST", "DELETE"):
        assert player(method, "/calendars/own").status_code == 404
    assert CalendarFeed.objects.count() == 1
    done(player("POST", f"/calendars/guild-{world.guild.pk}"))


def test_polls(world: World, host: Program, player: Program) -> None:
    start = (world.now + timedelta(days=3)).replace(second=0, microsecond=0)
    body = {
        "title": "When?", "channel_id": str(world.channel.pk), "closes_at": (start - timedelta(days=1)).isoformat(),
        "times": [start.isoformat(), (start + timedelta(days=1)).isoformat()],
    }  # fmt: skip
    poll = done(host("POST", f"/guilds/{world.guild.pk}/polls", body))["poll"]
    assert [one["title"] for one in done(player("GET", f"/guilds/{world.guild.pk}/polls"))] == ["When?"]
    ticked = done(player("PUT", f"/polls/{poll['id']}/vote", {"time_ids": [poll["times"][1]["id"]]}))
    assert [one["votes"] for one in ticked["poll"]["times"]] == [0, 1]
    made = done(host("POST", f"/polls/{poll['id']}/game"))["poll"]
    assert Game.objects.get(pk=made["game_id"]).starts_at == start + timedelta(days=1)
    assert TimePoll.objects.get().game_id == int(made["game_id"])


def test_many_polls_take_no_more_statements(world: World, player: Program) -> None:
    path, counts = f"/guilds/{world.guild.pk}/polls", []
    for number in range(3):
        make_poll(world, title=f"Poll {number}")
        with CaptureQueriesContext(connection) as statements:
            assert len(done(player("GET", path))) == number + 1
        counts.append(len(statements))
    assert counts[0] == counts[2]


def test_hosts_blocks_and_messages(world: World, host: Program, manager: Program, player: Program) -> None:
    game = world.create_game()
    done(player("POST", f"/games/{game.pk}/join"))
    shown = done(host("PUT", f"/games/{game.pk}/cohosts", {"user_ids": [str(world.charlie.pk)]}))["game"]
    assert [one["id"] for one in shown["cohosts"]] == [str(world.charlie.pk)]
    done(host("POST", f"/games/{game.pk}/messages", {"text": "Bring dice"}))
    blocks = f"/guilds/{world.guild.pk}/blocks"
    done(manager("POST", blocks, {"user_id": str(world.charlie.pk), "reason": "late"}))
    assert [one["reason"] for one in done(manager("GET", blocks))] == ["late"]
    assert manager("DELETE", f"{blocks}/{world.charlie.pk}").status_code == 204
    assert not Block.objects.exists()


def test_attendance_and_deliveries(world: World, host: Program, manager: Program, player: Program) -> None:
    game = world.create_game()
    joined = done(player("POST", f"/games/{game.pk}/join"))["game"]["signups"][0]
    Game.objects.update(starts_at=world.now - timedelta(hours=1))
    path = f"/games/{game.pk}/signups/{joined['id']}/attendance"
    done(host("PUT", path, {"came": False}))
    assert [one["came"] for one in done(host("GET", f"/games/{game.pk}/attendance"))] == [False]
    [row] = done(manager("GET", f"/guilds/{world.guild.pk}/attendance"))
    assert (row["user_id"], row["came"], row["left_late"]) == (str(world.charlie.pk), False, False)
    done(host("PUT", f"/games/{game.pk}/rewards", {"text": "a sword"}))
    assert done(manager("GET", f"/guilds/{world.guild.pk}/deliveries")) == {"deliveries": [], "next": None}


def test_notifications(world: World, player: Program) -> None:
    path = f"/guilds/{world.guild.pk}/notifications"
    done(player("PATCH", path, {"reminder": 30, "quiet_from": "22:30", "quiet_to": "07:00", "news": "daily"}))
    shown = done(player("PATCH", path, {"news": ""}))
    assert (shown["reminder"], shown["quiet_from"], shown["news"]) == (30, "22:30:00", "")
