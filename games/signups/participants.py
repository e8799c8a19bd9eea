"""Participants as users type them, one on each line or separated by commas, and how each is resolved.

A comma may also be part of a member's name: the longest name of a known member is taken before a line is split.

Pure: the known members of the guild come in as values.

- `@name` must be a member. An exact name (username, global name or nick, ignoring case) is that member's, even
  if longer names start with it. Otherwise it is the only member whose name starts with it, and the reply names
  them, so that nobody is added unnoticed. Several are offered as choices; nobody is guessed.
- `<@id>`, with or without a name before it, or an id alone, is that member, whatever their name is. A choice is
  written as `Bob the GM <@id>`, so that it stays valid when names change.
- Anything else is a placeholder: the name of a person who is not in Discord.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from django.utils.translation import gettext

from games.core import wording
from games.signups import limits as signup_limits
from guilds.names import lstrip_invisible, normalize_name, shown_name, strip_invisible, tidy_line, without_isolates

Participant = int | str  # a user id, or a placeholder's name

_BY_ID = re.compile(r"(?:[^<>]*\s)?<@!?([0-9]{1,20})>|([0-9]{17,20})")
_MARKUP = re.compile(r"<[@#][!&]?[0-9]+>")
_LINE = re.compile(r"[^\r\n]+|\r\n|\r|\n")
_UP_TO_NEXT = re.compile(r"(?:^|,)[^\S\r\n]*[@＠﹫]([^\r\n]*?)(?=,[^\S\r\n]*[@＠﹫<]|[\r\n]|\Z)", re.MULTILINE)
_AT = "@＠﹫"
NAME_TYPED_MAX, MAX_COMMAS = 100, 8  # characters, and commas, of one name as typed
CHOICES_MAX = 10  # candidates offered for one name
NAMES_AT_ONCE = 300  # each is compared with all members: `@a,` 6,000 times kept a page's thread for a minute
_SIMILAR_MAX = 5
_SIMILAR_NAMES = 10  # unknown names for which similar ones are looked for


@dataclass(frozen=True)
class Candidate:
    """A member whom a typed name may mean."""

    user_id: int
    username: str
    global_name: str = ""
    nick: str = ""
    avatar_url: str = ""

    @property
    def name(self) -> str:
        """Return the member's display name in the guild."""
        return shown_name(self.nick, self.global_name, self.username, user_id=self.user_id)

    @property
    def field_text(self) -> str:
        """Return the text that names this member in the field, even if others get the same name."""
        return f"{' '.join(re.sub(r'[<>,]', ' ', without_isolates(self.name)).split())} <@{self.user_id}>".strip()

    @cached_property
    def normalized_names(self) -> frozenset[str]:
        """Return all names of the member, normalized for comparison; one that begins with @ also without it."""
        names = {normalize_name(name) for name in (self.username, self.global_name, self.nick)}
        return frozenset(filter(None, names | {name[1:].lstrip() for name in names if name.startswith("@")}))


@dataclass(frozen=True)
class NameToken:
    """One participant as typed: a person by id or by the start of a name, else a placeholder."""

    line: int
    text: str
    user_id: int | None = None
    name_prefix: str | None = None


@dataclass(frozen=True)
class Problem:
    """The problem with one typed participant, and the members who may be meant."""

    line: int
    typed: str
    sentence: str
    choices: tuple[Candidate, ...] = ()
    is_unknown: bool = False  # Discord knows nobody like that in the server


@dataclass(frozen=True)
class ParsedNames:
    """The resolved participants in the order typed, the completed names, and the problems."""

    participants: tuple[Participant, ...] = ()
    completed: tuple[tuple[str, Candidate], ...] = ()
    problems: tuple[Problem, ...] = ()


def parse_names(text: str, known: Iterable[Candidate] = (), most: int | None = None) -> list[NameToken]:
    """Return the typed participants, each with its line number from 1; empty ones are skipped.

    `known`: members whose names may hold commas. `most`: how many are read at most.
    """
    names = frozenset(name for candidate in known for name in candidate.normalized_names)
    return [_token(line, text[start:end]) for line, start, end in islice(_spans(text, names), most)]


def count_names(text: str) -> int:
    """Return how many participants are typed."""
    return sum(1 for _ in _spans(text, ()))


def members_called(typed: str, known: Collection[Candidate]) -> list[Candidate]:
    """Return the members whom a text names by a whole name, with or without an @, or by an id."""
    token = _token(1, typed.strip() or "@")
    if token.user_id is not None and (of_id := [one for one in known if one.user_id == token.user_id]):
        return of_id
    name = normalize_name(token.text if token.name_prefix is None else token.name_prefix)
    return [one for one in known if name in one.normalized_names]


def names_with_commas(text: str) -> list[str]:
    """Return what stands after each @ up to the next one, where it holds a comma: it may all be one name."""
    found = [" ".join(match[1].split())[:NAME_TYPED_MAX] for match in _UP_TO_NEXT.finditer(text)]
    return [name for name in dict.fromkeys(found) if "," in name.rstrip(",")]


def _token(line: int, part: str) -> NameToken:
    # What is copied brings along marks that nobody sees: with one before its @, a member became a placeholder.
    seen = strip_invisible(part)
    by_id = _BY_ID.fullmatch(seen)
    if by_id is not None:
        return NameToken(line, part, user_id=int(by_id[1] or by_id[2]))
    if seen[:1] in _AT and seen:
        return NameToken(line, part, name_prefix=seen[1:].strip())
    return NameToken(line, part)


def _spans(text: str, names: Collection[str]) -> Iterator[tuple[int, int, int]]:
    """Yield line number, start and end of each participant; `names` are the members' normalized names."""
    with_comma = [name for name in names if "," in name]
    number = 1
    for line in _LINE.finditer(text):
        if line[0][0] in "\r\n":
            number += 1
            continue
        start = line.start()
        while start < line.end():
            end = _end_of_part(text, start, line.end(), names, with_comma)
            part = text[start:end]
            if part.strip():
                first = start + len(part) - len(part.lstrip())
                yield number, first, first + len(part.strip())
            start = end + 1


def _end_of_part(text: str, start: int, line_end: int, names: Collection[str], with_comma: Sequence[str]) -> int:
    """Return where the participant that begins at `start` ends: at the first comma that is not part of a name."""
    comma = text.find(",", start, line_end)
    if comma < 0 or not with_comma:
        return comma if comma >= 0 else line_end
    typed = lstrip_invisible(text[start:line_end])
    if typed[:1] not in _AT or not typed:
        return comma
    begin = line_end - len(typed) + 1
    ends = [at for at in range(comma + 1, min(line_end, begin + NAME_TYPED_MAX)) if text[at] == ","]
    whole = {end: normalize_name(text[begin:end]) for end in reversed([*ends, line_end][:MAX_COMMAS])}
    for end, name in whole.items():
        if name in with_comma:
            return end
    if normalize_name(text[begin:comma]) not in names:
        # As without commas, the beginning of a name is enough.
        for end, name in whole.items():
            if any(one.startswith(name) for one in with_comma):
                return end
    return comma


def apply_choices(text: str, chosen: Mapping[str, Candidate]) -> str:
    """Replace each participant in the text for whom a member was chosen; leave the rest as it is."""
    pieces, at = [], 0
    for _, start, end in _spans(text, {normalize_name(typed[1:]) for typed in chosen}):
        if text[start:end] in chosen:
            pieces += [text[at:start], chosen[text[start:end]].field_text]
            at = end + len(text[end:]) - len(text[end:].lstrip(" \t"))
    return "".join([*pieces, text[at:]])


def resolve_names(
    tokens: Sequence[NameToken],
    known: Iterable[Candidate],
    looked_up: bool = True,
    waiting: Collection[int | str] = (),
) -> ParsedNames:
    """Resolve each participant among the known members.

    `looked_up` is False if Discord could not be asked, so that an unknown person may still be a member. `waiting`
    are the names and ids about which it is yet to be asked.
    """
    members = {candidate.user_id: candidate for candidate in known}
    participants: dict[Participant, NameToken] = {}
    completed, problems = [], []
    placeholders: set[str] = set()
    unknown = 0
    for token in tokens:
        participant = _resolve_token(token, members, looked_up, waiting, similar=unknown < _SIMILAR_NAMES)
        if isinstance(participant, Problem):
            problems.append(participant)
            unknown += token.name_prefix is not None
            continue
        same = (
            normalize_name(participant) in placeholders if isinstance(participant, str) else participant in participants
        )
        if same:
            who = participant if isinstance(participant, str) else members[participant].name
            problems.append(Problem(token.line, token.text, wording.named_twice(who, isinstance(participant, str))))
            continue
        participants[participant] = token
        if isinstance(participant, str):
            placeholders.add(normalize_name(participant))
        elif token.name_prefix and normalize_name(token.name_prefix) not in members[participant].normalized_names:
            completed.append((token.text, members[participant]))
    return ParsedNames(tuple(participants), tuple(completed), tuple(problems))


def _resolve_token(
    token: NameToken,
    members: Mapping[int, Candidate],
    looked_up: bool,
    waiting: Collection[int | str],
    similar: bool,
) -> Participant | Problem:
    def problem(sentence: str, choices: Iterable[Candidate] = (), unknown: bool = False) -> Problem:
        return Problem(token.line, token.text, sentence, tuple(choices), unknown)

    still_looking = problem(wording.still_looking(len(waiting)))
    if token.user_id is not None:
        if token.user_id in members:
            return token.user_id
        return still_looking if token.user_id in waiting else problem(wording.no_such_id(looked_up), unknown=looked_up)
    if token.name_prefix is None:
        if _MARKUP.search(token.text):
            return problem(gettext(wording.NOT_A_PERSON))
        name = tidy_line(token.text)
        sentence = signup_limits.check_placeholder(name)
        return problem(sentence) if sentence else name
    prefix = normalize_name(token.name_prefix)
    if not prefix:
        return problem(gettext(wording.NAME_AFTER_AT))
    exact = [c for c in members.values() if prefix in c.normalized_names]
    if token.name_prefix in waiting and len(exact) != 1:
        return still_looking
    matches = exact or [c for c in members.values() if any(name.startswith(prefix) for name in c.normalized_names)]
    if len(matches) == 1 and (exact or looked_up):
        return matches[0].user_id
    if matches:
        matches.sort(key=lambda c: (normalize_name(c.name), c.user_id))
        return problem(wording.several_are_called(len(matches), CHOICES_MAX, looked_up), matches[:CHOICES_MAX])
    near = _similar_members(prefix, members.values()) if similar else []
    return problem(wording.nobody_is_called(bool(near), looked_up), near, unknown=looked_up)


def _similar_members(prefix: str, members: Iterable[Candidate]) -> list[Candidate]:
    """Return the members with a name similar to the typed one, the most similar first."""
    by_name: dict[str, list[Candidate]] = {}
    for candidate in members:
        for name in candidate.normalized_names:
            by_name.setdefault(name, []).append(candidate)
    within = sorted(name for name in by_name if len(prefix) > 1 and prefix in name)
    like = difflib.get_close_matches(prefix, by_name, _SIMILAR_MAX, 0.65)
    matches = {c.user_id: c for name in [*like, *within] for c in by_name[name]}
    return list(matches.values())[:_SIMILAR_MAX]
