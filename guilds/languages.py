"""Which language holds: the one rule, for pages, for the bot and for notifyd.

A person reads the language that they chose; else what Discord last told of them; else, on pages, what their browser
asks for; else their guild's. A guild reads the one that its managers chose, else the one that Discord has for it. What
none of these names in a language of ours is English.
"""

import re
from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

# Of Discord's locales, as de, pt-BR and es-419. https://docs.discord.com/developers/reference#locales
LOCALE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})?")
LOCALE_MAX = 12  # characters


class HasLanguage(Protocol):
    """What is shown in one language."""

    @property
    def language(self) -> str: ...


P = ParamSpec("P")
T = TypeVar("T")
View = TypeVar("View", bound=HasLanguage)


class SpeaksLanguage(Protocol):
    """A person, as far as their language goes."""

    language: str
    discord_locale: str


class GuildLanguage(Protocol):
    """A guild, as far as its language goes."""

    language: str
    preferred_locale: str


def default_language() -> str:
    """Return the language of what nobody chose another for."""
    return settings.LANGUAGE_CODE


def language_choices() -> list[tuple[str, str]]:
    """Return the languages that there are, each by its own name."""
    return [(code, str(name)) for code, name in settings.LANGUAGES]


def find_language(locale: str) -> str:
    """Return the language of ours that a locale names, as de for de-AT; '' for none."""
    if not locale:
        return ""
    try:
        return translation.get_supported_language_variant(locale.lower())
    except LookupError:
        return ""


def known_locale(text: str) -> str:
    """Return a locale as Discord sends it; '' for what is none."""
    return text if len(text) <= LOCALE_MAX and LOCALE.fullmatch(text) else ""


def language_of_person(person: SpeaksLanguage) -> str:
    """Return what a person reads, as they or Discord say; '' if neither names a language of ours."""
    return find_language(person.language) or find_language(person.discord_locale)


def language_of_browser(request: HttpRequest) -> str:
    """Return the first language of ours that a browser asks for; '' for none."""
    for locale, _ in parse_accept_lang_header(request.headers.get("Accept-Language", "").lower()):
        if locale == "*":
            break
        if found := find_language(locale):
            return found
    return ""


def language_of_guild(guild: GuildLanguage | None) -> str:
    """Return what a guild reads together: in its channels, posts and threads."""
    if guild is None:
        return default_language()
    return find_language(guild.language) or find_language(guild.preferred_locale) or default_language()


def language_of_reader(person: SpeaksLanguage, guild: GuildLanguage | None) -> str:
    """Return what a person reads in what is for them alone; where nobody says, their guild's."""
    return language_of_person(person) or language_of_guild(guild)


def speak_to_stranger(request: HttpRequest, guild: GuildLanguage) -> None:
    """Speak a guild's language on the rest of a page for strangers, unless their browser asks for one of ours."""
    if not getattr(request, "asks_language", False):
        translation.activate(language_of_guild(guild))


def in_its_language(render: Callable[Concatenate[View, P], T]) -> Callable[Concatenate[View, P], T]:
    """Render a view-model in the language that it was made in, whoever looks at it."""

    def rendered(view: View, /, *args: P.args, **kwargs: P.kwargs) -> T:
        with translation.override(view.language or default_language()):
            return render(view, *args, **kwargs)

    update_wrapper(rendered, render)
    return rendered


def in_language_of_guild(guild: GuildLanguage | None) -> "translation.override":
    """Speak a guild's language meanwhile, as a context or as a decorator."""
    return translation.override(language_of_guild(guild))
