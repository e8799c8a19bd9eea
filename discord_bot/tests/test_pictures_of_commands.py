"""A picture that comes with /game create, while it and others are read."""

import asyncio
from typing import Any

import pytest

from conftest import World
from discord_bot.interactions import attachments
from discord_bot.interactions.line_state import LineState
from discord_bot.models import Outcome
from discord_bot.tests.test_creation import LINE
from discord_bot.tests.test_odd_inputs import Fields, Typed, fields
from games.models import Picture
from games.pictures.encoding import EncodedPicture
from games.scheduling import line_wording

__all__ = ["fields"]  # a fixture


class Sent:
    """A picture as Discord names it, which its CDN may take long for."""

    size = 1000

    def __init__(self, comes: asyncio.Event | None = None) -> None:
        self.asked, self.comes = asyncio.Event(), comes

    async def read(self) -> bytes:
        self.asked.set()
        if self.comes is not None:
            await self.comes.wait()
        return b"picture"


class Used(Typed):
    """A use of the command, which is answered later."""

    async def _defer(self, **how: Any) -> None:
        self.response.is_done = lambda: True

    async def edit_original_response(self, **content: Any) -> None:
        await self._send(**content)

    async def start(self, picture: Any) -> None:
        await self.client.creation.start(self, LINE, LineState(), (), picture)


@pytest.fixture(autouse=True)
def read_quickly(fields: Fields, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "_one_picture", asyncio.Semaphore(1))
    monkeypatch.setattr(attachments, "encode_picture", lambda sent: EncodedPicture(sent, sent, 640, 480))


def test_behind_pictures_of_others_the_answer_comes_while_discord_takes_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "WAITED_FOR", 0)

    async def run() -> tuple[Used, Used, Used]:
        comes = asyncio.Event()
        first, second, third = (Used(one) for one in (world.bob, world.alice, world.alice))
        slow = Sent(comes)
        reading = asyncio.create_task(first.start(slow))
        await asyncio.wait({reading, asyncio.create_task(slow.asked.wait())}, return_when=asyncio.FIRST_COMPLETED)
        await second.start(Sent())
        comes.set()
        await reading
        await third.start(Sent())
        return first, second, third

    first, second, third = asyncio.run(run())
    assert line_wording.PICTURE_LOST in second.shown
    assert LINE in second.shown, "what was written stays"
    for one in (first, third):
        assert one.outcome == Outcome.NOTHING
        assert Picture.objects.get().name in one.shown
