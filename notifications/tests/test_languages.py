"""A message is in its recipient's language; in a channel, where others read it too, in the server's."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import translation

from conftest import World
from games.core.codes import NotificationKind
from games.core.notifications import common_game_texts
from games.core.read_ahead import ReadAhead
from guilds.models import Guild, User
from notifications.codes import SkipCode
from notifications.daemon import steps
from notifications.messages import Button, OutgoingMessage
from notifications.models import Delivery, Notification
from notifications.types import Skip


def due_delivery(world: World, **fields: Any) -> Delivery:
    row = Notification.objects.create(game=world.create_game(), kind=NotificationKind.REMINDER, due_at=world.now)
    return Delivery.objects.create(notification=row, recipient=world.bob, next_attempt_at=world.now, **fields)


@pytest.mark.parametrize(
    ("person", "in_channel", "language"),
    [
        ({"language": "he", "discord_locale": "en-US"}, False, "he"),
        ({"discord_locale": "en-US"}, False, "en"),
        ({"discord_locale": "fr"}, False, "de"),
        ({}, False, "de"),
        ({"language": "he"}, True, "de"),
    ],
)
def test_each_message_is_built_in_its_readers_language(
    world: World, monkeypatch: pytest.MonkeyPatch, person: dict[str, str], in_channel: bool, language: str
) -> None:
    Guild.objects.update(preferred_locale="de")
    User.objects.filter(pk=world.bob.pk).update(**person)
    due_delivery(world, in_channel=in_channel)
    spoken: list[str | None] = []

    def build(*given: Any) -> OutgoingMessage:
        spoken.append(translation.get_language())
        return OutgoingMessage(user_id=world.bob.pk, text="Hello.", buttons=(Button("Join", "ask:x"),))

    monkeypatch.setattr(steps, "_build_message", build)
    jobs = list(steps.due_messages(world.now + timedelta(seconds=1), 10))
    assert len(jobs) == 1
    assert spoken == [language]
    assert translation.get_language() == "en"


def test_a_title_is_isolated_for_those_alone_who_need_it(world: World) -> None:
    game, delivery = world.create_game(title="Who dares?"), Delivery(nonce="n")
    game.read_ahead = ReadAhead()  # as for all recipients of a turn
    shown = []
    for language in ("en", "he", "en"):
        with translation.override(language):
            shown.append(common_game_texts(delivery, game)[0])
    assert shown == ["Who dares?", "\u2068Who dares?\u2069", "Who dares?"]


def test_why_nothing_was_sent_is_stored_in_one_language() -> None:
    with translation.override("he"):
        assert Skip(SkipCode.EXPIRED).reason == str(SkipCode.EXPIRED.label)
