"""channels-redis: `channels_redis_group REDIS_URL COUNT ROUNDS`, which also is the application that daphne serves.

Writes JSON: for each round the milliseconds from sending to a group until the last of so many sockets was told.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from typing import Any

import aiohttp
import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import re_path

from gamesched.bench.processes import free_port

HERE = "gamesched.bench.baselines.channels_redis_group"


def set_up() -> None:
    # Its own time-out for the socket ends blocking reads; its documents ask for None with redis 5 and newer.
    hosts = [{"address": os.environ["GROUP_REDIS"], "socket_timeout": None}]
    layer = {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": hosts, "capacity": 10_000}}
    settings.configure(SECRET_KEY="x", INSTALLED_APPS=["channels"], CHANNEL_LAYERS={"default": layer})
    django.setup()


class Consumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    async def connect(self) -> None:
        await self.accept()
        await self.channel_layer.group_add("game", self.channel_name)
        await self.send(text_data="joined")

    async def change(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["round"])


async def measure(count: int, rounds: int) -> list[float]:
    port = free_port()
    words = [sys.executable, "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "-v", "0", f"{HERE}:application"]
    web = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    heard: list[float] = []
    listeners = []
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def open_socket() -> None:
                socket = await session.ws_connect(f"http://127.0.0.1:{port}/", compress=0)
                await socket.receive()

                async def hear() -> None:
                    async for _ in socket:
                        heard.append(time.time())

                listeners.append(asyncio.create_task(hear()))

            for _ in range(300):
                try:
                    await open_socket()
                    break
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)
            while len(listeners) < count:
                await asyncio.gather(*(open_socket() for _ in range(min(20, count - len(listeners)))))
            await asyncio.sleep(1)
            set_up()
            layer: Any = get_channel_layer()
            found = []
            for number in range(rounds + 2):
                heard.clear()
                sent = time.time()
                await layer.group_send("game", {"type": "change", "round": str(number)})
                while len(heard) < count and time.time() < sent + 10:
                    await asyncio.sleep(0.002)
                if number >= 2:
                    found.append((max(heard) - sent) * 1000)
                await asyncio.sleep(0.2)
            return found
    finally:
        web.kill()
        web.wait()


if __name__ == "__main__":
    os.environ["GROUP_REDIS"] = sys.argv[1]
    sys.stdout.write(json.dumps(asyncio.run(measure(int(sys.argv[2]), int(sys.argv[3])))) + "\n")
    sys.stdout.flush()
    os._exit(0)  # open sockets would be waited for
else:
    set_up()
    application = ProtocolTypeRouter({"websocket": URLRouter([re_path("", Consumer.as_asgi())])})
