"""What everything in the state is built on: its entities, ids, events, and who may what."""

from collections.abc import Callable
from dataclasses import asdict

from gamesched.local_discord.state import permissions, threads
from gamesched.local_discord.state.channels import Channels
from gamesched.local_discord.state.clock import Clock
from gamesched.local_discord.state.entities import DISCORD_EPOCH, Channel, Guild, Json, Message, User
from gamesched.local_discord.state.events import Event, Listener
from gamesched.local_discord.state.nonces import Nonces
from gamesched.local_discord.state.rate_limits import RateLimits
from gamesched.local_discord.state.store import Store


class StateCore:
    """The entities by id, without the changes that people and bots make to them."""

    def __init__(self, store: Store | None = None) -> None:
        self.clock = Clock()
        self.store = store or Store(None)
        self.rate_limits = RateLimits(self.clock)
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels = Channels()
        self.origin = ""  # of this server: set when it listens
        self.files: dict[int, tuple[str, bytes]] = {}  # by the attachment's id: its type and its content
        self.messages: dict[int, dict[int, Message]] = {}  # by channel, oldest first
        self.commands: dict[int, list[Json]] = {}  # by guild; 0: global
        self.command_creation_times: dict[int, list[float]] = {}  # when each was made, for the limit of a day
        self._user_ids_by_token: dict[str, int] = {}
        self._dm_ids: dict[frozenset[int], int] = {}
        self.nonces = Nonces(self.clock)
        self._listeners: list[Listener] = []
        self._last_id = 0

    def new_id(self) -> int:
        """Return a snowflake for this moment, greater than any before."""
        self._last_id = max(self._last_id + 1, int((self.clock() - DISCORD_EPOCH) * 1000) << 22)
        return self._last_id

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on. Return a function that ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            listener(event)

    def guild_of(self, channel: Channel) -> Guild | None:
        return None if channel.guild_id is None else self.guilds[channel.guild_id]

    def permissions(self, channel: Channel, user_id: int) -> int:
        """Return a person's permission bits there. A thread has the overwrites of its channel."""
        if channel.thread is not None:
            return threads.permissions(self, channel, user_id)
        return permissions.channel_permissions(self.guild_of(channel), channel, user_id, self.clock())

    def guild_permissions(self, guild: Guild, user_id: int) -> int:
        """Return a person's permission bits in a guild, without what its channels add or take."""
        return permissions.guild_permissions(guild, user_id, self.clock())

    def may_only_read(self, guild: Guild, user_id: int) -> bool:
        """Return whether a member may neither write nor click: timed out or not screened, and no administrator."""
        restricted = permissions.may_only_read(guild.members[user_id], self.clock())
        return restricted and self.guild_permissions(guild, user_id) != permissions.ALL_PERMISSIONS

    def save_guild(self, guild: Guild) -> None:
        by_id = ("roles", "members", "scheduled", "voice")
        lists = {key: [asdict(it) for it in getattr(guild, key).values()] for key in by_id}
        self.store.put("guild", guild.id, asdict(guild) | lists)

    def save_file(self, attachment_id: int, content_type: str, data: bytes) -> None:
        self.files[attachment_id] = (content_type, data)
        self.store.put("file", attachment_id, {"id": attachment_id, "type": content_type, "data": data.hex()})

    def save_channel(self, channel: Channel) -> None:
        self.store.put("channel", channel.id, asdict(channel))
