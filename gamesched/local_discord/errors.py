"""Discord's JSON errors: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json"""

from collections.abc import Sequence
from typing import Any


class DiscordError(Exception):
    """An error response: HTTP status, Discord's code, its message, and where in the body."""

    def __init__(self, status: int, code: int, message: str, errors: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = {}
        self.body: dict[str, Any] = {"message": message, "code": code}
        if errors is not None:
            self.body["errors"] = errors


def unauthorized() -> DiscordError:
    return DiscordError(401, 0, "401: Unauthorized")


def not_found() -> DiscordError:
    return DiscordError(404, 0, "404: Not Found")


def method_not_allowed() -> DiscordError:
    return DiscordError(405, 0, "405: Method Not Allowed")


def invalid_api_version() -> DiscordError:
    return DiscordError(400, 50041, "Invalid API version")


def request_too_large() -> DiscordError:
    return DiscordError(413, 40005, "Request entity too large")


def wrong_content_type() -> DiscordError:
    accepted = "{'application/json', 'application/x-www-form-urlencoded', 'multipart/form-data'}"
    return DiscordError(400, 50035, f"Expected 'Content-Type' header to be one of {accepted}.")


def unknown_application() -> DiscordError:
    return DiscordError(404, 10002, "Unknown Application")


def unknown_channel() -> DiscordError:
    return DiscordError(404, 10003, "Unknown Channel")


def unknown_guild() -> DiscordError:
    return DiscordError(404, 10004, "Unknown Guild")


def unknown_member() -> DiscordError:
    return DiscordError(404, 10007, "Unknown Member")


def unknown_message() -> DiscordError:
    return DiscordError(404, 10008, "Unknown Message")


def unknown_overwrite() -> DiscordError:
    return DiscordError(404, 10009, "Unknown Overwrite")


def unknown_role() -> DiscordError:
    return DiscordError(404, 10011, "Unknown Role")


def unknown_user() -> DiscordError:
    return DiscordError(404, 10013, "Unknown User")


def unknown_webhook() -> DiscordError:
    return DiscordError(404, 10015, "Unknown Webhook")


def unknown_ban() -> DiscordError:
    return DiscordError(404, 10026, "Unknown Ban")


def unknown_interaction() -> DiscordError:
    return DiscordError(404, 10062, "Unknown interaction")


def unknown_command() -> DiscordError:
    return DiscordError(404, 10063, "Unknown application command")


def already_acknowledged() -> DiscordError:
    return DiscordError(400, 40060, "Interaction has already been acknowledged.")


def missing_access() -> DiscordError:
    return DiscordError(403, 50001, "Missing Access")


def cannot_act_on_dm() -> DiscordError:
    return DiscordError(400, 50003, "Cannot execute action on a DM channel")


def authored_by_another_user() -> DiscordError:
    return DiscordError(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> DiscordError:
    return DiscordError(400, 50006, "Cannot send an empty message")


def cannot_send_to_user() -> DiscordError:
    return DiscordError(403, 50007, "Cannot send messages to this user")


def non_text_channel() -> DiscordError:
    return DiscordError(400, 50008, "Cannot send messages in a non-text channel")


def wrong_channel_type() -> DiscordError:
    return DiscordError(400, 50024, "Cannot execute action on this channel type")


def missing_permissions() -> DiscordError:
    return DiscordError(403, 50013, "Missing Permissions")


def wrong_bulk_delete_count() -> DiscordError:
    bounds = "Must provide at least 2 and fewer than or equal to 100 messages to delete"
    return DiscordError(400, 50016, f"Provided too few or too many messages to delete. {bounds}")


def invalid_recipient() -> DiscordError:
    return DiscordError(400, 50033, "Invalid Recipient(s)")


def cannot_reply_without_history() -> DiscordError:
    return DiscordError(400, 160002, "Cannot reply without permission to read message history")


def too_many_pins() -> DiscordError:
    return DiscordError(400, 30003, "Maximum number of pins reached for the channel (250)")


def in_slowmode(seconds: float) -> DiscordError:
    error = DiscordError(429, 20016, "This action cannot be performed due to slowmode rate limit")
    error.body |= {"retry_after": seconds, "global": False}
    return error


def not_modelled(path: Sequence[str | int], what: str) -> DiscordError:
    """Return 50035 for something of Discord's that the local one lacks, which says so."""
    return invalid_form_body(path, "LOCAL_DISCORD_LACKS", f"The local Discord does not have {what}.")


def invalid_role() -> DiscordError:
    return DiscordError(400, 50028, "Invalid Role")


def too_old_to_bulk_delete() -> DiscordError:
    return DiscordError(400, 50034, "A message provided was too old to bulk delete")


def invalid_guild() -> DiscordError:
    return DiscordError(400, 50055, "Invalid Guild")


def invalid_webhook_token() -> DiscordError:
    return DiscordError(401, 50027, "Invalid Webhook Token")


def thread_archived() -> DiscordError:
    return DiscordError(400, 50083, "Thread is archived")


def thread_locked() -> DiscordError:
    return DiscordError(400, 160005, "Thread is locked")


def too_many_threads() -> DiscordError:
    return DiscordError(400, 160006, "Maximum number of active threads has been reached")


def too_many_thread_members() -> DiscordError:
    return DiscordError(400, 30033, "Maximum number of thread participants has been reached (1000)")


def too_many_roles() -> DiscordError:
    return DiscordError(400, 30005, "Maximum number of guild roles reached (250)")


def too_many_channels() -> DiscordError:
    return DiscordError(400, 30013, "Maximum number of guild channels reached (500)")


def not_in_voice() -> DiscordError:
    return DiscordError(400, 40032, "Target user is not connected to voice.")


def already_crossposted() -> DiscordError:
    return DiscordError(400, 40033, "This message has already been crossposted.")


def unknown_voice_state() -> DiscordError:
    return DiscordError(404, 10065, "Unknown Voice State")


def tag_required() -> DiscordError:
    return DiscordError(400, 40067, "A tag is required to create a forum post in this channel")


def no_mutual_guild() -> DiscordError:
    return DiscordError(403, 50278, "Cannot send messages to this user due to having no mutual guilds")


def invalid_json() -> DiscordError:
    return DiscordError(400, 50109, "The request body contains invalid JSON.")


def thread_already_created() -> DiscordError:
    return DiscordError(400, 160004, "A thread has already been created for this message")


def too_many_commands(most: int) -> DiscordError:
    return DiscordError(400, 30032, f"Maximum number of application commands reached ({most})")


def too_many_command_creates() -> DiscordError:
    return DiscordError(400, 30034, "Max number of daily application command creates has been reached (200)")


def too_many_scheduled_events() -> DiscordError:
    return DiscordError(400, 30038, "Maximum number of guild scheduled events reached (100)")


def unknown_scheduled_event() -> DiscordError:
    return DiscordError(404, 10070, "Unknown Guild Scheduled Event")


def scheduled_event_finished() -> DiscordError:
    return DiscordError(400, 180000, "Cannot update a finished event")


def invalid_form_body(path: Sequence[str | int], code: str, message: str) -> DiscordError:
    """Return 50035, Invalid Form Body, for the value at `path`."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for step in reversed(path):
        errors = {str(step): errors}
    return DiscordError(400, 50035, "Invalid Form Body", errors)
