"""Interactions: a person acts, the bot has three seconds to answer, and fifteen minutes to say more.

https://discord.com/developers/docs/interactions/receiving-and-responding
"""

import secrets
from collections import OrderedDict

from discord_bot.sandbox import components, payloads
from discord_bot.sandbox.errors import (
    already_acknowledged,
    invalid,
    invalid_webhook_token,
    missing_access,
    unknown_application,
    unknown_channel,
    unknown_command,
    unknown_interaction,
    unknown_message,
    unknown_webhook,
)
from discord_bot.sandbox.messages import Draft, integer, read_draft, snowflake
from discord_bot.sandbox.permissions import Permission
from discord_bot.sandbox.things import (
    APPLICATION_ID,
    EPHEMERAL,
    LOADING,
    Channel,
    Interaction,
    Json,
    Message,
    User,
)
from discord_bot.sandbox.world import Event, World

DEADLINE = 3.0  # seconds until the first response
TOKEN_LIVES = 900.0  # seconds
REMEMBERED = 20_000

COMMAND, COMPONENT = 2, 3
MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE = 4, 5, 6, 7


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
        if kind == COMPONENT:
            message = self._world.message(channel.id, snowflake(body.get("message_id"), "message_id"), user.id)
            if message is None:
                raise unknown_message()
            data = _pressed(message, data)
        elif kind == COMMAND:
            data = self._command(channel, data)
        else:
            raise invalid(("type",), "BASE_TYPE_CHOICES", "Value must be one of {2, 3}.")
        made = Interaction(
            id=self._world.new_id(),
            token=secrets.token_urlsafe(120),
            type=kind,
            user_id=user.id,
            channel_id=channel.id,
            guild_id=channel.guild_id,
            message_id=message.id if message else None,
            data=data,
            sent_at=self._world.clock(),
            nonce=None if body.get("nonce") is None else str(body["nonce"]),
        )
        self._by_id[made.id] = self._by_token[made.token] = made
        if len(self._by_id) > REMEMBERED:
            self._by_token.pop(self._by_id.popitem(last=False)[1].token)
        told = self._told(made, channel, message)
        self._world.publish(Event("INTERACTION_CREATE", told, only_for=APPLICATION_ID))
        self._world.clock.call_later(DEADLINE, self._give_up, made)
        return made

    def _command(self, channel: Channel, data: Json) -> Json:
        known = self._world.commands.get(0, []) + self._world.commands.get(channel.guild_id or 0, [])
        for command in known:
            if str(data.get("id")) == command["id"] or ("id" not in data and data.get("name") == command["name"]):
                own = {"id": command["id"], "name": command["name"], "type": command["type"]}
                return data | own
        raise unknown_command()

    def _told(self, made: Interaction, channel: Channel, message: Message | None) -> Json:
        world, guild = self._world, self._world.guild_of(channel)
        user = world.users[made.user_id]
        told: Json = {
            "id": str(made.id),
            "application_id": str(APPLICATION_ID),
            "type": made.type,
            "token": made.token,
            "version": 1,
            "data": made.data,
            "channel_id": str(channel.id),
            "channel": world.channel_for(channel, user.id),
            "app_permissions": str(world.permissions(channel, APPLICATION_ID)),
            "locale": "en-US",
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": {"0": str(guild.id) if guild else "0"},
            "context": 0 if guild else 1,
            "attachment_size_limit": 10 * 1024 * 1024,
        }
        if guild is None:
            told["user"] = payloads.user(user)
        else:
            bits = str(world.permissions(channel, user.id))
            told["channel"] = told["channel"] | {"permissions": bits}
            told["member"] = payloads.member(guild.members[user.id], user) | {"permissions": bits}
            told["guild_id"] = str(guild.id)
            told["guild"] = {"id": str(guild.id), "locale": "en-US", "features": []}
            told["guild_locale"] = "en-US"
        if message is not None:
            told["message"] = world.message_payload(message)
        return told

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
        allowed = (MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE)
        if kind not in (allowed if made.type == COMPONENT else allowed[:2]):
            raise invalid(("type",), "BASE_TYPE_CHOICES", f"Value must be one of {set(allowed)}.")
        draft = read_draft(body.get("data") or {})
        message: Message | None = None
        if kind == MESSAGE:
            draft.require_something()
            message = self._post(made, draft)
        elif kind == DEFERRED_MESSAGE:
            message = self._post(made, Draft(flags=(draft.flags or 0) | LOADING))
        else:
            message = self._carrier(made)
            if kind == UPDATE:
                self._edit(message, draft)
        made.answered_at, made.answer_type = now, kind
        made.original_id = message.id
        self._tell_person("INTERACTION_SUCCESS", made)
        told: Json = {
            "interaction": {
                "id": str(made.id),
                "type": made.type,
                "response_message_id": str(message.id),
                "response_message_loading": kind == DEFERRED_MESSAGE,
                "response_message_ephemeral": bool(message.flags & EPHEMERAL),
            },
        }
        if kind != DEFERRED_UPDATE:
            shown = MESSAGE if kind == DEFERRED_MESSAGE else kind
            told["resource"] = {"type": shown, "message": self._world.message_payload(message)}
        return told

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
        if found is None or (found.author_id != APPLICATION_ID):
            raise unknown_message()
        return found

    def edit(self, message: Message, body: Json) -> Message:
        self._edit(message, read_draft(body))
        return message

    def _answered(self, application_id: int, token: str) -> Interaction:
        made = self._by_token.get(token)
        if made is None or application_id != APPLICATION_ID or made.answered_at is None:
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
        content = draft.content or ""
        users, roles, everyone = draft.pings.of(content)
        may_ping_all = self._world.permissions(channel, APPLICATION_ID) & Permission.MENTION_EVERYONE
        flags = draft.flags or 0
        told: Json = {"id": str(made.id), "type": made.type, "user_id": str(made.user_id)}
        if made.type == COMMAND:
            told["name"] = made.data["name"]
        else:
            told["message_id"] = str(made.message_id)
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
        took = None if made.answered_at is None else round((made.answered_at - made.sent_at) * 1000, 2)
        return {
            "id": str(made.id),
            "user": str(made.user_id),
            "type": made.type,
            "custom_id": made.data.get("custom_id"),
            "command": made.data.get("name"),
            "message_id": None if made.message_id is None else str(made.message_id),
            "sent_at": made.sent_at,
            "answered_at": made.answered_at,
            "milliseconds": took,
            "answer_type": made.answer_type,
            "followups": made.followups,
            "state": state,
        }


def apply(message: Message, draft: Draft) -> None:
    """Put what an edit names into the message. Raises 50006 when nothing is left."""
    after = Draft(
        content=message.content if draft.content is None else draft.content,
        embeds=message.embeds if draft.embeds is None else draft.embeds,
        components=message.components if draft.components is None else draft.components,
    )
    after.require_something()
    message.content, message.embeds = after.content or "", after.embeds or []
    message.components = after.components or []
    if draft.content is not None:
        message.mentions, message.mention_roles, message.mention_everyone = draft.pings.of(message.content)


def _pressed(message: Message, data: Json) -> Json:
    """What was pressed on this message. Raises 50035 for a component that is not there or disabled."""
    custom_id = str(data.get("custom_id", ""))
    found = components.find(message.components, custom_id)
    if found is None or found.get("disabled"):
        raise invalid(("data", "custom_id"), "COMPONENT_VALIDATION_FAILED", "Component validation failed")
    told: Json = {"component_type": found["type"], "custom_id": custom_id, "id": found["id"]}
    if found["type"] != components.BUTTON:
        values = [str(value) for value in data.get("values") or []]
        options = [option["value"] for option in found.get("options", values)]
        if not found["min_values"] <= len(values) <= found["max_values"] or not set(values) <= set(options):
            raise invalid(("data", "values"), "COMPONENT_VALIDATION_FAILED", "Component validation failed")
        told["values"] = values
    return told
