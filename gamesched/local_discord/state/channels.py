"""All channels by id, and those of a guild without a look at all others."""

from collections import defaultdict

from gamesched.local_discord.state.entities import Channel


class Channels(dict[int, Channel]):
    """Channels, threads and direct messages by id."""

    def __init__(self) -> None:
        super().__init__()
        self._by_guild: dict[int | None, dict[int, Channel]] = defaultdict(dict)

    def __setitem__(self, channel_id: int, channel: Channel) -> None:
        super().__setitem__(channel_id, channel)
        self._by_guild[channel.guild_id][channel_id] = channel

    def __delitem__(self, channel_id: int) -> None:
        del self._by_guild[self[channel_id].guild_id][channel_id]
        super().__delitem__(channel_id)

    def of_guild(self, guild_id: int, *, threads: bool) -> list[Channel]:
        """Return a guild's threads, or its other channels."""
        return [each for each in self._by_guild[guild_id].values() if (each.thread is not None) == threads]
