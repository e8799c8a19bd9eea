"""What a game's page shows to those who run it, besides the game; and who left games late."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from games.core.base import Actor
from games.core.roster import Roster
from games.core.states import GameAction, is_allowed
from games.hosts import takeover
from games.hosts import wording as host_wording
from games.minimum_players import actions as minimum_players
from games.minimum_players import wording as minimum_wording
from games.models import Game, Signup
from games.signups.add_form import AddParticipantsForm
from guilds.display_names import display_names

LATE_LEAVES_COUNTED_FOR = timedelta(days=90)


@dataclass(frozen=True)
class HostTools:
    """What may be done beside Edit and Cancel, and what there is to decide; '' and None where there is not."""

    add_form: AddParticipantsForm | None = None
    may_close: bool = False
    may_reopen: bool = False
    may_manage_seats: bool = False
    left_late_text: str = ""
    too_few_text: str = ""
    host_left_text: str = ""
    may_take_over: bool = False


def host_tools(game: Game, people: Roster, actor: Actor, manages: bool, now: datetime) -> HostTools:
    """What one viewer may do and reads; everybody reads that the host left."""
    state = game.state(now)
    host_left = not state.over and takeover.host_has_left(game)
    host_left_text = host_wording.HOST_LEFT if host_left else ""
    if not manages:
        return HostTools(host_left_text=host_left_text)
    minimum = game.settings.minimum
    return HostTools(
        add_form=AddParticipantsForm(guild=game.guild) if is_allowed(GameAction.ADD, state) else None,
        may_close=is_allowed(GameAction.CLOSE_SIGNUPS, state) and game.closed_at is None,
        may_reopen=is_allowed(GameAction.CLOSE_SIGNUPS, state) and game.closed_at is not None,
        may_manage_seats=is_allowed(GameAction.SEAT, state),
        left_late_text=host_wording.left_late(_late_leaver_names(game)),
        too_few_text=minimum_wording.too_few_players(len(people.seated), minimum)
        if minimum_players.awaits_decision(game, now)
        else "",
        host_left_text=host_left_text,
        may_take_over=host_left and takeover.may_take_over(game, actor),
    )


def _late_leaver_names(game: Game) -> Iterable[str]:
    late = game.signups.filter(left_late=True, user__isnull=False).order_by("left_at").values_list("user_id", flat=True)
    user_ids = list(dict.fromkeys(filter(None, late)))
    names = display_names(game.guild_id, user_ids) if user_ids else {}
    return [names[pk].text for pk in user_ids]


def late_leavers(guild_id: int, now: datetime) -> list[tuple[str, str]]:
    """Who of a guild left games late of late, by name, and how often in words; the most often first."""
    since = now - LATE_LEAVES_COUNTED_FOR
    late = Signup.objects.filter(game__guild=guild_id, left_late=True, left_at__gt=since, user__isnull=False)
    counts = dict(late.values_list("user_id").annotate(n=Count("pk")).order_by("-n", "user_id")[:50])
    names = display_names(guild_id, counts)
    return [(names[pk].text, host_wording.times_late(count)) for pk, count in counts.items()]
