"""Payloads of interactions, for the bot and for the person.

https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object
"""

from gamesched.local_discord.api.interactions import commands
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import APPLICATION_ID, Channel, Interaction, Json, Message
from gamesched.local_discord.state.state import State

APPLICATION_COMMAND, MESSAGE_COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5


def interaction_create(state: State, interaction: Interaction, channel: Channel, message: Message | None) -> Json:
    """Return the payload of INTERACTION_CREATE."""
    guild = state.guild_of(channel)
    user = state.users[interaction.user_id]
    payload: Json = {
        "id": str(interaction.id),
        "application_id": str(APPLICATION_ID),
        "type": interaction.type,
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "channel_id": str(channel.id),
        "channel": state.channel_payload_for(channel, user.id),
        "app_permissions": str(state.permissions(channel, APPLICATION_ID)),
        "locale": "en-US",
        "entitlements": [],
        "entitlement_sku_ids": [],
        "authorizing_integration_owners": integration_owners(interaction),
        "context": 0 if guild else 1,
        "attachment_size_limit": 10 * 1024 * 1024,
    }
    if guild is None:
        payload["user"] = payloads.user(user)
    else:
        bits = str(state.permissions(channel, user.id))
        payload["channel"] = payload["channel"] | {"permissions": bits}
        payload["member"] = payloads.member(guild.members[user.id], user) | {"permissions": bits}
        payload["guild_id"] = str(guild.id)
        payload["guild"] = {"id": str(guild.id), "locale": "en-US", "features": []}
        payload["guild_locale"] = "en-US"
    if message is not None:
        payload["message"] = state.message_payload(message)
    return payload


def integration_owners(interaction: Interaction) -> Json:
    return {"0": str(interaction.guild_id or 0)}


def modal_create(state: State, interaction: Interaction, modal: Json) -> Json:
    """Return the payload of INTERACTION_MODAL_CREATE, which the person's client opens."""
    application = {"id": str(APPLICATION_ID), "name": state.bot.username, "icon": None, "description": ""}
    return modal | {
        "id": str(interaction.id),
        "nonce": interaction.nonce,
        "application": application | {"bot": payloads.user(state.bot)},
        "application_id": str(APPLICATION_ID),
        "channel_id": str(interaction.channel_id),
    }


def interaction_metadata(interaction: Interaction, origin: Interaction | None) -> Json:
    """Return a message's data about the interaction that it responds to; `origin` opened the submitted modal."""
    metadata: Json = {
        "id": str(interaction.id),
        "type": interaction.type,
        "user_id": str(interaction.user_id),
        "owners": integration_owners(interaction),
    }
    if interaction.type == APPLICATION_COMMAND:
        metadata["name"] = commands.qualified_name(interaction.data)
    elif interaction.type == MESSAGE_COMPONENT:
        metadata["message_id"] = str(interaction.message_id)
    elif origin is not None:
        metadata["triggering"] = interaction_metadata(origin, None)
    if interaction.original_message_id is not None:
        metadata["original_id"] = str(interaction.original_message_id)
    return metadata


def callback_interaction(interaction: Interaction) -> Json:
    """Return the interaction's part of the response to `with_response=1`."""
    payload: Json = {"id": str(interaction.id), "type": interaction.type, "channel_id": str(interaction.channel_id)}
    if interaction.guild_id is not None:
        payload["guild_id"] = str(interaction.guild_id)
    return payload


def log_entry(interaction: Interaction, state: str) -> Json:
    """Return how an interaction went, for support. Times are seconds since 1970."""
    milliseconds = (
        None
        if interaction.responded_at is None
        else round((interaction.responded_at - interaction.created_at) * 1000, 2)
    )
    payload: Json = {
        "id": str(interaction.id),
        "user": str(interaction.user_id),
        "type": interaction.type,
        "custom_id": interaction.data.get("custom_id"),
        "command": commands.qualified_name(interaction.data) if "name" in interaction.data else None,
        "message_id": None if interaction.message_id is None else str(interaction.message_id),
        "sent_at": interaction.created_at,
        "answered_at": interaction.responded_at,
        "milliseconds": milliseconds,
        "response_type": interaction.response_type,
        "followups": interaction.followup_count,
        "state": state,
    }
    if interaction.modal is not None:
        payload["modal"] = interaction.modal
    if interaction.choices is not None:
        payload["choices"] = interaction.choices
    return payload
