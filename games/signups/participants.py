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

Named = int | str  # a person's id, or a placeholder

_BY_ID = re.compile(r"(?:[^<>]*\s)?<@!?([0-9]{1,20})>|([0-9]{17,20})")
_MARKUP = re.compile(r"<[@#][!&]?[0-9]+>")
_BREAK = re.compile(r"([,\r\n]+)")
CHOICES_MAX = 10  # candidates offered for one name
_NEAR_MAX = 5


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
    def written(self) -> str:
        """How the field names them from then on, whoever else comes to be called so."""
        return f"{' '.join(re.sub(r'[<>,]', ' ', self.name).split())} <@{self.user_id}>".strip()

    @property
    def folded(self) -> frozenset[str]:
        """Every name of theirs, as names are compared."""
        return frozenset(normalize_name(name) for name in (self.username, self.global_name, self.nick) if name)


@dataclass(frozen=True)
class Typed:
    """One participant as typed: a person by id or by the beginning of a name, or, with neither, a placeholder."""

    line: int
    text: str
    user_id: int | None = None
    beginning: str | None = None


@dataclass(frozen=True)
class Problem:
    """What is wrong with one participant, and who may have been meant."""

    line: int
    typed: str
    sentence: str
    choices: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class Judged:
    """What was meant, in the order typed; which names were completed to a longer one; what is wrong."""

    named: tuple[Named, ...] = ()
    completed: tuple[tuple[str, Candidate], ...] = ()
    problems: tuple[Problem, ...] = ()


def parse(text: str) -> list[Typed]:
    """The participants typed, each with its line, counted from 1. Empty ones are none."""
    found = []
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        for part in filter(None, (part.strip() for part in line.split(","))):
            by_id = _BY_ID.fullmatch(part)
            if by_id is not None:
                found.append(Typed(number, part, user_id=int(by_id[1] or by_id[2])))
            elif part[0] in "@＠":
                found.append(Typed(number, part, beginning=part[1:].strip()))
            else:
                found.append(Typed(number, part))
    return found


def with_choices(text: str, chosen: Mapping[str, Candidate]) -> str:
    """The text with each participant for whom somebody was chosen written as that person; all else as it was."""
    parts = _BREAK.split(text)
    return "".join(chosen[part.strip()].written if part.strip() in chosen else part for part in parts)


def judge(typed: Sequence[Typed], known: Iterable[Candidate], asked: bool = True) -> Judged:
    """What each participant means among the members known.

    `asked` is False where Discord could not be asked, so that somebody unknown may still be a member.
    """
    members = {candidate.user_id: candidate for candidate in known}
    named: dict[Named, Typed] = {}
    completed, problems = [], []
    placeholders: set[str] = set()
    for each in typed:
        meant = _meant(each, members, asked)
        if isinstance(meant, Problem):
            problems.append(meant)
            continue
        same = normalize_name(meant) in placeholders if isinstance(meant, str) else meant in named
        if same:
            who = meant if isinstance(meant, str) else members[meant].name
            problems.append(Problem(each.line, each.text, wording.named_twice(who, isinstance(meant, str))))
            continue
        named[meant] = each
        if isinstance(meant, str):
            placeholders.add(normalize_name(meant))
        elif each.beginning and normalize_name(each.beginning) not in members[meant].folded:
            completed.append((each.text, members[meant]))
    return Judged(tuple(named), tuple(completed), tuple(problems))


def _meant(each: Typed, members: Mapping[int, Candidate], asked: bool) -> Named | Problem:
    def wrong(sentence: str, choices: Iterable[Candidate] = ()) -> Problem:
        return Problem(each.line, each.text, sentence, tuple(choices))

    if each.user_id is not None:
        return each.user_id if each.user_id in members else wrong(wording.no_such_id(asked))
    if each.beginning is None:
        if _MARKUP.search(each.text):
            return wrong(wording.NOT_A_PERSON)
        sentence = signup_limits.check_placeholder(each.text)
        return wrong(sentence) if sentence else each.text
    wanted = normalize_name(each.beginning)
    if not wanted:
        return wrong(wording.NAME_AFTER_AT)
    exact = [c for c in members.values() if wanted in c.folded]
    found = exact or [c for c in members.values() if any(name.startswith(wanted) for name in c.folded)]
    if len(found) == 1 and (exact or asked):
        return found[0].user_id
    if found:
        found.sort(key=lambda c: (normalize_name(c.name), c.user_id))
        return wrong(wording.several_are_called(len(found), CHOICES_MAX, asked), found[:CHOICES_MAX])
    near = _near(wanted, members.values())
    return wrong(wording.nobody_is_called(bool(near), asked), near)


def _near(wanted: str, members: Iterable[Candidate]) -> list[Candidate]:
    """Members with a name like the one typed, the likest first."""
    by_name: dict[str, list[Candidate]] = {}
    for candidate in members:
        for name in candidate.folded:
            by_name.setdefault(name, []).append(candidate)
    within = sorted(name for name in by_name if len(wanted) > 1 and wanted in name)
    like = difflib.get_close_matches(wanted, by_name, _NEAR_MAX, 0.65)
    found = {c.user_id: c for name in [*like, *within] for c in by_name[name]}
    return list(found.values())[:_NEAR_MAX]
