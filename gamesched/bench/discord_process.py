"""The local Discord as a process of its own: `discord_process PORT CONTROL_PORT PUBLIC_URL LIMITED`.

By the control port people press by the hundred inside this process, so that one clock times the whole.
"""

import asyncio
import gc
import sys
import time
from collections import Counter, deque
from typing import Any

from aiohttp import web

from gamesched.local_discord.gateway.gateway import MAX_GUILDS_PER_SHARD
from gamesched.local_discord.server import registered_redirect_uris, start
from gamesched.local_discord.state.entities import APPLICATION_ID, TEXT, Channel, Guild, Interaction

DEADLINE = 3.0  # seconds until Discord tells a person that the interaction failed


class Control:
    """What the bench asks of the local Discord beside the product."""

    def __init__(self, services: Any) -> None:
        self.services, self.state = services, services.state
        services.request_log = deque(maxlen=1_000_000)

    async def ready(self, request: web.Request) -> web.Response:
        return web.json_response(self.services.gateway.is_connected(self.state.bot.id))

    async def guilds(self, request: web.Request) -> web.Response:
        """Add `count` guilds of so many `channels`, with the bot in them. Nobody is told; do it before it connects."""
        body = await request.json()
        owner = self.state.people()[0]
        for number in range(int(body["count"])):
            guild: Guild = self.state.add_guild(f"Server {number}", owner.id)
            for position in range(int(body["channels"])):
                channel = Channel(
                    self.state.new_id(), TEXT, f"channel-{position}", guild_id=guild.id, position=position
                )
                self.state.channels[channel.id] = channel
            self.state.add_bot(guild)
        return web.json_response(len(self.state.guilds))

    async def dms(self, request: web.Request) -> web.Response:
        """Open direct messages between the bot and `user_ids`; return the channels' ids in that order."""
        users = [self.state.users[user_id] for user_id in (await request.json())["user_ids"]]
        return web.json_response([self.state.get_or_create_dm(self.state.bot, user).id for user in users])

    async def clicks(self, request: web.Request) -> web.Response:
        """Press a `plan` of [second, user, channel, message, custom id]; return what each waited, in milliseconds."""
        body = await request.json()
        made: list[Interaction] = []
        refused = 0
        gc.collect()
        began = time.time()
        for at, user_id, channel_id, message_id, custom_id in body["plan"]:
            if (wait := began + at - time.time()) > 0:
                await asyncio.sleep(wait)
            else:
                await asyncio.sleep(0)  # for answers: a machine that is slow at pressing must not be late at hearing
            press = {
                "type": 3,
                "application_id": str(APPLICATION_ID),
                "guild_id": str(self.state.channels[channel_id].guild_id),
                "channel_id": str(channel_id),
                "message_id": str(message_id),
                "message_flags": 0,
                "data": {"component_type": 2, "custom_id": custom_id},
                "session_id": "0",
            }
            try:
                made.append(self.services.interactions.create(self.state.users[user_id], press))
            except Exception as reason:
                refused += 1
                sys.stderr.write(f"{custom_id}: {reason!r}\n")
        pressed = time.time()
        until = pressed + DEADLINE + 0.3
        while time.time() < until and any(each.responded_at is None for each in made):
            await asyncio.sleep(0.01)
        waits = [(each.responded_at - each.created_at) * 1000 for each in made if each.responded_at is not None]
        return web.json_response(
            {
                "began": began,
                "pressed": pressed,
                "waits": waits,
                "unanswered": len(made) - len(waits),
                "refused": refused,
                "deferred": sum(1 for each in made if each.response_type in (5, 6)),
            }
        )

    async def requests(self, request: web.Request) -> web.Response:
        """Return the product's requests since a time: `at`, `status` and `path`, without ids."""
        since = float(request.query.get("since", 0))
        found = [each for each in self.services.request_log if each["at"] >= since]
        return web.json_response(
            [{"at": each["at"], "status": each["status"], "path": _pattern(each)} for each in found]
        )

    async def counts(self, request: web.Request) -> web.Response:
        """Return how many requests there were since a time, by method and pattern of the path."""
        since = float(request.query.get("since", 0))
        return web.json_response(Counter(_pattern(each) for each in self.services.request_log if each["at"] >= since))


def _pattern(entry: dict[str, Any]) -> str:
    parts = ("{id}" if part.isdigit() else "{token}" if len(part) > 60 else part for part in entry["path"].split("/"))
    return f"{entry['method']} {'/'.join(parts)}"


async def main() -> None:
    port, control_port, public_url, limited = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4] == "1"
    server = await start("127.0.0.1", port, registered_redirect_uris(public_url, []))
    rules = server.services.state.rate_limits.rules
    rules.pop("identify", None)
    if not limited:
        rules.clear()
    # One bot is measured, in as many guilds as Discord lets it have.
    server.services.gateway.guilds_per_shard = MAX_GUILDS_PER_SHARD
    control = Control(server.services)
    app = web.Application(client_max_size=1 << 28)
    app.add_routes(
        [
            web.get("/ready", control.ready),
            web.post("/guilds", control.guilds),
            web.post("/dms", control.dms),
            web.post("/clicks", control.clicks),
            web.get("/requests", control.requests),
            web.get("/counts", control.counts),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", control_port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
