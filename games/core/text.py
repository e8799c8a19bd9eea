"""Free text as a guild's people read it, with its mentions looked up among known members and channels."""

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from django.utils.safestring import SafeString
from markdown_it.token import Token

from games.core.escaping import escape_markdown
from games.core.markdown import read_markdown, walk
from games.core.markdown_html import HtmlWriter
from games.core.mentions import (
    EMBED_DESCRIPTION,
    Candidates,
    Mention,
    Piece,
    candidates,
    parse,
    to_discord,
    to_markup,
    union,
)
from games.core.permissions import Viewer
from games.core.plain_text import MarkupReader, write_text
from gamesched.lib.ids import MAX_ID
from guilds.display_names import DisplayNames, members_named, normalize_name
from guilds.models import Channel, Member, Role
from guilds.permissions import viewed_by_all_of

CATEGORY = 4  # a category of channels; cannot be mentioned
T = TypeVar("T")
PeopleNamed = tuple[Mapping[str, set[int]], set[int]]
_ROLE = re.compile("<@&([0-9]{17,20})>")


class GuildTexts:
    """Texts in one guild, for one page or post. What several of them mention is looked up once.

    Channels are named only to whom Discord shows them: to the `viewer`, or to everybody who may view the `channel`
    in which a text is shown. With neither, none is named. `zone` and `now` are the reader's, for timestamps.
    """

    def __init__(
        self,
        guild_id: int,
        names: DisplayNames | None = None,
        *,
        viewer: Viewer | None = None,
        channel: Channel | None = None,
        zone: str = "",
        now: datetime | None = None,
    ) -> None:
        self._guild_id = guild_id
        self._names = names or DisplayNames(guild_id)
        self._viewer = viewer
        self._channel = channel
        self._zone = zone or (viewer.user.zone if viewer is not None and viewer.user is not None else "")
        self._now = now
        self._read: dict[Hashable, Any] = {}
        self._channels: dict[int, str] = {}  # names; '' for those that must not be named
        self._roles: dict[int, str] = {}  # names; '' for those that do not exist
        self._ahead = union(())
        self._people_ahead: PeopleNamed = ({}, set())
        self._spoilers = itertools.count(1)

    def read_ahead(self, texts: Iterable[str]) -> None:
        """Look up together what these texts mention, so that each of them needs no statement of its own."""
        texts = set(texts)  # games of one kind often say the same
        names = union(map(candidates, texts))
        self._people_ahead, self._ahead = self._people_named(names), names
        self._names.read(self._people_ahead[1])
        self._shown_channels({pk for pk, _ in self._channels_called(self._ahead.channels)} | self._ahead.channel_ids)
        self._role_names({int(pk) for text in texts for pk in _ROLE.findall(text)})

    def for_discord(self, text: str, limit: int = EMBED_DESCRIPTION) -> str:
        """Return the text for an embed, its markup alive, with as many mentions as fit."""
        return to_discord(self._parse(text), limit)

    def location_for_discord(self, text: str, limit: int) -> str:
        """Return a location for an embed.

        Mentions and addresses (of a voice channel, of a table) are links; else as typed.
        """
        return to_discord(self._parse(text), limit, escape_markdown)

    def as_html(self, text: str) -> SafeString:
        """Return the text as HTML for a page: its markup as in Discord, with names in place of mentions."""
        return self._write_html(self._parse(text))

    def message_as_html(self, text: str) -> SafeString:
        """Return a message of ours as HTML. Its mentions are ids, so no names are looked for."""
        ids = candidates(text).ids
        return self._write_html(parse(text, {}, {}, (one.user_id for one in self._members(ids))))

    def as_plain_text(self, text: str) -> str:
        """Return the text with names and without markup and spoilers, for places that know no markup."""
        return self._once(("plain", text), lambda: self._write_plain_text(text))

    def _write_plain_text(self, text: str) -> str:
        tokens, reader = self._tokens(self._parse(text))
        return write_text(tokens, replace(reader, now=None)).strip()  # "in two days" would not stay true

    def _write_html(self, pieces: list[Piece]) -> SafeString:
        tokens, reader = self._tokens(pieces)
        return HtmlWriter(reader, self._spoilers).write(tokens)

    def _tokens(self, pieces: list[Piece]) -> tuple[list[Token], MarkupReader]:
        """Return a text's tokens, and the names of what they mention and may be named."""
        tokens = read_markdown(to_markup(pieces))
        mentioned = [(one.meta["of"], one.meta["id"]) for one in walk(tokens) if one.type == "mention"]
        people = {one.id for one in pieces if isinstance(one, Mention) and one.symbol == "@"}
        roles, channels = ({pk for kind, pk in mentioned if kind == of} for of in ("role", "channel"))
        found: dict[tuple[str, int], str] = {}
        if people:
            names = self._names.read(people)
            found |= {("person", pk): f"@{names[pk].text}" for pk in people}
        if roles:
            found |= {("role", pk): f"@{name.removeprefix('@')}" for pk, name in self._role_names(roles)}
        if channels:
            found |= {("channel", pk): f"#{name}" for pk, name in self._shown_channels(channels).items()}
        return tokens, MarkupReader(self._zone, self._now, found)

    def _once(self, key: Hashable, read: Callable[[], T]) -> T:
        if key not in self._read:
            self._read[key] = read()
        found: T = self._read[key]
        return found

    def _role_names(self, ids: Iterable[int]) -> list[tuple[int, str]]:
        wanted = {one for one in ids if one <= MAX_ID}
        if missing := wanted - self._roles.keys():
            rows = Role.objects.filter(guild_id=self._guild_id, deleted_at=None, pk__in=missing)
            self._roles |= dict.fromkeys(missing, "") | dict(rows.values_list("pk", "name"))
        return [(pk, name) for pk in wanted if (name := self._roles[pk])]

    def _shown_channels(self, ids: Iterable[int]) -> dict[int, str]:
        """Return the names of those of these channels that Discord shows to whom the text is shown."""
        wanted = {one for one in ids if one <= MAX_ID}
        if missing := wanted - self._channels.keys():
            self._channels |= dict.fromkeys(missing, "") | self._read_shown_channels(missing)
        return {pk: name for pk in wanted if (name := self._channels[pk])}

    def _read_shown_channels(self, ids: Iterable[int]) -> dict[int, str]:
        channels = Channel.objects.filter(guild_id=self._guild_id, deleted_at=None, pk__in=ids)
        rows = list(channels.select_related("parent"))
        if self._viewer is not None:
            shown = {row.pk for row in rows if self._viewer.may_view(row)}
        else:
            shown = viewed_by_all_of(self._channel, rows) if self._channel is not None and rows else set()
        return {row.pk: row.name for row in rows if row.pk in shown}

    def _parse(self, text: str) -> list[Piece]:
        names = candidates(text)
        channels: dict[str, set[int]] = defaultdict(set)
        people, members = self._people_named(names)
        called = self._channels_called(names.channels)
        # A name that only a hidden channel has stays as typed: a link would tell that there is one.
        shown = self._shown_channels({pk for pk, _ in called} | names.channel_ids)
        for pk, name in called:
            if pk in shown:
                channels[name].add(pk)
        return parse(text, people, channels, members.union(shown))

    def _channels_called(self, names: Collection[str]) -> list[tuple[int, str]]:
        """Return the channels with these normalized names, whether they may be named or not."""
        if not names:
            return []
        places = Channel.objects.filter(guild_id=self._guild_id, deleted_at=None, parent=None).exclude(type=CATEGORY)
        rows = self._once("places", lambda: list(places.values_list("pk", "name")))
        return [(pk, name) for pk, key in rows if (name := normalize_name(key)) in names]

    def _people_named(self, names: Candidates) -> PeopleNamed:
        """Return who may be meant: ids by normalized name, and all ids."""
        if names.people <= self._ahead.people and names.ids <= self._ahead.ids:
            return self._people_ahead
        people: dict[str, set[int]] = defaultdict(set)
        members = self._once((names.people, names.ids), lambda: self._named_members(names))
        for member in members:
            for name in filter(None, (member.nick, member.user.handle, member.user.global_name)):
                people[normalize_name(name)].add(member.user_id)
        return people, {member.user_id for member in members}

    def _named_members(self, names: Candidates) -> list[Member]:
        ids = [one for one in names.ids if one <= MAX_ID]
        return members_named(self._guild_id, names.people, ids)

    def _members(self, ids: Iterable[int]) -> Iterable[Member]:
        wanted = [one for one in ids if one <= MAX_ID]
        members = Member.objects.filter(guild_id=self._guild_id, left_at=None, user_id__in=wanted)
        return members if wanted else ()
