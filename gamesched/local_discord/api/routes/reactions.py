"""Reactions to messages: https://docs.discord.com/developers/resources/message#create-reaction

An emoji is whatever the path has; whether it exists is not checked, and burst reactions are not offered.
"""

from gamesched.local_discord.api import channel_messages
from gamesched.local_discord.api.paging import page_of_ids
from gamesched.local_discord.api.request import ApiRequest, Route
from gamesched.local_discord.api.routes.path_lookup import channel_from_path
from gamesched.local_discord.errors import missing_permissions
from gamesched.local_discord.state import payloads, threads
from gamesched.local_discord.state.entities import Channel, Json, Message
from gamesched.local_discord.state.events import Event
from gamesched.local_discord.state.permissions import Permission


def _message_from_path(request: ApiRequest) -> tuple[Channel, Message]:
    channel = channel_from_path(request)
    return channel, channel_messages.get_message(request.state, channel, request.user, request.path_id("message_id"))


async def put_own_reaction(request: ApiRequest) -> None:
    """React. Only the first one with an emoji needs ADD_REACTIONS; who may only read reacts with none."""
    (channel, message), emoji = _message_from_path(request), request.http_request.match_info["emoji"]
    threads.check_not_archived(channel)
    user_ids = message.reactions.get(emoji, [])
    guild = request.state.guild_of(channel)
    restricted = guild is not None and request.state.may_only_read(guild, request.user.id)
    may_add = request.state.permissions(channel, request.user.id) & Permission.ADD_REACTIONS
    if restricted or (not user_ids and not may_add):
        raise missing_permissions()
    if request.user.id not in user_ids:
        message.reactions[emoji] = [*user_ids, request.user.id]
        _publish(request, "MESSAGE_REACTION_ADD", channel, message, emoji, request.user.id)


async def delete_own_reaction(request: ApiRequest) -> None:
    _remove(request, *_message_from_path(request), request.user.id)


async def delete_reaction(request: ApiRequest) -> None:
    """Remove somebody's reaction, as a moderator."""
    channel, message = _message_from_path(request)
    if not request.state.permissions(channel, request.user.id) & Permission.MANAGE_MESSAGES:
        raise missing_permissions()
    _remove(request, channel, message, request.path_id("user_id"))


def _remove(request: ApiRequest, channel: Channel, message: Message, user_id: int) -> None:
    threads.check_not_archived(channel)
    emoji = request.http_request.match_info["emoji"]
    if user_id in message.reactions.get(emoji, []):
        message.reactions[emoji] = [each for each in message.reactions[emoji] if each != user_id]
        if not message.reactions[emoji]:
            del message.reactions[emoji]
        _publish(request, "MESSAGE_REACTION_REMOVE", channel, message, emoji, user_id)


async def get_reactions(request: ApiRequest) -> list[Json]:
    """Return the people who reacted with an emoji, by id; `limit` (25) and `after` an id. Nobody bursts here."""
    _, message = _message_from_path(request)
    query = request.http_request.query
    user_ids = [] if query.get("type") == "1" else message.reactions.get(request.http_request.match_info["emoji"], [])
    ids = page_of_ids(query, user_ids, 25, 100)
    return [payloads.user(request.state.users[each]) for each in ids if each in request.state.users]


def _publish(request: ApiRequest, name: str, channel: Channel, message: Message, emoji: str, user_id: int) -> None:
    request.state.save_message(message)
    payload: Json = {
        "user_id": str(user_id),
        "channel_id": str(channel.id),
        "message_id": str(message.id),
        "emoji": payloads.emoji(emoji),
        "burst": False,
        "type": 0,
    }
    guild = request.state.guild_of(channel)
    if guild is not None:
        payload["guild_id"] = str(guild.id)
    if name == "MESSAGE_REACTION_ADD":
        payload |= {"message_author_id": str(message.author_id), "burst_colors": []}
        if guild is not None:
            payload["member"] = payloads.member(guild.members[user_id], request.state.users[user_id])
    request.state.publish(Event(name, payload, channel.guild_id, channel.id))


REACTIONS = "/channels/{channel_id}/messages/{message_id}/reactions/{emoji}"

ROUTES = [
    Route("GET", REACTIONS, get_reactions),
    Route("PUT", REACTIONS + "/@me", put_own_reaction),
    Route("DELETE", REACTIONS + "/@me", delete_own_reaction),
    Route("DELETE", REACTIONS + "/{user_id}", delete_reaction),
]
