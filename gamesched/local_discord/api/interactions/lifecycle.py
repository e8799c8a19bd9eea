"""Interactions: a person acts, the bot has three seconds to respond, and fifteen minutes for follow-ups.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

import secrets
from collections import OrderedDict
from collections.abc import Iterable

from gamesched.local_discord.api import components
from gamesched.local_discord.api.interactions import command_options, interaction_payloads, modals
from gamesched.local_discord.api.interactions.command_schema import read_choices
from gamesched.local_discord.api.interactions.interaction_payloads import (
    APPLICATION_COMMAND,
    AUTOCOMPLETE,
    MESSAGE_COMPONENT,
    MODAL_SUBMIT,
)
from gamesched.local_discord.api.messages import (
    MENTIONED_USERS,
    MessageBody,
    apply_edit,
    read_message_body,
    save_files,
)
from gamesched.local_discord.api.resolved_data import ResolvedData
from gamesched.local_discord.api.uploads import Upload
from gamesched.local_discord.api.validation import parse_integer, parse_snowflake
from gamesched.local_discord.errors import (
    already_acknowledged,
    invalid_form_body,
    invalid_webhook_token,
    missing_access,
    missing_permissions,
    unknown_application,
    unknown_channel,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from gamesched.local_discord.state import threads
from gamesched.local_discord.state.entities import (
    APPLICATION_ID,
    EPHEMERAL,
    IS_COMPONENTS_V2,
    LOADING,
    Interaction,
    Json,
    Message,
    User,
)
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import Event, State

RESPONSE_DEADLINE = 3.0  # seconds until the first response
TOKEN_LIFETIME = 900.0  # seconds
MAX_INTERACTIONS = 20_000

CHANNEL_MESSAGE, DEFERRED_CHANNEL_MESSAGE, DEFERRED_UPDATE_MESSAGE, UPDATE_MESSAGE, AUTOCOMPLETE_RESULT, MODAL = (
    4,
    5,
    6,
    7,
    8,
    9,
)


class Interactions:
    """All interactions, by id and by token."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._by_id: OrderedDict[int, Interaction] = OrderedDict()
        self._by_token: dict[str, Interaction] = {}

    # --- a person acts -------------------------------------------------------------------------------------

    def create(self, user: User, body: Json, uploads: Iterable[Upload] = ()) -> Interaction:
        """Create a click or a command, as Discord's own client posts it. Raise if the person cannot do that there."""
        kind = parse_integer(body.get("type"), "type")
        if parse_snowflake(body.get("application_id", APPLICATION_ID), "application_id") != APPLICATION_ID:
            raise invalid_form_body(("application_id",), "APPLICATION_UNKNOWN", "Unknown application")
        channel = self._state.channels.get(parse_snowflake(body.get("channel_id"), "channel_id"))
        if channel is None:
            raise unknown_channel()
        if not self._state.permissions(channel, user.id) & Permission.VIEW_CHANNEL:
            raise missing_access()
        guild = self._state.guild_of(channel)
        if guild is not None and APPLICATION_ID not in guild.members:
            raise unknown_application()
        if guild is not None and self._state.may_only_read(guild, user.id):
            raise missing_permissions()
        data = body.get("data")
        if not isinstance(data, dict):
            raise invalid_form_body(("data",), "BASE_TYPE_REQUIRED", "This field is required")
        message: Message | None = None
        origin: Interaction | None = None
        resolved = ResolvedData(self._state, channel, user.id)
        if kind == MESSAGE_COMPONENT:
            message = self._state.visible_message(
                channel.id, parse_snowflake(body.get("message_id"), "message_id"), user.id
            )
            if message is None:
                raise unknown_message()
            data = components.read_component_data(message.components, data, resolved)
        elif kind in (APPLICATION_COMMAND, AUTOCOMPLETE):
            data = command_options.read_command_data(
                self._state, channel, user.id, data, uploads, autocomplete=kind == AUTOCOMPLETE
            )
        elif kind == MODAL_SUBMIT:
            origin = self._modal_origin(user, data)
            message = self._state.messages.get(channel.id, {}).get(origin.message_id or 0)
            data = modals.read_submission(origin.modal or {}, data, resolved)
        else:
            raise invalid_form_body(("type",), "BASE_TYPE_CHOICES", "Value must be one of {2, 3, 4, 5}.")
        interaction = Interaction(
            id=self._state.new_id(),
            token=secrets.token_urlsafe(120),
            type=kind,
            user_id=user.id,
            channel_id=channel.id,
            guild_id=channel.guild_id,
            message_id=message.id if message else origin.message_id if origin else None,
            data=data,
            created_at=self._state.clock(),
            nonce=None if body.get("nonce") is None else str(body["nonce"]),
            opened_by_id=origin.id if origin else None,
        )
        self._by_id[interaction.id] = self._by_token[interaction.token] = interaction
        if len(self._by_id) > MAX_INTERACTIONS:
            self._by_token.pop(self._by_id.popitem(last=False)[1].token)
        payload = interaction_payloads.interaction_create(self._state, interaction, channel, message)
        self._state.publish(Event("INTERACTION_CREATE", payload, only_for=APPLICATION_ID))
        self._state.clock.call_later(RESPONSE_DEADLINE, self._fail_without_response, interaction)
        return interaction

    def _modal_origin(self, user: User, data: Json) -> Interaction:
        """Return the interaction that opened the submitted modal. Raise 10062 if this person has none."""
        origin = self._by_id.get(parse_snowflake(data.get("id"), "data", "id"))
        if origin is None or origin.modal is None or origin.user_id != user.id:
            raise unknown_interaction()
        if data.get("custom_id", origin.modal["custom_id"]) != origin.modal["custom_id"]:
            raise invalid_form_body(("data", "custom_id"), "MODAL_CUSTOM_ID_INVALID", "The modal has another custom id")
        return origin

    def _fail_without_response(self, interaction: Interaction) -> None:
        if interaction.responded_at is None:
            self._publish_outcome("INTERACTION_FAILURE", interaction)

    def _publish_outcome(self, name: str, interaction: Interaction) -> None:
        payload: Json = {"id": str(interaction.id), "nonce": interaction.nonce}
        if interaction.message_id is not None:
            payload["message_id"] = str(interaction.message_id)
        self._state.publish(Event(name, payload, only_for=interaction.user_id))

    # --- the bot responds ----------------------------------------------------------------------------------

    def respond(self, interaction_id: int, token: str, body: Json, uploads: Iterable[Upload] = ()) -> Json:
        """Handle the first response. Return the data of `with_response=1`. Raise 10062 if late, 40060 if repeated."""
        interaction = self._by_id.get(interaction_id)
        if interaction is None or not secrets.compare_digest(interaction.token, token):
            raise unknown_interaction()
        now = self._state.clock()
        if interaction.responded_at is not None:
            raise already_acknowledged()
        if now - interaction.created_at > RESPONSE_DEADLINE:
            interaction.responded_late = True
            raise unknown_interaction()
        kind = parse_integer(body.get("type"), "type")
        if kind not in _allowed_response_types(interaction):
            raise invalid_form_body(
                ("type",), "BASE_TYPE_CHOICES", f"Value must be one of {set(_allowed_response_types(interaction))}."
            )
        data = body.get("data") or {}
        if kind == MODAL:
            self._open_modal(interaction, modals.read_modal(data))
        elif kind == AUTOCOMPLETE_RESULT:
            self._send_choices(interaction, data)
        callback_response: Json = {"interaction": interaction_payloads.callback_interaction(interaction)}
        if kind not in (MODAL, AUTOCOMPLETE_RESULT):
            edited = self._component_message(interaction) if kind == UPDATE_MESSAGE else None
            callback_response = self._respond_with_message(interaction, kind, _read_body(data, uploads, edited))
        interaction.responded_at, interaction.response_type = now, kind
        if kind != AUTOCOMPLETE_RESULT:
            self._publish_outcome("INTERACTION_SUCCESS", interaction)
        return callback_response

    def _respond_with_message(self, interaction: Interaction, kind: int, message_body: MessageBody) -> Json:
        if kind == CHANNEL_MESSAGE:
            message_body.require_content()
            message = self._create_message(interaction, message_body)
        elif kind == DEFERRED_CHANNEL_MESSAGE:
            # A layout comes with the follow-up, which sets that flag.
            flags = (message_body.flags or 0) & ~IS_COMPONENTS_V2 | LOADING
            message = self._create_message(interaction, MessageBody(flags=flags))
        else:
            message = self._component_message(interaction)
            if kind == UPDATE_MESSAGE:
                self._edit_message(message, message_body)
        interaction.original_message_id = message.id
        callback_response: Json = {
            "interaction": interaction_payloads.callback_interaction(interaction)
            | {
                "response_message_id": str(message.id),
                "response_message_loading": kind == DEFERRED_CHANNEL_MESSAGE,
                "response_message_ephemeral": bool(message.flags & EPHEMERAL),
            },
        }
        if kind != DEFERRED_UPDATE_MESSAGE:
            response_type = CHANNEL_MESSAGE if kind == DEFERRED_CHANNEL_MESSAGE else kind
            callback_response["resource"] = {"type": response_type, "message": self._state.message_payload(message)}
        return callback_response

    def _open_modal(self, interaction: Interaction, modal: Json) -> None:
        interaction.modal = interaction_payloads.modal_create(self._state, interaction, modal)
        self._state.publish(Event("INTERACTION_MODAL_CREATE", interaction.modal, only_for=interaction.user_id))

    def _send_choices(self, interaction: Interaction, data: Json) -> None:
        focused_option = command_options.find_focused_option(interaction.data.get("options", [])) or {}
        interaction.choices = read_choices(data.get("choices") or [], focused_option["type"], ("data", "choices"))
        payload: Json = {"choices": interaction.choices, "nonce": interaction.nonce}
        self._state.publish(Event("APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE", payload, only_for=interaction.user_id))

    def create_followup(self, application_id: int, token: str, body: Json, uploads: Iterable[Upload] = ()) -> Message:
        """Create a follow-up. After a deferred first response, the first follow-up takes its place."""
        interaction = self._acknowledged_interaction(application_id, token)
        original = self._original_response(interaction, required=False)
        if original is not None and not original.flags & LOADING:
            original = None
        message_body = _read_body(body, uploads, original)
        message_body.require_content()
        interaction.followup_count += 1
        if original is not None:
            self._edit_message(original, message_body)
            return original
        return self._create_message(interaction, message_body)

    def get_response(self, application_id: int, token: str, name: str) -> Message:
        """Return `@original` or a follow-up by its id."""
        interaction = self._acknowledged_interaction(application_id, token)
        if name == "@original":
            message = self._original_response(interaction)
        else:
            message = self._state.messages.get(interaction.channel_id, {}).get(parse_snowflake(name, "message_id"))
        if message is None or not _is_response_to(message, interaction):
            raise unknown_message()
        return message

    def edit_response(self, message: Message, body: Json, uploads: Iterable[Upload] = ()) -> Message:
        self._edit_message(message, _read_body(body, uploads, message))
        return message

    def _acknowledged_interaction(self, application_id: int, token: str) -> Interaction:
        interaction = self._by_token.get(token)
        if (
            interaction is None
            or application_id != APPLICATION_ID
            or interaction.responded_at is None
            or interaction.type == AUTOCOMPLETE
        ):
            raise unknown_webhook()
        if self._state.clock() - interaction.created_at > TOKEN_LIFETIME:
            raise invalid_webhook_token()
        return interaction

    def _original_response(self, interaction: Interaction, required: bool = True) -> Message | None:
        message = self._state.messages.get(interaction.channel_id, {}).get(interaction.original_message_id or 0)
        if message is None and required:
            raise unknown_message()
        return message

    def _component_message(self, interaction: Interaction) -> Message:
        message = self._state.messages.get(interaction.channel_id, {}).get(interaction.message_id or 0)
        if message is None:
            raise unknown_message()
        return message

    def _create_message(self, interaction: Interaction, message_body: MessageBody) -> Message:
        channel = self._state.channels.get(interaction.channel_id)
        if channel is None:
            raise unknown_channel()
        threads.check_not_locked(self._state, channel, APPLICATION_ID)
        users, roles, everyone = message_body.allowed_mentions.mentions_in(message_body.text or "")
        bits = self._state.permissions(channel, APPLICATION_ID)
        flags = message_body.flags or 0
        attachments = save_files(self._state, channel.id, message_body, [], bool(flags & EPHEMERAL))
        interaction_metadata = interaction_payloads.interaction_metadata(
            interaction, self._by_id.get(interaction.opened_by_id or 0)
        )
        return self._state.add_message(
            Message(
                id=self._state.new_id(),
                channel_id=interaction.channel_id,
                author_id=APPLICATION_ID,
                content=message_body.content or "",
                embeds=message_body.embeds or [],
                components=message_body.components or [],
                flags=flags,
                mentions=users,
                attachments=attachments,
                mention_roles=self._state.pingable_roles(channel, bits, roles),
                mention_everyone=everyone and bool(bits & Permission.MENTION_EVERYONE),
                only_for=interaction.user_id if flags & EPHEMERAL else None,
                interaction=interaction_metadata,
            )
        )

    def _edit_message(self, message: Message, message_body: MessageBody) -> None:
        threads.check_not_archived(self._state.channels[message.channel_id])
        apply_edit(self._state, message, message_body)
        was_loading = bool(message.flags & LOADING)
        message.flags &= ~LOADING
        self._state.update_message(message, edited=not was_loading)

    # --- for support ---------------------------------------------------------------------------------------

    def log(self, nonce: str | None = None) -> list[Json]:
        """Return how every interaction went, or the one with a nonce. Times are seconds since 1970."""
        return [self._log_entry(each) for each in self._by_id.values() if nonce in (None, each.nonce)]

    def _log_entry(self, interaction: Interaction) -> Json:
        age = self._state.clock() - interaction.created_at
        if interaction.responded_at is not None:
            state = "answered"
        elif interaction.responded_late:
            state = "late"
        else:
            state = "none" if age > RESPONSE_DEADLINE else "waiting"
        return interaction_payloads.log_entry(interaction, state)


def _allowed_response_types(interaction: Interaction) -> tuple[int, ...]:
    """Return the first responses that an interaction may get; one can update a message only if it came from it."""
    if interaction.type == AUTOCOMPLETE:
        return (AUTOCOMPLETE_RESULT,)
    edits = (DEFERRED_UPDATE_MESSAGE, UPDATE_MESSAGE) if interaction.message_id is not None else ()
    opens = () if interaction.type == MODAL_SUBMIT else (MODAL,)
    return (CHANNEL_MESSAGE, DEFERRED_CHANNEL_MESSAGE, *edits, *opens)


def _is_response_to(message: Message, interaction: Interaction) -> bool:
    """Return whether a message responds to this interaction; a token gives no access to another's messages."""
    return message.id == interaction.original_message_id or (message.interaction or {}).get("id") == str(interaction.id)


def _read_body(body: Json, uploads: Iterable[Upload], edited: Message | None = None) -> MessageBody:
    """Validate a message's body. Unless it says otherwise, interactions ping people, and neither roles nor everyone."""
    return read_message_body(body, uploads, MENTIONED_USERS, edited)
