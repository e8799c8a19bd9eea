"""Hears what people do to games' events in Discord: they change, cancel or delete them, and are interested in them."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ParamSpec, TypeVar

import discord

from discord_bot.backend.companions.events import read_event
from discord_bot.guild_sync import SYNC_DELAY
from discord_bot.http.errors import REQUEST_FAILED
from discord_bot.http.lookup_limit import reserve_lookup
from games.companions import actions, event_changes, interest
from games.companions.event import FoundEvent
from games.companions.event_changes import Next, TakenIn
from games.companions.interest import Interest
from games.models import CompanionKind
from gamesched.lib.clock import db_now
from gamesched.lib.ids import parse_id
from gamesched.lib.orm import DATABASE_AWAY, run_in_db_thread
from guilds.directory import upsert
from guilds.directory.lookup import DirectoryUnavailable
from guilds.directory.payloads import MemberPayload
from guilds.models import User

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # seconds until something is tried again
PEOPLE_AT_A_TIME = 100  # Discord's most, of those interested
MOST_PEOPLE = 1000  # asked for at a time; those beyond are asked when they next press the button


@dataclass
class _Clicks:
    """What people pressed under one event since it was last written down; the last press of each counts."""

    is_interested: dict[int, bool] = field(default_factory=dict)
    more: int = 0

    def add(self, user_id: int, interested: bool) -> None:
        self.is_interested[user_id] = interested
        self.more += 1 if interested else -1

    @property
    def interest(self) -> Interest:
        gained = frozenset(pk for pk, on in self.is_interested.items() if on)
        return Interest(gained, frozenset(self.is_interested) - gained, self.more)


class ServerEvents:
    """Hears of events by what Discord sends; `start` runs work in the background.

    discord.py drops interest of people whom it does not know, and reads a server no further where it cannot read one
    of its events. So it gets none of this.
    """

    def __init__(self, client: discord.Client, start: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        self._client = client
        self._start = start
        self._arrived: set[int] = set()
        self._received: dict[int, FoundEvent] = {}
        self._deleted: set[int] = set()
        self._clicks: dict[int, _Clicks] = {}
        self._latest: dict[int, FoundEvent] = {}  # of those that are being taken in
        parsers = client._connection.parsers
        read_guild = parsers["GUILD_CREATE"]

        def read_guild_without_events(data: Any) -> None:
            data.pop("guild_scheduled_events", None)
            read_guild(data)
            self._note_guild(data)

        parsers["GUILD_CREATE"] = read_guild_without_events
        parsers["GUILD_SCHEDULED_EVENT_CREATE"] = self._ignore
        parsers["GUILD_SCHEDULED_EVENT_UPDATE"] = self._note_update
        parsers["GUILD_SCHEDULED_EVENT_DELETE"] = self._note_deletion
        parsers["GUILD_SCHEDULED_EVENT_USER_ADD"] = lambda data: self._note_click(data, True)
        parsers["GUILD_SCHEDULED_EVENT_USER_REMOVE"] = lambda data: self._note_click(data, False)

    # --- what Discord sends ----------------------------------------------------------------------------------

    def _ignore(self, data: Any) -> None:
        """Ignore it: ours are known from the answer to the request that made them."""

    def _note_guild(self, data: Any) -> None:
        guild_id = parse_id(str(data.get("id")))
        if guild_id is not None and not data.get("unavailable"):
            if not self._arrived:
                self._start(self._check_arrived())
            self._arrived.add(guild_id)

    def _note_update(self, data: Any) -> None:
        found = read_event(data)
        if found is None:
            log.warning("Discord sent an event we can't read. Skipping it.")
            return
        if not self._received:
            self._start(self._handle_received())
        self._received[found.id] = found

    def _note_deletion(self, data: Any) -> None:
        event_id = _id_of(data, "id")
        if event_id is not None:
            if not self._deleted:
                self._start(self._take_in_deleted())
            self._deleted.add(event_id)

    def _note_click(self, data: Any, interested: bool) -> None:
        event_id, user_id = _id_of(data, "guild_scheduled_event_id"), _id_of(data, "user_id")
        if event_id is None or user_id is None:
            return
        if not self._clicks:
            self._start(self._take_in_clicks())
        self._clicks.setdefault(event_id, _Clicks()).add(user_id, interested)

    # --- changes ---------------------------------------------------------------------------------------------

    async def _handle_received(self) -> None:
        await asyncio.sleep(SYNC_DELAY)
        received, self._received = self._received, {}
        for event_id in await self._in_database(event_changes.known_events, list(received)):
            self._look_at(received[event_id])

    async def _take_in_deleted(self) -> None:
        await asyncio.sleep(SYNC_DELAY)
        deleted, self._deleted = self._deleted, set()
        if count := await self._in_database(_handle_deleted, deleted):
            log.info("%d events of games were deleted in Discord.", count)

    def _look_at(self, found: FoundEvent) -> None:
        if found.id not in self._latest:
            self._start(self._take_in(found.id))
        self._latest[found.id] = found

    async def _take_in(self, event_id: int) -> None:
        """Take in what Discord told of an event, and what it tells meanwhile."""
        found, taken_in = None, TakenIn()
        try:
            while self._latest[event_id] is not found:
                found = self._latest[event_id]
                taken_in = await self._repeat(partial(self._take_in_once, event_id), TakenIn())
                if taken_in.text:
                    log.info("%s", taken_in.text)
                if taken_in.has_new_people:
                    await self._ask_strangers(found.guild_id, event_id, 0, None)
        finally:
            del self._latest[event_id]

    async def _take_in_once(self, event_id: int) -> TakenIn | None:
        """Return None where it is to be tried again."""
        found = self._latest[event_id]
        taken_in: TakenIn = await run_in_db_thread(_take_in_event, found, False, None)
        if taken_in.next is Next.FETCH:
            taken_in, fetched = await self._fetch(found.guild_id, event_id)
            if fetched is not None:
                taken_in = await run_in_db_thread(_take_in_event, fetched, True, taken_in.as_of)
        return taken_in if taken_in.next is Next.NOTHING else None

    async def _fetch(self, guild_id: int, event_id: int) -> tuple[TakenIn, FoundEvent | None]:
        """Ask what an event shows now; return it with the state that it has to be newer than, or what else is next."""
        await asyncio.sleep(await run_in_db_thread(reserve_lookup))
        current = await run_in_db_thread(event_changes.current_as_of, event_id)
        if current.next is not Next.FETCH:
            return current, None
        try:
            data = await self._client.http.get_scheduled_event(guild_id, event_id, with_user_count=True)
        except discord.NotFound:
            await run_in_db_thread(_handle_deleted, {event_id})
            return TakenIn(), None
        found = read_event(data)
        if found is None:
            return TakenIn(text="Can't read Discord's answer about an event. Skipping it."), None
        return current, found

    # --- after an absence ------------------------------------------------------------------------------------

    async def _check_arrived(self) -> None:
        """Compare the events of guilds with what was known: the bot may have been away."""
        await asyncio.sleep(SYNC_DELAY)
        arrived, self._arrived = self._arrived, set()
        events = await self._in_database(event_changes.events_of_guilds, arrived)
        for guild_id, event_ids in events.items():
            await self._repeat(partial(self._check_guild, guild_id, event_ids), True)

    async def _check_guild(self, guild_id: int, event_ids: set[int]) -> bool:
        await asyncio.sleep(await run_in_db_thread(reserve_lookup))
        try:
            listed = await self._client.http.get_scheduled_events(guild_id, with_user_count=True)
        except discord.NotFound:  # the bot was removed meanwhile
            return True
        found = {one.id: one for one in map(read_event, listed) if one is not None}
        for event_id in event_ids:
            if event_id in found:
                self._look_at(found[event_id])
            else:
                self._start(self._look_for(guild_id, event_id))
        return True

    async def _look_for(self, guild_id: int, event_id: int) -> None:
        """Find out what became of an event that is listed no more: it is over, or deleted."""
        await self._repeat(partial(self._look_for_once, guild_id, event_id), True)

    async def _look_for_once(self, guild_id: int, event_id: int) -> bool | None:
        current, found = await self._fetch(guild_id, event_id)
        if found is not None:
            self._look_at(found)
        return None if current.next is Next.WAIT else True

    # --- interest --------------------------------------------------------------------------------------------

    async def _take_in_clicks(self) -> None:
        await asyncio.sleep(SYNC_DELAY)
        clicks, self._clicks = self._clicks, {}
        interest_by_event = {event_id: one.interest for event_id, one in clicks.items()}
        unknown = await self._in_database(_take_in_interest, interest_by_event)
        for (guild_id, event_id), user_ids in unknown.items():
            await self._ask_strangers(guild_id, event_id, min(user_ids) - 1, user_ids)

    async def _ask_strangers(self, guild_id: int, event_id: int, after: int, user_ids: set[int] | None) -> None:
        """Ask Discord who people are that are interested, and ask them to join; None: all of them."""
        for _ in range(0, MOST_PEOPLE, PEOPLE_AT_A_TIME):
            nobody: list[Any] = []
            page = await self._repeat(partial(self._fetch_interested, guild_id, event_id, after), nobody)
            members = [member for data in page if (member := _member_of(data)) is not None]
            meant = [one for one in members if user_ids is None or one.user.id in user_ids]
            if meant:
                await self._in_database(_meet_and_ask, guild_id, event_id, meant)
            after = max((pk for data in page if (pk := _id_of(data, "user_id"))), default=0)
            if len(page) < PEOPLE_AT_A_TIME or not after or (user_ids is not None and after >= max(user_ids)):
                return

    async def _fetch_interested(self, guild_id: int, event_id: int, after: int) -> list[Any]:
        await asyncio.sleep(await run_in_db_thread(reserve_lookup))
        try:
            page = await self._client.http.get_scheduled_event_users(
                guild_id, event_id, PEOPLE_AT_A_TIME, with_member=True, after=after
            )
        except discord.NotFound:
            return []
        return list(page)

    # --- waiting ---------------------------------------------------------------------------------------------

    async def _in_database(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what work in a database thread returns, once the database is there: Discord tells of it only once."""
        wait = FIRST_WAIT
        while True:
            try:
                return await run_in_db_thread(work, *args, **kwargs)
            except DATABASE_AWAY as reason:
                log.warning("Could not save what people do to events: %s", str(reason).strip())
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)

    async def _repeat(self, work: Callable[[], Coroutine[Any, Any, T | None]], refused: T) -> T:
        """Do something until it returns what it found, ever more rarely; `refused`: what to return if we may not.

        A change of ours is under way, or Discord cannot answer.
        """
        wait = FIRST_WAIT
        while True:
            try:
                result = await work()
            except discord.Forbidden as reason:
                log.warning("Discord didn't say what happened to an event: %s", reason)
                return refused
            except (*REQUEST_FAILED, *DATABASE_AWAY, DirectoryUnavailable) as reason:
                log.warning("Could not read what people do to events: %s", str(reason).strip())
                result = None
            if result is not None:
                return result
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)


def _id_of(data: Any, key: str) -> int | None:
    return parse_id(str(data.get(key))) if isinstance(data, dict) else None


def _member_of(data: Any) -> MemberPayload | None:
    """Return who is interested, as a member; None for a bot, who left, and what cannot be read."""
    user, member = (data.get(key) if isinstance(data, dict) else None for key in ("user", "member"))
    user_id = _id_of(user, "id")
    if user_id is None or not isinstance(user, dict) or not isinstance(member, dict) or user.get("bot"):
        return None
    try:
        return MemberPayload.from_api({**member, "user": user})
    except (KeyError, TypeError, ValueError):
        return None


def _handle_deleted(event_ids: set[int]) -> int:
    return actions.handle_deleted(CompanionKind.EVENT, event_ids, db_now())


def _take_in_event(found: FoundEvent, fetched: bool, as_of: Any) -> TakenIn:
    return event_changes.take_in_event(found, db_now(), fetched=fetched, as_of=as_of)


def _take_in_interest(by_event: dict[int, Interest]) -> dict[tuple[int, int], set[int]]:
    return interest.take_in_interest(by_event, db_now())


def _meet_and_ask(guild_id: int, event_id: int, members: list[MemberPayload]) -> None:
    now, user_ids = db_now(), {member.user.id for member in members}
    # Who is forgotten is met again by what they do with the bot, which this is not.
    user_ids -= set(User.objects.filter(pk__in=user_ids, forgotten_at__isnull=False).values_list("pk", flat=True))
    for member in members:
        if member.user.id in user_ids:
            upsert.upsert_member(guild_id, member, now)
    interest.ask_interested(event_id, user_ids, now)
