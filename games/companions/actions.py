"""What people and Discord do to the companions of games."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from games.companions import wording as companion_wording
from games.companions.base import record_deletion
from games.core.base import ActionResult, Actor, locked_game, record, require_manager
from games.core.codes import AuditAction, NotificationKind
from games.core.queue import notify
from games.models import AuditEntry, CompanionKind, CompanionProblem, Game, GameCompanion
from gamesched.lib.refusal import Refusal, Refused
from notifications.queue import schedule_of_games

PUT_BACK_AT_ONCE, PUT_BACK_LATER = 3, timedelta(hours=1)  # so often within that time, then not before it has passed
JUST_TRIED = timedelta(minutes=1)  # so that what Discord refuses all the same is not tried with every change of a guild


def handle_deleted(kind: CompanionKind, discord_ids: Collection[int], now: datetime) -> int:
    """Put back what was deleted in Discord, or let it go, by the setting. Return how many were companions."""
    games = GameCompanion.objects.filter(kind=kind, discord_id__in=discord_ids).order_by("game")
    ids = set(discord_ids)
    return sum(_handle_deleted(game_id, kind, ids, now) for game_id in games.values_list("game", flat=True))


@transaction.atomic
def _handle_deleted(game_id: int, kind: CompanionKind, deleted_ids: Collection[int], now: datetime) -> bool:
    game = Game.objects.select_for_update(no_key=True).get(pk=game_id)
    companion = GameCompanion.objects.select_for_update(no_key=True).get(game=game_id, kind=kind)
    companion.game = game
    if companion.discord_id not in deleted_ids:  # deleted by us, or made again meanwhile
        return False
    is_again = _was_put_back_often(game, kind, now)
    record_deletion(companion, now)
    notify(game, NotificationKind(kind), now + PUT_BACK_LATER if is_again else now, keep_earlier=True)
    return True


def _was_put_back_often(game: Game, kind: CompanionKind, now: datetime) -> bool:
    """Return whether what deletes it is hardly a person: a program would have us make it again without end."""
    lately = AuditEntry.objects.filter(game=game.pk, action=AuditAction.COMPANION_PUT_BACK, at__gt=now - PUT_BACK_LATER)
    return lately.filter(changes__companion=kind).count() >= PUT_BACK_AT_ONCE


@transaction.atomic
def try_again(game_id: int, kind: CompanionKind, actor: Actor, now: datetime) -> ActionResult:
    """Try again now what failed, or make again what somebody deleted. Also once the game is over, so that it goes."""
    game, viewer = locked_game(game_id, actor, now)
    require_manager(game, viewer)
    companion = GameCompanion.objects.select_for_update(no_key=True).filter(game=game, kind=kind).first()
    if companion is None or not (companion.problem_code or companion.let_go_at is not None):
        raise Refused(Refusal("nothing_to_try", companion_wording.NOTHING_TO_TRY))
    text = companion_wording.tried_again(kind)
    if companion.let_go_at is not None:
        record(game, actor, AuditAction.REMAKE_COMPANION, {"companion": kind}, now)
        text = companion_wording.made_again(kind)
    companion.let_go_at = companion.checked_at = None  # not an hour later, if the server had no room
    companion.clear_problem()
    companion.save(update_fields=["let_go_at", "checked_at", "problem_code", "problem"])
    notify(game, NotificationKind(kind), now, keep_earlier=True)
    return ActionResult(game, True, text)


def handle_rights_changed(guild_ids: Collection[int], now: datetime) -> int:
    """Have companions looked at again that lacked a permission in these guilds; return how many. Two statements.

    Voice channels too, of which there are few at a time: who may enter them follows the channels of their games.
    """
    not_just_tried = Q(checked_at=None) | Q(checked_at__lt=now - JUST_TRIED)
    lacking = Q(not_just_tried, problem_code=CompanionProblem.MISSING_PERMISSION)
    following = Q(kind=CompanionKind.VOICE, discord_id__isnull=False, problem_code="")
    looked_at = GameCompanion.objects.filter(lacking | following, game__guild__in=guild_ids)
    rows = list(looked_at.order_by("game", "kind").values_list("game", "kind", "game__post_version"))
    schedule_of_games(rows, now)
    return len(rows)
