"""The shapes of requests and answers that several features share."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal

from django.utils.translation import gettext
from ninja import Schema
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema, create_model

from games.core.permissions import Viewer
from games.core.roster import Roster, RosterEntry, load_people, roster_of
from games.core.setting_kinds import (
    ChannelId,
    ChoiceSetting,
    DurationListSetting,
    ResolvedSetting,
    Roles,
    Setting,
    WholeNumber,
    YesNo,
)
from games.core.setting_kinds import DurationSetting as Length
from games.core.settings import GAME_SETTINGS, SETTINGS
from games.core.states import State
from games.models import Game, GameResponse
from games.scheduling.allowed_actions import AllowedActions
from gamesched.lib.ids import parse_id
from gamesched.lib.moments import is_usable
from gamesched.lib.text import is_storable
from gamesched.lib.zones import zone_info
from guilds.display_names import DisplayName, display_names
from guilds.names import without_isolates


def _read_id(value: Any) -> int:
    number = parse_id(str(value)) if isinstance(value, str | int) else None
    if number is None:
        raise ValueError("an id is a string of digits")
    return number


def _read_id_or_none(value: Any) -> int:
    return 0 if isinstance(value, str | int) and str(value) == "0" else _read_id(value)


def _check_storable(text: str) -> str:
    if not is_storable(text):
        raise ValueError("this text has characters that cannot be stored")
    return text


def _check_usable(at: datetime) -> datetime:
    if at.tzinfo is None or not is_usable(at):
        raise ValueError("write a time with its offset, as 2026-12-31T19:30:00+01:00")
    return at.astimezone(UTC)  # Python takes offsets of which PostgreSQL knows nothing


# Ids have up to 64 bits, and JavaScript's numbers 53: so they are strings, as in Discord's own API.
Id = Annotated[
    int,
    BeforeValidator(_read_id),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,19}$"}),
]
IdOrNone = Annotated[
    int,
    BeforeValidator(_read_id_or_none),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,19}$", "description": "0: none."}),
]
SentText = Annotated[str, AfterValidator(_check_storable)]
Moment = Annotated[datetime, AfterValidator(_check_usable)]


class Sent(Schema):
    """What a client sends: a name that we do not know is an error, not silence."""

    model_config = ConfigDict(extra="forbid")


class PersonShape(Schema):
    """A person as a server shows them."""

    id: Id
    name: str
    avatar_url: str


class ProblemShape(Schema):
    """What went wrong (RFC 9457). `code` is for programs and stays the same; `detail` is for people."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    fields: dict[str, str] = {}


class SignupShape(Schema):
    """Somebody who is in or waits; a guest has a name and whoever brings them."""

    id: Id
    person: PersonShape | None
    name: str
    number: int = Field(description="The place among the seated or the waiting, from 1.")
    seated: bool
    standby: bool = Field(description="Waits by choice, and gets no free seat.")
    note: str
    guest_of: Id | None
    offered_until: datetime | None
    must_confirm: bool


class ResponseShape(Schema):
    """Somebody who answered otherwise."""

    person: PersonShape
    kind: str
    note: str


class SettingShape(Schema):
    """A setting's value, and the layer that it comes from."""

    value: Any
    source: str
    locked: bool = Field(description="By the template: the game can't change it.")


class GameLine(Schema):
    """A game in a list."""

    id: Id
    guild_id: Id
    channel_name: str
    title: str
    starts_at: datetime
    state: State
    host: PersonShape
    seats: int | None = Field(description="None: as many as come.")
    seated: int
    you: str = Field(description="hosting, seated, waiting, or empty.")
    url: str


class PublicGame(Schema):
    """A game as all see it who see its channel. Times are in the game's zone."""

    id: Id
    guild_id: Id
    channel_id: Id
    series_id: Id | None
    title: str
    description: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    state: State
    host: PersonShape
    cohosts: list[PersonShape]
    seats: int | None = Field(description="None: as many as come.")
    signups: list[SignupShape]
    announced_at: datetime | None
    cancel_reason: str
    edit_version: int
    url: str
    post_url: str | None


class GameShape(PublicGame):
    """A game as one person may see it. Times are in the game's zone."""

    template_id: Id | None
    responses: list[ResponseShape]
    signups_open: bool = Field(description="Whether you could sign up now, were a seat free.")
    you: str = Field(description="hosting, seated, waiting, or empty.")
    may_manage: bool
    announce_at: datetime | None
    instructions: str | None = Field(description="For players and hosts; None for others.")
    settings: dict[str, SettingShape]


class ActionShape(Schema):
    """What an action did."""

    text: str
    changed: bool
    game: GameShape | None = Field(description="None: you can't see it any more.")


def _type_of(setting: Setting[Any]) -> Any:
    match setting:
        case YesNo():
            return bool
        case ChoiceSetting():
            return Literal[tuple(setting.choices.values)]
        case ChannelId():
            return IdOrNone
        case Roles():
            return list[Id]
        case DurationListSetting():
            return list[int]
        case WholeNumber() | Length():
            return int
    return SentText


def _described(setting: Setting[Any]) -> Any:
    return Field(None, description=f"{setting.label}. {setting.help}")


@cache
def settings_shape(name: str, names: tuple[str, ...]) -> type[Sent]:
    """Return the shape of these settings as a client sends them, from their declarations; null inherits."""
    fields: Any = {one: (_type_of(SETTINGS[one]) | None, _described(SETTINGS[one])) for one in names}
    made: type[Sent] = create_model(name, __base__=Sent, __doc__="Settings by name; null inherits.", **fields)
    return made


if TYPE_CHECKING:  # it is made of the declarations, which mypy does not read
    GameSettings = Sent
else:
    GameSettings = settings_shape("GameSettings", GAME_SETTINGS)


def setting_shapes(
    resolved: Mapping[str, ResolvedSetting], names: tuple[str, ...], viewer: Viewer
) -> dict[str, SettingShape]:
    """Return resolved settings as a client reads them; no value for an archive channel that is hidden from them."""
    hidden = resolved["archive_channel_id"].value in viewer.hidden_channel_ids
    return {
        name: SettingShape(
            value=None if name == "archive_channel_id" and hidden else SETTINGS[name].as_json(one.value),
            source=gettext(one.source),
            locked=one.locked,
        )
        for name in names
        for one in [resolved[name]]
    }


def person_shape(user_id: int, names: Mapping[int, DisplayName]) -> PersonShape:
    """Return a person by the names that were read."""
    name = names[user_id]
    return PersonShape(id=user_id, name=without_isolates(name.text), avatar_url=name.avatar_url)


def public_game(game: Game, now: datetime) -> PublicGame:
    """Return a game as everyone in its guild may see it, if everyone sees its channel."""
    people = load_people(game)
    names = display_names(game.guild_id, [game.host_id, *game.cohost_ids, *people.user_ids])
    return PublicGame(**_public_fields(game, roster_of(game, people.signups, names), names, now))


def _public_fields(game: Game, roster: Roster, names: Mapping[int, DisplayName], now: datetime) -> dict[str, Any]:
    return {
        "id": game.pk,
        "guild_id": game.guild_id,
        "channel_id": game.channel_id,
        "series_id": game.series_id,
        "title": game.title,
        "description": game.description,
        "starts_at": _local(game, game.starts_at),
        "ends_at": _local(game, game.ends_at),
        "zone": game.zone,
        "state": game.state(now),
        "host": person_shape(game.host_id, names),
        "cohosts": [person_shape(pk, names) for pk in sorted(game.cohost_ids)],
        "seats": game.settings.seats or None,
        "signups": [
            *(_signup_shape(one, names, seated=True) for one in roster.seated),
            *(_signup_shape(one, names, seated=False) for one in roster.waiting),
        ],
        "announced_at": _local(game, game.announced_at),
        "cancel_reason": game.cancel_reason,
        "edit_version": game.edit_version,
        "url": game.url,
        "post_url": game.announcement.url,
    }


def _local(game: Game, at: datetime | None) -> datetime | None:
    return at.astimezone(zone_info(game.zone)) if at is not None else None


def game_shape(game: Game, viewer: Viewer, now: datetime) -> GameShape:
    """Return a game as its viewer may see it, by the same rules as its page."""
    people = load_people(game)
    names = display_names(game.guild_id, [game.host_id, *game.cohost_ids, *people.user_ids])
    viewer_id = viewer.user.pk if viewer.user is not None else None  # the command line acts for nobody
    roster = roster_of(game, people.signups, names, viewer_id)
    own = next((one for one in (*roster.seated, *roster.waiting) if one.is_viewer), None)
    allowed = AllowedActions(game, viewer, now, signed_up=own is not None)
    settings, template = game.settings, game.active_template
    you = "hosting" if game.host_id == viewer_id else "" if own is None else "waiting"

    return GameShape(
        **_public_fields(game, roster, names, now),
        template_id=template.pk if template is not None and viewer.may_see_template(template) else None,
        responses=[_response_shape(one, names) for one in people.responses if settings.answers],
        signups_open=not allowed.join_refusal,
        you="seated" if own in roster.seated and you == "waiting" else you,
        may_manage=allowed.manage,
        announce_at=_local(game, game.announce_at),
        instructions=settings.instructions if own or allowed.manage else None,
        settings=_own_settings(game, viewer, allowed),
    )


def _own_settings(game: Game, viewer: Viewer, allowed: AllowedActions) -> dict[str, SettingShape]:
    """Return the settings with their sources for those who run the game: some name what others may not see."""
    if not allowed.manage:
        return {}
    return setting_shapes(game.settings.sources, GAME_SETTINGS, viewer)


def _signup_shape(entry: RosterEntry, names: Mapping[int, DisplayName], *, seated: bool) -> SignupShape:
    return SignupShape(
        id=entry.signup_id,
        person=person_shape(entry.user_id, names) if entry.user_id is not None else None,
        name=without_isolates(entry.placeholder or entry.name),
        number=entry.number,
        seated=seated,
        standby=entry.on_standby,
        note=entry.note,
        guest_of=entry.inviter_id,
        offered_until=entry.offered_until,
        must_confirm=entry.must_confirm,
    )


def _response_shape(response: GameResponse, names: Mapping[int, DisplayName]) -> ResponseShape:
    return ResponseShape(person=person_shape(response.user_id, names), kind=str(response.kind), note=response.note)
