"""Interactions as the bot and the person are told of them.

https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object
"""

from gamesched.local_discord.api.interactions import commands
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import APPLICATION_ID, Channel, Interaction, Json, Message
from gamesched.local_discord.state.state import World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5


def told(world: World, made: Interaction, channel: Channel, message: Message | None) -> Json:
    """INTERACTION_CREATE."""
    guild = world.guild_of(channel)
    user = world.users[made.user_id]
    payload: Json = {
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
        "authorizing_integration_owners": owners(made),
        "context": 0 if guild else 1,
        "attachment_size_limit": 10 * 1024 * 1024,
    }
    if guild is None:
        payload["user"] = payloads.user(user)
    else:
        bits = str(world.permissions(channel, user.id))
        payload["channel"] = payload["channel"] | {"permissions": bits}
        payload["member"] = payloads.member(guild.members[user.id], user) | {"permissions": bits}
        payload["guild_id"] = str(guild.id)
        payload["guild"] = {"id": str(guild.id), "locale": "en-US", "features": []}
        payload["guild_locale"] = "en-US"
    if message is not None:
        payload["message"] = world.message_payload(message)
    return payload


def owners(made: Interaction) -> Json:
    return {"0": str(made.guild_id or 0)}


def modal(world: World, made: Interaction, shown: Json) -> Json:
    """INTERACTION_MODAL_CREATE, which the person's client opens."""
    application = {"id": str(APPLICATION_ID), "name": world.bot.username, "icon": None, "description": ""}
    return shown | {
        "id": str(made.id),
        "nonce": made.nonce,
        "application": application | {"bot": payloads.user(world.bot)},
        "application_id": str(APPLICATION_ID),
        "channel_id": str(made.channel_id),
    }


def reference(made: Interaction, origin: Interaction | None) -> Json:
    """What a message keeps of the interaction that it answers; `origin` opened the modal that was submitted."""
    kept: Json = {"id": str(made.id), "type": made.type, "user_id": str(made.user_id), "owners": owners(made)}
    if made.type == COMMAND:
        kept["name"] = commands.full_name(made.data)
    elif made.type == COMPONENT:
        kept["message_id"] = str(made.message_id)
    elif origin is not None:
        kept["triggering"] = reference(origin, None)
    if made.original_id is not None:
        kept["original_id"] = str(made.original_id)
    return kept


def callback(made: Interaction) -> Json:
    """The part about the interaction of what `with_response=1` gives."""
    about: Json = {"id": str(made.id), "type": made.type, "channel_id": str(made.channel_id)}
    if made.guild_id is not None:
        about["guild_id"] = str(made.guild_id)
    return about


def entry(made: Interaction, state: str) -> Json:
    """For support: how it went. Times are seconds since 1970."""
    took = None if made.answered_at is None else round((made.answered_at - made.sent_at) * 1000, 2)
    told: Json = {
        "id": str(made.id),
        "user": str(made.user_id),
        "type": made.type,
        "custom_id": made.data.get("custom_id"),
        "command": commands.full_name(made.data) if "name" in made.data else None,
        "message_id": None if made.message_id is None else str(made.message_id),
        "sent_at": made.sent_at,
        "answered_at": made.answered_at,
        "milliseconds": took,
        "answer_type": made.answer_type,
        "followups": made.followups,
        "state": state,
    }
    if made.modal is not None:
        told["modal"] = made.modal
    if made.choices is not None:
        told["choices"] = made.choices
    return told
