"""Who is in voice channels: https://docs.discord.com/developers/resources/voice

People join and leave at POST /sandbox/voice, for which Discord's own client has its gateway. Bots do not join here.
"""

from gamesched.local_discord.api.request import ApiRequest, Route
from gamesched.local_discord.api.routes.path_lookup import guild_from_path, member_from_path
from gamesched.local_discord.errors import unknown_voice_state
from gamesched.local_discord.state import payloads
from gamesched.local_discord.state.entities import Guild, Json


def _voice_state(request: ApiRequest, guild: Guild, user_id: int) -> Json:
    if user_id not in guild.voice:
        raise unknown_voice_state()
    return payloads.voice_state(guild, guild.voice[user_id], request.state.users)


async def get_own_voice_state(request: ApiRequest) -> Json:
    return _voice_state(request, guild_from_path(request), request.user.id)


async def get_voice_state(request: ApiRequest) -> Json:
    guild = guild_from_path(request)
    return _voice_state(request, guild, member_from_path(request, guild).user_id)


VOICE_STATES = "/guilds/{guild_id}/voice-states"

ROUTES = [
    Route("GET", VOICE_STATES + "/@me", get_own_voice_state),
    Route("GET", VOICE_STATES + "/{user_id}", get_voice_state),
]
