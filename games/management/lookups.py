"""Finds what is named on the command line, by Discord's id or by name."""

from django.core.management.base import CommandError

from games.server_settings.wording import UNKNOWN_GUILD
from gamesched.lib.ids import parse_id
from gamesched.lib.refusal import Refusal, Refused
from gamesched.lib.text import is_storable
from guilds.models import Guild, GuildQuerySet, User


def find_person(text: str) -> User:
    """Return a person by their id or username. Raises CommandError."""
    known = User.objects.all() if is_storable(text) else User.objects.none()
    # A username may be all digits too.
    people = known.filter(pk=parse_id(text) or 0) or known.filter(handle=text.removeprefix("@"))
    if len(people) != 1:
        raise CommandError(
            f"We don't know anyone called {text!r}.\nGive their Discord id."
            if not people
            else f"{len(people)} people are called {text!r}.\nGive the Discord id instead."
        )
    return people[0]


def find_guild(text: str, among: GuildQuerySet) -> Guild:
    """Return a server by its id or name. Raises Refused, and CommandError where several have the name."""
    among = among if is_storable(text) else among.none()
    guilds = among.filter(pk=parse_id(text) or 0) or among.filter(name__iexact=text.strip()).order_by("pk")
    if len(guilds) > 1:
        ids = ", ".join(str(guild.pk) for guild in guilds)
        raise CommandError(f"{len(guilds)} servers are called {text!r}.\nGive the id instead: {ids}.")
    if not guilds:
        raise Refused(Refusal("unknown_guild", UNKNOWN_GUILD))
    return guilds[0]
