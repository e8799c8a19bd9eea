"""Which channels a session was told about as they are, and what it is told when that changes."""

from collections.abc import Iterator

from gamesched.local_discord.gateway import intents
from gamesched.local_discord.gateway.sessions import Session
from gamesched.local_discord.state import hidden_channels, payloads, threads
from gamesched.local_discord.state.entities import Channel, Guild, Json
from gamesched.local_discord.state.state import Event, State

ABOUT_CHANNELS = ("CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE")
# What may change who views a channel, besides the channel itself.
ABOUT_RIGHTS = ("GUILD_UPDATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE", "GUILD_MEMBER_UPDATE")


def remember(state: State, session: Session, guild: Guild) -> None:
    """Remember which channels of a guild the session is about to be sent as they are."""
    session.visible_channels[guild.id] = hidden_channels.visible_ids(state, guild, session.user.id)


def hide_channel(state: State, session: Session, event: Event) -> Json:
    """Return the event's data, with a channel hidden that the bot may not view."""
    channel_id = _changed_channel_id(event)
    if channel_id is None or event.guild_id is None:
        return event.data
    channel = state.channels.get(channel_id)
    if channel is None:  # deleted
        is_visible = channel_id in session.visible_channels.get(event.guild_id, set())
    else:
        is_visible = hidden_channels.may_view(state, channel, session.user.id)
    return event.data if is_visible else hidden_channels.hide(event.data)


def _changed_channel_id(event: Event) -> int | None:
    return int(event.data["id"]) if event.name in ABOUT_CHANNELS and "id" in event.data else None


def changes_after(state: State, session: Session, event: Event) -> Iterator[tuple[str, Json]]:
    """Yield the events that follow one which shows or hides channels: each of these, and the threads in them."""
    guild = state.guilds.get(event.guild_id or 0)
    if guild is None or session.user.id not in guild.members or not session.intents & intents.GUILDS:
        return
    before = session.visible_channels.get(guild.id, set())
    if event.name == "GUILD_CREATE":
        remember(state, session, guild)
    if event.name not in (*ABOUT_CHANNELS, *ABOUT_RIGHTS):
        return
    remember(state, session, guild)
    own_id = _changed_channel_id(event)
    after = session.visible_channels[guild.id]
    for channel in state.channels_of(guild):
        if (channel.id in before) == (channel.id in after):
            continue
        if channel.id != own_id:
            yield "CHANNEL_UPDATE", hidden_channels.payload_for(state, channel, session.user.id)
        if channel.id in after and event.name != "CHANNEL_CREATE":
            yield "THREAD_LIST_SYNC", _thread_list(state, guild, channel, session.user.id)


def _thread_list(state: State, guild: Guild, channel: Channel, user_id: int) -> Json:
    active = [each for each in threads.active(state, guild, user_id) if each.parent_id == channel.id]
    joined = [each for each in active if each.thread is not None and user_id in each.thread.members]
    return {
        "guild_id": str(guild.id),
        "channel_ids": [str(channel.id)],
        "threads": [payloads.thread(each, user_id) for each in active],
        "members": [payloads.thread_member(each, user_id) for each in joined],
    }
