"""What Discord may add at any time: fields, types and events that neither we nor discord.py know."""

import copy
import logging
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from conftest import make_world
from discord_bot.interactions.modals import submitted_texts
from discord_bot.patches.unreadable_events import skip_unreadable_events
from games.models import Signup
from gamesched.local_discord import fixtures
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import APPLICATION_ID
from gamesched.local_discord.state.events import Event
from gamesched.testing.stack import LAYOUT, Stack
from gamesched.testing.waiting import AT_ONCE, eventually
from guilds.models import Channel, Role

Json = dict[str, Any]
GUILD = fixtures.GUILD_ID
FAR = 1 << 50  # a flag or permission that nobody has heard of


def change(*path: str, **fields: Any) -> Callable[[Json], None]:
    """Return a change of what is at `path` in a payload."""

    def apply(payload: Json) -> None:
        for step in path:
            payload = payload[step]
        payload.update(fields)

    return apply


def add_components(payload: Json) -> None:
    """Add components of unknown types to the message, beside ours."""
    rows = payload["message"]["components"]
    rows[0]["components"].append({"type": 97, "id": 90, "new": {}})
    rows[0]["components"].append({"type": 2, "style": 42, "custom_id": "y", "id": 91})
    rows[:0] = [{"type": 99, "id": 92, "new": [1]}]


# Each of these is a click that the bot has to answer.
CLICKS = {
    "a new field": change(new={"a": [1]}),
    "another context": change(context=7, authorizing_integration_owners={"5": "1", "0": str(GUILD)}),
    "a new language": change(locale="xx-YY", guild_locale="tlh"),
    "a message of new components": add_components,
    "a message of a new type": change(
        "message", type=250, flags=FAR | LAYOUT, message_reference={"type": 9, "channel_id": "1"}
    ),
    "a new type of attachment and embed": change(
        "message",
        attachments=[{"id": "5", "filename": "a", "size": 1, "url": "u", "proxy_url": "u", "flags": FAR, "new": 1}],
        embeds=[{"type": "new kind", "flags": FAR, "new": {}}],
    ),
    "a new type of channel": change("channel", type=77, application_id=None, flags=FAR),
    "no channel": lambda payload: payload.pop("channel"),
    "a member's new fields": change("member", flags=1 << 30, collectibles={"new": 1}, new=1, permissions=str(1 << 70)),
    "a user's new fields": change("member", "user", public_flags=FAR, primary_guild={"tag": None}, new=[]),
    "a new entitlement": change(
        entitlements=[{"id": "1", "sku_id": "2", "application_id": "3", "type": 88, "deleted": False}]
    ),
}


def guild_payload(stack: Stack) -> Json:
    return stack.discord.run_in_loop(lambda state: payloads.guild(state.guilds[GUILD]))


def channel_payload(stack: Stack, **changes: Any) -> Json:
    return stack.discord.run_in_loop(lambda state: payloads.channel(state.channels[fixtures.RAIDS_ID], [])) | changes


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_the_bot_goes_on_whatever_discord_adds(now: Any) -> None:
    world = make_world(now)
    with Stack("bot", "notifyd") as stack:
        game = world.create_game(channel_id=fixtures.GENERAL_ID)
        client = stack.discord.client
        post = eventually(stack.posts)[0]
        heard: list[Event] = []
        stack.discord.run_in_loop(lambda state: state.subscribe(heard.append))
        button = f"game:{game.pk}:join"

        def send(name: str, data: Json, **where: Any) -> None:
            stack.discord.run_in_loop(lambda state: state.publish(Event(name, data, **where)))

        # Events and places that are new, or hold values that are; the last ones discord.py cannot read at all.
        send("SOMETHING_NEW", {"guild_id": str(GUILD), "new": 1}, guild_id=GUILD)
        send(
            "GUILD_UPDATE",
            guild_payload(stack) | {"features": ["NEW"], "verification_level": 9, "nsfw_level": 9},
            guild_id=GUILD,
        )
        overwrites = [{"id": "5", "type": 7, "allow": str(1 << 80), "deny": "0"}]
        send("CHANNEL_CREATE", channel_payload(stack, id="77", type=99), guild_id=GUILD)
        send("GUILD_ROLE_UPDATE", {"guild_id": str(GUILD), "role": None}, guild_id=GUILD)
        send("THREAD_CREATE", {"id": "78", "type": 66, "guild_id": str(GUILD)}, guild_id=GUILD)
        send("INTERACTION_CREATE", {"type": 3, "id": None}, only_for=APPLICATION_ID)
        send(
            "CHANNEL_UPDATE",
            channel_payload(stack, name="renamed", flags=FAR, application_id=None, permission_overwrites=overwrites),
            guild_id=GUILD,
        )
        eventually(lambda: Channel.objects.filter(pk=fixtures.RAIDS_ID, name="renamed").exists(), AT_ONCE)
        role = stack.discord.run_in_loop(
            lambda state: payloads.role(state.guilds[GUILD], state.guilds[GUILD].roles[fixtures.PLAYER_ID])
        )
        role |= {
            "name": "Veteran",
            "permissions": str(1 << 75 | 1 << 11),
            "flags": FAR,
            "tags": {"new": None},
            "new": 1,
        }
        send("GUILD_ROLE_UPDATE", {"guild_id": str(GUILD), "role": role}, guild_id=GUILD)
        eventually(lambda: Role.objects.filter(pk=fixtures.PLAYER_ID, name="Veteran").exists(), AT_ONCE)
        assert Role.objects.get(pk=fixtures.PLAYER_ID).permissions == 1 << 11

        client.click("charlie", post, button)
        original = [event.data for event in heard if event.name == "INTERACTION_CREATE"][-1]
        for number, apply in enumerate(CLICKS.values(), 1):
            payload = copy.deepcopy(original) | {"id": str(int(original["id"]) + number)}
            apply(payload)
            send("INTERACTION_CREATE", payload, only_for=APPLICATION_ID)
            # The local Discord knows no such interaction, but the bot has to answer it.
            eventually(partial(client.requests, f"/interactions/{payload['id']}/"), AT_ONCE)
        # A type of interaction that did not exist is nothing to answer, and nothing to end at.
        send("INTERACTION_CREATE", original | {"type": 99}, only_for=APPLICATION_ID)
        assert client.click("bob", post, button)["state"] == "answered"
        assert Signup.objects.filter(game=game, user__in=[world.charlie, world.bob]).count() == 2
        assert "Discord sent a GUILD_ROLE_UPDATE that discord.py can't read." in stack.log_text
        assert stack.log_text.count("that discord.py can't read.") == 3


@pytest.mark.parametrize(
    "components",
    [
        [{"type": 18, "component": {"type": 4, "custom_id": "text", "value": "late"}}],
        [{"type": 10, "id": 1}, {"type": 18, "component": {"type": 4, "custom_id": "text", "value": "late"}}],
        [{"type": 1, "components": [{"type": 4, "custom_id": "text", "value": "late"}]}],
        [
            {"type": 18, "component": {"type": 21, "custom_id": "radio", "value": "other"}},
            {"type": 18, "component": {"type": 19, "custom_id": "files", "values": []}},
            {"type": 98, "component": {"type": 97, "custom_id": "text", "value": "late"}},
        ],
    ],
)
def test_the_text_of_a_modal_is_found_among_other_components(components: list[Json]) -> None:
    interaction = cast(discord.Interaction, SimpleNamespace(data={"components": components}))
    assert submitted_texts(interaction)["text"] == "late"


def test_only_what_a_session_needs_ends_the_client(caplog: pytest.LogCaptureFixture) -> None:
    client = discord.Client(intents=discord.Intents(guilds=True))
    skip_unreadable_events(client)
    parsers = client._connection.parsers
    for name in ("INTERACTION_CREATE", "GUILD_CREATE", "MESSAGE_CREATE", "CHANNEL_UPDATE"):
        parsers[name]({"unreadable": True})
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 4
    with pytest.raises(KeyError):
        parsers["READY"]({})
