"""Finding out whom the participants typed into a form mean. Asks Discord, so it is called before any verb."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from games.signups.participants import CHOICES_MAX, Candidate, Judged, Typed, judge, parse, with_choices
from gamesched.lib.clock import db_now
from gamesched.lib.ids import MAX_ID, parse_id
from guilds.directory.lookup import DirectoryUnavailable, refresh_member, search_members
from guilds.display_names import normalize_name
from guilds.models import Member

LOOK_UPS = 10  # questions to Discord about one form; what is known answers the rest
NEAR_LOOK_UPS = 3  # more, for people whose names are like one that nobody has
TRUSTED = timedelta(minutes=10)  # how long a member is believed to be one without asking
KNOWN_MAX = 5000  # members among whom names are compared, those seen last


def judged(guild_id: int, text: str) -> Judged:
    """What the participants typed mean in a guild, asking Discord about those not known well."""
    typed = parse(text)
    asked = _ask(guild_id, typed, db_now())
    found = judge(typed, _known(guild_id, typed), asked)
    lost = {p.typed for p in found.problems if not p.choices}
    mistyped = [t.beginning for t in typed if t.beginning and t.text in lost]
    if not mistyped or not asked:
        return found
    with contextlib.suppress(DirectoryUnavailable):
        for name in mistyped[:NEAR_LOOK_UPS]:
            search_members(guild_id, name[:3])
    return judge(typed, _known(guild_id, typed), asked)


def choose(guild_id: int, text: str, choices: Mapping[str, str]) -> str:
    """The text with choices (an id by what was typed) written into it; those of unknown people are left out."""
    ids = {typed: parse_id(chosen) for typed, chosen in choices.items()}
    members = Member.objects.filter(guild_id=guild_id, user_id__in=[found for found in ids.values() if found])
    known = {c.user_id: c for c in candidates(members.select_related("user"))}
    return with_choices(text, {typed: known[found] for typed, found in ids.items() if found in known})


def beginning(guild_id: int, typed: str) -> list[Candidate]:
    """A few members of whose names one begins so, those of that very name first."""
    wanted = " ".join(typed.split())[:100].replace("\0", "")
    if not wanted:
        return []
    # Down or not: those known are offered.
    with contextlib.suppress(DirectoryUnavailable):
        search_members(guild_id, wanted)
    fits = Q(nick__istartswith=wanted) | Q(user__handle__istartswith=wanted) | Q(user__global_name__istartswith=wanted)
    members = Member.objects.filter(fits, guild_id=guild_id, left_at=None).select_related("user")
    found = candidates(members.order_by("-confirmed_at")[:100])
    found.sort(key=lambda c: (normalize_name(wanted) not in c.folded, normalize_name(c.name), c.user_id))
    return found[:CHOICES_MAX]


def candidates(members: Iterable[Member]) -> list[Candidate]:
    """Members as those who may be meant; their people must be read along."""
    return [Candidate(m.user_id, m.user.handle, m.user.global_name, m.nick, m.avatar_url) for m in members]


def _ask(guild_id: int, typed: Sequence[Typed], now: datetime) -> bool:
    """Have Discord asked about whoever is not known well, and say whether all who should be were."""
    ids = {t.user_id for t in typed if t.user_id is not None and t.user_id <= MAX_ID}
    trusted = Member.objects.filter(
        guild_id=guild_id, user_id__in=ids, left_at=None, confirmed_at__gt=now - TRUSTED
    ).values_list("user_id", flat=True)
    names = dict.fromkeys(t.beginning for t in typed if t.beginning)
    unsure = sorted(ids - set(trusted))
    try:
        for name in list(names)[:LOOK_UPS]:
            search_members(guild_id, name)
        for user_id in unsure[: LOOK_UPS - len(names)] if len(names) < LOOK_UPS else []:
            refresh_member(guild_id, user_id)
    except DirectoryUnavailable:
        return False
    return len(names) + len(unsure) <= LOOK_UPS


def _known(guild_id: int, typed: Sequence[Typed]) -> list[Candidate]:
    members = Member.objects.filter(guild_id=guild_id, left_at=None).select_related("user").order_by("-confirmed_at")
    found = list(members[:KNOWN_MAX]) if any(t.beginning for t in typed) else []
    ids = {t.user_id for t in typed if t.user_id is not None and t.user_id <= MAX_ID} - {m.user_id for m in found}
    return candidates([*found, *members.filter(user_id__in=ids)])
