"""Interactions: a person acts, the bot has three seconds to answer, and fifteen minutes to say more.

https://docs.discord.com/developers/interactions/receiving-and-responding
"""

import secrets
from collections import OrderedDict

from gamesched.local_discord.api import components
from gamesched.local_discord.api.interactions import command_options, interaction_payloads, modals
from gamesched.local_discord.api.interactions.command_schema import read_choices
from gamesched.local_discord.api.interactions.interaction_payloads import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT
from gamesched.local_discord.api.messages import Draft, apply, integer, read_draft, snowflake
from gamesched.local_discord.api.resolved_data import Resolved
from gamesched.local_discord.errors import (
    already_acknowledged,
    invalid,
    invalid_webhook_token,
    missing_access,
    unknown_application,
    unknown_channel,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from gamesched.local_discord.state import threads
from gamesched.local_discord.state.entities import APPLICATION_ID, EPHEMERAL, LOADING, Interaction, Json, Message, User
from gamesched.local_discord.state.permissions import Permission
from gamesched.local_discord.state.state import Event, World

DEADLINE = 3.0  # seconds until the first response
TOKEN_LIVES = 900.0  # seconds
REMEMBERED = 20_000

MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9


class Interactions:
    """All interactions, by id and by token."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_id: OrderedDict[int, Interaction] = OrderedDict()
        self._by_token: dict[str, Interaction] = {}

    # --- a person acts -------------------------------------------------------------------------------------

    def start(self, user: User, body: Json) -> Interaction:
        """A click or a command, as Discord's own client posts it. Raises when the person cannot do that there."""
        kind = integer(body.get("type"), "type")
        if snowflake(body.get("application_id", APPLICATION_ID), "application_id") != APPLICATION_ID:
            raise invalid(("application_id",), "APPLICATION_UNKNOWN", "Unknown application")
        channel = self._world.channels.get(snowflake(body.get("channel_id"), "channel_id"))
        if channel is None:
            raise unknown_channel()
        if not self._world.permissions(channel, user.id) & Permission.VIEW_CHANNEL:
            raise missing_access()
        guild = self._world.guild_of(channel)
        if guild is not None and APPLICATION_ID not in guild.members:
            raise unknown_application()
        data = body.get("data")
        if not isinstance(data, dict):
            raise invalid(("data",), "BASE_TYPE_REQUIRED", "This field is required")
        message: Message | None = None
        origin: Interaction | None = None
        resolved = Resolved(self._world, channel, user.id)
        if kind == COMPONENT:
            message = self._world.message(channel.id, snowflake(body.get("message_id"), "message_id"), user.id)
            if message is None:
                raise unknown_message()
            data = components.pressed(message.components, data, resolved)
        elif kind in (COMMAND, AUTOCOMPLETE):
            data = command_options.read(self._world, channel, user.id, data, completing=kind == AUTOCOMPLETE)
        elif kind == MODAL_SUBMIT:
            origin = self._opened(user, data)
            message = self._world.messages.get(channel.id, {}).get(origin.message_id or 0)
            data = modals.read_submission(origin.modal or {}, data, resolved)
        else:
            raise invalid(("type",), "BASE_TYPE_CHOICES", "Value must be one of {2, 3, 4, 5}.")
        made = Interaction(
            id=self._world.new_id(),
            token=secrets.token_urlsafe(120),
            type=kind,
            user_id=user.id,
            channel_id=channel.id,
            guild_id=channel.guild_id,
            message_id=message.id if message else origin.message_id if origin else None,
            data=data,
            sent_at=self._world.clock(),
            nonce=None if body.get("nonce") is None else str(body["nonce"]),
            opened_by=origin.id if origin else None,
        )
        self._by_id[made.id] = self._by_token[made.token] = made
        if len(self._by_id) > REMEMBERED:
            self._by_token.pop(self._by_id.popitem(last=False)[1].token)
        told = interaction_payloads.told(self._world, made, channel, message)
        self._world.publish(Event("INTERACTION_CREATE", told, only_for=APPLICATION_ID))
        self._world.clock.call_later(DEADLINE, self._give_up, made)
        return made

    def _opened(self, user: User, data: Json) -> Interaction:
        """The interaction that opened the modal being submitted. Raises 10062 when this person has none."""
        origin = self._by_id.get(snowflake(data.get("id"), "data", "id"))
        if origin is None or origin.modal is None or origin.user_id != user.id:
            raise unknown_interaction()
        if data.get("custom_id", origin.modal["custom_id"]) != origin.modal["custom_id"]:
            raise invalid(("data", "custom_id"), "MODAL_CUSTOM_ID_INVALID", "The modal has another custom id")
        return origin

    def _give_up(self, made: Interaction) -> None:
        if made.answered_at is None:
            self._tell_person("INTERACTION_FAILURE", made)

    def _tell_person(self, name: str, made: Interaction) -> None:
        told: Json = {"id": str(made.id), "nonce": made.nonce}
        if made.message_id is not None:
            told["message_id"] = str(made.message_id)
        self._world.publish(Event(name, told, only_for=made.user_id))

    # --- the bot answers -----------------------------------------------------------------------------------

    def respond(self, interaction_id: int, token: str, body: Json) -> Json:
        """The first response. Returns what `with_response=1` gives. Raises 10062 late, 40060 a second time."""
        made = self._by_id.get(interaction_id)
        if made is None or not secrets.compare_digest(made.token, token):
            raise unknown_interaction()
        now = self._world.clock()
        if made.answered_at is not None:
            raise already_acknowledged()
        if now - made.sent_at > DEADLINE:
            made.late = True
            raise unknown_interaction()
        kind = integer(body.get("type"), "type")
        if kind not in _allowed(made):
            raise invalid(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {set(_allowed(made))}.")
        data = body.get("data") or {}
        if kind == MODAL:
            self._show(made, modals.read_modal(data))
        elif kind == CHOICES:
            self._suggest(made, data)
        told: Json = {"interaction": interaction_payloads.callback(made)}
        if kind not in (MODAL, CHOICES):
            told = self._respond_with_message(made, kind, read_draft(data))
        made.answered_at, made.answer_type = now, kind
        if kind != CHOICES:
            self._tell_person("INTERACTION_SUCCESS", made)
        return told

    def _respond_with_message(self, made: Interaction, kind: int, draft: Draft) -> Json:
        if kind == MESSAGE:
            draft.require_something()
            message = self._post(made, draft)
        elif kind == DEFERRED_MESSAGE:
            message = self._post(made, Draft(flags=(draft.flags or 0) | LOADING))
        else:
            message = self._carrier(made)
            if kind == UPDATE:
                self._edit(message, draft)
        made.original_id = message.id
        told: Json = {
            "interaction": interaction_payloads.callback(made)
            | {
                "response_message_id": str(message.id),
                "response_message_loading": kind == DEFERRED_MESSAGE,
                "response_message_ephemeral": bool(message.flags & EPHEMERAL),
            },
        }
        if kind != DEFERRED_UPDATE:
            shown = MESSAGE if kind == DEFERRED_MESSAGE else kind
            told["resource"] = {"type": shown, "message": self._world.message_payload(message)}
        return told

    def _show(self, made: Interaction, shown: Json) -> None:
        made.modal = interaction_payloads.modal(self._world, made, shown)
        self._world.publish(Event("INTERACTION_MODAL_CREATE", made.modal, only_for=made.user_id))

    def _suggest(self, made: Interaction, data: Json) -> None:
        typed = command_options.focused(made.data.get("options", [])) or {}
        made.choices = read_choices(data.get("choices") or [], typed["type"], ("data", "choices"))
        told: Json = {"choices": made.choices, "nonce": made.nonce}
        self._world.publish(Event("APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE", told, only_for=made.user_id))

    def follow_up(self, application_id: int, token: str, body: Json) -> Message:
        """Another message. After a deferred first response the first of these takes its place."""
        made = self._answered(application_id, token)
        draft = read_draft(body)
        draft.require_something()
        made.followups += 1
        original = self._original(made, required=False)
        if original is not None and original.flags & LOADING:
            self._edit(original, draft)
            return original
        return self._post(made, draft)

    def message_of(self, application_id: int, token: str, name: str) -> Message:
        """`@original` or a follow-up by its id."""
        made = self._answered(application_id, token)
        if name == "@original":
            found = self._original(made)
        else:
            found = self._world.messages.get(made.channel_id, {}).get(snowflake(name, "message_id"))
        if found is None or not _belongs(found, made):
            raise unknown_message()
        return found

    def edit(self, message: Message, body: Json) -> Message:
        self._edit(message, read_draft(body))
        return message

    def _answered(self, application_id: int, token: str) -> Interaction:
        made = self._by_token.get(token)
        if made is None or application_id != APPLICATION_ID or made.answered_at is None or made.type == AUTOCOMPLETE:
            raise unknown_webhook()
        if self._world.clock() - made.sent_at > TOKEN_LIVES:
            raise invalid_webhook_token()
        return made

    def _original(self, made: Interaction, required: bool = True) -> Message | None:
        found = self._world.messages.get(made.channel_id, {}).get(made.original_id or 0)
        if found is None and required:
            raise unknown_message()
        return found

    def _carrier(self, made: Interaction) -> Message:
        found = self._world.messages.get(made.channel_id, {}).get(made.message_id or 0)
        if found is None:
            raise unknown_message()
        return found

    def _post(self, made: Interaction, draft: Draft) -> Message:
        channel = self._world.channels.get(made.channel_id)
        if channel is None:
            raise unknown_channel()
        threads.check_open(self._world, channel, APPLICATION_ID)
        content = draft.content or ""
        users, roles, everyone = draft.pings.of(content)
        may_ping_all = self._world.permissions(channel, APPLICATION_ID) & Permission.MENTION_EVERYONE
        flags = draft.flags or 0
        told = interaction_payloads.reference(made, self._by_id.get(made.opened_by or 0))
        return self._world.post(
            Message(
                id=self._world.new_id(),
                channel_id=made.channel_id,
                author_id=APPLICATION_ID,
                content=content,
                embeds=draft.embeds or [],
                components=draft.components or [],
                flags=flags,
                mentions=users,
                mention_roles=roles,
                mention_everyone=everyone and bool(may_ping_all),
                only_for=made.user_id if flags & EPHEMERAL else None,
                interaction=told,
            )
        )

    def _edit(self, message: Message, draft: Draft) -> None:
        threads.check_active(self._world.channels[message.channel_id])
        apply(message, draft)
        was_loading = bool(message.flags & LOADING)
        message.flags &= ~LOADING
        self._world.changed(message, edited=not was_loading)

    # --- for support ---------------------------------------------------------------------------------------

    def log(self, nonce: str | None = None) -> list[Json]:
        """Every interaction, or that with a nonce, and how it went. Times are seconds since 1970."""
        return [self._entry(made) for made in self._by_id.values() if nonce in (None, made.nonce)]

    def _entry(self, made: Interaction) -> Json:
        waited = self._world.clock() - made.sent_at
        if made.answered_at is not None:
            state = "answered"
        elif made.late:
            state = "late"
        else:
            state = "none" if waited > DEADLINE else "waiting"
        return interaction_payloads.entry(made, state)


def _allowed(made: Interaction) -> tuple[int, ...]:
    """The first responses that an interaction may get: with a message to edit only when it came from one."""
    if made.type == AUTOCOMPLETE:
        return (CHOICES,)
    edits = (DEFERRED_UPDATE, UPDATE) if made.message_id is not None else ()
    opens = () if made.type == MODAL_SUBMIT else (MODAL,)
    return (MESSAGE, DEFERRED_MESSAGE, *edits, *opens)


def _belongs(message: Message, made: Interaction) -> bool:
    """Whether a message answers this interaction; the token of one opens no messages of another."""
    return message.id == made.original_id or (message.interaction or {}).get("id") == str(made.id)
