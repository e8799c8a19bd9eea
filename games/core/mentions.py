"""Mentions of people and channels in free text, found only where the name is certain.

Pure: the names come in as values. The text is stored as it was typed; mentions are found when it is shown.

`@Bob the GM` is a mention where exactly one member has that name and no longer name fits; `#raids` where
exactly one channel has. Mail addresses, links and their `#fragments`, code, headings, `@everyone` and `@here`
are never mentions.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guilds.display_names import normalize_name

EMBED_DESCRIPTION = 4096
EVERYBODY = {"everyone", "here"}

_TOKEN = re.compile(
    r"""
      ```.*?``` | ``.+?`` | `[^`]+`                        # code
    | (?: (?<![\w+.-])[\w+.-]++:// | www\. | mailto: )\S+  # addresses; a word is searched once
    | <@!?(?P<person>[0-9]{17,20})>
    | <\#(?P<channel>[0-9]{17,20})>
    | <[^<>\s]+>                                           # Discord's other marks: times, emoji, roles
    | (?<![\w/.+@#&<\\-]) (?P<mark>[@\#]) (?=\w|[^\x00-\x7f]|["'(\[{])
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_NAME_LONGEST = 64  # characters of a name as typed; Discord's have 32
_SIGNS_MAX = 2  # @ signs within a name; without a limit, a text of nothing but @a took a second to show
_FIRST_WORD = re.compile(r"\W*\w+(?:[.\-'’]\w+)*|\S+")
_CHANNEL = re.compile(r"[^\s#@<>,;:!?()\[\]{}\"'`*~|/\\]+")
_PINGS = re.compile(r"@(?=everyone|here|[!&]?[0-9]{17,20})")


@dataclass(frozen=True)
class Mention:
    """A mention of a person (`@`) or channel (`#`), with the text that was typed for it."""

    symbol: str
    id: int
    typed: str

    @property
    def markup(self) -> str:
        """Return the mention in Discord's markup."""
        return f"<{self.symbol}{self.id}>"


Piece = str | Mention


@dataclass(frozen=True)
class Candidates:
    """The normalized names and the ids to look up for a text."""

    people: frozenset[str]
    channels: frozenset[str]
    ids: frozenset[int]
    channel_ids: frozenset[int]


def union(several: Iterable[Candidates]) -> Candidates:
    """Return the names and ids to look up for several texts together."""
    rows = [(one.people, one.channels, one.ids, one.channel_ids) for one in several]
    people, channels, ids, channel_ids = zip(*rows, strict=True) if rows else ((), (), (), ())
    none: frozenset[Any] = frozenset()
    return Candidates(none.union(*people), none.union(*channels), none.union(*ids), none.union(*channel_ids))


def candidates(text: str) -> Candidates:
    """Return the names and ids that a text may mention."""
    people: set[str] = set()
    channels: set[str] = set()
    ids: set[int] = set()
    channel_ids: set[int] = set()
    for match in _TOKEN.finditer(text):
        if match["person"]:
            ids.add(int(match["person"]))
        elif match["channel"]:
            channel_ids.add(int(match["channel"]))
        elif match["mark"] == "@":
            for end in _name_ends(text, match.end()):
                # In lower case too: a database folds names less than `normalize_name` does.
                people |= {normalize_name(text[match.end() : end]), text[match.end() : end].lower()}
        elif match["mark"] == "#":
            channels.update(normalize_name(text[match.end() : end]) for end in _channel_ends(text, match.end()))
    return Candidates(frozenset(people - EVERYBODY), frozenset(channels), frozenset(ids), frozenset(channel_ids))


def parse(
    text: str, people: Mapping[str, Iterable[int]], channels: Mapping[str, Iterable[int]], members: Iterable[int] = ()
) -> list[Piece]:
    """Split a text into plain strings and mentions.

    The keys of `people` and `channels` are normalized names, with the ids that have each. `members`: the
    ids that an id in the text may name.
    """
    known = frozenset(members)
    parsed: list[Piece] = []
    start = at = 0
    while (match := _TOKEN.search(text, at)) is not None:
        at = match.end()
        mention = None
        if match["person"] and int(match["person"]) in known:
            mention = Mention("@", int(match["person"]), match[0])
        elif match["channel"] and int(match["channel"]) in known:
            mention = Mention("#", int(match["channel"]), match[0])
        elif match["mark"]:
            ends, named = (
                (_name_ends(text, at), people) if match["mark"] == "@" else (_channel_ends(text, at), channels)
            )
            mention = _mention(text, match.start(), ends, named)
        if mention is None:
            continue
        if match.start() > start:
            parsed.append(text[start : match.start()])
        parsed.append(mention)
        start = at = match.start() + len(mention.typed)
    return [*parsed, text[start:]] if start < len(text) else parsed


def _mention(text: str, start: int, ends: Iterator[int], named: Mapping[str, Iterable[int]]) -> Mention | None:
    """Return a mention with the longest name that fits; None if nobody or several have that name."""
    if not named:
        return None
    for end in ends:
        name = normalize_name(text[start + 1 : end])
        ids = set(named.get(name, ()))
        if ids and not (text[start] == "@" and name in EVERYBODY):
            return Mention(text[start], ids.pop(), text[start:end]) if len(ids) == 1 else None
    return None


@dataclass(frozen=True)
class UnknownName:
    """A name after @ that is nobody's, or that `count` people have."""

    name: str
    count: int = 0


def unknown_names(pieces: Iterable[Piece], people: Mapping[str, Iterable[int]]) -> list[UnknownName]:
    """Return the names after @ that became no mentions, each once; `people` as for `parse`."""
    found: dict[str, UnknownName] = {}
    for piece in (one for one in pieces if isinstance(one, str)):
        for match in _TOKEN.finditer(piece):
            if match["mark"] != "@":
                continue
            first = _FIRST_WORD.match(piece, match.end())
            unknown = UnknownName(first[0][:_NAME_LONGEST] if first else "")
            for end in _name_ends(piece, match.end()):
                if count := len(set(people.get(normalize_name(piece[match.end() : end]), ()))):
                    unknown = UnknownName(piece[match.end() : end], count)
                    break
            if unknown.name and normalize_name(unknown.name) not in EVERYBODY:
                found.setdefault(normalize_name(unknown.name), unknown)
    return list(found.values())


def name_beginnings(text: str) -> list[str]:
    """Return how each name after @ begins, by one word and by two, each once: to look for whom is meant."""
    words: dict[str, None] = {}
    longer: dict[str, None] = {}
    for match in _TOKEN.finditer(text):
        first = _FIRST_WORD.match(text, match.end()) if match["mark"] == "@" else None
        if first is not None and normalize_name(first[0]) not in EVERYBODY:
            words[first[0][:_NAME_LONGEST]] = None
            second = _FIRST_WORD.match(text, first.end() + 1) if text[first.end() : first.end() + 1] == " " else None
            if second is not None:
                longer[text[match.end() : second.end()][:_NAME_LONGEST]] = None
    return [*words, *longer]


def _name_ends(text: str, start: int) -> Iterator[int]:
    """Yield where a person's name that starts at `start` may end on its line, the longest first.

    `bob.smith` is one word, `Bob's` is two.
    """
    last = min(len(text), start + _NAME_LONGEST)
    line_end = next((at for at in range(start, last) if text[at] in "\r\n"), last)
    signs = [at for at in range(start, line_end) if text[at] == "@"]
    line_end = signs[_SIGNS_MAX] if len(signs) > _SIGNS_MAX else line_end
    for end in range(line_end, start, -1):
        if not text[end - 1].isspace() and text[end : end + 1] not in {"@", "/"} and not _is_within_word(text, end):
            yield end


def _is_within_word(text: str, at: int) -> bool:
    """Return whether a word, with its dots and hyphens, goes on at a place."""
    if not _is_of_word(text[at - 1]):
        return False
    after = text[at : at + 1]
    return bool(after) and (_is_of_word(after) or (after in ".-" and _is_of_word(text[at + 1 : at + 2])))


def _is_of_word(char: str) -> bool:
    return char.isalnum() or char == "_" or (bool(char) and unicodedata.category(char)[0] == "M")


def _channel_ends(text: str, start: int) -> Iterator[int]:
    match = _CHANNEL.match(text, start)
    if match is None or text[match.end() : match.end() + 1] in {"@", "#", "/"}:
        return
    yield match.end()
    if (bare := start + len(match[0].rstrip(".…"))) != match.end():
        yield bare


# --- shown -----------------------------------------------------------------------------------------------


def without_pings(text: str) -> str:
    """Return the text with a zero-width space in each mention, so that it pings nobody."""
    return _PINGS.sub("@\u200b", text)


def to_discord(
    pieces: Sequence[Piece], limit: int = EMBED_DESCRIPTION, shown_as: Callable[[str], str] = without_pings
) -> str:
    """Return the text for an embed: as many mentions as fit, and `shown_as` applied to the rest."""
    shown = [shown_as(piece.typed if isinstance(piece, Mention) else piece) for piece in pieces]
    spare = limit - sum(map(len, shown))
    for n, piece in enumerate(pieces):
        if isinstance(piece, Mention) and len(piece.markup) - len(shown[n]) <= spare:
            spare -= len(piece.markup) - len(shown[n])
            shown[n] = piece.markup
    return "".join(shown)


def to_markup(pieces: Iterable[Piece]) -> str:
    """Return the text in Discord's markup, with all its mentions."""
    return "".join(piece.markup if isinstance(piece, Mention) else piece for piece in pieces)
