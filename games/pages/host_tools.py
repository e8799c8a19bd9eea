"""What a game's page shows to those who run it, besides the game; and who left games late."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from games.core.base import Actor
from games.core.roster import Roster
from games.core.states import allowed
from games.hosts import takeover
from games.hosts import wording as host_wording
from games.minimum_players import actions as minimum_players
from games.minimum_players import wording as minimum_wording
from games.models import Game, Signup
from games.signups.add_form import AddForm
from guilds.display_names import display_names

LATE_COUNTED = timedelta(days=90)


@dataclass(frozen=True)
class Hosting:
    """What may be done beside Edit and Cancel, and what there is to decide; '' and None where there is not."""

    add: AddForm | None = None
    may_close: bool = False
    may_reopen: bool = False
    may_place: bool = False
    left_late: str = ""
    short_text: str = ""
    host_left: str = ""
    may_take_over: bool = False


def hosting(game: Game, people: Roster, actor: Actor, manages: bool, now: datetime) -> Hosting:
    """What one viewer may do and reads; everybody reads that the host left."""
    state = game.state(now)
    gone = not state.over and takeover.host_is_gone(game)
    told = host_wording.HOST_LEFT if gone else ""
    if not manages:
        return Hosting(host_left=told)
    minimum = game.effective.minimum
    return Hosting(
        add=AddForm(guild=game.guild) if allowed("add", state) else None,
        may_close=allowed("close", state) and game.closed_at is None,
        may_reopen=allowed("close", state) and game.closed_at is not None,
        may_place=allowed("seat", state),
        left_late=host_wording.left_late(_late(game)),
        short_text=minimum_wording.short(len(people.seated), minimum) if minimum_players.is_asked(game, now) else "",
        host_left=told,
        may_take_over=gone and takeover.may_take_over(game, actor),
    )


def _late(game: Game) -> Iterable[str]:
    late = game.signups.filter(left_late=True, user__isnull=False).order_by("left_at").values_list("user_id", flat=True)
    found = list(dict.fromkeys(filter(None, late)))
    names = display_names(game.guild_id, found) if found else {}
    return [names[pk].text for pk in found]


def late_leavers(guild_id: int, now: datetime) -> list[tuple[str, str]]:
    """Who of a guild left games late of late, by name, and how often in words; the most often first."""
    since = now - LATE_COUNTED
    late = Signup.objects.filter(game__guild=guild_id, left_late=True, left_at__gt=since, user__isnull=False)
    counts = dict(late.values_list("user_id").annotate(n=Count("pk")).order_by("-n", "user_id")[:50])
    names = display_names(guild_id, counts)
    return [(names[pk].text, host_wording.times_late(count)) for pk, count in counts.items()]
