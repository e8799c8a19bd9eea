"""What is kept of people, table by table: for the page that says so, and for the download.

Each app describes its tables in its own module `personal_data`, which Django finds by its name. A test fails for every
table, and every column of one, that is not described.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Model, QuerySet
from django.utils.translation import gettext, gettext_noop

from guilds.login.models import PasswordTries
from guilds.models import Block, Channel, Guild, Member, SentForm, User

# How long is kept what a person leaves behind in a server, and a block that is over.
KEPT_AFTER_LEAVING = timedelta(days=30)
SENT_FORMS_KEPT = timedelta(days=7)  # of forms; nobody sends one again after longer
_AFTER_LEAVING = {"days": KEPT_AFTER_LEAVING.days}
_LOGGED_IN = {"days": settings.SESSION_COOKIE_AGE // (24 * 60 * 60)}
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
    values: Mapping[str, int] = field(default_factory=dict)  # of the places in its texts
    also: tuple[str, ...] = ()
    without_others: Callable[[User, Sequence[dict[str, Any]]], list[dict[str, Any]]] = lambda user, rows: list(rows)

    def in_words(self) -> "PersonalData":
        """Return it with its texts as they are read now."""
        texts = {name: gettext(getattr(self, name)) for name in ("what", "why", "kept", "forgotten")}
        filled: dict[str, Any] = {name: text % self.values if self.values else text for name, text in texts.items()}
        return replace(self, **filled)

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
    """Yield all described tables, app by app, in the reader's language."""

    def height(table: PersonalData) -> int:
        label = table.model._meta.app_label
        return APP_ORDER.index(label) if label in APP_ORDER else len(APP_ORDER)

    yield from (table.in_words() for table in sorted(_tables.values(), key=height))


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
        what=gettext_noop(
            "Your Discord id, names, picture and language, your time zone, your direct-message channel with the bot"
        ),
        why=gettext_noop("To recognize you, to show others who plays, and to write to you."),
        kept=gettext_noop(
            "Until you ask us to forget you, or %(days)d days after you left the last server with the bot."
        ),
        values=_AFTER_LEAVING,
        forgotten=gettext_noop("Deleted. Your Discord id stays up to two hours, or as long as a server blocks you."),
        rows=rows_by(User, "pk"),
        withheld={"password": "a random text that logs nobody in"},
    ),
    PersonalData(
        Member,
        what=gettext_noop("Your nick, picture, roles and time-outs in each server"),
        why=gettext_noop("Roles decide what you can see and do; others know you by your nick."),
        kept=gettext_noop("Until %(days)d days after you left the server."),
        values=_AFTER_LEAVING,
        forgotten=gettext_noop("Deleted."),
        rows=rows_by(Member, "user"),
        also=("guild__name",),
    ),
    PersonalData(
        Block,
        what=gettext_noop("That a server blocks you from signing up, until when and why"),
        why=gettext_noop("Server managers decide who plays there."),
        kept=gettext_noop("Until they lift it, or %(days)d days after it ended."),
        values=_AFTER_LEAVING,
        forgotten=gettext_noop(
            "Kept with your Discord id, without your name. Otherwise forgetting would lift every block."
        ),
        rows=rows_by(Block, "user"),
        withheld={"reason": "a private note of the server's managers"},
        also=("guild__name",),
    ),
    PersonalData(
        Channel,
        what=gettext_noop("What single people can do in a channel, by their id, as Discord lists it"),
        why=gettext_noop("To hide games from people who can't see their channel in Discord."),
        kept=gettext_noop("As long as Discord lists it."),
        forgotten=gettext_noop("Kept: it's Discord's, and has no name."),
    ),
    PersonalData(
        Guild,
        what=gettext_noop("That you own a server, by your id"),
        why=gettext_noop("The owner manages the server here."),
        kept=gettext_noop("As long as you own it and the bot is in it."),
        forgotten=gettext_noop("Kept: it's Discord's, and has no name."),
        rows=rows_by(Guild, "owner_id"),
    ),
    PersonalData(
        SocialAccount,
        what=gettext_noop("That you logged in with Discord: your id, names and picture at that time"),
        why=gettext_noop("To log you in again."),
        kept=gettext_noop("As your account."),
        forgotten=gettext_noop("Deleted."),
        rows=rows_by(SocialAccount, "user"),
    ),
    PersonalData(
        Session,
        what=gettext_noop("That your browser is logged in, and a form we couldn't accept yet"),
        why=gettext_noop("So you don't log in for every page."),
        kept=gettext_noop("%(days)d days after you logged in, or until you log out."),
        values=_LOGGED_IN,
        forgotten=gettext_noop("Deleted: we log out every browser."),
        rows=sessions_of,
        withheld={
            "session_key": "it logs anyone in as you",
            "session_data": "that it's you, and a form we couldn't accept, so you can send it again",
        },
    ),
    PersonalData(
        SentForm,
        what=gettext_noop("Which forms of this site you sent, and what the answer was"),
        why=gettext_noop("So a form that arrives twice acts once."),
        kept=gettext_noop("%(days)d days."),
        values={"days": SENT_FORMS_KEPT.days},
        forgotten=gettext_noop("Deleted."),
        rows=rows_by(SentForm, "user"),
        withheld={
            "key": "tells forms apart",
            "content": "a hash",
            "text": "what programs of yours were answered may hold a secret, and names others",
        },
    ),
    PersonalData(
        PasswordTries,
        what=gettext_noop("The network address that tried an operator's password, and how often"),
        why=gettext_noop("So nobody can guess passwords."),
        kept=gettext_noop("One day after the last wrong one."),
        forgotten=gettext_noop("It names nobody, and we delete it automatically."),
    ),
    PersonalData(
        LogEntry,
        what=gettext_noop("What this site's operators changed in its admin"),
        why=gettext_noop("To find out who did what."),
        kept=gettext_noop("As long as this site runs."),
        forgotten=gettext_noop("“Someone” in your place. Operators give up their rights before we forget them."),
        rows=rows_by(LogEntry, "user"),
    ),
    *(
        PersonalData(
            model,
            what=what,
            why=gettext_noop("Only operators have them, if anyone. We ask for no e-mail address and keep no token."),
            kept=gettext_noop("As your account."),
            forgotten=gettext_noop("Deleted."),
            rows=rows_by(model, path),
            withheld=withheld,
        )
        for model, path, what, withheld in (
            (User.groups.through, "user", gettext_noop("Groups of operators"), {}),
            (User.user_permissions.through, "user", gettext_noop("Rights of operators"), {}),
            (EmailAddress, "user", gettext_noop("E-mail addresses"), {}),
            (
                SocialToken,
                "account__user",
                gettext_noop("Tokens for Discord"),
                {"token": "lets others act in your name", "token_secret": "lets others act in your name"},
            ),
        )
    ),
)
