"""What games, sign-ups and the audit log keep of people."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_noop

from games.core.audit_people import user_ids, with_names
from games.core.permissions import visible_polls, visible_to
from games.models import (
    ApiToken,
    AuditEntry,
    CalendarFeed,
    Follow,
    Game,
    GameCompanion,
    GameEdit,
    GameImport,
    GameResponse,
    PersonNote,
    Series,
    SeriesPlayer,
    Signup,
    TimePoll,
    TimePollOption,
    TimePollVote,
    Webhook,
    WebhookRequest,
)
from games.privacy.traces import entries_about
from guilds.display_names import DisplayName
from guilds.models import User
from guilds.personal_data import PersonalData, register, rows_by

_WITH_THE_GAME = (
    gettext_noop("As long as the game: until %(days)d days after its end, or 30 after its server removes the bot.")
    if settings.GAMES_KEPT
    else gettext_noop("As long as the game: until 30 days after its server removes the bot.")
)
_GAME_DAYS = {"days": settings.GAMES_KEPT.days} if settings.GAMES_KEPT else {}
_WITH_THE_SERVER = gettext_noop("Until 30 days after the server removes the bot.")
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
        what=gettext_noop("Games you host, were asked to host, announced or scheduled again, with all you wrote"),
        why=gettext_noop("Others play in them."),
        kept=_WITH_THE_GAME,
        values=_GAME_DAYS,
        forgotten=(
            gettext_noop(
                "Someone else can take over your upcoming games; we delete drafts that are yours alone. Past "
                "games stay for their players, with your text and without your name."
            )
        ),
        rows=lambda user: Game.objects.filter(_hosted(user)),
        without_others=_hide_games_of_others,
        also=("guild__name",),
    ),
    PersonalData(
        Game.cohosts.through,
        what=gettext_noop("The games you co-host"),
        why=gettext_noop("Co-hosts can do what the host can."),
        kept=_WITH_THE_GAME,
        values=_GAME_DAYS,
        forgotten=gettext_noop("Deleted."),
        rows=rows_by(Game.cohosts.through, "user"),
        also=_GAME,
        without_others=_hide_games,
    ),
    PersonalData(
        Signup,
        what=gettext_noop("Your sign-ups, with your note and your guest, when you left, and whether you came"),
        why=gettext_noop("To give seats, and to show who plays and who played."),
        kept=_WITH_THE_GAME,
        values=_GAME_DAYS,
        forgotten=gettext_noop(
            "You leave upcoming games. In others your seat stays as “Someone”, without note and guest's name."
        ),
        rows=lambda user: Signup.objects.filter(Q(user=user) | Q(guest_of__user=user)),
        also=_GAME,
        without_others=_hide_games,
    ),
    PersonalData(
        GameResponse,
        what=gettext_noop("Your answers Maybe and Can't make it, with your note"),
        why=gettext_noop("To show hosts who might come."),
        kept=_WITH_THE_GAME,
        values=_GAME_DAYS,
        forgotten=gettext_noop("Deleted."),
        rows=rows_by(GameResponse, "user"),
        also=_GAME,
        without_others=_hide_games,
    ),
    PersonalData(
        GameCompanion,
        what=gettext_noop("Which games' threads, roles and voice channels in Discord we put you in"),
        why=gettext_noop("To remove you again."),
        kept=_WITH_THE_GAME,
        values=_GAME_DAYS,
        forgotten=gettext_noop(
            "We remove you from those of upcoming games, then forget it. For past games we forget it at once."
        ),
        rows=lambda user: GameCompanion.objects.filter(
            Q(member_ids__contains=[user.pk]) | Q(touched_ids__contains=[user.pk])
        ),
        withheld={"shown": gettext_noop("it shows other people")},
        also=_GAME,
        without_others=_hide_other_members,
    ),
    PersonalData(
        PersonNote,
        what=gettext_noop("That managers of a server noted something about you"),
        why=gettext_noop("Managers decide who plays there."),
        kept=_WITH_THE_SERVER,
        forgotten=gettext_noop("Deleted."),
        rows=rows_by(PersonNote, "user"),
        withheld={"text": gettext_noop("a note of managers among themselves")},
        also=("guild__name",),
    ),
    PersonalData(
        Follow,
        what=gettext_noop("Which new games you want to hear about"),
        why=gettext_noop("You chose so."),
        kept=gettext_noop("Until you change it."),
        forgotten=gettext_noop("Deleted."),
        rows=rows_by(Follow, "user"),
        also=("guild__name", "template__name"),
    ),
    PersonalData(
        TimePoll,
        what=gettext_noop("The polls for a time that you opened, with their title"),
        why=gettext_noop("Others answered them."),
        kept=_WITH_THE_SERVER,
        forgotten=gettext_noop("“Someone” in your place. We cancel polls that aren't a game yet."),
        rows=rows_by(TimePoll, "host"),
        also=("guild__name",),
    ),
    PersonalData(
        TimePollVote,
        what=gettext_noop("Which times of a poll you can come"),
        why=gettext_noop("To find the time that suits most people."),
        kept=_WITH_THE_SERVER,
        forgotten=gettext_noop("Deleted."),
        rows=rows_by(TimePollVote, "user"),
        also=("option__starts_at", "option__poll__title", "option__poll__guild__name"),
        without_others=_hide_polls,
    ),
    PersonalData(
        Series,
        what=gettext_noop("Which series you host that began with someone else's game"),
        why=gettext_noop("To make you the host of the next ones."),
        kept=gettext_noop("Until someone else hosts them, or 30 days after the server removes the bot."),
        forgotten=gettext_noop("It no longer names you."),
        rows=rows_by(Series, "host"),
        also=("guild__name",),
    ),
    PersonalData(
        SeriesPlayer,
        what=gettext_noop("Which series you're a regular or substitute in"),
        why=gettext_noop("To seat you each time, or ask you when a seat is free."),
        kept=gettext_noop("Until the host changes it, or 30 days after the server removes the bot."),
        forgotten=gettext_noop("Deleted."),
        rows=rows_by(SeriesPlayer, "user"),
        also=("series__guild__name",),
    ),
    PersonalData(
        CalendarFeed,
        what=gettext_noop("The secret addresses at which your calendar fetches games, and when it last did"),
        why=gettext_noop("You asked for it."),
        kept=gettext_noop("Until you delete it or make a new one."),
        forgotten=gettext_noop("Deleted: the address shows nothing any more."),
        rows=rows_by(CalendarFeed, "user"),
        also=("guild__name", "template__name"),
        withheld={"token": gettext_noop("anyone who has it reads your games")},
    ),
    PersonalData(
        ApiToken,
        what=gettext_noop("The names of your API tokens, what they may do, and when they were last used"),
        why=gettext_noop("You asked for it."),
        kept=gettext_noop("Until you delete them, or a server's managers theirs."),
        forgotten=gettext_noop("Deleted: the programs that have them can do nothing any more."),
        rows=rows_by(ApiToken, "user"),
        also=("guild__name",),
        withheld={"digest": gettext_noop("it's a hash, of no use to anyone")},
    ),
    PersonalData(
        Webhook,
        what=gettext_noop("The webhooks you made for a server"),
        why=gettext_noop("So you hear when one stops working."),
        kept=gettext_noop("Until a server manager deletes it, or 30 days after the server removes the bot."),
        forgotten=gettext_noop("Stays the server's, without you."),
        rows=rows_by(Webhook, "created_by"),
        also=("guild__name",),
        withheld={
            "url": gettext_noop("it's the server's, and may hold a password"),
            "secret": gettext_noop("it's the server's, and signs what we send"),
        },
    ),
    PersonalData(
        WebhookRequest,
        what=gettext_noop("What server managers had us send their own programs: games that name you, your sign-ups"),
        why=gettext_noop("The managers chose that. All members could see those games."),
        kept=gettext_noop("The last 100 of each webhook."),
        forgotten=gettext_noop("Emptied. What their programs keep of it, ask the server managers."),
    ),
    PersonalData(
        GameImport,
        what=gettext_noop("Files of games that you brought to a server, with what they name"),
        why=gettext_noop("So you can look at what becomes of them before it does."),
        kept=gettext_noop("The file until you import it, for a day at most. Then only that you did."),
        forgotten=gettext_noop("Files deleted, and nothing says any more that you imported games."),
        rows=rows_by(GameImport, "user"),
        also=("guild__name",),
        withheld={"file": gettext_noop("it names others; it's yours already")},
    ),
    PersonalData(
        AuditEntry,
        what=gettext_noop("What you did, and what others did about you: signed up, seated, removed, blocked"),
        why=gettext_noop("So hosts and server managers can see who did what."),
        kept=(gettext_noop("%(days)d days, and no longer than the game.") if settings.AUDIT_KEPT else _WITH_THE_GAME),
        values={"days": settings.AUDIT_KEPT.days} if settings.AUDIT_KEPT else _GAME_DAYS,
        forgotten=gettext_noop("Stays with “Someone” in your place, without your notes and messages."),
        rows=entries_about,
        without_others=_hide_others,
        also=("game__title", "guild__name"),
    ),
    PersonalData(
        GameEdit,
        what=gettext_noop("Who hosted a game before it changed hands, for a day"),
        why=gettext_noop("To tell players what changed."),
        kept=gettext_noop("30 days."),
        forgotten=gettext_noop("“Someone” in your place."),
    ),
)
