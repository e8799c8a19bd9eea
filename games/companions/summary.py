"""The companions of a game as its page shows them: links for everybody, states and problems for those who run it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext

from games.companions import wording as companion_wording
from games.companions.voice import MADE_BEFORE
from games.core.companions import missing_permissions, switched_on
from games.core.settings import DiscordChangePolicy, ThreadStart
from games.models import CompanionKind, Game, GameCompanion


@dataclass(frozen=True)
class CompanionRow:
    """One companion: its name, what it is like just now, and for a problem what to do; `again`: the button's label."""

    kind: str
    name: str
    url: str = ""
    state_text: str = ""
    problem: str = ""
    advice: str = ""
    again: str = ""


def companion_rows(game: Game, now: datetime, manages: bool) -> Sequence[CompanionRow]:
    """Return the companions of a game that one viewer is shown.

    Players cost no query for a game that has none switched on. Who runs it is also shown what is off, but cannot go.
    """
    kinds = switched_on(game.settings)
    if not (kinds or manages) or game.announced_at is None:
        return ()
    made = {CompanionKind(one.kind): one for one in GameCompanion.objects.filter(game=game)}
    if manages:
        stuck = [kind for kind, one in made.items() if one.discord_id is not None and one.problem_code]
        kinds = [kind for kind in CompanionKind if kind in kinds or kind in stuck]
    rows = [_row(kind, made.get(kind), game, now) for kind in kinds]
    return [row for row in rows if (row.url or (manages and (row.state_text or row.problem)))]


def _row(kind: CompanionKind, companion: GameCompanion | None, game: Game, now: datetime) -> CompanionRow:
    name, url = gettext(companion_wording.LABELS[kind]), _url(kind, companion, game)
    if companion is not None and companion.problem_code:
        missing = missing_permissions(game.channel, kind)
        problem, advice = companion_wording.problem_texts(
            kind, companion.problem_code, companion.problem, missing, is_there=companion.discord_id is not None
        )
        return CompanionRow(kind, name, url, "", problem, advice, gettext(companion_wording.TRY_AGAIN))
    if companion is not None and companion.discord_id is not None:
        return CompanionRow(kind, name, url, companion_wording.made_text(kind, companion.people_count))
    if game.state(now).over:
        return CompanionRow(kind, name)
    holds = game.settings.discord_changes == DiscordChangePolicy.TAKE_OVER
    if companion is not None and companion.let_go_at is not None and holds:
        return CompanionRow(
            kind, name, state_text=gettext(companion_wording.LET_GO), again=gettext(companion_wording.MAKE_AGAIN)
        )
    if kind == CompanionKind.VOICE and now < game.starts_at - MADE_BEFORE:
        return CompanionRow(kind, name, state_text=gettext(companion_wording.MADE_BEFORE_START))
    if kind == CompanionKind.THREAD and game.settings.thread == ThreadStart.START and now < game.starts_at:
        return CompanionRow(kind, name, state_text=gettext(companion_wording.MADE_AT_START))
    return CompanionRow(kind, name, state_text=gettext(companion_wording.NOT_MADE))


def _url(kind: CompanionKind, companion: GameCompanion | None, game: Game) -> str:
    """Return its address in Discord; a role has none."""
    if companion is None or companion.discord_id is None or kind == CompanionKind.ROLE:
        return ""
    place = "events" if kind == CompanionKind.EVENT else "channels"
    return f"{settings.DISCORD_BROWSER_URL}/{place}/{game.guild_id}/{companion.discord_id}"
