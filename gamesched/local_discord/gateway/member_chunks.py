"""Looking members up by gateway: https://docs.discord.com/developers/events/gateway-events#request-guild-members"""

from typing import Any

from gamesched.local_discord.gateway import intents
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import Json, Member
from gamesched.local_discord.state.state import World

MOST = 100  # found by ids or by the beginning of a name
CHUNK = 1000
NONCE_LONGEST = 32  # bytes


def answer(world: World, bot_id: int, granted: int, data: Json) -> list[Json]:
    """The data of the GUILD_MEMBERS_CHUNK events that answer a request of a bot with these intents.

    None for a guild it is not in, and none for all members of a guild without the intent for members. Raises
    ValueError for a request that Discord cannot make sense of.
    """
    guild = world.guilds.get(_id(data.get("guild_id")))
    wanted, query, limit = data.get("user_ids"), data.get("query"), data.get("limit")
    missing: list[str] = []
    found: list[Member] = []
    if wanted is not None:
        ids = [_id(each) for each in (wanted if isinstance(wanted, list) else [wanted])][:MOST]
        if guild is not None:
            found = [guild.members[each] for each in dict.fromkeys(ids) if each in guild.members]
            missing = [str(each) for each in ids if each not in guild.members]
    elif not isinstance(query, str) or isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
        raise ValueError("either user_ids, or query and limit")
    elif guild is not None:
        found = [m for m in guild.members.values() if world.users[m.user_id].username.startswith(query.lower())]
        if query:
            found = found[: min(limit or MOST, MOST)]
        elif not granted & intents.MEMBERS:
            return []
        elif limit:
            found = found[:limit]
    if guild is None or bot_id not in guild.members:
        return []
    parts = [found[first : first + CHUNK] for first in range(0, len(found), CHUNK)] or [[]]
    chunks: list[Json] = []
    for i, part in enumerate(parts):
        members = [payloads.member(each, world.users[each.user_id]) for each in part]
        chunk: Json = {"guild_id": str(guild.id), "members": members, "chunk_index": i, "chunk_count": len(parts)}
        if missing:
            chunk["not_found"] = missing
        nonce = data.get("nonce")
        if isinstance(nonce, str) and len(nonce.encode()) <= NONCE_LONGEST:
            chunk["nonce"] = nonce
        chunks.append(chunk)
    return chunks


def _id(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("no id")
    return int(value)
