"""What Discord does by itself as time passes: events start, end or are cancelled, and quiet threads are archived."""

import math

from gamesched.local_discord.state import scheduled_events, threads
from gamesched.local_discord.state.clock import Timer
from gamesched.local_discord.state.events import Event
from gamesched.local_discord.state.state import State

# After these, something may be due earlier than before. A message in a thread only makes it later.
ABOUT_EVENTS, ABOUT_THREADS = ("GUILD_SCHEDULED_EVENT_", "VOICE_STATE_UPDATE"), ("THREAD_CREATE", "THREAD_UPDATE")


class PassingTime:
    """Waits for what is due next, and does it. Needs a running loop."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._timer: Timer | None = None
        self._due = math.inf  # when the timer ends, in seconds since 1970
        self._is_applying = False
        state.subscribe(self._hear)
        self._wait()

    def _hear(self, event: Event) -> None:
        if self._is_applying:
            return
        if event.name in ABOUT_THREADS:
            channel = self._state.channels.get(int(event.data.get("id") or 0))  # none for a test's made-up event
            due = threads.archived_at(channel) if channel is not None and channel.thread is not None else None
            if due is not None and due < self._due:
                self._wait()
        elif event.name.startswith(ABOUT_EVENTS):
            self._wait()

    def _wait(self) -> None:
        """Wait for the earliest change, from what is known now."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._due = None, min(self._due_times(), default=math.inf)
        if self._due < math.inf:
            seconds = max(0.0, self._due - self._state.clock())
            self._timer = self._state.clock.call_later(seconds, self._apply)

    def _due_times(self) -> list[float]:
        guilds = self._state.guilds.values()
        changes = (scheduled_events.next_change(guild, each) for guild in guilds for each in guild.scheduled.values())
        archiving = (threads.archived_at(each) for guild in guilds for each in threads.in_guild(self._state, guild))
        return [*(each[0] for each in changes if each), *(each for each in archiving if each is not None)]

    def _apply(self) -> None:
        """Do what is due, also several changes of one event."""
        now, self._is_applying = self._state.clock(), True
        try:
            for guild in tuple(self._state.guilds.values()):
                for event in tuple(guild.scheduled.values()):
                    while (step := scheduled_events.next_change(guild, event)) is not None and step[0] <= now:
                        scheduled_events.change(self._state, guild, event, status=step[1])
                for channel in threads.in_guild(self._state, guild):
                    due = threads.archived_at(channel)
                    if due is not None and due <= now:
                        threads.update(self._state, channel, archived=True)
        finally:
            self._is_applying = False
        self._wait()  # not after an error, which would come again at once
