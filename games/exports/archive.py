"""A server as one zip: `guild.json` by `guild.schema.json`, pictures, a calendar, and tables of who signed up and came.

What a manager must not see in Discord is left out of theirs. `games/imports/archive.py` reads it into another site.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from games.attendance.summary import CSV_HEADER, attendance_rows
from games.core.base import Actor
from games.core.csv_files import write_csv
from games.core.permissions import Viewer
from games.core.setting_kinds import ChannelId
from games.core.settings import GAME_SETTINGS, PICTURE_SETTINGS, SETTINGS
from games.core.text import GuildTexts
from games.exports.signups import HEADER, signup_rows
from games.models import Game, GameTemplate, Picture, Series
from games.models.layers import explicit_values
from games.models.settings import ChannelDefaults, GuildDefaults
from games.posts.calendars import NO_PART, game_event, place_in_series, write_calendar
from games.server_settings.actions import require_guild_manager
from gamesched.lib.zones import zone_info
from guilds.models import Guild, User

FORMAT, VERSION = "game-scheduler-server", 1
SCHEMA = Path(__file__).with_name("guild.schema.json")
JSON_NAME, PICTURES = "guild.json", "pictures/"
GAME_FIELDS = (
    *("title", "description", "zone", "starts_at", "ends_at", "created_at", "announced_at", "announce_at"),
    *("closed_at", "cancelled_at", "cancel_reason", "archived_at", "rewards", "settings_frozen_at"),
    *("series_date", "series_start"),
)
SIGNUP_FIELDS = (
    *("placeholder", "order_key", "joined_at", "seated_at", "left_at", "rank", "on_standby", "note", "confirmed_at"),
    *("left_late", "no_show", "added_by_other"),
)
SERIES_FIELDS = (
    *("rule", "first_date", "start_time", "zone", "lead_days", "host_confirms", "asks_regulars", "skipped"),
    *("paused_until", "ended_at", "created_at"),
)


def guild_archive(guild_id: int, actor: Actor, now: datetime) -> bytes:
    """Return a server's archive. Raises Refused for who does not manage it."""
    viewer = require_guild_manager(guild_id, actor, now)
    games = list(archived_games(viewer))
    data = guild_data(viewer, games, now)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name: str, content: str | bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name, now.timetuple()[:6]), content, zipfile.ZIP_DEFLATED)

        add(JSON_NAME, json.dumps(data, ensure_ascii=False, indent=1))
        add("guild.schema.json", SCHEMA.read_text(encoding="utf-8"))
        add("calendar.ics", _calendar(viewer, games, now))
        add("signups.csv", _csv(HEADER, (row.cells for row in signup_rows(viewer, games, now))))
        add("attendance.csv", _csv(CSV_HEADER, (row.cells for row in attendance_rows(viewer, None, None, now))))
        for picture in Picture.objects.filter(name__in=_pictures(data)).order_by("name").iterator(chunk_size=20):
            add(f"{PICTURES}{picture.name}.webp", bytes(picture.content))
    return file.getvalue()


def archived_games(viewer: Viewer) -> Iterable[Game]:
    """Return the games of a server that a manager of it sees, with all that the archive has of them."""
    games = Game.objects.filter(guild=viewer.guild_id).exclude(channel__in=viewer.hidden_channel_ids)
    games = games.with_guild_and_channel().select_related("template__channel__parent").order_by("starts_at", "pk")
    return games.prefetch_related("cohosts", "signups__guest_of")


def guild_data(viewer: Viewer, games: Iterable[Game], now: datetime) -> dict[str, Any]:
    """Return what `guild.json` holds."""
    guild = Guild.objects.get(pk=viewer.guild_id)
    defaults = GuildDefaults.objects.filter(pk=guild.pk).first()
    channels = ChannelDefaults.objects.filter(channel__guild=guild.pk).exclude(channel__in=viewer.hidden_channel_ids)
    templates = GameTemplate.objects.filter(guild=guild.pk, deleted_at=None).select_related("channel")
    entries = [game_entry(game, viewer) for game in games]
    series = {pk for game in games if (pk := game.series_id) is not None}
    rows = Series.objects.filter(pk__in=series).order_by("pk").prefetch_related("players")
    repeated = [_series_entry(one) for one in rows]
    named = {pk for entry in entries for pk in _people_of(entry)}
    named |= {player["user_id"] for one in repeated for player in one["players"]}
    return {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": _plain(now),
        "guild": {"id": str(guild.pk), "name": guild.name, "language": guild.language},
        "settings": _settings(defaults, viewer),
        "manager_role_ids": [str(pk) for pk in (defaults.manager_role_ids if defaults else ())],
        "pingable_role_ids": [str(pk) for pk in (defaults.pingable_role_ids if defaults else ())],
        "channels": [
            {**_channel(one.channel), "for_games": one.for_games, "settings": _settings(one, viewer)}
            for one in channels.select_related("channel").order_by("channel_id")
        ],
        "templates": [
            {
                "name": one.name,
                "description": one.description,
                "channel": _channel(one.channel) if one.channel is not None else None,
                "locked": list(one.locked),
                "is_default": one.is_default,
                "settings": _settings(one, viewer),
            }
            for one in templates.order_by("position", "pk")
            if viewer.may_see_template(one)
        ],
        "series": repeated,
        "games": entries,
        "people": [
            {"id": str(one.pk), "username": one.handle, "global_name": one.global_name}
            for one in User.objects.filter(pk__in=named).order_by("pk")
        ],
    }


def game_entry(game: Game, viewer: Viewer) -> dict[str, Any]:
    """Return what the archive has of a game: its row, and everyone who ever signed up, in their order."""
    template = game.template if game.template is not None and viewer.may_see_template(game.template) else None
    signups = sorted(game.signups.all(), key=lambda one: one.order_key)
    return {
        "id": game.pk,
        **{name: _plain(getattr(game, name)) for name in GAME_FIELDS},
        "channel": _channel(game.channel),
        "template": template.name if template is not None else None,
        "host_id": str(game.host_id),
        "cohost_ids": sorted(map(str, game.cohost_ids)),
        "series": game.series_id,
        "settings": {name: value for name, value in _settings(game, viewer).items() if name in GAME_SETTINGS},
        "signups": [
            {
                "user_id": str(one.user_id) if one.user_id is not None else None,
                "guest_of": str(one.guest_of.user_id) if one.guest_of is not None else None,
                **{name: _plain(getattr(one, name)) for name in SIGNUP_FIELDS},
            }
            for one in signups
        ],
    }


def _series_entry(series: Series) -> dict[str, Any]:
    return {
        "id": series.pk,
        "source": series.source_id,
        **{name: _plain(getattr(series, name)) for name in SERIES_FIELDS},
        "players": [{"user_id": str(one.user_id), "is_substitute": one.is_substitute} for one in series.players.all()],
    }


def _people_of(entry: Mapping[str, Any]) -> Iterable[str]:
    yield entry["host_id"]
    yield from entry["cohost_ids"]
    yield from (one["user_id"] for one in entry["signups"] if one["user_id"] is not None)


def _settings(layer: Any, viewer: Viewer) -> dict[str, Any]:
    """Return the settings that a row sets itself, but for a channel that is hidden from the viewer."""
    hidden = viewer.hidden_channel_ids
    return {
        name: SETTINGS[name].as_json(value)
        for name, value in explicit_values(layer).items()
        if value is not None and not (isinstance(SETTINGS[name], ChannelId) and value in hidden)
    }


def _channel(channel: Any) -> dict[str, str]:
    return {"id": str(channel.pk), "name": channel.name}


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date | datetime) or hasattr(value, "isoformat") else value


def _pictures(data: Mapping[str, Any]) -> set[str]:
    layers = [data["settings"], *(one["settings"] for name in ("channels", "templates", "games") for one in data[name])]
    return {layer[name] for layer in layers for name in PICTURE_SETTINGS if layer.get(name)}


def _calendar(viewer: Viewer, games: Iterable[Game], now: datetime) -> bytes:
    texts = GuildTexts(viewer.guild_id, viewer=viewer)
    events = []
    for game in games:
        zone = zone_info(game.zone)
        event = game_event(game, texts, now, NO_PART, zone)
        if game.series_id is not None and game.series_start is not None:
            place_in_series(event, game, zone)
        events.append(event)
    return write_calendar(events)


def _csv(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    file = io.StringIO(newline="")
    file.write("\ufeff")  # without it Excel takes the file for another encoding
    write_csv(file, head, rows)
    return file.getvalue()
