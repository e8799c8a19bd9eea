"""Before whom somebody comes where seats are given by role."""

from collections.abc import Iterable

from games.models import Game, Signup
from games.models.settings import SeatMethod
from guilds.models import Member, User
from guilds.permissions import get_membership


def rank_of(game: Game, who: User, added_by_other: bool, member: Member | None = None) -> int:
    """Before whom somebody comes: the hosts and those put in, then each role, then everybody else."""
    settings = game.settings
    if settings.method is not SeatMethod.PRIORITY or added_by_other or game.is_hosted_by(who.pk):
        return 0
    member = member or get_membership(who, game.guild_id)
    role_ids = set(member.role_ids) if member is not None else set()
    return next(
        (n for n, role in enumerate(settings.priority_role_ids, 1) if role in role_ids),
        len(settings.priority_role_ids) + 1,
    )


def update_ranks(game: Game, current: Iterable[Signup]) -> bool:
    """Bring ranks in step with how seats are given by now; says whether any changed.

    A rank once taken is kept, whatever roles follow. Ranks count only while seats are given by role; who signed up
    before that takes theirs when it begins.
    """
    ranks: dict[int, int] = {}
    if game.settings.method is not SeatMethod.PRIORITY:
        ranks = {one.pk: 0 for one in current if one.rank}
    else:
        for signup in current:
            if signup.rank == 0 and not signup.added_by_other and signup.user is not None:
                rank = rank_of(game, signup.user, added_by_other=False)
                ranks |= {pk: rank for pk in [signup.pk, *signup.guests.values_list("pk", flat=True)] if rank}
    for pk, rank in ranks.items():
        Signup.objects.filter(pk=pk).update(rank=rank)
    return bool(ranks)
