"""Looking up the participants typed into a form.

It may ask Discord, so it is called before any action takes a lock.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext

from games.core import wording
from games.signups.participants import (
    CHOICES_MAX,
    NAMES_AT_ONCE,
    Candidate,
    NameToken,
    ParsedNames,
    Problem,
    apply_choices,
    names_with_commas,
    parse_names,
    resolve_names,
)
from gamesched.lib.clock import db_now
from gamesched.lib.ids import MAX_ID, parse_id
from guilds.directory.lookup import DirectoryUnavailable, look_up_people, search_in_request
from guilds.models import Member
from guilds.names import normalize_name, tidy_name

LOOKUP_SECONDS = 12.0  # a form waits so long for Discord: twice as many look-ups as it takes at once
MAX_SIMILAR_LOOKUPS = 3  # additional requests, for names similar to one that nobody has
MEMBER_TRUSTED_FOR = timedelta(minutes=10)  # how long a member counts as one without asking Discord
NAMES_READ = 20_000  # characters
KNOWN_MAX = 5000  # members with whose names a typed name is compared, the most recently confirmed


def resolve_typed_names(guild_id: int, text: str, kept: Collection[int] = ()) -> ParsedNames:
    """Resolve the typed participants in a guild; ask Discord about those not known well.

    `kept`: the ids of those who stand there already, about whom Discord is not asked again.
    """
    tokens = parse_names(text, most=NAMES_AT_ONCE + 1)
    if len(tokens) > NAMES_AT_ONCE:
        beyond = tokens[NAMES_AT_ONCE]
        return ParsedNames(problems=(Problem(beyond.line, beyond.text, wording.too_many_names(NAMES_AT_ONCE)),))
    known = _known_candidates(guild_id, tokens)
    wanted = [one for one in _people_to_look_up(guild_id, text, known, db_now()) if one not in kept]
    waiting: list[str | int] = []
    looked_up = True
    try:
        waiting = look_up_people(guild_id, wanted, LOOKUP_SECONDS)
    except DirectoryUnavailable:
        looked_up = False
    parsed = _resolve_among_known(guild_id, text, looked_up, waiting)
    unresolved = {p.typed for p in parsed.problems if not p.choices}
    mistyped = [t.name_prefix for t in parse_names(text) if t.name_prefix and t.text in unresolved]
    if not mistyped or not looked_up or waiting:
        return parsed
    search_in_request(guild_id, *(name[:3] for name in mistyped[:MAX_SIMILAR_LOOKUPS]))
    return _resolve_among_known(guild_id, text, looked_up, waiting)


def resolve_one_member(guild_id: int, text: str) -> int:
    """Return the id of the one member whom a text names, with or without an @. Raises ValidationError."""
    named = text.strip()
    token = parse_names(named, most=1)
    is_marked = bool(token) and (token[0].user_id is not None or token[0].name_prefix is not None)
    parsed = resolve_typed_names(guild_id, named if is_marked else f"@{named}")
    if parsed.problems:
        raise ValidationError([said_of_member(problem) for problem in parsed.problems])
    match parsed.participants:
        case (int() as user_id,):
            return user_id
    raise ValidationError(gettext(wording.ONE_HOST))


def said_of_member(problem: Problem) -> str:
    """Return the sentence where nobody can choose below the field, and no plain name is kept."""
    if problem.choices:
        return wording.write_one_of(f"@{choice.username}" for choice in problem.choices)
    return gettext(wording.NO_SUCH_MEMBER) if problem.is_unknown else problem.sentence


def _resolve_among_known(guild_id: int, text: str, looked_up: bool, waiting: Collection[str | int]) -> ParsedNames:
    known = _known_candidates(guild_id, parse_names(text))
    return resolve_names(parse_names(text, known), known, looked_up, waiting)


def write_choices(guild_id: int, text: str, choices: Mapping[str, str]) -> str:
    """Return the text with each choice (a user id by the typed name) written into it.

    Choices of unknown people are left out.
    """
    ids = {typed: parse_id(chosen) for typed, chosen in choices.items()}
    members = Member.objects.filter(guild_id=guild_id, user_id__in=[user_id for user_id in ids.values() if user_id])
    known = {c.user_id: c for c in candidates_from(members.select_related("user"))}
    return apply_choices(text, {typed: known[user_id] for typed, user_id in ids.items() if user_id in known})


def members_by_prefix(guild_id: int, typed: str) -> list[Candidate]:
    """Return a few members with a name that starts with the typed text, exact matches first."""
    prefix = tidy_name(typed)[:100]
    if not prefix:
        return []
    search_in_request(guild_id, prefix)  # if Discord cannot be asked, offer the known members
    fits = Q(nick__istartswith=prefix) | Q(user__handle__istartswith=prefix) | Q(user__global_name__istartswith=prefix)
    members = Member.objects.filter(fits, guild_id=guild_id, left_at=None).select_related("user")
    matches = candidates_from(members.order_by("-member_read_at")[:100])
    matches.sort(key=lambda c: (normalize_name(prefix) not in c.normalized_names, normalize_name(c.name), c.user_id))
    return matches[:CHOICES_MAX]


def members_by_ids(guild_id: int, text: str) -> list[Candidate]:
    """Return the members whom a text names by their ids, as choices are written; nobody is asked about."""
    ids = {token.user_id for token in parse_names(text[:NAMES_READ]) if token.user_id and token.user_id <= MAX_ID}
    members = Member.objects.filter(guild_id=guild_id, left_at=None, user_id__in=ids).select_related("user")
    return candidates_from(members) if ids else []


def candidates_from(members: Iterable[Member]) -> list[Candidate]:
    """Return the members as candidates. Their users must be fetched with them."""
    return [Candidate(m.user_id, m.user.handle, m.user.global_name, m.nick, m.avatar_url) for m in members]


def _people_to_look_up(guild_id: int, text: str, known: Iterable[Candidate], now: datetime) -> list[str | int]:
    """Return the names and ids about which Discord has to be asked, those of nobody known first.

    So each time the form is sent, Discord is asked about others, and all are known in the end.
    """
    tokens = parse_names(text)
    ids = {t.user_id for t in tokens if t.user_id is not None and t.user_id <= MAX_ID}
    trusted = Member.objects.filter(
        guild_id=guild_id, user_id__in=ids, left_at=None, member_read_at__gt=now - MEMBER_TRUSTED_FOR
    ).values_list("user_id", flat=True)
    known_ids = {one.user_id for one in known}
    known_names = {name for one in known for name in one.normalized_names}
    wanted: dict[str | int, bool] = {
        t.name_prefix: normalize_name(t.name_prefix) in known_names for t in tokens if t.name_prefix
    }
    wanted |= {user_id: user_id in known_ids for user_id in sorted(ids - set(trusted))}
    # After what mostly answers for them. Who copies a name may bring along what does not show.
    tidied = [tidy_name(name) for name in wanted if isinstance(name, str) and tidy_name(name) != name]
    return [*sorted(wanted, key=lambda one: wanted[one]), *names_with_commas(text), *filter(None, tidied)]


def _known_candidates(guild_id: int, tokens: Sequence[NameToken]) -> list[Candidate]:
    members = Member.objects.filter(guild_id=guild_id, left_at=None).select_related("user").order_by("-member_read_at")
    recent_members = list(members[:KNOWN_MAX]) if any(t.name_prefix for t in tokens) else []
    ids = {t.user_id for t in tokens if t.user_id is not None and t.user_id <= MAX_ID} - {
        m.user_id for m in recent_members
    }
    return candidates_from([*recent_members, *members.filter(user_id__in=ids)])
