"""What is kept of people, table by table: for the page that says so, and for the download.

Each app describes its tables in its own module `personal_data`, which Django finds by its name. A test fails for every
table, and every column of one, that is not described.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Model, QuerySet

from guilds.login.models import PasswordTries
from guilds.models import Block, Channel, Guild, Member, SentForm, User

# How long is kept what a person leaves behind in a server, and a block that is over.
KEPT_AFTER_LEAVING = timedelta(days=30)
SENT_FORMS_KEPT = timedelta(days=7)  # of forms; nobody sends one again after longer
_AFTER_LEAVING = f"{KEPT_AFTER_LEAVING.days} days"
_LOGGED_IN = f"{settings.SESSION_COOKIE_AGE // (24 * 60 * 60)} days"
APP_ORDER = ("guilds", "games", "notifications", "discord_bot")

Rows = Callable[[User], "QuerySet[Any]"]


def rows_by(model: Any, path: str) -> Rows:
    """Return the function that finds a model's rows of a person by the path to them."""
    return lambda user: model._default_manager.filter(**{path: user.pk})


@dataclass(frozen=True)
class PersonalData:
    """What one table keeps of people, in words for them.

    `rows` finds those about one person; None for a table that has nothing of one's own. The download shows all of
    their columns but the `withheld`, each with the reason, and of related rows those in `also`; `without_others`
    takes out of the rows what is other people's.
    """

    model: type[Model]
    what: str
    why: str
    kept: str
    forgotten: str
    rows: Rows | None = None
    withheld: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    without_others: Callable[[User, Sequence[dict[str, Any]]], list[dict[str, Any]]] = lambda user, rows: list(rows)

    @property
    def columns(self) -> list[str]:
        """Return the columns that the download shows."""
        own = [column.attname for column in self.model._meta.concrete_fields]
        return [*(name for name in own if name not in self.withheld), *self.also]

    def export(self, user: User) -> list[dict[str, Any]]:
        """Return a person's rows as the download shows them."""
        found = list(self.rows(user).order_by("pk").values(*self.columns)) if self.rows is not None else []
        return self.without_others(user, found)


_tables: dict[type[Model], PersonalData] = {}


def register(*tables: PersonalData) -> None:
    """Describe tables; called when an app's `personal_data` module is imported."""
    for table in tables:
        _tables[table.model] = table


def described_tables() -> Iterator[PersonalData]:
    """Yield all described tables, app by app."""

    def height(table: PersonalData) -> int:
        label = table.model._meta.app_label
        return APP_ORDER.index(label) if label in APP_ORDER else len(APP_ORDER)

    yield from sorted(_tables.values(), key=height)


def export_person(user: User) -> dict[str, list[dict[str, Any]]]:
    """Return everything that is kept of a person, by table."""
    return {table.model._meta.label_lower: table.export(user) for table in described_tables() if table.rows is not None}


def sessions_of(user: User) -> "QuerySet[Session]":
    """Return the sessions in which a person is logged in. Reads all, for no column names the person."""
    own = [one.pk for one in Session.objects.iterator() if one.get_decoded().get("_auth_user_id") == str(user.pk)]
    return Session.objects.filter(pk__in=own)


register(
    PersonalData(
        User,
        what="Your Discord id, names and picture, your time zone, your direct-message channel with the bot",
        why="To know you again, to show others who plays, and to write to you.",
        kept=f"Until you ask to be forgotten, or {_AFTER_LEAVING} after you left the last server with the bot.",
        forgotten="Deleted. Your Discord id stays for two hours at most, and as long as a server blocks you.",
        rows=rows_by(User, "pk"),
        withheld={"password": "a random text, with which nobody can log in"},
    ),
    PersonalData(
        Member,
        what="Your nick, picture, roles and time-outs in each server",
        why="Roles decide what you may see and do, and the nick is what others know you by.",
        kept=f"Until {_AFTER_LEAVING} after you left the server.",
        forgotten="Deleted.",
        rows=rows_by(Member, "user"),
        also=("guild__name",),
    ),
    PersonalData(
        Block,
        what="That a server keeps you from signing up, until when and why",
        why="Those who manage a server decide who plays there.",
        kept=f"Until they lift it, or {_AFTER_LEAVING} after it ended.",
        forgotten="Kept with your Discord id and without your name: else forgetting would lift every block.",
        rows=rows_by(Block, "user"),
        withheld={"reason": "a note of those who manage the server among themselves"},
        also=("guild__name",),
    ),
    PersonalData(
        Channel,
        what="What single people may do in a channel, by their id, as Discord lists it",
        why="To show a game to nobody who may not see its channel in Discord.",
        kept="As long as Discord lists it.",
        forgotten="Kept: it is Discord's, and has no name.",
    ),
    PersonalData(
        Guild,
        what="That you own a server, by your id",
        why="The owner manages the server here.",
        kept="As long as you own it and the bot is in it.",
        forgotten="Kept: it is Discord's, and has no name.",
        rows=rows_by(Guild, "owner_id"),
    ),
    PersonalData(
        SocialAccount,
        what="That you logged in with Discord: your id, names and picture as Discord gave them then",
        why="To log you in again.",
        kept="As your account.",
        forgotten="Deleted.",
        rows=rows_by(SocialAccount, "user"),
    ),
    PersonalData(
        Session,
        what="That a browser of yours is logged in, and a form you typed that could not be taken yet",
        why="So that you need not log in for every page.",
        kept=f"{_LOGGED_IN} after you logged in, or until you log out.",
        forgotten="Deleted: every browser is logged out.",
        rows=sessions_of,
        withheld={
            "session_key": "whoever has it is logged in as you",
            "session_data": "that it is you, and a form that could not be taken, so that you can send it again",
        },
    ),
    PersonalData(
        SentForm,
        what="Which forms of this site you sent, and what the answer was",
        why="So that a form that comes twice does what it is for once.",
        kept=f"{SENT_FORMS_KEPT.days} days.",
        forgotten="Deleted.",
        rows=rows_by(SentForm, "user"),
        withheld={"key": "tells forms apart", "content": "a hash"},
    ),
    PersonalData(
        PasswordTries,
        what="The network address from which a password of an operator was tried, and how often",
        why="So that passwords cannot be guessed.",
        kept="A day after the last wrong one.",
        forgotten="It names nobody, and goes by itself.",
    ),
    PersonalData(
        LogEntry,
        what="What operators of this site changed in its admin",
        why="To find out who did what.",
        kept="As long as this site runs.",
        forgotten="“Somebody” in your place. Operators are not forgotten before they give up their rights.",
        rows=rows_by(LogEntry, "user"),
    ),
    *(
        PersonalData(
            model,
            what=what,
            why="Only operators have them, or nobody: we ask for no e-mail address and keep no token.",
            kept="As your account.",
            forgotten="Deleted.",
            rows=rows_by(model, path),
            withheld=withheld,
        )
        for model, path, what, withheld in (
            (User.groups.through, "user", "Groups of operators", {}),
            (User.user_permissions.through, "user", "Rights of operators", {}),
            (EmailAddress, "user", "E-mail addresses", {}),
            (
                SocialToken,
                "account__user",
                "Tokens for Discord",
                {"token": "lets act in your name", "token_secret": "lets act in your name"},
            ),
        )
    ),
)
