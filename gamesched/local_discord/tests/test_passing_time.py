"""What Discord does by itself as time passes: events begin, end or are cancelled, and quiet threads are archived."""

from gamesched.local_discord import fixtures
from gamesched.local_discord.live_server import LocalDiscord
from gamesched.local_discord.tests.rest_client import RestClient
from gamesched.local_discord.tests.test_scheduled_events import HERE, external, voice
from gamesched.local_discord.tests.test_threads import open_thread
from gamesched.testing.waiting import eventually

HOUR = 3600


def status_of(local: LocalDiscord, event_id: str) -> int:
    return local.state.guilds[fixtures.GUILD_ID].scheduled[int(event_id)].status


def test_an_external_event_begins_and_ends_at_its_times(local: LocalDiscord) -> None:
    event = RestClient(local).request_json("POST", HERE, external())["id"]
    local.client.set_clock(advance=HOUR - 60)
    assert status_of(local, event) == 1
    local.client.set_clock(advance=61)
    eventually(lambda: status_of(local, event) == 2)
    local.client.set_clock(advance=3 * HOUR)
    eventually(lambda: status_of(local, event) == 3)
    assert RestClient(local).request_error("PATCH", f"{HERE}/{event}", {"name": "x"}) == (400, 180000)


def test_what_never_began_is_cancelled_some_hours_later(local: LocalDiscord) -> None:
    event = RestClient(local).request_json("POST", HERE, voice())["id"]
    local.client.set_clock(advance=2 * HOUR)
    assert status_of(local, event) == 1
    local.client.set_clock(advance=3 * HOUR)
    eventually(lambda: status_of(local, event) == 4)


def test_an_event_in_voice_ends_some_minutes_after_the_last_has_left(local: LocalDiscord) -> None:
    rest = RestClient(local)
    path = f"{HERE}/{rest.request_json('POST', HERE, voice())['id']}"
    rest.request_json("PATCH", path, {"status": 2})
    local.client.join_voice(fixtures.BOB_ID, fixtures.TABLE_ID)
    local.client.set_clock(advance=HOUR)
    assert rest.request_json("GET", path)["status"] == 2
    local.client.leave_voice(fixtures.BOB_ID, fixtures.GUILD_ID)
    local.client.set_clock(advance=301)
    eventually(lambda: rest.request_json("GET", path)["status"] == 3)


def test_a_quiet_thread_is_archived_after_its_duration(local: LocalDiscord) -> None:
    rest = RestClient(local)
    thread = local.state.channels[int(open_thread(local, auto_archive_duration=60)["id"])]
    assert thread.thread is not None
    local.client.set_clock(advance=50 * 60)
    rest.post_message(thread.id, content="still here")
    local.client.set_clock(advance=50 * 60)
    assert not rest.request_json("GET", f"/channels/{thread.id}")["thread_metadata"]["archived"]
    local.client.set_clock(advance=11 * 60)
    eventually(lambda: thread.thread is not None and thread.thread.archived)
    rest.post_message(thread.id, content="again")  # opens it
    assert not rest.request_json("GET", f"/channels/{thread.id}")["thread_metadata"]["archived"]
