"""What games, sign-ups and the audit log keep of people."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from games.core.audit_people import user_ids, with_names
from games.core.permissions import visible_polls, visible_to
from games.models import (
    AuditEntry,
    CalendarFeed,
    Follow,
    Game,
    GameCompanion,
    GameEdit,
    GameResponse,
    PersonNote,
    Series,
    SeriesPlayer,
    Signup,
    TimePoll,
    TimePollOption,
    TimePollVote,
)
from games.privacy.traces import entries_about
from guilds.display_names import DisplayName
from guilds.models import User
from guilds.personal_data import PersonalData, register, rows_by

_WITH_THE_GAME = "As long as the game: until 30 days after its server removes the bot."
_WITH_THE_SERVER = "Until 30 days after the server removes the bot."
_SOMEBODY_ELSE = DisplayName("another person", "")
_GAME = ("game__title", "game__starts_at", "game__guild__name")


# What an entry of somebody else's says about a person, besides naming them.
_SAID_ABOUT = ("word", "left", "no_show", "kind", "until")


def _hide_games(user: User, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows without the titles of games that do not exist for the person any more."""
    if not rows:
        return []
    visible = set(visible_to(user).filter(pk__in=[row["game_id"] for row in rows]).values_list("pk", flat=True))
    hidden = ("game__title", "game__starts_at")
    return [row if row["game_id"] in visible else row | {key: None for key in hidden if key in row} for row in rows]


def _hide_polls(user: User, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return votes without the titles of polls that do not exist for the person any more."""
    if not rows:
        return []
    options = TimePollOption.objects.filter(pk__in=[row["option_id"] for row in rows], poll__in=visible_polls(user))
    visible = set(options.values_list("pk", flat=True))
    return [row if row["option_id"] in visible else row | {"option__poll__title": None} for row in rows]


def _hide_games_of_others(user: User, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return games; of those that somebody else hosts, what they say of the person, and the title if they see it."""
    others = [row["id"] for row in rows if row["host_id"] != user.pk]
    visible = set(visible_to(user).filter(pk__in=others).values_list("pk", flat=True)) if others else set()

    def without_texts(row: dict[str, Any]) -> dict[str, Any]:
        own = {key: row[key] == user.pk for key in ("next_host_id", "carried_by_id")}
        return {"id": row["id"], "guild__name": row["guild__name"], **own} | (
            {"title": row["title"], "starts_at": row["starts_at"]} if row["id"] in visible else {}
        )

    return [row if row["host_id"] == user.pk else without_texts(row) for row in rows]


def _hide_others(user: User, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return audit entries without other people's ids and words, and without what managers noted about a block."""
    return _hide_games(user, [_hide_other(user, row) for row in rows])


def _hide_other(user: User, row: dict[str, Any]) -> dict[str, Any]:
    own = row["actor_id"] == user.pk
    about = {key: value for key, value in row["changes"].items() if user.pk in user_ids(value) or key in _SAID_ABOUT}
    changes = row["changes"] if own else about
    others = user_ids(changes) - {user.pk}
    names = {user.pk: DisplayName(str(user.pk), "")} | dict.fromkeys(others, _SOMEBODY_ELSE)
    return row | {"actor_id": user.pk if own else None, "changes": with_names(changes, names)}


def _hide_other_members(user: User, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return companions of games, with nobody else that is in them."""
    own = ("member_ids", "touched_ids")
    hidden = [row | {name: [pk for pk in row[name] if pk == user.pk] for name in own} for row in rows]
    return _hide_games(user, hidden)


def _hosted(user: User) -> "Q":
    return Q(host=user) | Q(next_host=user) | Q(carried_by=user) | Q(announced_by=user)


register(
    PersonalData(
        Game,
        what="Games you host, were asked to host, announced or scheduled again, with all you wrote",
        why="Others play in them.",
        kept=_WITH_THE_GAME,
        forgotten=(
            "Someone else can take over your upcoming games; we delete drafts that are yours alone. "
            "Past games stay for their players, with your text and without your name."
        ),
        rows=lambda user: Game.objects.filter(_hosted(user)),
        without_others=_hide_games_of_others,
        also=("guild__name",),
    ),
    PersonalData(
        Game.cohosts.through,
        what="The games you co-host",
        why="Co-hosts can do what the host can.",
        kept=_WITH_THE_GAME,
        forgotten="Deleted.",
        rows=rows_by(Game.cohosts.through, "user"),
        also=_GAME,
        without_others=_hide_games,
    ),
    PersonalData(
        Signup,
        what="Your sign-ups, with your note and your guest, when you left, and whether you came",
        why="To give seats, and to show who plays and who played.",
        kept=_WITH_THE_GAME,
        forgotten="You leave upcoming games. In others your seat stays as “Someone”, without note and guest's name.",
        rows=lambda user: Signup.objects.filter(Q(user=user) | Q(guest_of__user=user)),
        also=_GAME,
        without_others=_hide_games,
    ),
    PersonalData(
        GameResponse,
        what="Your answers Maybe and Can't make it, with your note",
        why="To show hosts who might come.",
        kept=_WITH_THE_GAME,
        forgotten="Deleted.",
        rows=rows_by(GameResponse, "user"),
        also=_GAME,
        without_others=_hide_games,
    ),
    PersonalData(
        GameCompanion,
        what="Which games' threads, roles and voice channels in Discord we put you in",
        why="To remove you again.",
        kept=_WITH_THE_GAME,
        forgotten="We remove you from those of upcoming games, then forget it. For past games we forget it at once.",
        rows=lambda user: GameCompanion.objects.filter(
            Q(member_ids__contains=[user.pk]) | Q(touched_ids__contains=[user.pk])
        ),
        withheld={"shown": "it shows other people"},
        also=_GAME,
        without_others=_hide_other_members,
    ),
    PersonalData(
        PersonNote,
        what="That managers of a server noted something about you",
        why="Managers decide who plays there.",
        kept=_WITH_THE_SERVER,
        forgotten="Deleted.",
        rows=rows_by(PersonNote, "user"),
        withheld={"text": "a note of managers among themselves"},
        also=("guild__name",),
    ),
    PersonalData(
        Follow,
        what="Which new games you want to hear about",
        why="You chose so.",
        kept="Until you change it.",
        forgotten="Deleted.",
        rows=rows_by(Follow, "user"),
        also=("guild__name", "template__name"),
    ),
    PersonalData(
        TimePoll,
        what="The polls for a time that you opened, with their title",
        why="Others answered them.",
        kept=_WITH_THE_SERVER,
        forgotten="“Someone” in your place. We cancel polls that aren't a game yet.",
        rows=rows_by(TimePoll, "host"),
        also=("guild__name",),
    ),
    PersonalData(
        TimePollVote,
        what="Which times of a poll you can come",
        why="To find the time that suits most people.",
        kept=_WITH_THE_SERVER,
        forgotten="Deleted.",
        rows=rows_by(TimePollVote, "user"),
        also=("option__starts_at", "option__poll__title", "option__poll__guild__name"),
        without_others=_hide_polls,
    ),
    PersonalData(
        Series,
        what="Which series you host that began with someone else's game",
        why="To make you the host of the next ones.",
        kept="Until someone else hosts them, or 30 days after the server removes the bot.",
        forgotten="It no longer names you.",
        rows=rows_by(Series, "host"),
        also=("guild__name",),
    ),
    PersonalData(
        SeriesPlayer,
        what="Which series you're a regular or substitute in",
        why="To seat you each time, or ask you when a seat is free.",
        kept="Until the host changes it, or 30 days after the server removes the bot.",
        forgotten="Deleted.",
        rows=rows_by(SeriesPlayer, "user"),
        also=("series__guild__name",),
    ),
    PersonalData(
        CalendarFeed,
        what="The secret addresses at which your calendar fetches games, and when it last did",
        why="You asked for it.",
        kept="Until you delete it or make a new one.",
        forgotten="Deleted: the address shows nothing any more.",
        rows=rows_by(CalendarFeed, "user"),
        also=("guild__name", "template__name"),
        withheld={"token": "anyone who has it reads your games"},
    ),
    PersonalData(
        AuditEntry,
        what="What you did, and what others did about you: signed up, seated, removed, blocked",
        why="So hosts and server managers can see who did what.",
        kept=_WITH_THE_GAME,
        forgotten="Stays with “Someone” in your place, without your notes and messages.",
        rows=entries_about,
        without_others=_hide_others,
        also=("game__title", "guild__name"),
    ),
    PersonalData(
        GameEdit,
        what="Who hosted a game before it changed hands, for a day",
        why="To tell players what changed.",
        kept="30 days.",
        forgotten="“Someone” in your place.",
    ),
)
