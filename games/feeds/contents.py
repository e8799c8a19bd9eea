"""What a calendar feed shows: a person's games as they may see them at this moment."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

from django.db.models import Case, OuterRef, Subquery, When
from django.db.models.functions import Coalesce
from icalendar import Event

from games.core.permissions import Viewer
from games.core.text import GuildTexts
from games.feeds import wording
from games.models import AuditEntry, CalendarFeed, Game, GameQuerySet, Signup
from games.posts.calendars import game_event, own_part, write_calendar
from gamesched.lib.zones import zone_info
from guilds.directory.lookup import ROLES_FRESH, SHOWN_FRESH, ensure_fresh_roles, refresh_in_background
from guilds.models import Channel, Member, User
from notifications.models import Preference

FETCHED_EVERY = timedelta(hours=1)  # what calendars are asked for; each has its own idea
PAST_SHOWN = timedelta(days=90)
MAX_GAMES = 200  # so that no fetch takes seconds; of more, the next ones, and then the last that are over
# How far ahead times are told by the clock of their zone: the file has each change of the clocks until the last one.
BY_LOCAL_CLOCK = timedelta(days=3 * 365)


def find_feed(token: str) -> CalendarFeed | None:
    """Return the feed with this token; None for a wrong or replaced one, and where its person may not log in."""
    return CalendarFeed.objects.select_related("user").filter(token=token, user__is_active=True).first()


def feed_file(user: User, now: datetime) -> bytes:
    """Return a person's games as an iCalendar file. Unchanged games give the same bytes.

    Raises Refused where Discord must be asked what the person may see, and does not answer.
    """
    viewers = _viewers(user)
    channels = _channels_of(user, viewers, now)
    viewers |= _refreshed(user, viewers, channels, now)
    # By channel, before games are counted: those that they may not see take no place of those that they may.
    seen = [one.pk for one in channels if viewers[one.guild_id].may_view(one)]
    games = sorted(_next_games(user, seen, now), key=lambda game: (game.starts_at, game.pk))
    return write_calendar(
        _events(user, viewers, games, now),
        wording.CALENDAR_NAME,
        FETCHED_EVERY,
    )


def _viewers(user: User, guild_ids: Iterable[int] | None = None) -> dict[int, Viewer]:
    """Return what a person is in each guild that they are a member of, or in some of these."""
    members = Member.objects.with_role_permissions().select_related("guild__defaults")
    members = members.filter(user=user, left_at=None, guild__bot_removed_at=None)
    if guild_ids is not None:
        members = members.filter(guild__in=guild_ids)
    found = {}
    for member in members:
        member.user = user
        found[member.guild_id] = Viewer(user, member.guild_id, member)
    return found


def _games_of(user: User, now: datetime) -> GameQuerySet:
    """Return the announced games that a person hosts, plays or waits for, whether or not they may see them."""
    return Game.objects.announced().hosted_or_joined_by(user).filter(ends_at__gt=now - PAST_SHOWN)


def _channels_of(user: User, guild_ids: Iterable[int], now: datetime) -> list[Channel]:
    """Return the channels of these games, in these guilds."""
    used = _games_of(user, now).order_by().values("channel")
    return list(Channel.objects.filter(pk__in=used, guild__in=list(guild_ids)).select_related("parent"))


def _next_games(user: User, channel_ids: Iterable[int], now: datetime) -> Iterable[Game]:
    """Return the person's next games in these channels."""
    last_change = AuditEntry.objects.filter(game=OuterRef("pk")).order_by("-at").values("at")[:1]
    next_first = Case(When(ends_at__gt=now, then="starts_at")).asc(nulls_last=True)
    return (
        _games_of(user, now)
        .filter(channel__in=list(channel_ids))
        .with_guild_and_channel()
        .prefetch_related("cohosts")
        .annotate(changed_at=Coalesce(Subquery(last_change), "created_at"))
        .order_by(next_first, "-starts_at", "pk")[:MAX_GAMES]
    )


def _refreshed(user: User, viewers: dict[int, Viewer], channels: Iterable[Channel], now: datetime) -> dict[int, Viewer]:
    """Return the person anew in guilds where their roles decide what they see, and were read too long ago.

    Elsewhere they are looked up in the background, so that whoever left a guild is found out.
    """

    def older_than(guild_id: int, age: timedelta) -> bool:
        member = viewers[guild_id].member
        return member is not None and (member.roles_read_at is None or now - member.roles_read_at >= age)

    by_role = {one.guild_id for one in channels if viewers[one.guild_id].views_by_role(one)}
    stale = {guild_id for guild_id in by_role if older_than(guild_id, ROLES_FRESH)}
    refresh_in_background((pk, user.pk) for pk in viewers.keys() - stale if older_than(pk, SHOWN_FRESH))
    for guild_id in stale:
        ensure_fresh_roles(guild_id, user.pk, now)
    return {pk: Viewer(user, pk, None) for pk in stale} | _viewers(user, stale) if stale else {}


def _events(user: User, viewers: dict[int, Viewer], games: list[Game], now: datetime) -> list[Event]:
    """Return the games as events, in a number of statements that does not depend on how many there are."""
    rows = Signup.objects.current().of(user).filter(game__in=[game.pk for game in games])
    signups = {one.game_id: one for one in rows}
    preferences = {one.guild_id: one for one in Preference.objects.filter(user=user)}
    texts = _texts(viewers, games)
    events = []
    for game in games:
        signup = signups.get(game.pk)
        reads = signup is not None or viewers[game.guild_id].may_manage(game)  # as on the game's page
        own = own_part(game, user.pk, signup, preferences.get(game.guild_id))
        own = replace(own, reads_instructions=reads)
        changed_at = getattr(game, "changed_at")  # noqa: B009 - annotated above
        events.append(game_event(game, texts[game.guild_id], changed_at, own, _zone(game, now)))
    return events


def _texts(viewers: dict[int, Viewer], games: Iterable[Game]) -> dict[int, GuildTexts]:
    """Return each guild's texts for this person, with all that their games mention looked up already."""
    written: dict[int, list[str]] = defaultdict(list)
    for game in games:
        written[game.guild_id] += [game.description, game.settings.location, game.settings.instructions]
    texts = {guild_id: GuildTexts(guild_id, viewer=viewers[guild_id]) for guild_id in written}
    for guild_id, some in written.items():
        texts[guild_id].read_ahead(some)
    return texts


def _zone(game: Game, now: datetime) -> tzinfo:
    return zone_info(game.zone) if game.starts_at - now < BY_LOCAL_CLOCK else UTC
