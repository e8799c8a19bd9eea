"""The one User-Agent in discord.py's requests: it names itself in some, and aiohttp in answers to interactions."""

from types import SimpleNamespace

import aiohttp

from gamesched.lib.user_agent import USER_AGENT


def user_agent_trace() -> aiohttp.TraceConfig:
    """Return what a `discord.Client` takes as `http_trace`, its one opening for headers."""
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_set_user_agent)
    return trace


async def _set_user_agent(
    session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
) -> None:
    params.headers["User-Agent"] = USER_AGENT
