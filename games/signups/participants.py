"""Participants as users type them, one on each line or separated by commas, and how each is resolved.

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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from games.core import wording
from games.signups import limits as signup_limits
from guilds.display_names import normalize_name

Participant = int | str  # a user id, or a placeholder's name

_BY_ID = re.compile(r"(?:[^<>]*\s)?<@!?([0-9]{1,20})>|([0-9]{17,20})")
_MARKUP = re.compile(r"<[@#][!&]?[0-9]+>")
_BREAK = re.compile(r"([,\r\n]+)")
CHOICES_MAX = 10  # candidates offered for one name
_SIMILAR_MAX = 5


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
        return self.nick or self.global_name or self.username

    @property
    def field_text(self) -> str:
        """Return the text that names this member in the field, even if others get the same name."""
        return f"{' '.join(re.sub(r'[<>,]', ' ', self.name).split())} <@{self.user_id}>".strip()

    @property
    def normalized_names(self) -> frozenset[str]:
        """Return all names of the member, normalized for comparison."""
        return frozenset(normalize_name(name) for name in (self.username, self.global_name, self.nick) if name)


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


@dataclass(frozen=True)
class ParsedNames:
    """The resolved participants in the order typed, the completed names, and the problems."""

    participants: tuple[Participant, ...] = ()
    completed: tuple[tuple[str, Candidate], ...] = ()
    problems: tuple[Problem, ...] = ()


def parse_names(text: str) -> list[NameToken]:
    """Return the typed participants, each with its line number from 1; empty ones are skipped."""
    tokens = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        for part in filter(None, (part.strip() for part in line.split(","))):
            by_id = _BY_ID.fullmatch(part)
            if by_id is not None:
                tokens.append(NameToken(number, part, user_id=int(by_id[1] or by_id[2])))
            elif part[0] in "@＠":
                tokens.append(NameToken(number, part, name_prefix=part[1:].strip()))
            else:
                tokens.append(NameToken(number, part))
    return tokens


def apply_choices(text: str, chosen: Mapping[str, Candidate]) -> str:
    """Replace each participant in the text for whom a member was chosen; leave the rest as it is."""
    parts = _BREAK.split(text)
    return "".join(chosen[part.strip()].field_text if part.strip() in chosen else part for part in parts)


def resolve_names(tokens: Sequence[NameToken], known: Iterable[Candidate], looked_up: bool = True) -> ParsedNames:
    """Resolve each participant among the known members.

    `looked_up` is False if Discord could not be asked, so that an unknown person may still be a member.
    """
    members = {candidate.user_id: candidate for candidate in known}
    participants: dict[Participant, NameToken] = {}
    completed, problems = [], []
    placeholders: set[str] = set()
    for token in tokens:
        participant = _resolve_token(token, members, looked_up)
        if isinstance(participant, Problem):
            problems.append(participant)
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


def _resolve_token(token: NameToken, members: Mapping[int, Candidate], looked_up: bool) -> Participant | Problem:
    def problem(sentence: str, choices: Iterable[Candidate] = ()) -> Problem:
        return Problem(token.line, token.text, sentence, tuple(choices))

    if token.user_id is not None:
        return token.user_id if token.user_id in members else problem(wording.no_such_id(looked_up))
    if token.name_prefix is None:
        if _MARKUP.search(token.text):
            return problem(wording.NOT_A_PERSON)
        sentence = signup_limits.check_placeholder(token.text)
        return problem(sentence) if sentence else token.text
    prefix = normalize_name(token.name_prefix)
    if not prefix:
        return problem(wording.NAME_AFTER_AT)
    exact = [c for c in members.values() if prefix in c.normalized_names]
    matches = exact or [c for c in members.values() if any(name.startswith(prefix) for name in c.normalized_names)]
    if len(matches) == 1 and (exact or looked_up):
        return matches[0].user_id
    if matches:
        matches.sort(key=lambda c: (normalize_name(c.name), c.user_id))
        return problem(wording.several_are_called(len(matches), CHOICES_MAX, looked_up), matches[:CHOICES_MAX])
    near = _similar_members(prefix, members.values())
    return problem(wording.nobody_is_called(bool(near), looked_up), near)


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
