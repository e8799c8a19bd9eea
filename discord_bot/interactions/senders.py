"""Who sends an interaction: saved, and spoken to in their language from there on."""

from datetime import datetime

import discord
from django.utils import translation

from guilds.directory.payloads import MemberPayload, UserPayload
from guilds.directory.upsert import mark_dms_open, upsert_member, upsert_user
from guilds.languages import default_language, find_language, language_of_person
from guilds.models import Member, User

# What people read, as last looked up. A modal opens before anything can be looked up.
_known: dict[int, str] = {}
KNOWN_MAX = 10_000


def greet(interaction: discord.Interaction) -> str:
    """Speak the language of an interaction's sender from here on, in this task, as far as it is known; return it."""
    locales = (interaction.locale, interaction.guild_locale)
    named = (find_language(locale.value) for locale in locales if locale is not None)
    language = _known.get(interaction.user.id) or next(filter(None, named), default_language())
    translation.activate(language)
    return language


def save_member(guild_id: int, payload: MemberPayload, now: datetime) -> Member:
    """Save the sender as a member of the guild in which they act."""
    member = upsert_member(guild_id, payload, now)
    _hear(member.user)
    return member


def save_user(payload: UserPayload) -> User:
    """Save the sender of a direct message."""
    user = upsert_user(payload)
    _hear(user)
    return user


def _hear(user: User) -> None:
    mark_dms_open(user)
    language = language_of_person(user)
    if not language:
        _known.pop(user.pk, None)  # they took it back
        return
    if len(_known) >= KNOWN_MAX:
        _known.clear()
    _known[user.pk] = language
    translation.activate(language)
