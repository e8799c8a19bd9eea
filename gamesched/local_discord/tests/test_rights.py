"""Who may do what: time-outs, membership screening, overwrites for a single person, and permissions of their own."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.client import DiscordError
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import APPLICATION_ID, Json
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.tests.rest_client import InteractionBot, RestClient

HERE = f"/channels/{fixtures.GENERAL_ID}/messages"
CHARLIE = f"/guilds/{fixtures.GUILD_ID}/members/{fixtures.CHARLIE_ID}"


def refusal(local: LocalDiscord, person: str, method: str, path: str, body: Json | None = None) -> tuple[int, int]:
    with pytest.raises(DiscordError) as reason:
        local.client.as_person(person, method, path, body)
    return reason.value.status, reason.value.json()["code"]


def post_with_button(local: LocalDiscord) -> Json:
    button = {"type": 2, "style": 1, "label": "Join", "custom_id": "join"}
    return RestClient(local).post_message(
        fixtures.GENERAL_ID, content="x", components=[{"type": 1, "components": [button]}]
    )


@pytest.mark.parametrize("fault", [{"kind": "time_out", "seconds": 600}, {"kind": "screening"}])
def test_who_is_restricted_reads_and_does_nothing_else(local: LocalDiscord, fault: Json) -> None:
    post = post_with_button(local)
    InteractionBot(local)
    local.client.add_fault(user_id=str(fixtures.CHARLIE_ID), **fault)
    assert [each["id"] for each in local.client.messages("charlie", fixtures.GENERAL_ID)] == [post["id"]]
    forbidden = (403, 50013)
    assert refusal(local, "charlie", "POST", HERE, {"content": "x"}) == forbidden
    click = {"type": 3, "channel_id": post["channel_id"], "message_id": post["id"], "data": {"custom_id": "join"}}
    assert refusal(local, "charlie", "POST", "/interactions", click) == forbidden
    command = {"type": 2, "channel_id": post["channel_id"], "data": {"name": "game", "type": 1}}
    assert refusal(local, "charlie", "POST", "/interactions", command) == forbidden
    reaction = f"{HERE}/{post['id']}/reactions/👍/@me"
    assert refusal(local, "charlie", "PUT", reaction) == forbidden
    RestClient(local).request_json("PUT", reaction)
    assert refusal(local, "charlie", "PUT", reaction) == forbidden, "nor with an emoji that is there already"
    assert refusal(local, "charlie", "POST", f"{HERE}/{post['id']}/threads", {"name": "x"}) == forbidden
    [guild] = local.client.as_person("charlie", "GET", "/users/@me/guilds")
    assert int(guild["permissions"]) == Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY
    overwrite = {"type": 1, "allow": str(int(Permission.SEND_MESSAGES))}
    channel = f"/channels/{fixtures.GENERAL_ID}/permissions/{fixtures.CHARLIE_ID}"
    local.client.as_person("alice", "PUT", channel, overwrite)
    assert refusal(local, "charlie", "POST", HERE, {"content": "x"}) == forbidden, "an overwrite gives nothing back"
    local.client.add_fault(
        **fault | ({"seconds": 0} if "seconds" in fault else {"passed": True}), user_id=str(fixtures.CHARLIE_ID)
    )
    local.client.send_message("charlie", fixtures.GENERAL_ID, "here again")


def test_a_time_out_ends_by_itself(local: LocalDiscord) -> None:
    local.client.add_fault("time_out", user_id=str(fixtures.CHARLIE_ID), seconds=600)
    local.client.set_clock(advance=599)
    assert refusal(local, "charlie", "POST", HERE, {"content": "x"}) == (403, 50013)
    local.client.set_clock(advance=2)
    local.client.send_message("charlie", fixtures.GENERAL_ID, "here again")


@pytest.mark.parametrize("kind", ["time_out", "screening"])
def test_owners_and_administrators_are_not_restricted(local: LocalDiscord, kind: str) -> None:
    local.client.add_fault(kind, user_id=str(fixtures.ALICE_ID))
    local.client.send_message("alice", fixtures.GENERAL_ID, "mine")
    bits = int(Permission.ADMINISTRATOR)
    local.run_in_loop(
        lambda state: state.change_role(
            state.guilds[fixtures.GUILD_ID], state.guilds[fixtures.GUILD_ID].roles[fixtures.PLAYER_ID], bits=bits
        )
    )
    local.client.add_fault(kind, user_id=str(fixtures.CHARLIE_ID))
    local.client.send_message("charlie", fixtures.GENERAL_ID, "as administrator")


def test_the_api_times_out(local: LocalDiscord) -> None:
    now = datetime.now(UTC)

    def body(**later: Any) -> Json:
        return {"communication_disabled_until": (now + timedelta(**later)).isoformat()}

    assert RestClient(local).request_error("PATCH", CHARLIE, body(hours=1)) == (403, 50013)
    member = local.client.as_person("alice", "PATCH", CHARLIE, body(hours=1))
    assert datetime.fromisoformat(member["communication_disabled_until"]) == now + timedelta(hours=1)
    assert RestClient(local).request_json("GET", CHARLIE)["communication_disabled_until"]
    assert refusal(local, "alice", "PATCH", CHARLIE, body(days=29)) == (400, 50035)
    assert refusal(local, "alice", "PATCH", CHARLIE, {"communication_disabled_until": "soon"}) == (400, 50035)
    alice = f"/guilds/{fixtures.GUILD_ID}/members/{fixtures.ALICE_ID}"
    assert refusal(local, "alice", "PATCH", alice, body(hours=1)) == (403, 50013)
    assert local.client.as_person("alice", "PATCH", CHARLIE, {"communication_disabled_until": None})["pending"] is False
    local.client.send_message("charlie", fixtures.GENERAL_ID, "x")


def test_members_say_that_they_are_restricted(local: LocalDiscord) -> None:
    bot = InteractionBot(local)
    local.client.add_fault("screening", user_id=str(fixtures.CHARLIE_ID))
    assert bot.last_event("GUILD_MEMBER_UPDATE")["pending"] is True
    local.client.add_fault("time_out", user_id=str(fixtures.CHARLIE_ID), seconds=60)
    assert bot.last_event("GUILD_MEMBER_UPDATE")["communication_disabled_until"] is not None


def test_a_single_person_may_less_or_more(local: LocalDiscord) -> None:
    rest = RestClient(local)
    local.client.add_fault(
        "permissions", channel_id=fixtures.GENERAL_ID, user_id=str(fixtures.CHARLIE_ID), take=["VIEW_CHANNEL"]
    )
    assert refusal(local, "charlie", "GET", HERE) == (403, 50001)
    local.client.messages("dana", fixtures.GENERAL_ID)
    everyone = str(fixtures.GUILD_ID)
    local.client.add_fault("permissions", channel_id=fixtures.RAIDS_ID, role_id=everyone, take=["VIEW_CHANNEL"])
    local.client.add_fault(
        "give", channel_id=fixtures.RAIDS_ID, role_id=str(fixtures.PLAYER_ID), permissions=["VIEW_CHANNEL"]
    )
    local.client.add_fault("give", channel_id=fixtures.RAIDS_ID, permissions=["VIEW_CHANNEL"])
    there = f"/channels/{fixtures.RAIDS_ID}/messages"
    local.client.as_person("dana", "GET", there)
    assert refusal(local, "bob", "GET", there) == (403, 50001)
    channel = rest.request_json("GET", f"/channels/{fixtures.RAIDS_ID}")
    kinds = {int(each["id"]): each["type"] for each in channel["permission_overwrites"]}
    assert kinds == {fixtures.GUILD_ID: 0, fixtures.PLAYER_ID: 0, APPLICATION_ID: 1}
    overwrite = f"/channels/{fixtures.RAIDS_ID}/permissions/{fixtures.BOB_ID}"
    allow = {"type": 1, "allow": str(int(Permission.VIEW_CHANNEL)), "deny": "0"}
    assert rest.request_error("PUT", overwrite, allow) == (403, 50013)
    local.client.as_person("alice", "PUT", overwrite, allow)
    local.client.as_person("bob", "GET", there)
    local.client.as_person("alice", "DELETE", overwrite)
    assert refusal(local, "alice", "DELETE", overwrite) == (404, 10009)
    assert refusal(local, "bob", "GET", there) == (403, 50001)


# --- permissions that were split off others ----------------------------------------------------------------------


def give(local: LocalDiscord, person_id: int, *names: str) -> None:
    local.client.add_fault("give", channel_id=fixtures.GENERAL_ID, user_id=str(person_id), permissions=list(names))


def test_pinning_needs_its_own_permission(local: LocalDiscord) -> None:
    rest = RestClient(local)
    first, second = (rest.post_message(fixtures.GENERAL_ID, content=each) for each in "ab")
    pin = f"{HERE}/pins/{first['id']}"
    assert refusal(local, "bob", "PUT", pin) == (403, 50013), "Manage Messages is not enough"
    assert rest.request_error("PUT", pin) == (403, 50013)
    give(local, APPLICATION_ID, "PIN_MESSAGES")
    rest.request_json("PUT", pin)
    rest.request_json("PUT", f"/channels/{fixtures.GENERAL_ID}/pins/{second['id']}")
    page = rest.request_json("GET", f"{HERE}/pins?limit=1")
    assert ([each["message"]["id"] for each in page["items"]], page["has_more"]) == ([second["id"]], True)
    listed = rest.request_json("GET", f"/channels/{fixtures.GENERAL_ID}/pins")
    assert [(each["content"], each["pinned"]) for each in listed] == [("b", True), ("a", True)]
    rest.request_json("DELETE", pin)
    assert len(rest.request_json("GET", f"{HERE}/pins")["items"]) == 1
    assert rest.request_error("PUT", f"{HERE}/pins/1") == (404, 10008)


def test_slowmode_holds_for_who_may_not_bypass_it(local: LocalDiscord) -> None:
    local.client.as_person("alice", "PATCH", f"/channels/{fixtures.GENERAL_ID}", {"rate_limit_per_user": 60})
    for person in ("charlie", "bob"):  # Bob manages messages, which no longer suffices
        local.client.send_message(person, fixtures.GENERAL_ID, "one")
        assert refusal(local, person, "POST", HERE, {"content": "two"}) == (429, 20016)
    give(local, fixtures.BOB_ID, "BYPASS_SLOWMODE")
    local.client.send_message("bob", fixtures.GENERAL_ID, "two")
    for _ in range(2):
        RestClient(local).post_message(fixtures.GENERAL_ID, content="a bot is never slowed")
    local.client.set_clock(advance=61)
    local.client.send_message("charlie", fixtures.GENERAL_ID, "two")


def test_reactions_are_counted(local: LocalDiscord) -> None:
    rest, bot = RestClient(local), InteractionBot(local)
    post = rest.post_message(fixtures.GENERAL_ID, content="x")
    reactions = f"{HERE}/{post['id']}/reactions/👍"
    for person in ("charlie", "bob", "bob"):
        local.client.as_person(person, "PUT", f"{reactions}/@me")
    assert bot.last_event("MESSAGE_REACTION_ADD")["member"]["user"]["username"] == "bob"
    assert [each["username"] for each in rest.request_json("GET", reactions)] == ["bob", "charlie"]
    [reaction] = rest.request_json("GET", f"{HERE}/{post['id']}")["reactions"]
    assert (reaction["emoji"], reaction["count"]) == ({"id": None, "name": "👍"}, 2)
    assert refusal(local, "charlie", "DELETE", f"{reactions}/{fixtures.BOB_ID}") == (403, 50013)
    local.client.as_person("bob", "DELETE", f"{reactions}/{fixtures.CHARLIE_ID}")
    local.client.as_person("bob", "DELETE", f"{reactions}/@me")
    assert "reactions" not in rest.request_json("GET", f"{HERE}/{post['id']}")
    local.client.add_fault(
        "permissions", channel_id=fixtures.GENERAL_ID, user_id=str(fixtures.CHARLIE_ID), take=["ADD_REACTIONS"]
    )
    assert refusal(local, "charlie", "PUT", f"{reactions}/@me") == (403, 50013)
