"""Requests that are refused, limited, late or lost."""

from random import Random

from gamesched.local_discord.faults.registry import FaultContext, FaultParameter, fault_kind
from gamesched.local_discord.faults.request_faults import RateLimitFault, RequestFault
from gamesched.local_discord.state.entities import Json

GROUP = "Requests"


MATCH = FaultParameter("match", "request", "which requests", "*")
SECONDS = FaultParameter("seconds", "seconds", "for how many seconds", 30.0)
REQUEST_PARAMETERS = (
    MATCH,
    FaultParameter("times", "number", "how many of them (0: until cleared)", 1),
    FaultParameter("probability", "part", "which part of them (0.3: three in ten)", 1.0, seldom=True),
    FaultParameter("seed", "number", "the same number draws the same ones", seldom=True),
)


def _add_request_fault(context: FaultContext, name: str, given: Json) -> str:
    times, probability = given["times"], given["probability"]
    random = Random(given["seed"])  # noqa: S311 (a draw, not a secret)
    context.pending.append(RequestFault(next(context.ids), name, given, times or None, probability, random))
    which = "" if given["match"] == "*" else f" like {given['match']}"
    how_many = {0: "Requests", 1: "The next request"}.get(times, f"The next {times} requests")
    return f"Waiting. {how_many}{which}: {name}{'' if probability == 1 else f' for {probability:.0%} of them'}."


@fault_kind(
    GROUP,
    *REQUEST_PARAMETERS,
    FaultParameter("status", "status", "HTTP status", 500),
    FaultParameter("done", "flag", "they are done all the same", False),
    FaultParameter("code", "number", "Discord's error code", 0, seldom=True),
    FaultParameter("message", "text", "Discord's message", "", seldom=True),
    FaultParameter("retry_after", "seconds", "with 429: seconds to wait", 1.0, seldom=True),
)
def status(context: FaultContext, given: Json) -> str:
    """Requests are answered with an error and not done, or done all the same."""
    return _add_request_fault(context, "status", given)


@fault_kind(
    GROUP,
    MATCH,
    FaultParameter("retry_after", "seconds", "for how many seconds", 2.0),
    FaultParameter("scope", "choice", "whose limit", "user", choices=("user", "shared", "global")),
)
def rate_limit(context: FaultContext, given: Json) -> str:
    """From the next matching request on, all are refused with 429 for some seconds."""
    context.pending.append(RateLimitFault(next(context.ids), "rate_limit", given))
    return f"Waiting. The next request begins a rate limit of {given['retry_after']:g} s ({given['scope']})."


@fault_kind(GROUP, *REQUEST_PARAMETERS, SECONDS)
def timeout(context: FaultContext, given: Json) -> str:
    """Requests hang, are not done, and the connection is cut."""
    return _add_request_fault(context, "timeout", given)


@fault_kind(
    GROUP,
    *REQUEST_PARAMETERS,
    FaultParameter("seconds", "seconds", "how many seconds late", 30.0),
    FaultParameter("done_first", "flag", "done at once, and only the answer is late", False),
)
def delay(context: FaultContext, given: Json) -> str:
    """Requests are done, but late."""
    return _add_request_fault(context, "delay", given)


@fault_kind(GROUP, *REQUEST_PARAMETERS)
def lost(context: FaultContext, given: Json) -> str:
    """Requests are done, but the answer is lost and the connection cut."""
    return _add_request_fault(context, "lost", given)
