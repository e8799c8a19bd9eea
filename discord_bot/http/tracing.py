"""What all of discord.py's requests have: our User-Agent, as it names itself in some and aiohttp in answers to
interactions; and their seconds in the metrics.
"""

import time
from types import SimpleNamespace

import aiohttp

from gamesched.lib.metrics import DISCORD_REQUEST
from gamesched.lib.user_agent import USER_AGENT


def request_trace() -> aiohttp.TraceConfig:
    """Return what a `discord.Client` takes as `http_trace`, its one opening for headers."""
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_start)
    trace.on_request_end.append(_end)
    return trace


async def _start(
    session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
) -> None:
    params.headers["User-Agent"] = USER_AGENT
    context.began = time.perf_counter()


async def _end(session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams) -> None:
    DISCORD_REQUEST.labels(params.method, params.response.status).observe(time.perf_counter() - context.began)
