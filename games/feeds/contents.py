"""What a calendar feed shows: the games that it is about, as its person may see them at this moment."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Exists, Func, OuterRef, QuerySet, TextField, When
from django.db.models.functions import Coalesce, JSONObject
from django.utils.translation import get_language, gettext
from icalendar import Event

from games.core.permissions import Viewer
from games.core.text import GuildTexts
from games.feeds import wording
from games.models import CalendarFeed, Game, GameQuerySet, Signup
from games.posts.calendars import game_event, own_part, place_in_series, write_calendar
from gamesched.lib.clock import DbNow
from gamesched.lib.version import VERSION
from gamesched.lib.zones import zone_info
from guilds.directory.lookup import ROLES_FRESH, SHOWN_FRESH, ensure_fresh_roles, refresh_in_background
from guilds.models import Channel, Member, User
from notifications.models import Preference

FETCHED_EVERY = timedelta(hours=1)  # what calendars are asked for; each has its own idea
PAST_SHOWN = timedelta(days=90)
MAX_GAMES = 500  # so that no fetch takes seconds; of more, the next ones, and then the last that are over
# How far ahead times are told by the clock of their zone: the file has each change of the clocks until the last one.
BY_LOCAL_CLOCK = timedelta(days=3 * 365)
# It differs after every update of the row, whatever made it.
ROW_VERSION = Func(template="games_game.xmin::text || games_game.ctid::text", output_field=TextField())

READ_ALONG: dict[str, Any] = {
    "read_at": DbNow(),
    "preferences": ArraySubquery(
        Preference.objects.filter(user=OuterRef("user")).values(
            row=JSONObject(guild_id="guild_id", method="method", reminder_minutes="reminder_minutes")
        )
    ),
}
COHOSTS: dict[str, Any] = {
    "cohosts_read": ArraySubquery(Game.cohosts.through.objects.filter(game=OuterRef("pk")).values("user_id"))
}


def find_feed(token: str) -> CalendarFeed | None:
    """Return the feed with this token, the time, and what its person chose in each guild.

    None for a wrong or replaced token, and where its person may not log in: one statement for each of them.
    """
    feeds = CalendarFeed.objects.select_related("user", "guild", "channel__parent", "template__channel__parent")
    return feeds.annotate(**READ_ALONG).filter(token=token, user__is_active=True).first()


@dataclass(frozen=True)
class FeedContents:
    """What a feed shows at one moment: which games, and what follows from the person's own rows.

    Enough to tell whether anything changed; the games themselves are read for the file.
    """

    feed: CalendarFeed
    viewers: Mapping[int, Viewer]
    games: list[tuple[int, str, datetime, bool]]  # id, version of the row, last change, whether they co-host it
    signups: Mapping[int, Signup]
    preferences: Mapping[int, Preference]
    now: datetime

    @cached_property
    def etag(self) -> str:
        """Return what stands for the file, found without writing it.

        Names that texts mention are not looked up for it, nor how far ahead it is: so it is another one every day.
        """
        people = [
            (pk, viewer.manages, viewer.member.role_ids if viewer.member else None)
            for pk, viewer in sorted(self.viewers.items())
        ]
        own = [(pk, one.pk, one.seated_at) for pk, one in sorted(self.signups.items())]
        chosen = [(pk, one.method, one.reminder_minutes) for pk, one in sorted(self.preferences.items())]
        rows = (VERSION, settings.PUBLIC_URL, self.now.date(), self.name, self.feed.user.zone, get_language())
        digest = hashlib.sha256(repr((rows, people, self.games, own, chosen)).encode()).hexdigest()[:32]
        return f'W/"{digest}"'

    @property
    def name(self) -> str:
        """Return what calendars call the feed; nothing of what the person may not see."""
        viewer = self.viewers.get(self.feed.only_guild_id or 0)
        return calendar_name(self.feed, viewer) or gettext(wording.CALENDAR_NAME)

    def file(self) -> bytes:
        """Return the games as an iCalendar file. Unchanged games give the same bytes."""
        changed_at = {pk: at for pk, _, at, _ in self.games}
        found = Game.objects.with_guild_and_channel().annotate(**COHOSTS)
        games = sorted(found.filter(pk__in=changed_at), key=lambda game: (game.starts_at, game.pk))
        texts = _texts(self.viewers, games)
        events = [self._event(game, texts[game.guild_id], changed_at[game.pk]) for game in games]
        placed: set[tuple[int | None, datetime | None]] = set()
        for game, event in zip(games, events, strict=True):
            # Of two with the same place, a calendar would show one: the second stays an event of its own.
            if game.series_start is not None and (place := (game.series_id, game.series_start)) not in placed:
                placed.add(place)
                place_in_series(event, game, _zone(game, self.now))
        return write_calendar(events, self.name, FETCHED_EVERY)

    def _event(self, game: Game, texts: GuildTexts, changed_at: datetime) -> Event:
        user_id, signup = self.feed.user_id, self.signups.get(game.pk)
        reads = signup is not None or self.viewers[game.guild_id].may_manage(game)  # as on the game's page
        own = own_part(game, user_id, signup, self.preferences.get(game.guild_id))
        own = replace(own, reads_instructions=reads)
        return game_event(game, texts, changed_at, own, _zone(game, self.now))


def read_contents(feed: CalendarFeed, now: datetime) -> FeedContents:
    """Read what a feed shows, in a number of statements that does not depend on how many games there are.

    Raises Refused where Discord must be asked what the person may see, and does not answer.
    """
    viewers = _viewers(feed.user, None if feed.only_guild_id is None else [feed.only_guild_id])
    channels = _channels_of(feed, viewers, now)
    viewers |= _refreshed(feed, viewers, channels, now)
    # By channel, before games are counted: those that they may not see take no place of those that they may.
    seen = [one.pk for one in channels if viewers[one.guild_id].may_view(one)]
    if feed.template is not None and not _may_see_template(feed, viewers):
        seen = []
    games = list(_next_games(feed, seen, now))
    signups = Signup.objects.current().of(feed.user).filter(game__in=[pk for pk, *_ in games])
    return FeedContents(
        feed,
        viewers,
        games,
        {one.game_id: one for one in signups},
        {row["guild_id"]: Preference(**row) for row in feed.preferences if row["guild_id"] in viewers},
        now,
    )


def calendar_name(feed: CalendarFeed, viewer: Viewer | None) -> str:
    """Return what a feed is about, in a few words; '' for the own games, and where its person may not see it.

    `viewer`: the person in the guild that it is about.
    """
    if viewer is None or viewer.member is None:
        return ""
    guild = viewer.member.guild.name
    if feed.guild_id:
        return guild
    if feed.channel is not None:
        return wording.of_guild(str(feed.channel), guild) if viewer.may_view(feed.channel) else ""
    if feed.template is not None:
        return wording.of_guild(feed.template.name, guild) if viewer.may_see_template(feed.template) else ""
    return ""


def _may_see_template(feed: CalendarFeed, viewers: Mapping[int, Viewer]) -> bool:
    viewer = viewers.get(feed.only_guild_id or 0)
    return viewer is not None and feed.template is not None and viewer.may_see_template(feed.template)


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


def _games_of(feed: CalendarFeed, now: datetime) -> GameQuerySet:
    """Return the announced games that a feed is about, whether or not its person may see them."""
    return feed.narrow(Game.objects.announced().filter(ends_at__gt=now - PAST_SHOWN))


def _channels_of(feed: CalendarFeed, guild_ids: Iterable[int], now: datetime) -> list[Channel]:
    """Return the channels of these games, in these guilds."""
    used = _games_of(feed, now).order_by().values("channel")
    return list(Channel.objects.filter(pk__in=used, guild__in=list(guild_ids)).select_related("parent"))


def _next_games(
    feed: CalendarFeed, channel_ids: Iterable[int], now: datetime
) -> QuerySet[Game, tuple[int, str, datetime, bool]]:
    """Return of the next of these games in these channels what `FeedContents` has of them."""
    cohosts = Game.cohosts.through.objects.filter(game=OuterRef("pk"), user=feed.user_id)
    next_first = Case(When(ends_at__gt=now, then="starts_at")).asc(nulls_last=True)
    return (
        _games_of(feed, now)
        .filter(channel__in=list(channel_ids))
        .annotate(version=ROW_VERSION, last_change=Coalesce("changed_at", "created_at"), own=Exists(cohosts))
        .order_by(next_first, "-starts_at", "pk")
        .values_list("pk", "version", "last_change", "own")[:MAX_GAMES]
    )


def _refreshed(
    feed: CalendarFeed, viewers: dict[int, Viewer], channels: Iterable[Channel], now: datetime
) -> dict[int, Viewer]:
    """Return the person anew in guilds where their roles decide what they see, and were read too long ago.

    Elsewhere they are looked up in the background, so that whoever left a guild is found out.
    """
    user = feed.user

    def older_than(guild_id: int, age: timedelta) -> bool:
        member = viewers[guild_id].member
        return member is not None and (member.roles_read_at is None or now - member.roles_read_at >= age)

    of_feed = (feed.channel, feed.template.channel if feed.template is not None else None)
    named = [one for one in of_feed if one is not None and one.guild_id in viewers]
    by_role = {one.guild_id for one in (*channels, *named) if viewers[one.guild_id].views_by_role(one)}
    stale = {guild_id for guild_id in by_role if older_than(guild_id, ROLES_FRESH)}
    refresh_in_background((pk, user.pk) for pk in viewers.keys() - stale if older_than(pk, SHOWN_FRESH))
    for guild_id in stale:
        ensure_fresh_roles(guild_id, user.pk, now)
    return {pk: Viewer(user, pk, None) for pk in stale} | _viewers(user, stale) if stale else {}


def _texts(viewers: Mapping[int, Viewer], games: Iterable[Game]) -> dict[int, GuildTexts]:
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
