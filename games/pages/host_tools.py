"""The host's tools on a game's page, and who left games late."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext

from games.core.roster import Roster
from games.hosts import takeover
from games.hosts import wording as host_wording
from games.minimum_players import actions as minimum_players
from games.minimum_players import wording as minimum_wording
from games.models import Game
from games.scheduling.allowed_actions import AllowedActions
from guilds.display_names import DisplayNames


@dataclass(frozen=True)
class HostTools:
    """What there is to decide for who runs a game, and who left it late; '' for nothing."""

    left_late_text: str = ""
    too_few_text: str = ""
    host_left_text: str = ""
    may_take_over: bool = False
    hand_over_text: str = ""
    handover_number: int = 0
    may_answer_hand_over: bool = False


def host_tools(game: Game, roster: Roster, names: DisplayNames, allowed: AllowedActions) -> HostTools:
    """Return the tools of one viewer; every viewer can read that the host left."""
    host_left = not allowed.state.over and not names.read([game.host_id])[game.host_id].is_member
    host_left_text = gettext(host_wording.HOST_LEFT) if host_left else ""
    invited = allowed.viewer is not None and allowed.viewer.is_invited_to_host(game) and not allowed.state.over
    if invited:
        text = host_wording.host_asks(names.read([game.host_id])[game.host_id].text)
    elif allowed.manage and game.next_host_id is not None and not allowed.state.over:
        text = host_wording.waits_for_answer(names.read([game.next_host_id])[game.next_host_id].text)
    else:
        text = ""
    if allowed.viewer is None or not allowed.manage:
        return HostTools(
            host_left_text=host_left_text,
            hand_over_text=text,
            handover_number=game.handover_number,
            may_answer_hand_over=invited,
        )
    awaited = minimum_players.awaits_decision(game, allowed.now, len(roster.seated))
    return HostTools(
        left_late_text=host_wording.left_late(_late_leaver_names(game, names)),
        too_few_text=minimum_wording.too_few_players(len(roster.seated), game.settings.minimum) if awaited else "",
        host_left_text=host_left_text,
        may_take_over=host_left and takeover.may_take_over(game, allowed.viewer),
        hand_over_text=text,
        handover_number=game.handover_number,
        may_answer_hand_over=invited,
    )


def _late_leaver_names(game: Game, names: DisplayNames) -> Iterable[str]:
    late = game.signups.people().filter(left_late=True).order_by("left_at").values_list("user_id", flat=True)
    user_ids = list(dict.fromkeys(filter(None, late)))
    known = names.read(user_ids)
    return [known[pk].text for pk in user_ids]
