"""What all of discord.py's requests have: our User-Agent, as it names itself in some and aiohttp in answers to
interactions; their seconds in the metrics; and a span for each that belongs to a trace.
"""

import time
from types import SimpleNamespace
from urllib.parse import urlsplit

import aiohttp
from django.conf import settings

from gamesched.lib import tracing
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
    context.began, context.span = time.perf_counter(), None
    if tracing.is_in_trace():
        # No more of the path, which may hold an interaction's token.
        resource = params.url.path.removeprefix(urlsplit(settings.DISCORD_API_URL).path).split("/")[1]
        context.span = tracing.begin(f"{params.method} /{resource}", tracing.Kind.CLIENT)


async def _end(session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams) -> None:
    DISCORD_REQUEST.labels(params.method, params.response.status).observe(time.perf_counter() - context.began)
    status = params.response.status
    tracing.end(context.span, failed=status >= 400, status=status)
