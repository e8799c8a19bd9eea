"""Makes an archive's games again, past ones too, with their people, series, templates and settings.

Ids of an archive lead only to what this server has. By page, people who aren't members become names; the command line,
whose operator may make anyone known, takes them as they were.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from games.core.base import Actor, record
from games.core.codes import AuditAction
from games.core.freezing import has_started
from games.core.notification_schedule import schedule_game_times, schedule_post_update
from games.core.permissions import Viewer
from games.core.setting_kinds import ChannelId
from games.core.settings import GAME_SETTINGS, PICTURE_SETTINGS, ROLE_SETTINGS, SETTINGS, SeatMethod
from games.imports.archive import Archive, ArchivedGame, ArchivedSignup, Place, picture_settings
from games.imports.found import FoundGame, Note, Reading
from games.models import Announcement, Game, GameTemplate, GuildDefaults, Series, SeriesPlayer, Signup
from games.pictures.actions import keep_pictures, store_picture
from games.pictures.encoding import BadPicture
from games.scheduling.limits import require_room_to_schedule
from games.scheduling.rules import AnnounceWhen, Plan, check_plan
from games.series.actions import schedule_next_game
from games.series.game_values import follow_game
from games.server_settings.actions import change_channel_defaults, change_guild_defaults
from games.server_settings.templates import make_default, save_template
from gamesched.lib.refusal import Refused
from guilds.directory.payloads import UserPayload
from guilds.directory.upsert import upsert_users
from guilds.models import Channel, Member, Role, User
from guilds.permissions import may_view


@dataclass(frozen=True)
class Here:
    """What of an archive this server has, as far as who imports it sees that, by the names and ids there."""

    guild_id: int
    archive: Archive
    channels: Mapping[int, Channel]
    by_name: Mapping[str, Channel]
    fallback: Channel
    templates: Mapping[str, GameTemplate]
    role_ids: frozenset[int]
    user_ids: frozenset[int]
    names: Mapping[int, str]
    pictures: Mapping[str, str]

    def channel(self, place: Place) -> Channel:
        """Return the channel of that id, or else of that name, or else the one that was chosen."""
        return self.channels.get(place.id) or self.by_name.get(place.name) or self.fallback

    def roles(self, roles: Iterable[int]) -> tuple[int, ...]:
        """Return those roles that this server has; @everyone's id is that of its server."""
        here = (self.guild_id if role == self.archive.guild_id else role for role in roles)
        return tuple(role for role in here if role in self.role_ids)

    def loses_players(self, settings: Mapping[str, Any]) -> bool:
        """Return whether settings let some roles sign up of which this server has none."""
        roles = settings.get("player_role_ids") or ()
        return bool(roles) and not self.roles(roles)

    def settings(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return settings without the roles, channels and pictures that this server does not have.

        Where only such roles could sign up, nobody does: the host picks.
        """
        found: dict[str, Any] = {}
        for name, value in settings.items():
            if name in ROLE_SETTINGS:
                value = self.roles(value)  # with none left it is set still: what is above may let in more
            elif isinstance(SETTINGS[name], ChannelId) and value and value not in self.channels:
                continue
            elif name in PICTURE_SETTINGS and value:
                value = self.pictures.get(value)
            if value is not None:
                found[name] = value
        if self.loses_players(settings):
            del found["player_role_ids"]
            found["method"] = SeatMethod.PICKS.value
        return found

    def layer(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings of a layer above games: below one that lost its roles, none lets everyone in again."""
        found = self.settings(settings)
        layers = [self.archive.settings, *(one for _, _, one in self.archive.channels)]
        if "player_role_ids" not in settings and any(map(self.loses_players, layers)):
            found.pop("method", None)
        return found


def store_pictures(reading: Reading) -> dict[str, str]:
    """Store the pictures that an archive uses, and return how each is called here; broken ones are left out."""
    if reading.archive is None:
        return {}
    stored: dict[str, str] = {}
    for name in sorted(picture_settings(reading.archive, reading.games)):
        try:
            stored[name] = store_picture(reading.archive.pictures[name])
        except BadPicture:
            continue
    return stored


def people_here(reading: Reading, members: set[int], actor: Actor) -> frozenset[int]:
    """Return who of an archive can be named here: members; for an operator everybody, made known if need be."""
    archive = reading.archive
    if archive is None or not actor.operator:
        return frozenset(members)
    known = set(User.objects.filter(pk__in=archive.people).values_list("pk", flat=True))
    # Only those that nobody knows here: an archive renames nobody.
    upsert_users(
        UserPayload(pk, username, global_name)
        for pk, (username, global_name) in archive.people.items()
        if pk not in known
    )
    return frozenset(members | archive.people.keys())


def find_here(
    viewer: Viewer, archive: Archive, user_ids: frozenset[int], channel_id: int, pictures: Mapping[str, str]
) -> Here:
    """Read what this server has of an archive, as far as who imports it sees that."""
    guild_id = viewer.guild_id
    rows = Channel.objects.with_settings().filter(guild=guild_id, deleted_at=None)
    channels = {one.pk: one for one in rows if viewer.may_view(one)}
    templates = GameTemplate.objects.filter(guild=guild_id, deleted_at=None).select_related("channel__parent")
    roles = Role.objects.filter(guild=guild_id, deleted_at=None).values_list("pk", flat=True)
    return Here(
        guild_id=guild_id,
        archive=archive,
        channels=channels,
        by_name={one.name: one for one in reversed(channels.values())},
        fallback=channels[channel_id],
        templates={one.name: one for one in templates if viewer.may_see_template(one)},
        role_ids=frozenset(roles),
        user_ids=user_ids,
        names={pk: global_name or username for pk, (username, global_name) in archive.people.items()},
        pictures=pictures,
    )


def with_viewers(here: Here, channel: Channel) -> Here:
    """Return what this server has for games to come in a channel: only people who see it."""
    members = Member.objects.with_role_permissions().select_related("guild", "user")
    members = members.filter(guild=here.guild_id, user__in=here.user_ids, left_at=None)
    hidden = {one.user_id for one in members if not may_view(one, channel)}
    return replace(here, user_ids=here.user_ids - hidden)


@transaction.atomic
def restore_settings(archive: Archive, here: Here, actor: Actor, now: datetime) -> None:
    """Set what an archive has and this server does not: settings where none is set, templates that are missing."""
    guild_id = here.guild_id
    if not GuildDefaults.objects.filter(pk=guild_id).exists():
        managers, pingable = (
            [pk for pk in ids if pk in here.role_ids and pk != guild_id]
            for ids in (archive.manager_role_ids, archive.pingable_role_ids)
        )
        _try(lambda: change_guild_defaults(guild_id, here.layer(archive.settings), managers, pingable, actor, now))
    for place, for_games, settings in archive.channels:
        channel = here.channels.get(place.id) or here.by_name.get(place.name)
        if channel is not None and getattr(channel, "defaults", None) is None:
            pk, values = channel.pk, here.layer(settings)
            _try(lambda pk=pk, values=values, on=for_games: change_channel_defaults(pk, values, on, actor, now))
    for one in archive.templates:
        if one.name in here.templates:
            continue
        channel = here.channels.get(one.place.id) or here.by_name.get(one.place.name) if one.place else None
        made = _try(
            lambda one=one, channel=channel: save_template(
                guild_id, None, one.name, one.description, channel.pk if channel else None,
                here.layer(one.settings), one.locked, actor, now,
            )
        )  # fmt: skip
        if made is not None and one.is_default:
            make_default(guild_id, made.layer.pk, actor, now)


def _try(action: Any) -> Any:
    """Run an action of which an archive may have what is refused here; then nothing of it changes."""
    try:
        return action()
    except Refused:
        return None


@transaction.atomic
def restore_game(found: FoundGame, here: Here, announce: AnnounceWhen, host: User, actor: Actor, now: datetime) -> Game:
    """Make a game as its archive has it. Raises Refused.

    One to come is announced only if it was and `announce` says so; one that has begun is not posted again.
    """
    archived = found.archived
    assert archived is not None
    channel = here.channel(archived.place)
    plan = Plan(found.title, found.description, found.starts_at, found.zone, channel.pk, settings=archived.settings)
    if refusal := check_plan(plan, now, found.starts_at):
        raise Refused(refusal)
    settings = {name: value for name, value in here.settings(archived.settings).items() if name in GAME_SETTINGS}
    if lost := keep_pictures(settings):
        settings = {name: value for name, value in settings.items() if name not in lost}
    values = dict(archived.values)
    game = Game(
        guild_id=here.guild_id,
        channel=channel,
        template=here.templates.get(archived.template or ""),
        host=host,
        title=found.title,
        description=found.description,
        starts_at=found.starts_at,
        zone=found.zone,
        **{name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()},
        **{name: value for name, value in values.items() if name not in {"series_date", "series_start"}},
    )
    is_to_come = game.starts_at > now and game.cancelled_at is None
    if game.starts_at > now:
        _keep_gates(game, archived, here, now)
    if is_to_come:
        require_room_to_schedule(here.guild_id, host.pk, now)
        if announce is AnnounceWhen.DRAFT:
            game.announced_at = game.announce_at = None
        elif game.announce_at is not None and game.announce_at <= now:
            game.announce_at = None
    game.save()
    game.cohosts.set([pk for pk in archived.cohost_ids if pk in here.user_ids and pk != host.pk])
    Announcement.objects.create(game=game, channel=channel)
    _restore_signups(game, archived, here)
    record(game, actor, AuditAction.CREATE, {}, now)
    game.refresh_from_db()
    if is_to_come and not has_started(game, now):
        schedule_game_times(game, now)
        if game.announced_at is not None:
            schedule_post_update(game, now)
    return game


def _keep_gates(game: Game, archived: ArchivedGame, here: Here, now: datetime) -> None:
    """Let nobody sign up for a game here who could not there: this server has settings of its own."""
    there = here.archive.gates(archived)
    roles = here.roles(there["player_role_ids"] or ())
    is_for_some = bool(there["player_role_ids"]) and here.guild_id not in roles
    host_picks = there["method"] is not None and SeatMethod(there["method"]).by_host

    def is_too_open() -> bool:
        game.drop_cached_settings()
        method, named = game.settings.method, set(game.settings.player_role_ids)
        is_for_more = is_for_some and not (named and named <= set(roles))
        return method is not SeatMethod.PICKS and (is_for_more or (host_picks and not method.by_host))

    if is_too_open():
        game.player_role_ids = list(roles) if is_for_some and roles else game.player_role_ids
        game.method = SeatMethod.PICKS.value if is_for_some and not roles else there["method"] or game.method
    if is_too_open():  # its template here locks what it is to have
        game.closed_at = game.closed_at or now


def _restore_signups(game: Game, archived: ArchivedGame, here: Here) -> None:
    made: dict[int, Signup] = {}
    orders: set[int] = set()
    current: set[int] = set()
    people, guests = list[Signup](), list[tuple[Signup, int]]()
    for one in archived.signups:
        signup = _signup(game, one, here)
        if signup is None or signup.order_key in orders:
            continue
        if signup.user_id is not None and signup.left_at is None:
            if signup.user_id in current:
                continue
            current.add(signup.user_id)
        orders.add(signup.order_key)
        if one.guest_of is not None:
            guests.append((signup, one.guest_of))
        else:
            people.append(signup)
    for signup in Signup.objects.bulk_create(people):
        if signup.user_id is not None and signup.left_at is None:
            made[signup.user_id] = signup
    for signup, inviter in guests:
        signup.guest_of = made.get(inviter)
    Signup.objects.bulk_create(signup for signup, _ in guests)


def _signup(game: Game, one: ArchivedSignup, here: Here) -> Signup | None:
    """Return a sign-up as it was; of somebody who is not known here under their name, without a name none."""
    is_known = one.user_id is not None and one.user_id in here.user_ids
    placeholder = one.placeholder if one.user_id is None else "" if is_known else here.names.get(one.user_id, "")
    if not is_known and not placeholder:
        return None
    return Signup(game=game, user_id=one.user_id if is_known else None, placeholder=placeholder, **one.values)


def restore_series(archive: Archive, games: Mapping[int, tuple[Game, ArchivedGame]], here: Here, now: datetime) -> None:
    """Make the series of games that were just made, by their numbers there; each date stays with its game."""
    for one in archive.series:
        source = games.get(one.source)
        own = [
            (game, entry) for game, entry in games.values() if entry.series == one.id and entry.values["series_date"]
        ]
        if source is None or not own:
            continue
        series = Series(guild_id=here.guild_id, rule=str(one.recurrence), **one.values)
        follow_game(series, source[0])
        series.save()
        taken: set[Any] = set()
        for game, entry in own:
            if (day := entry.values["series_date"]) not in taken:
                taken.add(day)
                start = entry.values["series_start"] or game.starts_at
                Game.objects.filter(pk=game.pk).update(series=series, series_date=day, series_start=start)
        SeriesPlayer.objects.bulk_create(
            SeriesPlayer(series=series, user_id=pk, position=at, is_substitute=is_substitute)
            for at, (pk, is_substitute) in enumerate(dict(one.players).items(), 1)
            if pk in here.user_ids
        )
        if series.ended_at is None:
            schedule_next_game(series, now)
            series.save(update_fields=["make_at", "problem_code"])


def notes_of(found: FoundGame, here: Here, host: User) -> FoundGame:
    """Return a found game with what of it is other here than in its archive."""
    archived = found.archived
    assert archived is not None
    notes = [*found.notes]
    if any(one.user_id is not None and one.user_id not in here.user_ids for one in archived.signups):
        notes.append(Note.UNKNOWN_PEOPLE)
    if host.pk != found.host_id:
        notes.append(Note.NOT_HOST)
    if here.loses_players(here.archive.gates(archived)):
        notes.append(Note.HOST_PICKS)
    return replace(found, notes=tuple(notes))


def hosts_here(games: Sequence[FoundGame], user_ids: frozenset[int]) -> dict[int, User]:
    """Return the hosts that found games name and that are known here, by id."""
    host_ids = {one.host_id for one in games if one.host_id is not None}
    return {one.pk: one for one in User.objects.filter(pk__in=host_ids & user_ids)}
