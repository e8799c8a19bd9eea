"""Free text as a guild's people read it, with its mentions looked up among known members and channels."""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from django.utils.safestring import SafeString

from games.core import wording
from games.core.mentions import (
    EMBED_DESCRIPTION,
    Candidates,
    Mention,
    Piece,
    candidates,
    parse,
    to_discord,
    to_html,
    to_plain_text,
)
from gamesched.lib.ids import MAX_ID
from guilds.display_names import DisplayNames, members_named, normalize_name
from guilds.models import Channel, Member

CATEGORY = 4  # a category of channels; cannot be mentioned
T = TypeVar("T")
_URL = re.compile(r"(https?://[^\s<>\[\]*|`\\]+)")


class GuildTexts:
    """Texts in one guild, for one page or post. What several of them mention is looked up once."""

    def __init__(self, guild_id: int, names: DisplayNames | None = None) -> None:
        self._guild_id = guild_id
        self._names = names or DisplayNames(guild_id)
        self._read: dict[Hashable, Any] = {}

    def for_discord(self, text: str, limit: int = EMBED_DESCRIPTION) -> str:
        """Return the text for an embed, with as many mentions as fit."""
        return to_discord(self._parse(text), limit)

    def location_for_discord(self, text: str, limit: int) -> str:
        """Return a location for an embed.

        Mentions and URLs (of a voice channel, of a table) are links; else as typed.
        """
        return to_discord(self._parse(text), limit, escape_except_urls)

    def as_html(self, text: str) -> SafeString:
        """Return the text as HTML for a page, with names in place of mentions."""
        pieces = self._parse(text)
        return to_html(pieces, self._mentioned_names(pieces))

    def with_names(self, text: str) -> str:
        """Return the text with names in place of mentions, for places that know no markup."""
        pieces = self._parse(text)
        return to_plain_text(pieces, self._mentioned_names(pieces))

    def _once(self, key: Hashable, read: Callable[[], T]) -> T:
        if key not in self._read:
            self._read[key] = read()
        found: T = self._read[key]
        return found

    def _mentioned_names(self, pieces: list[Piece]) -> dict[int, str]:
        """Return the display names of the mentioned people and channels, by id."""
        people, places = (
            [one.id for one in pieces if isinstance(one, Mention) and one.symbol == symbol] for symbol in "@#"
        )
        names = self._names.read(people) if people else {}
        return {pk: names[pk].text for pk in people} | (self._channel_names(places) if places else {})

    def _channel_names(self, ids: Iterable[int]) -> dict[int, str]:
        wanted = frozenset(ids)
        rows = Channel.objects.filter(pk__in=wanted).values_list("pk", "name")
        return self._once(("names", wanted), lambda: dict(rows))

    def _parse(self, text: str) -> list[Piece]:
        names = candidates(text)
        people: dict[str, set[int]] = defaultdict(set)
        channels: dict[str, set[int]] = defaultdict(set)
        known: set[int] = set()
        if names.people or names.ids:
            for member in self._once((names.people, names.ids), lambda: self._members(names)):
                known.add(member.user_id)
                for name in filter(None, (member.nick, member.user.handle, member.user.global_name)):
                    people[normalize_name(name)].add(member.user_id)
        if names.channels:
            places = Channel.objects.filter(guild_id=self._guild_id, deleted_at=None, parent=None).exclude(
                type=CATEGORY
            )
            for pk, name in self._once("places", lambda: list(places.values_list("pk", "name"))):
                channels[normalize_name(name)].add(pk)
        if ids := frozenset(one for one in names.channel_ids if one <= MAX_ID):
            existing = Channel.objects.filter(guild_id=self._guild_id, deleted_at=None, pk__in=ids)
            known.update(self._once(("existing", ids), lambda: list(existing.values_list("pk", flat=True))))
        return parse(text, people, channels, known)

    def _members(self, names: Candidates) -> list[Member]:
        ids = [one for one in names.ids if one <= MAX_ID]
        return members_named(self._guild_id, names.people, ids)


def discord_text(guild_id: int, text: str, limit: int = EMBED_DESCRIPTION) -> str:
    """Return the text for an embed, with mentions, as many as fit."""
    return GuildTexts(guild_id).for_discord(text, limit)


def text_as_html(guild_id: int, text: str) -> SafeString:
    """Return the text for a page, with names."""
    return GuildTexts(guild_id).as_html(text)


def escape_except_urls(text: str) -> str:
    """Escape a text for Discord, but keep its URLs clickable."""
    return "".join(part if _URL.fullmatch(part) else wording.escape_markdown(part) for part in _URL.split(text))
