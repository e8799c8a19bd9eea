"""A socket of another site, at another address or with a header that nobody can read is refused, and raises nothing."""

from typing import Any

import pytest
from channels.testing import WebsocketCommunicator

pytestmark = pytest.mark.django_db  # the application asks the database as it is imported, here or in a test before


async def connect(path: str, *origins: bytes) -> list[Any]:
    """Return what a client of the whole application is sent when it connects."""
    from gamesched.asgi import application

    headers = [(b"origin", origin) for origin in origins]
    communicator = WebsocketCommunicator(application, path, headers=headers)
    connected, code = await communicator.connect()
    await communicator.disconnect()
    await communicator.wait()  # raises what the application raised
    return [connected, code]


@pytest.mark.parametrize(
    "origin",
    [
        b"http://[", b"http://[::1", b"http://testserver:99999", b"http://testserver:abc", b"http://\xff\xfe", b"null",
        b"", b"http://testserver.evil.example", b"http://testserver@evil.example",
    ],
)  # fmt: skip
async def test_an_origin_that_is_none_of_ours(origin: bytes) -> None:
    assert (await connect("/live/?mine=1", origin))[0] is False


@pytest.mark.parametrize("path", ["/live", "/live/x", "/", "/games/1/", "//live/", "/live/%00"])
async def test_an_address_without_a_socket(path: str) -> None:
    assert (await connect(path, b"http://testserver"))[0] is False


async def test_two_origins(db: None) -> None:
    assert (await connect("/live/", b"http://testserver", b"http://["))[0] is False
    assert (await connect("/live/"))[0] is False, "browsers always send one"
