"""Before whom somebody comes where seats are given by role."""

from collections.abc import Iterable

from games.models import Game, Signup
from games.models.settings import Method
from guilds.models import User
from guilds.permissions import get_membership


def rank_of(game: Game, who: User, put_in: bool) -> int:
    """Before whom somebody comes: the hosts and those put in, then each role, then everybody else."""
    held = game.effective
    if held.method is not Method.PRIORITY or put_in or game.is_hosted_by(who.pk):
        return 0
    member = get_membership(who, game.guild_id)
    theirs = set(member.role_ids) if member is not None else set()
    return next(
        (n for n, role in enumerate(held.priority_role_ids, 1) if role in theirs), len(held.priority_role_ids) + 1
    )


def keep_ranks(game: Game, current: Iterable[Signup]) -> bool:
    """Bring ranks in step with how seats are given by now; says whether any changed.

    A rank once taken is kept, whatever roles follow. Ranks count only while seats are given by role; who signed up
    before that takes theirs when it begins.
    """
    ranks: dict[int, int] = {}
    if game.effective.method is not Method.PRIORITY:
        ranks = {one.pk: 0 for one in current if one.rank}
    else:
        for one in current:
            if one.rank == 0 and not one.put_in and one.user is not None:
                rank = rank_of(game, one.user, put_in=False)
                ranks |= {pk: rank for pk in [one.pk, *one.guests.values_list("pk", flat=True)] if rank}
    for pk, rank in ranks.items():
        Signup.objects.filter(pk=pk).update(rank=rank)
    return bool(ranks)
