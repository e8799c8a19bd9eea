"""Keeping a file, making its games by the usual actions, and undoing that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import Min

from games.core import wording as core_wording
from games.core.base import Actor, dry_run, lock_guild, lock_people, record_in_guild
from games.core.codes import AuditAction
from games.core.permissions import Viewer
from games.core.settings import SETTINGS
from games.core.states import GameAction, is_allowed
from games.imports import wording
from games.imports.archive import Archive, ArchivedGame
from games.imports.files import read_file
from games.imports.found import FoundGame, Note, Reading, ReadingOptions, require_few
from games.imports.restoring import (
    Here,
    find_here,
    hosts_here,
    notes_of,
    people_here,
    restore_game,
    restore_series,
    restore_settings,
    with_viewers,
)
from games.models import Game, GameImport, ImportedGame, Series
from games.scheduling.actions import create_game
from games.scheduling.cancellation import cancel_game
from games.scheduling.planned_line import channels_for
from games.scheduling.rules import AnnounceSchedule, AnnounceWhen, Plan
from games.series.actions import end_series, repeat_game
from games.series.rules import SeriesPlan
from games.server_settings.actions import inheriting_games, require_guild_manager
from gamesched.lib.refusal import Refusal, Refused
from gamesched.lib.sentences import TranslatedText
from gamesched.lib.zones import zone_info
from guilds.models import Guild, Member, User

FILES_MAX = 10  # of a guild, that wait for somebody to import them
FILE_KEPT = timedelta(days=1)
LEAD_DAYS = 7  # before each game of a series, unless its managers choose another number


class Outcome(StrEnum):
    """What became of something found in a file."""

    MADE = "made"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True)
class ImportPlan:
    """What a person decides about all games of a file."""

    channel_id: int
    zone: str
    host: User
    announce: AnnounceWhen = AnnounceWhen.DRAFT
    pictures: Mapping[str, str] = field(default_factory=dict)  # of an archive: how each is called here


@dataclass(frozen=True)
class ImportRow:
    """What became of one found game; `sentence` says why not."""

    found: FoundGame
    outcome: Outcome
    game: Game | None = None
    sentence: str = ""


@dataclass(frozen=True)
class ImportResult(TranslatedText):
    """What became of a file."""

    rows: Sequence[ImportRow]
    text: str

    def count(self, outcome: Outcome) -> int:
        return sum(row.outcome is outcome for row in self.rows)


@transaction.atomic
def keep_file(guild_id: int, content: bytes, actor: Actor, now: datetime) -> GameImport:
    """Keep a file until its games are made, for a day. Raises Refused for one that cannot be read."""
    require_guild_manager(guild_id, actor, now)
    reading = read_file(content, now, ReadingOptions())
    lock_guild(guild_id)
    waiting = GameImport.objects.filter(guild=guild_id, imported_at=None)
    waiting.filter(created_at__lt=now - FILE_KEPT).delete()
    if waiting.count() >= FILES_MAX:
        raise Refused(Refusal("too_many_files", wording.TOO_MANY_FILES))
    return GameImport.objects.create(
        guild_id=guild_id, user=actor.user, source=reading.source.value, file=content, created_at=now
    )


def delete_old_files(now: datetime) -> int:
    """Delete files that nobody imported in time."""
    return GameImport.objects.filter(imported_at=None, created_at__lt=now - FILE_KEPT).delete()[0]


@transaction.atomic
def import_games(
    guild_id: int, reading: Reading, plan: ImportPlan, actor: Actor, now: datetime, file: GameImport | None = None
) -> ImportResult:
    """Make the games of a file that were not made before. Raises Refused; a single game that is refused is left out.

    `file`: the row that it was kept in, which then says what was made of it.
    """
    viewer = require_guild_manager(guild_id, actor, now)
    require_few([found for found in reading.games if found.starts_at > now])
    if plan.channel_id not in {one.pk for one in channels_for(viewer, Guild.objects.get(pk=guild_id))}:
        raise Refused(Refusal("unknown_channel", core_wording.UNKNOWN_CHANNEL))
    if file is not None:
        file = _locked_file(guild_id, file.pk)
    named = {pk for found in reading.games for pk in (found.host_id, *found.people) if pk is not None}
    if reading.archive is not None:
        named |= reading.archive.people.keys()
    members = set(Member.objects.filter(guild=guild_id, left_at=None, user__in=named).values_list("user_id", flat=True))
    people = people_here(reading, members, actor)
    hosts = hosts_here(reading.games, people)
    lock_people({*hosts, plan.host.pk})
    if reading.archive is not None:  # its settings change games, and games are locked before their guild
        list(inheriting_games(guild_id).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    lock_guild(guild_id)  # so that the same file twice at once makes each game once
    keys = [found.key for found in reading.games]
    known = set(ImportedGame.objects.filter(guild=guild_id, key__in=keys).values_list("key", flat=True))
    rows = [ImportRow(found, Outcome.ALREADY, None, wording.ALREADY) for found in reading.games if found.key in known]
    fresh = sorted(
        {one.key: one for one in reading.games if one.key not in known}.values(), key=lambda one: one.starts_at
    )
    if reading.archive is not None:
        rows += _restore(viewer, reading.archive, fresh, people, hosts, plan, actor, now)
    else:
        rows += [_make(guild_id, _with_members(found, members), hosts, plan, actor, now) for found in fresh]
    made = [row for row in rows if row.game is not None]
    if made:
        if file is None:
            file = GameImport(guild_id=guild_id, user=actor.user, source=reading.source.value, created_at=now)
        file.file, file.imported_at = None, now
        file.save()
        ImportedGame.objects.bulk_create(
            ImportedGame(of=file, guild_id=guild_id, game=row.game, key=row.found.key) for row in made
        )
        record_in_guild(guild_id, actor, AuditAction.IMPORT_GAMES, {"count": len(made)}, now)
    already = sum(row.outcome is Outcome.ALREADY for row in rows)
    left_out = len(rows) - len(made) - already + len(reading.dropped)
    return ImportResult(rows, wording.imported(len(made), already, left_out))


def _locked_file(guild_id: int, file_id: int) -> GameImport:
    file = GameImport.objects.select_for_update().filter(pk=file_id, guild=guild_id).first()
    if file is None:
        raise Refused(Refusal("unknown_import", wording.UNKNOWN_IMPORT))
    if file.imported_at is not None:
        raise Refused(Refusal("done_already", wording.DONE_ALREADY))
    return file


def _restore(
    viewer: Viewer,
    archive: Archive,
    games: Sequence[FoundGame],
    people: frozenset[int],
    hosts: dict[int, User],
    plan: ImportPlan,
    actor: Actor,
    now: datetime,
) -> list[ImportRow]:
    """Make what an archive has, settings and templates first, so that its games find them."""
    here = find_here(viewer, archive, people, plan.channel_id, plan.pictures)
    restore_settings(archive, here, actor, now)
    here = find_here(viewer, archive, people, plan.channel_id, plan.pictures)
    rows: list[ImportRow] = []
    made: dict[int, tuple[Game, ArchivedGame]] = {}
    by_channel: dict[int, Here] = {}
    for found in games:
        archived = found.archived
        assert archived is not None
        channel, seen = here.channel(archived.place), here
        if found.starts_at > now:
            seen = by_channel.get(channel.pk) or by_channel.setdefault(channel.pk, with_viewers(here, channel))
        host = hosts.get(found.host_id or 0, plan.host) if found.host_id in seen.user_ids else plan.host
        found = notes_of(found, seen, host)
        try:
            game = restore_game(found, seen, plan.announce, host, actor, now)
        except Refused as refused:
            rows.append(ImportRow(found, Outcome.REFUSED, None, refused.refusal.sentence))
            continue
        made[archived.id] = (game, archived)
        rows.append(ImportRow(found, Outcome.MADE, game))
    restore_series(archive, made, here, now)
    return rows


def preview_import(guild_id: int, reading: Reading, plan: ImportPlan, actor: Actor, now: datetime) -> ImportResult:
    """Return what importing would do, and change nothing. Raises Refused."""
    return dry_run(lambda: import_games(guild_id, reading, plan, actor, now))


def _with_members(found: FoundGame, members: set[int]) -> FoundGame:
    """Return a game with those of its people who are members, and a note of the others."""
    notes = [*found.notes]
    people = tuple(pk for pk in found.people if pk in members)
    if len(people) < len(found.people):
        notes.append(Note.UNKNOWN_PEOPLE)
    if found.host_id is not None and found.host_id not in members:
        notes.append(Note.NOT_HOST)
    return replace(found, people=people, notes=tuple(notes))


def _make(
    guild_id: int, found: FoundGame, hosts: dict[int, User], plan: ImportPlan, actor: Actor, now: datetime
) -> ImportRow:
    """Make one game, without people or host of its own where these are what is refused."""
    refusal: Refusal | None = None
    for host, people, notes in _attempts(found, hosts.get(found.host_id or 0, plan.host), plan.host):
        try:
            game = _create(guild_id, found, host, people, plan, actor, now)
        except Refused as refused:
            refusal = refused.refusal
            if not refusal.fields.keys() & {"participants", "host"}:
                break
            continue
        return ImportRow(replace(found, notes=(*found.notes, *notes)), Outcome.MADE, game)
    assert refusal is not None
    return ImportRow(found, Outcome.REFUSED, None, refusal.sentence)


def _attempts(found: FoundGame, host: User, fallback: User) -> Iterator[tuple[User, tuple[int, ...], tuple[Note, ...]]]:
    yield host, found.people, ()
    if found.people:
        yield host, (), (Note.WITHOUT_PEOPLE,)
    if host != fallback:
        yield fallback, found.people, (Note.NOT_HOST,)
        yield fallback, (), (Note.NOT_HOST, Note.WITHOUT_PEOPLE)


@transaction.atomic
def _create(
    guild_id: int,
    found: FoundGame,
    host: User,
    people: Sequence[int],
    plan: ImportPlan,
    actor: Actor,
    now: datetime,
) -> Game:
    zone = found.zone or plan.zone
    settings = {"duration": found.minutes, "seats": found.seats, "location": found.location or None}
    planned = Plan(
        title=found.title,
        description=found.description,
        starts_at=found.starts_at,
        zone=zone,
        channel_id=plan.channel_id,
        settings={name: value for name, value in settings.items() if name in SETTINGS},
    )
    announce = AnnounceSchedule(plan.announce)
    game = create_game(guild_id, planned, actor, now, host, people, announce).game
    if found.repeats is not None:
        local = found.starts_at.astimezone(zone_info(zone))
        series = SeriesPlan(
            recurrence=found.repeats.recurrence.anchored(local.date()),
            first_date=local.date(),
            start_time=local.time(),
            zone=zone,
            lead_days=LEAD_DAYS,
            skipped=found.repeats.skipped,
        )
        game = repeat_game(game.pk, series, actor, now).game
    return game


@transaction.atomic
def delete_file(guild_id: int, import_id: int, actor: Actor, now: datetime) -> str:
    """Delete a file that is not imported, and return the sentence that says so. Raises Refused."""
    require_guild_manager(guild_id, actor, now)
    deleted, _ = GameImport.objects.filter(pk=import_id, guild=guild_id, imported_at=None).delete()
    if not deleted:
        raise Refused(Refusal("unknown_import", wording.UNKNOWN_IMPORT))
    return wording.DELETED


@transaction.atomic
def undo_import(guild_id: int, import_id: int, actor: Actor, now: datetime) -> str:
    """Cancel the games that an import made and that have not begun, and return the sentence that says so.

    Its file may then be imported again, but for games that began: those stay, and would be there twice. Raises Refused.
    """
    require_guild_manager(guild_id, actor, now)
    of = GameImport.objects.select_for_update().filter(pk=import_id, guild=guild_id).exclude(imported_at=None).first()
    if of is None:
        raise Refused(Refusal("unknown_import", wording.UNKNOWN_IMPORT))
    made = ImportedGame.objects.filter(of=of)
    series = Series.objects.filter(games__imported__of=of).distinct().order_by("pk").values_list("pk", flat=True)
    series_ids = list(series)
    list(Series.objects.select_for_update(no_key=True).filter(pk__in=series_ids).order_by("pk").values_list("pk"))
    games = Game.objects.filter(pk__in=made.values("game")) | Game.objects.filter(series__in=series_ids)
    ids = sorted(set(games.order_by().values_list("pk", flat=True)))
    list(Game.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
    running = Series.objects.filter(pk__in=series_ids, ended_at=None).order_by("pk")
    for game_id in list(running.annotate(one=Min("games")).values_list("one", flat=True)):
        end_series(game_id, actor, now)
    kept = cancelled = 0
    for game in Game.objects.filter(pk__in=ids).order_by("pk"):
        if game.cancelled_at is None and is_allowed(GameAction.CANCEL, game.state(now)) and game.starts_at > now:
            cancel_game(game.pk, "", actor, now)
            cancelled += 1
        elif game.cancelled_at is None:
            kept += 1
    made.filter(game__starts_at__gt=now).delete()
    if not made.exists():
        of.delete()
    record_in_guild(guild_id, actor, AuditAction.UNDO_IMPORT, {"count": cancelled}, now)
    return wording.undone(cancelled, kept)
