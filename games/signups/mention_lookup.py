"""Looking up the people whom a text mentions by name, when it is saved.

It may ask Discord, so it is called before any action takes a lock. The text stays as it was typed.
"""

from collections import defaultdict
from collections.abc import Iterable

from games.core import wording
from games.core.mentions import candidates, name_beginnings, parse, unknown_names
from games.signups.participant_lookup import candidates_from
from gamesched.lib.ids import MAX_ID
from guilds.directory.lookup import DirectoryUnavailable, look_up_people
from guilds.display_names import members_named

LOOKUP_SECONDS = 5.0  # that saving a text waits for Discord
NAMES_MAX = 10  # looked up at once for one text


def look_up_mentions(guild_id: int, texts: Iterable[str]) -> str:
    """Look up whom the texts mention, and return which names stay plain text; begins with a space, or is ''."""
    text = "\n\n".join(filter(None, texts))
    names = candidates(text)
    if not names.people:
        return ""
    waiting: list[str | int] = []
    looked_up = True
    try:
        waiting = look_up_people(guild_id, name_beginnings(text)[: 2 * NAMES_MAX], LOOKUP_SECONDS)
    except DirectoryUnavailable:
        looked_up = False
    people: dict[str, set[int]] = defaultdict(set)
    ids = {one for one in names.ids if one <= MAX_ID}
    for candidate in candidates_from(members_named(guild_id, names.people, ids)):
        for name in candidate.normalized_names:
            people[name].add(candidate.user_id)
    unknown = unknown_names(parse(text, people, {}, ids), people)
    nobody, several = ([one.name for one in unknown if bool(one.count) == many] for many in (False, True))
    return wording.not_mentioned(nobody, several, looked_up and not waiting)
