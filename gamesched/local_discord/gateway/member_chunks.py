"""Member look-ups by gateway: https://docs.discord.com/developers/events/gateway-events#request-guild-members"""

from typing import Any

from gamesched.local_discord.gateway import intents
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import Json, Member
from gamesched.local_discord.state.state import State

MAX_MEMBERS = 100  # found by ids or by the beginning of a name
CHUNK_SIZE = 1000
MAX_NONCE_SIZE = 32  # bytes


def build_chunks(state: State, bot_id: int, bot_intents: int, data: Json) -> list[Json]:
    """Return the data of the GUILD_MEMBERS_CHUNK events for a request of a bot with these intents.

    Return no chunks for a guild that it is not in, or for all members without the members intent. Raise ValueError
    for an invalid request.
    """
    guild = state.guilds.get(_parse_id(data.get("guild_id")))
    user_ids, query, limit = data.get("user_ids"), data.get("query"), data.get("limit")
    missing: list[str] = []
    members_found: list[Member] = []
    if user_ids is not None:
        ids = [_parse_id(each) for each in (user_ids if isinstance(user_ids, list) else [user_ids])][:MAX_MEMBERS]
        if guild is not None:
            members_found = [guild.members[each] for each in dict.fromkeys(ids) if each in guild.members]
            missing = [str(each) for each in ids if each not in guild.members]
    elif not isinstance(query, str) or isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise ValueError("either user_ids, or query and limit")
    elif guild is not None:
        members_found = [m for m in guild.members.values() if state.users[m.user_id].username.startswith(query.lower())]
        if query:
            members_found = members_found[: min(limit or MAX_MEMBERS, MAX_MEMBERS)]
        elif not bot_intents & intents.MEMBERS:
            return []
        elif limit:
            members_found = members_found[:limit]
    if guild is None or bot_id not in guild.members:
        return []
    parts = [members_found[first : first + CHUNK_SIZE] for first in range(0, len(members_found), CHUNK_SIZE)] or [[]]
    chunks: list[Json] = []
    for i, part in enumerate(parts):
        members = [payloads.member(each, state.users[each.user_id]) for each in part]
        chunk: Json = {"guild_id": str(guild.id), "members": members, "chunk_index": i, "chunk_count": len(parts)}
        if missing:
            chunk["not_found"] = missing
        nonce = data.get("nonce")
        if isinstance(nonce, str) and len(nonce.encode()) <= MAX_NONCE_SIZE:
            chunk["nonce"] = nonce
        chunks.append(chunk)
    return chunks


def _parse_id(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("no id")
    return int(value)
