"""What may be changed of threads and forum posts, by whom, and who hears of it."""

import pytest

from gamesched.local_discord import fixtures
from gamesched.local_discord.api.routes import threads as routes
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.state.entities import Channel, Json
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.tests.gateway_client import GatewayClient
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.local_discord.tests.test_moderation import allow
from gamesched.local_discord.tests.test_threads import HERE, open_thread

FULL, OPEN, ONE_SHOT = 5, 6, 7  # tags


@pytest.fixture
def forum(local: LocalDiscord) -> Channel:
    names = {FULL: "Full", OPEN: "Open", ONE_SHOT: "One-shot"}
    tags: list[Json] = [{"id": key, "name": name, "moderated": key == FULL} for key, name in names.items()]
    return local.run_in_loop(lambda state: fixtures.add_forum(state, available_tags=tags))


def post(local: LocalDiscord, forum: Channel, *tags: int) -> str:
    body = {"name": "Strahd", "message": {"content": "Join us"}, "applied_tags": [str(each) for each in tags]}
    return f"/channels/{RestClient(local).request_json('POST', f'/channels/{forum.id}/threads', body)['id']}"


def test_a_post_gets_other_tags(local: LocalDiscord, forum: Channel) -> None:
    rest, path = RestClient(local), post(local, forum, OPEN)
    assert rest.request_json("PATCH", path, {"applied_tags": [str(ONE_SHOT)]})["applied_tags"] == [str(ONE_SHOT)]
    assert rest.request_error("PATCH", path, {"applied_tags": ["9"]}) == (400, 50035)
    assert rest.request_error("PATCH", path, {"applied_tags": [str(n) for n in range(6)]}) == (400, 50035)
    assert rest.request_error("PATCH", path, {"applied_tags": [str(FULL)]}) == (403, 50013)
    charlie = RestClient(local, "local-charlie")
    assert charlie.request_error("PATCH", path, {"applied_tags": []}) == (403, 50013)
    alice = RestClient(local, "local-alice")
    alice.request_json("PATCH", path, {"applied_tags": [str(FULL)]})
    both = [str(FULL), str(OPEN)]  # a moderators' tag stays when the author adds another
    assert rest.request_json("PATCH", path, {"applied_tags": both})["applied_tags"] == both


def test_moderators_pin_posts_slow_and_lock_them(local: LocalDiscord, forum: Channel) -> None:
    rest, alice, path = RestClient(local), RestClient(local, "local-alice"), post(local, forum)
    for body in ({"flags": 2}, {"rate_limit_per_user": 5}, {"locked": True}):
        assert rest.request_error("PATCH", path, body) == (403, 50013)
    changed = alice.request_json("PATCH", path, {"flags": 2, "rate_limit_per_user": 5, "locked": True})
    assert (changed["flags"], changed["rate_limit_per_user"]) == (2, 5)
    assert rest.request_error("POST", f"{path}/messages", {"content": "x"}) == (400, 160005)
    alice.request_json("PATCH", path, {"archived": True})
    assert rest.request_error("POST", f"{path}/messages", {"content": "x"}) == (400, 50083)


def test_people_archive_and_lock_behind_the_bots_back(local: LocalDiscord) -> None:
    rest, thread = RestClient(local), open_thread(local)
    local.client.add_fault("archive_thread", channel_id=thread["id"], archived=True, locked=True)
    assert rest.request_error("POST", f"/channels/{thread['id']}/messages", {"content": "x"}) == (400, 50083)
    local.client.add_fault("archive_thread", channel_id=thread["id"], archived=False)
    rest.post_message(int(thread["id"]), content="x")


def test_nobody_reacts_or_pins_in_an_archived_thread(local: LocalDiscord) -> None:
    rest, alice = RestClient(local), RestClient(local, "local-alice")
    thread = open_thread(local)
    path = f"/channels/{thread['id']}/messages"
    message = rest.post_message(int(thread["id"]), content="x")["id"]
    rest.request_json("PATCH", f"/channels/{thread['id']}", {"archived": True})
    assert alice.request_error("PUT", f"{path}/{message}/reactions/x/@me") == (400, 50083)
    assert alice.request_error("PUT", f"{path}/pins/{message}") == (400, 50083)


def test_tags_keep_their_emoji(local: LocalDiscord, forum: Channel) -> None:
    alice = RestClient(local, "local-alice")
    tags = [{"id": str(OPEN), "name": "Open", "emoji_name": "🎲"}, {"name": "Own", "emoji_id": "7"}]
    changed = alice.request_json("PATCH", f"/channels/{forum.id}", {"available_tags": tags})["available_tags"]
    assert [(tag["emoji_name"], tag["emoji_id"]) for tag in changed] == [("🎲", None), (None, "7")]
    both = [{"name": "x", "emoji_name": "🎲", "emoji_id": "7"}]
    assert alice.request_error("PATCH", f"/channels/{forum.id}", {"available_tags": both}) == (400, 50035)


def test_a_channel_says_how_long_its_threads_last(local: LocalDiscord) -> None:
    alice = RestClient(local, "local-alice")
    alice.request_json("PATCH", f"/channels/{fixtures.GENERAL_ID}", {"default_auto_archive_duration": 60})
    assert open_thread(local)["thread_metadata"]["auto_archive_duration"] == 60
    assert open_thread(local, auto_archive_duration=1440)["thread_metadata"]["auto_archive_duration"] == 1440


def test_private_archived_threads_are_for_moderators(local: LocalDiscord) -> None:
    rest, thread = RestClient(local), open_thread(local, 12)
    rest.request_json("PATCH", f"/channels/{thread['id']}", {"archived": True})
    path = f"{HERE}/threads/archived/private"
    assert rest.request_error("GET", path) == (403, 50013)
    joined = f"{HERE}/users/@me/threads/archived/private"
    assert [each["id"] for each in rest.request_json("GET", joined)["threads"]] == [thread["id"]]
    assert RestClient(local, "local-charlie").request_json("GET", joined)["threads"] == []
    allow(local, Permission.MANAGE_THREADS)
    assert [each["id"] for each in rest.request_json("GET", path)["threads"]] == [thread["id"]]
    assert rest.request_json("GET", f"{HERE}/threads/archived/public")["threads"] == []


def test_a_server_has_at_most_so_many_open_threads(local: LocalDiscord, monkeypatch: pytest.MonkeyPatch) -> None:
    assert routes.MAX_ACTIVE_THREADS == 1000
    monkeypatch.setattr(routes, "MAX_ACTIVE_THREADS", 2)
    rest, some = RestClient(local), [open_thread(local) for _ in range(2)]
    assert rest.request_error("POST", f"{HERE}/threads", {"name": "x", "type": 11}) == (400, 160006)
    local.client.add_fault("archive_thread", channel_id=some[0]["id"])
    open_thread(local)


async def test_a_bot_hears_of_a_private_thread_when_it_is_added(local: LocalDiscord) -> None:
    alice = RestClient(local, "local-alice")
    async with GatewayClient(local) as gateway:
        await gateway.identify_and_wait()
        thread = alice.request_json("POST", f"{HERE}/threads", {"name": "Secret", "type": 12})
        assert await gateway.event_names() == []
        alice.request_json("PUT", f"/channels/{thread['id']}/thread-members/{local.client_id}")
        created = await gateway.receive_event("THREAD_CREATE")
        assert (created["id"], created["member"]["user_id"]) == (thread["id"], local.client_id)
