"""The connection to the gateway."""

from gamesched.local_discord.faults.registry import FaultContext, FaultParameter, fault_kind
from gamesched.local_discord.state.entities import Json

GROUP = "Connection"


@fault_kind(GROUP, FaultParameter("seconds", "seconds", "for how many seconds", 10.0))
def freeze(context: FaultContext, given: Json) -> str:
    """The bot gets no answer, no event and no heartbeat for some seconds; then everything goes on."""
    context.frozen.begin(given["seconds"])
    return f"Frozen for {given['seconds']:g} s."


@fault_kind(GROUP, FaultParameter("seconds", "seconds", "for how many seconds", 10.0))
def unreachable(context: FaultContext, given: Json) -> str:
    """The gateway is cut, and every attempt to connect or ask fails at once for some seconds."""
    context.unreachable.begin(given["seconds"])
    context.frozen.end()  # frozen connections are cut, too
    context.abort_connections()
    return f"Unreachable for {given['seconds']:g} s."


@fault_kind(
    GROUP,
    FaultParameter("resumable", "flag", "the session can be resumed", True),
    FaultParameter("reconnect", "flag", "Discord asks to reconnect first", False),
)
def gateway_drop(context: FaultContext, given: Json) -> str:
    """The gateway's connection is closed once; the bot comes back when it likes."""
    context.gateway.drop_connections(given["resumable"], given["reconnect"])
    return "The gateway's connection is closed."


@fault_kind(GROUP, FaultParameter("resumable", "flag", "the session can be resumed", False))
def invalid_session(context: FaultContext, given: Json) -> str:
    """Discord declares the bot's session invalid (op 9)."""
    context.gateway.invalidate_sessions(given["resumable"])
    return f"The session is invalid{', but can be resumed' if given['resumable'] else ''}."
