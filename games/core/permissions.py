"""A user's permissions in a guild, with the guild's own settings taken into account."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from games.core import wording
from games.core.frequent_queries import (
    GAME_OF_PAGE,
    MEMBER,
    MEMBER_WITH_GUILD,
    MEMBERSHIPS_WITH_GUILD,
    MEMBERSHIPS_WITH_HIDDEN_GAMES,
)
from games.models import Game, GameQuerySet, GameTemplate, TimePoll
from games.models.settings import ChannelDefaults
from gamesched.lib.clock import db_now
from gamesched.lib.refusal import Refusal, Refused
from guilds.directory.lookup import ROLES_FRESH, fetch_roles_if_unknown, refresh_roles
from guilds.models import Channel, Member, Role, User
from guilds.permissions import denies_somebody, has_role, hidden_channel_ids, is_manager, may_act, may_view, may_write


@dataclass(frozen=True)
class Viewer:
    """Somebody in one guild, read once for a page or a transaction and passed on.

    `member` is None for whom the guild does not exist. An operator may do everything, member or not.
    `roles_unknown`: their roles are too old for anything that only managers see.
    """

    user: User | None
    guild_id: int
    member: Member | None
    operator: bool = False
    roles_unknown: bool = False

    @property
    def person(self) -> User:
        """Return the user; fail if there is none."""
        assert self.user is not None
        return self.user

    @property
    def may_see(self) -> bool:
        """Return whether they may see the guild."""
        return self.operator or self.member is not None

    def may_see_game(self, game: Game) -> bool:
        """Return whether the game exists for them: they may view its channel in Discord.

        Before it is announced, it exists only for those who run it, or are asked to.
        """
        return self.may_view(game.channel) and (
            game.announced_at is not None or self.may_manage(game) or self.is_invited_to_host(game)
        )

    def is_invited_to_host(self, game: Game) -> bool:
        """Return whether its host wants to hand the game over to them."""
        return self.member is not None and game.next_host_id == self.member.user_id

    def sees_by_role(self, game: Game) -> bool:
        """Return whether they see a game only as long as they have a role, or are not given another."""
        if self.operator or self.member is None:
            return False
        if game.announced_at is None and not game.is_hosted_by(self.member.user_id):
            return True
        return self.views_by_role(game.channel)

    def views_by_role(self, channel: Channel) -> bool:
        """Return whether they view a channel only as long as they have a role, or are not given another."""
        if self.operator or self.member is None:
            return False
        return denies_somebody(channel, self.member.role_permissions.get(self.guild_id, 0))

    def manages_by_role(self, game: Game) -> bool:
        """Return whether they manage a game that is not theirs only as long as they have a role."""
        if self.operator or self.member is None or self.member.user_id in {game.host_id, game.guild.owner_id}:
            return False
        return self.manages

    @cached_property
    def manages(self) -> bool:
        """Return whether they manage every game of the guild."""
        if self.operator or self.member is None or self.roles_unknown:
            return self.operator
        return is_manager(self.member, _manager_role_ids(self.member))

    def may_host(self, host_role_ids: Iterable[int]) -> bool:
        """Return whether they may schedule games that these roles may host; with no role named, only managers may."""
        return (self.member is not None and has_role(self.member, host_role_ids)) or self.manages

    @cached_property
    def may_schedule_by_guild(self) -> bool:
        """Return whether their guild's settings let them schedule, which are read already; not those of one channel."""
        if self.member is None:
            return False
        defaults = getattr(self.member.guild, "defaults", None)
        return self.may_host((defaults.host_role_ids if defaults else None) or ())

    @cached_property
    def may_schedule(self) -> bool:
        """Return whether some layer of settings lets them schedule; the action checks the kind of game."""
        if self.member is None or self.may_schedule_by_guild:
            return self.member is not None
        channels = ChannelDefaults.objects.filter(channel__guild_id=self.guild_id).values_list("host_role_ids")
        templates = GameTemplate.objects.filter(guild_id=self.guild_id, deleted_at=None).order_by()
        rows = channels.union(templates.values_list("host_role_ids"), all=True)
        return self.may_host({role for (ids,) in rows for role in ids or ()})

    def may_view(self, channel: Channel) -> bool:
        """Return whether a channel exists for them in Discord."""
        return self.operator or (self.member is not None and may_view(self.member, channel))

    def may_see_template(self, template: GameTemplate) -> bool:
        """Return whether a template exists for them: one for a channel goes with the channel."""
        return template.channel is None or self.may_view(template.channel)

    @cached_property
    def templates(self) -> list[GameTemplate]:
        """Return the templates of the guild that exist for them, in their order."""
        templates = GameTemplate.objects.filter(guild_id=self.guild_id, deleted_at=None)
        return [one for one in templates.select_related("channel__defaults") if self.may_see_template(one)]

    @cached_property
    def hidden_channel_ids(self) -> set[int]:
        """Return the channels of the guild that Discord does not show them."""
        if self.operator or self.member is None:
            return set()
        return hidden_channel_ids(self.member.user, Channel.objects.filter(guild=self.guild_id))

    @cached_property
    def channel_names(self) -> dict[int, str]:
        """Return the names of the guild's channels by id; of those hidden from them, only that they are hidden."""
        channels = Channel.objects.filter(guild=self.guild_id).select_related("parent")
        return {row.pk: str(row) if self.may_view(row) else gettext(wording.HIDDEN_CHANNEL) for row in channels}

    def may_announce_in(self, channel: Channel) -> bool:
        """Return whether they may have a game announced in a channel.

        They must see it, and be allowed to write there, unless the guild's managers name them as hosts of the channel.
        So nobody has the bot write where Discord lets them write nothing themselves.
        """
        if self.member is None or not self.may_view(channel):
            return self.operator
        defaults = getattr(channel.settings_channel, "defaults", None)
        named = defaults.host_role_ids if defaults is not None else None
        hosts_there = named is not None and self.may_host(named)
        return hosts_there or may_write(self.member, channel) or self.manages

    def require_may_act(self, now: datetime) -> None:
        """Raise Refused for a member who may do nothing in Discord: timed out, or not past its screening."""
        if self.member is not None and not self.operator and not may_act(self.member, now):
            raise Refused(Refusal("may_not_act", wording.may_not_act(self.member.timed_out_until, now)))

    def may_manage(self, game: Game) -> bool:
        """Return whether they may edit and cancel the game: its hosts, while members, and managers of the guild."""
        hosts = self.member is not None and game.is_hosted_by(self.member.user_id)
        return hosts or self.manages

    def may_choose_hosts(self, game: Game) -> bool:
        """Return whether they may say who runs the game: its host and the guild's managers, and no co-host."""
        hosts = self.member is not None and game.host_id == self.member.user_id
        return hosts or self.manages

    @property
    def pingable_role_ids(self) -> frozenset[int] | None:
        """Return the roles that they may have pinged; None means any."""
        if self.manages:
            return None
        defaults = getattr(self.member.guild, "defaults", None) if self.member is not None else None
        return frozenset(defaults.pingable_role_ids if defaults else ())


def load_viewer(user: User | None, guild_id: int, operator: bool = False) -> Viewer:
    """Read what somebody is in a guild."""
    member = None
    if user is not None:
        member = MEMBER_WITH_GUILD.first(guild_id, user.pk)
        if member is not None:
            member.user = user
    return Viewer(user, guild_id, member, operator)


def load_game_viewer(game: Game, user: User | None, operator: bool = False) -> Viewer:
    """Read what somebody is in a game's guild, which is read already."""
    member = None
    if user is not None and game.guild.bot_removed_at is None:
        member = MEMBER.first(game.guild_id, user.pk)
        if member is not None:
            member.user, member.guild = user, game.guild
    return Viewer(user, game.guild_id, member, operator)


def with_role_refresh(viewer: Viewer, check: Callable[[Viewer], bool]) -> Viewer:
    """Return the viewer, reloaded if `check` fails only because their roles were never fetched."""
    if check(viewer) or viewer.user is None or viewer.member is None or viewer.member.roles_read_at is not None:
        return viewer
    if not fetch_roles_if_unknown(viewer.guild_id, viewer.user.pk):
        return viewer
    return load_viewer(viewer.user, viewer.guild_id, viewer.operator)


def is_public(game: Game, everyone: int) -> bool:
    """Return whether all members see a game, whatever their roles; `everyone`: the guild-wide bits of @everyone."""
    return game.announced_at is not None and everyone_sees(game.channel, everyone)


def everyone_sees(channel: Channel, everyone: int) -> bool:
    """Return whether a channel is there, and hidden from no member; `everyone`: the guild-wide bits of @everyone."""
    is_there = channel.deleted_at is None and channel.settings_channel.deleted_at is None
    return is_there and not denies_somebody(channel, everyone)


def bits_of_everyone(guild_id: int) -> int:
    """Return the guild-wide bits of @everyone, whose id is the guild's."""
    return Role.objects.filter(pk=guild_id, deleted_at=None).values_list("permissions", flat=True).first() or 0


def may_search_members(viewer: Viewer) -> bool:
    """Return whether a user may look up members in forms: those who may schedule, and current hosts."""
    if viewer.may_schedule:
        return True
    user = viewer.user
    return Game.objects.filter(guild_id=viewer.guild_id).filter(Q(host=user) | Q(cohosts=user)).exists()


def managed_guild_ids(user: User) -> set[int]:
    """Return the guilds that the user manages now; the right is never stored, so it is read each time."""
    return _managed_guild_ids(user, MEMBERSHIPS_WITH_GUILD.all(user.pk))


def visible_to(user: User, unknown: Collection[int] = ()) -> GameQuerySet:
    """Return the games that a user may see, hidden ones included if they run them.

    `unknown`: ids of guilds in which nothing follows from the user's roles.
    """
    managed = _managed_guild_ids(user, MEMBERSHIPS_WITH_HIDDEN_GAMES.all(user.pk))
    return visible_to_player(user, managed - {*unknown}, unknown)


def visible_to_player(user: User, managed: Collection[int] = (), unknown: Collection[int] = ()) -> GameQuerySet:
    """Return the announced games that exist for a person, and all that they run or that are in the `managed` guilds.

    A game in a channel that they may not view in Discord does not exist for them, whoever they are.
    """
    used = used_channels()
    hidden = hidden_channel_ids(user, used)
    if unknown:
        channels = list(used.filter(guild__in=list(unknown)).select_related("parent"))
        everyone = dict(Role.objects.filter(pk__in=list(unknown)).values_list("pk", "permissions"))
        hidden |= {one.pk for one in channels if denies_somebody(one, everyone.get(one.guild_id, 0))}
    games: GameQuerySet = Game.objects.visible_to_member(user, managed).exclude(channel__in=hidden)
    return games


def visible_polls(user: User) -> QuerySet[TimePoll]:
    """Return the polls that exist for a person: of their guilds, in channels that they may view."""
    polls = TimePoll.objects.filter(guild__bot_removed_at=None, guild__members__user=user, guild__members__left_at=None)
    used = Channel.objects.filter(pk__in=polls.order_by().values("channel"))
    return polls.exclude(channel__in=hidden_channel_ids(user, used))


@dataclass(frozen=True)
class Memberships:
    """Where a person is a member, read once for a page that lists games, at `read_at` by the database's clock.

    `unknown`: the guilds in which nothing follows from their roles.
    """

    user: User
    by_guild: dict[int, Member]
    unknown: set[int]
    read_at: datetime

    def visible_games(self, used: Iterable[Channel], *, hidden_ones: bool = False) -> GameQuerySet:
        """Return the games that exist for the person in these guilds; the rule of `visible_to`, without a query.

        `used`: all channels of the guilds that have games, with their parents. `hidden_ones`: those too that are not
        announced, where the person manages; else only such as they run.
        """
        managed = _managed_guild_ids(self.user, self.by_guild.values()) - self.unknown if hidden_ones else set()
        hidden = {channel.pk for channel in used if not self.may_view(channel)}
        games: GameQuerySet = Game.objects.existing_for(self.user, [*self.by_guild], managed)
        return games.exclude(channel__in=hidden) if hidden else games

    def may_view(self, channel: Channel) -> bool:
        """Return whether they may view a channel in Discord, by what is known of their roles."""
        member = self.by_guild[channel.guild_id]
        everyone = member.role_permissions.get(channel.guild_id, 0)
        doubtful = channel.guild_id in self.unknown and denies_somebody(channel, everyone)
        return not doubtful and may_view(member, channel)


def load_memberships(user: User, guild_id: int | None = None) -> Memberships:
    """Read where a person is a member, by roles of this minute where these show them games; or of one guild only."""

    def read() -> dict[int, Member]:
        members = MEMBERSHIPS_WITH_GUILD.all(user.pk)
        return {one.guild_id: one for one in members if guild_id is None or one.guild_id == guild_id}

    members = read()
    read_at: datetime = next((one.read_at for one in members.values()), None) or db_now()  # type: ignore[attr-defined]
    stale = {
        pk: one
        for pk, one in members.items()
        if one.roles_read_at is None or one.roles_read_at <= read_at - ROLES_FRESH
    }
    unknown = _refresh_roles_that_show(user, stale, read_at) if stale else set()
    return Memberships(user, read() if stale else members, unknown, read_at)


def refresh_list_roles(user: User, now: datetime) -> set[int]:
    """Look up a person's roles in the guilds in which these show them games, before a page lists games.

    Return those in which they stay unknown, for `visible_to`. Takes one query if all roles are of this minute.
    """
    rows = Member.objects.with_role_permissions().select_related("guild__defaults")
    rows = rows.filter(user=user, left_at=None, guild__bot_removed_at=None)
    members = {one.guild_id: one for one in rows.exclude(roles_read_at__gt=now - ROLES_FRESH)}
    return _refresh_roles_that_show(user, members, now) if members else set()


def _refresh_roles_that_show(user: User, members: Mapping[int, Member], now: datetime) -> set[int]:
    asking = TimePoll.objects.open(now).filter(guild__in=members).order_by().values("channel")
    used = Q(pk__in=used_channels().filter(guild__in=members).values("pk")) | Q(pk__in=asking)
    channels = list(Channel.objects.filter(used).select_related("parent"))
    shown_by_role = {
        one.guild_id
        for one in channels
        if denies_somebody(one, members[one.guild_id].role_permissions.get(one.guild_id, 0))
        and may_view(members[one.guild_id], one)
    }
    drafts = Game.objects.filter(announced_at=None, cancelled_at=None, guild__in=members).exclude(host=user)
    with_drafts = set(drafts.order_by().values_list("guild_id", flat=True))
    shown_by_role |= {pk for pk in with_drafts - shown_by_role if Viewer(user, pk, members[pk]).manages}
    return refresh_roles(user.pk, shown_by_role, now)


def used_channels() -> QuerySet[Channel]:
    """Return the channels that have games."""
    return Channel.objects.annotate(game_id=Game.objects.one_of("channel")).filter(game_id__isnull=False)


def find_visible_game(user: User, game_id: int) -> tuple[Game, Viewer] | None:
    """Read a game that the user may see, with what they are in its guild; the same rule as `visible_to`."""
    game = GAME_OF_PAGE.first(game_id)
    if game is None:
        return None
    viewer = load_game_viewer(game, user)
    return (game, viewer) if viewer.may_see_game(game) else None


def _managed_guild_ids(user: User, members: Iterable[Member]) -> set[int]:
    return {one.guild_id for one in members if Viewer(user, one.guild_id, one).manages}


def _manager_role_ids(member: Member) -> tuple[int, ...]:
    defaults = getattr(member.guild, "defaults", None)
    return tuple(defaults.manager_role_ids if defaults else ())
