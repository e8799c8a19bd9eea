"""Looks members up at Discord for pages and scheduled tasks, through `settings.DISCORD_DIRECTORY`."""

import hashlib
import logging
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from django.conf import settings
from django.core.cache import cache
from django.db import close_old_connections
from django.utils.module_loading import import_string
from django.utils.translation import gettext_noop

from gamesched.lib.clock import db_now
from gamesched.lib.compiled_query import CompiledQuery
from gamesched.lib.refusal import Refusal, Refused
from guilds.directory.payloads import EventPayload, MemberPayload
from guilds.directory.upsert import mark_member_left, mark_member_read, upsert_member
from guilds.models import Member, User
from guilds.names import without_unstorable

log = logging.getLogger(__name__)

# Maximum age of what a page shows of a member, unless a look-up is under way. For a page left open they are looked up
# again too (games.pages.shown_people): within a minute at first, so that a new nick appears, then ever more rarely.
SHOWN_FRESH = timedelta(seconds=30)
ROLES_FRESH = timedelta(seconds=60)  # before a change, older roles are looked up again
LIVE = timedelta()  # before what only managers do, roles of any age
ROLES_VALID_FOR = timedelta(hours=1)  # how long roles count while Discord is unavailable
ROLES_UNKNOWN = gettext_noop(
    "We can't ask Discord right now whether you can do that. Nothing changed; try again in a few minutes."
)
PAUSE_AFTER_FAILURE = 5.0  # seconds without look-ups after one that failed
SEARCH_LIMIT = 25  # members that one search requests
SEARCH_CACHED_FOR = 20  # seconds before the same search is sent again
MAX_WANTED = 120  # people looked up for one form
BACKGROUND_SECONDS = 180.0  # in which all of these are looked up
SHORTEST_PAUSE = 0.1  # seconds
LOOKUP_TAKES = timedelta(minutes=1)  # at most, from the question to the row written
# Requests for pages that wait for Discord at a time, for each purpose and process. They run in eight threads, so that
# of three purposes two threads are always left for pages that look nobody up.
WAITING_MAX = 2
MAX_QUEUED = 200  # look-ups waiting at a time; the next page view requests the rest

CURRENT_MEMBER = CompiledQuery(
    lambda guild_id, user_id: Member.objects.filter(guild_id=guild_id, user_id=user_id, left_at=None)
)


class Purpose(Enum):
    """What a request looks people up for."""

    SHOW = "roles that decide what a page shows, and what older ones allow"
    CHANGE = "roles for a change that needs those of now"
    NAMES = "names in a form"


# Few at a time: the bot's request budget belongs to reminders first.
_executor = ThreadPoolExecutor(2, thread_name_prefix="lookup")
_thread = threading.local()
_places = {purpose: threading.BoundedSemaphore(WAITING_MAX) for purpose in Purpose}
_queue_lock = threading.Lock()
_queued: set[tuple[int, int]] = set()
_down_until = [0.0]


class DirectoryUnavailable(Exception):
    """Discord did not answer a look-up; the stored data stays."""


class TooManyWait(DirectoryUnavailable):
    """As many requests wait for Discord as may. The handler of pages tries such a one again."""


class LookupLimited(DirectoryUnavailable):
    """Discord takes the next look-up only in so many seconds."""

    def __init__(self, seconds: float, reason: str = "Discord limits this look-up") -> None:
        super().__init__(reason)
        self.seconds = seconds


def limit_waiting() -> None:
    """Say that this thread is one of the few for pages, of which not all may wait for Discord."""
    _thread.is_for_pages = True


def is_for_pages() -> bool:
    """Return whether this thread is one of the few for pages."""
    return getattr(_thread, "is_for_pages", False)


@contextmanager
def place_to_wait(purpose: Purpose, *, in_any_thread: bool = False) -> Iterator[None]:
    """Let this thread wait for Discord. Raise TooManyWait where it is for pages, and as many of these wait as may."""
    if not in_any_thread and not is_for_pages():
        yield
        return
    if not _places[purpose].acquire(blocking=False):
        raise TooManyWait("others wait for it already")
    try:
        yield
    finally:
        _places[purpose].release()


class Directory(Protocol):
    """Synchronous look-ups with the bot's own token."""

    def member(self, guild_id: int, user_id: int) -> MemberPayload | None:
        """Return the member, or None for a person who is not one. Raise DirectoryUnavailable."""

    def search(self, guild_id: int, query: str, limit: int) -> list[MemberPayload]:
        """Return people (no bots) in the guild with a name that begins with the query. Raise DirectoryUnavailable."""

    def has_message(self, channel_id: int, message_id: int) -> bool:
        """Return whether a message still exists; True also if the bot has no access. Raise DirectoryUnavailable."""

    def is_pinned(self, channel_id: int, message_id: int) -> bool | None:
        """Return whether a message is pinned; None if the bot cannot see that. Raise DirectoryUnavailable."""

    def scheduled_events(self, guild_id: int) -> list[EventPayload] | None:
        """Return the guild's events that are not over; None if the bot has no access. Raise DirectoryUnavailable."""

    def delete_scheduled_event(self, guild_id: int, event_id: int) -> None:
        """Delete an event; one that is gone already is fine. Raise DirectoryUnavailable."""


def load_directory() -> Directory:
    """Return the directory named in the settings."""
    instance: Directory = import_string(settings.DISCORD_DIRECTORY)()
    return instance


def refresh_member(guild_id: int, user_id: int) -> None:
    """Look up one member at Discord and save the answer, dated when it came. Raise DirectoryUnavailable.

    A bot is nobody here: nothing that a member may do makes sense for one.
    """
    payload = load_directory().member(guild_id, user_id)
    if payload is not None and not payload.user.bot and mark_member_read(guild_id, payload):
        return
    now = db_now()
    if payload is None or payload.user.bot:
        mark_member_left(guild_id, user_id, now)
    elif not _just_forgotten([user_id], now):
        upsert_member(guild_id, payload, now)


def search_members(guild_id: int, beginning: str) -> None:
    """Search Discord for members by the beginning of a name, and save them. Raise DirectoryUnavailable.

    Discord allows ten searches in ten seconds per guild, and typing sends one with every character. If a recent
    search for a shorter beginning returned fewer than SEARCH_LIMIT, a longer one can find no one new.
    """
    beginning = without_unstorable(beginning).strip()[:100]
    if not beginning:
        return
    keys = [_search_key(guild_id, beginning[:end]) for end in range(1, len(beginning) + 1)]
    down = f"search-down:{guild_id}"
    cached = cache.get_many([*keys, down])
    if keys[-1] in cached or any(cached[key] < SEARCH_LIMIT for key in keys if key in cached):
        return
    if down in cached:
        raise DirectoryUnavailable("we couldn't ask it a moment ago")
    try:
        members = load_directory().search(guild_id, beginning, SEARCH_LIMIT)
    except LookupLimited:
        raise
    except DirectoryUnavailable:
        cache.set(down, True, PAUSE_AFTER_FAILURE)
        raise
    now = db_now()
    forgotten = _just_forgotten([payload.user.id for payload in members], now)
    for payload in members:
        if not payload.user.bot and payload.user.id not in forgotten:
            upsert_member(guild_id, payload, now)
    cache.set(keys[-1], len(members), SEARCH_CACHED_FOR)


def search_in_request(guild_id: int, *beginnings: str) -> None:
    """Run `search_members` for these as far as Discord can be asked and few requests wait for it."""
    with suppress(DirectoryUnavailable), place_to_wait(Purpose.NAMES):
        for beginning in beginnings:
            search_members(guild_id, beginning)


def look_up_people(guild_id: int, wanted: Iterable[str | int], seconds: float) -> list[str | int]:
    """Look up members by the beginnings of their names, or by their ids, in this order.

    Discord takes ten searches in ten seconds. Return those for which there was no time, or no place to wait: they are
    looked up in the background, so that it makes sense to ask again. Raise DirectoryUnavailable.
    """
    waiting = list(wanted)[:MAX_WANTED]
    if waiting:
        with suppress(TooManyWait), place_to_wait(Purpose.NAMES):
            waiting = _look_up_until(guild_id, waiting, time.monotonic() + seconds)
    with _queue_lock:
        if not waiting or (guild_id, 0) in _queued:
            return waiting
        _queued.add((guild_id, 0))
    _executor.submit(_look_up_queued, guild_id, 0, waiting)
    return waiting


def _look_up_until(guild_id: int, wanted: list[str | int], deadline: float) -> list[str | int]:
    """Look up one after the other, each at its turn, and return the rest at the deadline (monotonic seconds)."""
    while wanted and time.monotonic() < deadline:
        try:
            if isinstance(wanted[0], int):
                refresh_member(guild_id, wanted[0])
            else:
                search_members(guild_id, wanted[0])
        except LookupLimited as limit:
            if time.monotonic() + limit.seconds > deadline:
                return wanted
            time.sleep(max(limit.seconds, SHORTEST_PAUSE))
            continue
        wanted = wanted[1:]
    return wanted


def _look_up_queued(guild_id: int, _: int, wanted: list[str | int]) -> None:
    close_old_connections()
    try:
        _look_up_until(guild_id, wanted, time.monotonic() + BACKGROUND_SECONDS)
    except DirectoryUnavailable as reason:
        log.warning("Could not look up names in server %s: %s", guild_id, reason)
    except Exception:
        log.exception("Looking up names in server %s failed", guild_id)
    finally:
        close_old_connections()
        with _queue_lock:
            _queued.discard((guild_id, 0))


def _just_forgotten(user_ids: Iterable[int], now: datetime) -> set[int]:
    """Return those who were forgotten while Discord may have been asked about them: they stay so."""
    just_now = User.objects.filter(pk__in=list(user_ids), forgotten_at__gt=now - LOOKUP_TAKES)
    return set(just_now.values_list("pk", flat=True))


def _search_key(guild_id: int, beginning: str) -> str:
    # Hashed, since a name may contain characters that no cache accepts in a key.
    return f"search:{guild_id}:{hashlib.blake2b(beginning.lower().encode(errors='replace')).hexdigest()[:32]}"


def refresh_in_background(pairs: Iterable[tuple[int, int]]) -> None:
    """Look up (guild, user) pairs in the background, so that the page does not wait."""
    for pair in pairs:
        with _queue_lock:
            if pair in _queued or len(_queued) >= MAX_QUEUED:
                continue
            _queued.add(pair)
        _executor.submit(_refresh_queued, *pair)


def refresh_displayed(guild_id: int, user_ids: Iterable[int], now: datetime) -> None:
    """Look up in the background those members on a page whose data is older than SHOWN_FRESH.

    Without the privileged members intent, the bot gets no event when a member is renamed or leaves.
    """
    refresh_displayed_in({(guild_id, user_id) for user_id in user_ids}, now)


def refresh_displayed_in(pairs: Collection[tuple[int, int]], now: datetime) -> None:
    """Do the same for (guild, user) pairs, in one query."""
    guild_ids, user_ids = ({pair[of] for pair in pairs} for of in (0, 1))
    known = Member.objects.filter(guild__in=guild_ids, user__in=user_ids, left_at=None)
    stale = known.exclude(roles_read_at__gt=now - SHOWN_FRESH).order_by("roles_read_at")
    refresh_in_background(pair for pair in stale.values_list("guild_id", "user_id") if pair in pairs)


def _refresh_queued(guild_id: int, user_id: int) -> None:
    close_old_connections()
    try:
        if time.monotonic() >= _down_until[0]:
            refresh_member(guild_id, user_id)
    except DirectoryUnavailable as reason:
        _down_until[0] = time.monotonic() + PAUSE_AFTER_FAILURE
        log.warning(
            "Could not look anyone up, so names and roles stay as known for %s s: %s", PAUSE_AFTER_FAILURE, reason
        )
    except Exception:
        log.exception("Looking up person %s in server %s failed", user_id, guild_id)
    finally:
        close_old_connections()
        with _queue_lock:
            _queued.discard((guild_id, user_id))


def ensure_fresh_roles(
    guild_id: int,
    user_id: int,
    now: datetime,
    max_age: timedelta = ROLES_VALID_FOR,
    newer_than: timedelta = ROLES_FRESH,
) -> bool:
    """Look up a member's roles before these let them do something, unless they are `newer_than` that.

    Return whether they were looked up. While Discord is unavailable, or others wait for it, roles up to `max_age` old
    count; after that raise Refused, or TooManyWait.
    """
    member = CURRENT_MEMBER.first(guild_id, user_id)
    if member is None or (member.roles_read_at is not None and now - member.roles_read_at < newer_than):
        return False
    try:
        with place_to_wait(Purpose.CHANGE if max_age < ROLES_VALID_FOR else Purpose.SHOW):
            refresh_member(guild_id, user_id)
    except DirectoryUnavailable as reason:
        if isinstance(reason, TooManyWait):
            refresh_in_background([(guild_id, user_id)])  # which may be done when the request is tried again
            if member.roles_read_at is None or now - member.roles_read_at > max_age:
                raise
            return False
        if member.roles_read_at is None or now - member.roles_read_at > max_age:
            log.warning("Refused someone a change: could not ask Discord about them: %s", reason)
            raise Refused(Refusal("not_known", ROLES_UNKNOWN)) from None
        return False
    return True


def refresh_roles(user_id: int, guild_ids: Iterable[int], now: datetime) -> set[int]:
    """Look up a person's roles in guilds where they are older than ROLES_FRESH, for a page that lists what they show.

    Return the guilds in which they are older than ROLES_VALID_FOR because Discord is unavailable: nothing follows
    from such roles. After a failure nothing is asked for PAUSE_AFTER_FAILURE, so that pages do not wait. Of a crowd
    that reloads a list at once, WAITING_MAX wait for Discord; the others' roles are looked up in the background.
    """
    rows = Member.objects.filter(user_id=user_id, guild__in=list(guild_ids), left_at=None)
    stale = rows.exclude(roles_read_at__gt=now - ROLES_FRESH).order_by("roles_read_at")
    unknown = set()
    for guild_id, read_at in list(stale.values_list("guild_id", "roles_read_at")):
        if not _refresh_for_list(guild_id, user_id) and (read_at is None or now - read_at > ROLES_VALID_FOR):
            unknown.add(guild_id)
    return unknown


def _refresh_for_list(guild_id: int, user_id: int) -> bool:
    """Look up a member unless Discord could not be asked just now, or many wait already; return whether it did."""
    if time.monotonic() < _down_until[0]:
        return False
    try:
        with place_to_wait(Purpose.SHOW, in_any_thread=True):
            refresh_member(guild_id, user_id)
    except TooManyWait:
        refresh_in_background([(guild_id, user_id)])
        return False
    except DirectoryUnavailable as reason:
        _down_until[0] = time.monotonic() + PAUSE_AFTER_FAILURE
        log.warning("A page shows what older roles allow, because we could not look anyone up: %s", reason)
        return False
    return True


def ensure_manager_roles(guild_id: int, user_id: int, now: datetime, *, writes: bool) -> None:
    """Look up the roles by which somebody manages: after a minute, and before every change. Raise Refused."""
    max_age, newer_than = (timedelta(), LIVE) if writes else (ROLES_VALID_FOR, ROLES_FRESH)
    ensure_fresh_roles(guild_id, user_id, now, max_age, newer_than)


def fetch_roles_if_unknown(guild_id: int, user_id: int) -> bool:
    """Look up roles that were never read, as just after a log-in. Return whether they were read. Raise TooManyWait."""
    if not Member.objects.filter(guild_id=guild_id, user_id=user_id, left_at=None, roles_read_at=None).exists():
        return False
    try:
        with place_to_wait(Purpose.SHOW):
            refresh_member(guild_id, user_id)
    except TooManyWait:
        raise
    except DirectoryUnavailable:
        return False
    return True


def refresh_stale(now: datetime, older_than: timedelta, limit: int) -> int:
    """Look up the members read longest ago and return how many. Raise DirectoryUnavailable at the first failure."""
    stale = Member.objects.filter(left_at=None, guild__bot_removed_at=None, guild__unavailable=False).exclude(
        roles_read_at__gt=now - older_than
    )
    count = 0
    for guild_id, user_id in stale.order_by("roles_read_at").values_list("guild_id", "user_id")[:limit]:
        refresh_member(guild_id, user_id)
        count += 1
    return count
