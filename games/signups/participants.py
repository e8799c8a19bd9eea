"""Participants as people type them, one in each line or between commas: what is meant by each, or what is wrong.

Pure: who is known in the guild comes in as values.

- `@name` must be a member. A name that is exactly so (username, global name or nick, whatever its case) is theirs,
  even where longer names begin with it. Else the one member whose name begins so; the answer then names them, so
  that nobody is added unseen. Several are offered to choose from, and nobody is guessed.
- `<@id>`, with or without a name before it, or an id alone, is that member whatever they are called. Choosing writes
  `Bob the GM <@id>`, so that a choice holds when names change.
- Anything else is a name kept for somebody who is not in Discord.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from games.core import wording
from games.signups import limits as signup_limits
from guilds.display_names import normalize_name

Participant = int | str  # a person's id, or a placeholder

_BY_ID = re.compile(r"(?:[^<>]*\s)?<@!?([0-9]{1,20})>|([0-9]{17,20})")
_MARKUP = re.compile(r"<[@#][!&]?[0-9]+>")
_BREAK = re.compile(r"([,\r\n]+)")
CHOICES_MAX = 10  # candidates offered for one name
_SIMILAR_MAX = 5


@dataclass(frozen=True)
class Candidate:
    """A member who may be meant."""

    user_id: int
    username: str
    global_name: str = ""
    nick: str = ""
    avatar_url: str = ""

    @property
    def name(self) -> str:
        """What they are called in the guild."""
        return self.nick or self.global_name or self.username

    @property
    def field_text(self) -> str:
        """How the field names them from then on, whoever else comes to be called so."""
        return f"{' '.join(re.sub(r'[<>,]', ' ', self.name).split())} <@{self.user_id}>".strip()

    @property
    def normalized_names(self) -> frozenset[str]:
        """Every name of theirs, as names are compared."""
        return frozenset(normalize_name(name) for name in (self.username, self.global_name, self.nick) if name)


@dataclass(frozen=True)
class NameToken:
    """One participant as typed: a person by id or by the beginning of a name, or, with neither, a placeholder."""

    line: int
    text: str
    user_id: int | None = None
    name_prefix: str | None = None


@dataclass(frozen=True)
class Problem:
    """What is wrong with one participant, and who may have been meant."""

    line: int
    typed: str
    sentence: str
    choices: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class ParsedNames:
    """What was meant, in the order typed; which names were completed to a longer one; what is wrong."""

    participants: tuple[Participant, ...] = ()
    completed: tuple[tuple[str, Candidate], ...] = ()
    problems: tuple[Problem, ...] = ()


def parse_names(text: str) -> list[NameToken]:
    """The participants typed, each with its line, counted from 1. Empty ones are none."""
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
    """The text with each participant for whom somebody was chosen written as that person; all else as it was."""
    parts = _BREAK.split(text)
    return "".join(chosen[part.strip()].field_text if part.strip() in chosen else part for part in parts)


def resolve_names(tokens: Sequence[NameToken], known: Iterable[Candidate], looked_up: bool = True) -> ParsedNames:
    """What each participant means among the members known.

    `asked` is False where Discord could not be asked, so that somebody unknown may still be a member.
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
    """Members with a name like the one typed, the likest first."""
    by_name: dict[str, list[Candidate]] = {}
    for candidate in members:
        for name in candidate.normalized_names:
            by_name.setdefault(name, []).append(candidate)
    within = sorted(name for name in by_name if len(prefix) > 1 and prefix in name)
    like = difflib.get_close_matches(prefix, by_name, _SIMILAR_MAX, 0.65)
    matches = {c.user_id: c for name in [*like, *within] for c in by_name[name]}
    return list(matches.values())[:_SIMILAR_MAX]
