"""Ranks: who comes first where seats are given by role."""

from collections.abc import Iterable

from games.core.settings import SeatMethod
from games.models import Game, Signup
from guilds.models import Member, User
from guilds.permissions import get_membership


def rank_of(game: Game, who: User, added_by_other: bool, member: Member | None = None) -> int:
    """Return a user's rank: 0 for hosts and those added by others, then by role, then everyone else."""
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
    """Update the ranks to the game's way of giving seats; return whether any changed.

    A rank is kept, whatever roles follow; a sign-up that is not saved yet has its own. Ranks count only while seats are
    given by role; earlier sign-ups get theirs when that begins.
    """
    ranks: dict[int, int] = {}
    if game.settings.method is not SeatMethod.PRIORITY:
        ranks = {one.pk: 0 for one in current if one.rank}
    else:
        for signup in current:
            if signup.rank == 0 and signup.pk and not signup.added_by_other and signup.user is not None:
                rank = rank_of(game, signup.user, added_by_other=False)
                ranks |= {pk: rank for pk in [signup.pk, *signup.guests.values_list("pk", flat=True)] if rank}
    for pk, rank in ranks.items():
        Signup.objects.filter(pk=pk).update(rank=rank)
    return bool(ranks)
