"""The thread of a game: made from its post, or the post itself in a forum; who is in it, and when it is archived."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from django.db.models import TextChoices

from games.companions.base import CompanionType, CompanionView
from games.companions.people import who_may_view
from games.companions.renames import renamed_again_at, with_rename
from games.core.seating import current_signups, has_free_seat
from games.core.settings import ThreadStart
from games.core.states import State
from games.models import CompanionKind, Game, GameCompanion, Signup
from games.models.announcement import thread_name
from games.signups.rules import signup_closed_reason
from guilds.models import MANAGE_THREADS, Channel

LOOKED_UP = 50  # threads at once, after the bot was away
MOST_PEOPLE = 999  # Discord's 1000 in a thread, without the bot


class TagWord(TextChoices):
    """What a forum's tag may be called, in any case, to stand for a state of games. Its labels are other spellings."""

    OPEN = "open", "open"
    FULL = "full", "full"
    CLOSED = "closed", "closed"
    STARTED = "started", "in progress"
    OVER = "over", "over"
    CANCELLED = "cancelled", "canceled"


@dataclass(frozen=True, kw_only=True)
class ThreadView(CompanionView):
    """The thread of the message `message_id` in the channel `channel_id`.

    In a forum it is the post, which names it: `name` is ''. There it has the tag `tag_id` (0 for none) of all those
    that stand for states. `renamed_at` is when it got its last names.
    """

    channel_id: int
    message_id: int
    in_forum: bool = False
    name: str = ""
    renamed_at: tuple[str, ...] = ()
    archived: bool = False
    tag_id: int = 0
    state_tag_ids: tuple[int, ...] = ()


def wanted(game: Game, companion: GameCompanion, now: datetime) -> ThreadView | None:
    """Return what the game's thread should be; None for none, and where it stands elsewhere than the game's post.

    What people wrote stays: where none is wanted it is archived, and a forum's post stays as it is. Nobody is added
    twice, so whoever leaves it stays out until they lose their seat.
    """
    is_over = game.state(now).over
    if companion.discord_id is None:
        return None if is_over else _new_thread(game, companion, now)
    shown = last_view(game, companion)
    if is_over:
        return _with_tag(replace(shown, archived=True), game, game.announcement.channel, (), now)
    return _kept_thread(game, companion, shown, now)


def next_change(game: Game, companion: GameCompanion, now: datetime) -> datetime | None:
    """Return when the thread may change by itself: at the start, at the end, or when it may have its new name."""
    if game.state(now).over:
        return None
    times = [at for at in (game.starts_at, game.ends_at) if at > now]
    if companion.discord_id is not None and (free_at := _renamed_again_at(last_view(game, companion), game, now)):
        times.append(free_at)
    return min(times, default=None)


def forum_tag_id(game: Game, now: datetime) -> int:
    """Return the tag with which a game's post in a forum is made; 0 for none of a state."""
    channel = game.announcement.channel
    if game.settings.thread == ThreadStart.NEVER or not _state_tags(channel):
        return 0
    return _tag_id(game, channel, current_signups(game), now)


def _new_thread(game: Game, companion: GameCompanion, now: datetime) -> ThreadView | None:
    post = game.announcement
    channel = post.channel
    # A post in somebody's thread has a thread around it already.
    if post.message_id is None or channel.parent_id is not None or channel.deleted_at is not None:
        return None
    if not channel.is_forum and _waits_for_start(game, now):
        return None
    name = "" if channel.is_forum else thread_name(game.title)
    view = ThreadView(
        guild_id=game.guild_id,
        channel_id=channel.pk,
        message_id=post.message_id,
        in_forum=channel.is_forum,
        name=name,
    )
    return _with_people(view, game, companion, now)


def _kept_thread(game: Game, companion: GameCompanion, shown: ThreadView, now: datetime) -> ThreadView | None:
    post = game.announcement
    if shown.channel_id != post.channel_id or (shown.in_forum and shown.message_id != post.message_id):
        return None
    name, renamed_at = shown.name, shown.renamed_at
    if not shown.in_forum and (new := thread_name(game.title)) != name and _renamed_again_at(shown, game, now) is None:
        name, renamed_at = new, with_rename(renamed_at, now)
    view = replace(shown, name=name, renamed_at=renamed_at, archived=False)
    return _with_people(view, game, companion, now)


def last_view(game: Game, companion: GameCompanion) -> ThreadView:
    """Return the thread as it was last made to be, with the people who are in it."""
    assert companion.discord_id is not None, "there is none"
    post = game.announcement
    known = {field.name for field in fields(ThreadView)}
    shown = {name: value for name, value in companion.shown.items() if name in known}
    lists = {name: tuple(value) for name, value in shown.items() if isinstance(value, list)}
    place = {"channel_id": post.channel_id, "message_id": companion.discord_id, "in_forum": post.channel.is_forum}
    return ThreadView(
        guild_id=game.guild_id,
        member_ids=tuple(companion.member_ids),
        may_remove=False,
        **place | shown | lists,
    )


def _renamed_again_at(shown: ThreadView, game: Game, now: datetime) -> datetime | None:
    """Return when a thread may have the game's new name; None for now, or if it has the name."""
    has_name = shown.in_forum or shown.name == thread_name(game.title)
    return None if has_name else renamed_again_at(shown.renamed_at, now)


def _waits_for_start(game: Game, now: datetime) -> bool:
    return game.settings.thread == ThreadStart.START and now < game.starts_at


def threads_unseen(guild_ids: Collection[int], seen_ids: Collection[int], now: datetime) -> list[int]:
    """Return threads of games to come in these guilds that are not among those seen: quiet for long, or deleted.

    Of a forum's posts their own updates say so.
    """
    live = Game.objects.upcoming(now).filter(guild__in=guild_ids)
    threads = GameCompanion.objects.filter(kind=CompanionKind.THREAD, game__in=live, discord_id__isnull=False)
    unseen = threads.exclude(discord_id__in=seen_ids).exclude(shown__in_forum=True).order_by("game__starts_at")
    return [pk for pk in unseen.values_list("discord_id", flat=True)[:LOOKED_UP] if pk is not None]


# --- its people ----------------------------------------------------------------------------------------------


def _with_people(view: ThreadView, game: Game, companion: GameCompanion, now: datetime) -> ThreadView:
    channel, signups = game.announcement.channel, current_signups(game)
    # In a forum the thread is there before the start; and whoever is in it stays, if the start moves.
    waits = view.in_forum and _waits_for_start(game, now)
    member_ids = tuple(companion.member_ids) if waits else _people(game, channel, signups)
    may_remove = channel.bot_has(MANAGE_THREADS) and not waits
    return _with_tag(replace(view, member_ids=member_ids, may_remove=may_remove), game, channel, signups, now)


def _people(game: Game, channel: Channel, signups: Sequence[Signup]) -> tuple[int, ...]:
    """Return who hosts the game or has a seat in it, of those who may view the channel."""
    seated = (one.user_id for one in signups if one.seated_at is not None)
    return who_may_view(game, channel, [game.host_id, *sorted(game.cohost_ids), *seated])[:MOST_PEOPLE]


# --- tags of forums ------------------------------------------------------------------------------------------


def _with_tag(view: ThreadView, game: Game, channel: Channel, signups: Sequence[Signup], now: datetime) -> ThreadView:
    if not view.in_forum or channel.pk != view.channel_id:
        return view
    ids = tuple(sorted(_state_tags(channel).values()))
    return replace(view, tag_id=_tag_id(game, channel, signups, now) if ids else 0, state_tag_ids=ids)


def _state_tags(channel: Channel) -> dict[str, int]:
    """Return the forum's tags that stand for states and that the bot may apply, by their words."""
    found: dict[str, int] = {}
    words = {spelling: word.value for word in TagWord for spelling in (word.value, word.label)}
    for tag_id, name, moderated in channel.tags:
        word = words.get(name.strip().casefold())
        if word is not None and (not moderated or channel.bot_has(MANAGE_THREADS)):
            found.setdefault(word, tag_id)
    return found


def _tag_id(game: Game, channel: Channel, signups: Sequence[Signup], now: datetime) -> int:
    return _state_tags(channel).get(_tag_word(game, signups, now), 0)


def _tag_word(game: Game, signups: Sequence[Signup], now: datetime) -> TagWord:
    state = game.state(now)
    if state is State.CANCELLED:
        return TagWord.CANCELLED
    if state.over:
        return TagWord.OVER
    if state is State.IN_PROGRESS:
        return TagWord.STARTED
    if signup_closed_reason(game, now, None, in_discord=True):
        return TagWord.CLOSED
    return TagWord.OPEN if has_free_seat(game, signups) else TagWord.FULL


THREAD = CompanionType(CompanionKind.THREAD, wanted, next_change, last_view=last_view)
