"""Pure rules of polls: which times and closings are good, and which time wins."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext

from games.models import TimePollOption
from games.polls import wording
from games.scheduling.rules import MIN_LEAD_TIME, Plan, check_start
from gamesched.lib.refusal import Refusal

TIMES_MIN, TIMES_MAX, QUORUM_MAX = 2, 10, 99
CLOSES_WITHIN = timedelta(days=60)
OPEN_OF_HOST, OPENED_IN_A_DAY = 10, 25  # against abuse, not against use


@dataclass(frozen=True)
class PollPlan:
    """What a person decides about a poll.

    `quorum`: how many people make the first time that has them a game; `by_minimum`: as many as such a game needs.
    """

    title: str
    zone: str
    channel_id: int
    starts: Sequence[datetime]
    closes_at: datetime
    template_id: int | None = None
    quorum: int | None = None
    by_minimum: bool = False

    def game(self, starts_at: datetime, description: str = "") -> Plan:
        """Return the plan of the game at one of its times."""
        return Plan(self.title, description, starts_at, self.zone, self.channel_id, self.template_id)


def check_closing(closes_at: datetime, starts: Collection[datetime], now: datetime) -> str:
    """Return what is wrong with the time at which a poll closes, or ''."""
    if closes_at < now + MIN_LEAD_TIME:
        return gettext(wording.CLOSING_PAST)
    if closes_at > now + CLOSES_WITHIN:
        return gettext(wording.CLOSING_TOO_FAR)
    return gettext(wording.CLOSING_LATE) if starts and closes_at >= max(starts) else ""


def check_poll(plan: PollPlan, now: datetime) -> Refusal | None:
    """Return the refusal of a poll's times and numbers, with a sentence for each field; the rest is the game's plan."""
    wrong: dict[str, str] = {}
    if len(plan.starts) < TIMES_MIN:
        wrong["times"] = gettext(wording.NO_TIMES)
    elif len(plan.starts) > TIMES_MAX:
        wrong["times"] = gettext(wording.TOO_MANY_TIMES)
    for starts_at in plan.starts:
        if problem := check_start(starts_at, now):
            wrong["times"] = " ".join(problem.values())
    if sentence := check_closing(plan.closes_at, plan.starts, now):
        wrong["closes_time"] = sentence
    if plan.quorum is not None and not 1 <= plan.quorum <= QUORUM_MAX:
        wrong["number"] = gettext(wording.NO_NUMBER)
    return Refusal("bad_poll", " ".join(wrong.values()), wrong) if wrong else None


def best_option(options: Collection[TimePollOption], counts: Mapping[int, int], now: datetime) -> TimePollOption | None:
    """Return the time to come that most people ticked, the earliest of several; None where nobody ticked any."""
    ticked = [one for one in options if one.starts_at >= now + MIN_LEAD_TIME and counts.get(one.pk)]
    return min(ticked, key=lambda one: (-counts[one.pk], one.starts_at), default=None)


def has_quorum(option: TimePollOption | None, counts: Mapping[int, int], quorum: int | None) -> bool:
    """Return whether enough people ticked a time to make it a game by itself."""
    return option is not None and quorum is not None and counts.get(option.pk, 0) >= quorum
