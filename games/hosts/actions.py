"""Choosing a game's host and co-hosts, and blocking users from signing up in a guild."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from games.confirmations.change_notices import notify_edited
from games.confirmations.edits import record_edit
from games.core import wording
from games.core.audit_people import stored_people, stored_person
from games.core.base import ActionResult, Actor, locked_game, require_manager, require_state
from games.core.codes import AuditAction
from games.core.notification_schedule import schedule_own_reminders
from games.core.states import GameAction
from games.models import Game
from games.server_settings.actions import record_settings_change
from games.server_settings.actions import require_guild_manager as require_guild_manager
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names
from guilds.models import Block, User
from guilds.permissions import get_membership, may_view


@transaction.atomic
def set_cohosts(game_id: int, people: Iterable[User], actor: Actor, now: datetime) -> ActionResult:
    """Set a game's co-hosts, who may do what the host may, except hand the game over.

    Raises Refused for people who are not members of the guild.
    """
    game = _locked_game_to_choose_hosts(game_id, actor, now)
    wanted = {person.pk: person for person in people if person.pk != game.host_id}
    for person in wanted.values():
        _require_viewing_member(game, person)
    before = set(game.cohosts.values_list("pk", flat=True))
    if before == wanted.keys():
        return ActionResult(game, False, wording.edited(False, ()))
    game.cohosts.set(wanted.values())
    record_edit(game, actor, {"co-hosts": [stored_people(sorted(before)), stored_people(sorted(wanted))]}, now)
    return ActionResult(game, True, wording.edited(True, ()))


@transaction.atomic
def hand_over(game_id: int, to: User, actor: Actor, now: datetime) -> ActionResult:
    """Make another person the host; the old host stays as a co-host.

    Raises Refused for people who are not members of the guild.
    """
    game = _locked_game_to_choose_hosts(game_id, actor, now)
    _require_viewing_member(game, to)
    if to.pk == game.host_id:
        return ActionResult(game, False, wording.edited(False, ()))
    return make_host(game, to, actor, now)


def _require_viewing_member(game: Game, person: User) -> None:
    """Raise Refused for a person who is no member, or for whom Discord does not show the game's channel."""
    member = get_membership(person, game.guild_id)
    if member is None:
        raise Refused(Refusal("not_a_member", wording.not_a_member(person.display_name)))
    if not may_view(member, game.channel):
        raise Refused(Refusal("channel_hidden", wording.cannot_see_channel(person.display_name)))


def make_host(game: Game, to: User, actor: Actor, now: datetime) -> ActionResult:
    """Save another host. For actions that hold the game's lock and have checked the actor's right."""
    pair = [stored_person(game.host_id), stored_person(to.pk)]
    game.cohosts.remove(to)
    if game.host.forgotten_at is None:
        game.cohosts.add(game.host)
    game.host = to
    game.signups.of(to).update(open_confirmation=0)  # the host needs no confirmation
    schedule_own_reminders(game, now)
    record_edit(game, actor, {"host": pair}, now)
    notify_edited(game, {"host": pair}, actor, now)
    return ActionResult(game, True, wording.handed_over(display_names(game.guild_id, [to.pk])[to.pk].text))


def _locked_game_to_choose_hosts(game_id: int, actor: Actor, now: datetime) -> Game:
    game, viewer = locked_game(game_id, actor, now)
    require_manager(game, viewer)
    if not viewer.may_choose_hosts(game):
        raise Refused(Refusal("not_yours", wording.NOT_THE_HOST))
    require_state(game, GameAction.CHOOSE_HOSTS, now)
    return game


@transaction.atomic
def block_user(guild_id: int, who: User, until: datetime | None, reason: str, actor: Actor, now: datetime) -> Block:
    """Block a user from signing up in the guild, for a time or for good. They keep the seats they have."""
    require_guild_manager(guild_id, actor, now)
    if until is not None and until <= now:
        raise Refused(Refusal("past", wording.BLOCK_PAST, {"until": wording.BLOCK_PAST}))
    before = Block.objects.filter(guild_id=guild_id, user=who).first()
    new_block, _ = Block.objects.update_or_create(
        guild_id=guild_id, user=who, defaults={"until": until, "reason": reason.strip()[:300], "created_at": now}
    )

    def values_of(block: Block) -> dict[str, str | None]:
        return {"until": block.until.isoformat() if block.until else None, "reason": block.reason}

    after = values_of(new_block)
    changes = {name: [value, after[name]] for name, value in values_of(before).items()} if before else after
    record_settings_change(guild_id, AuditAction.BLOCK, stored_person(who.pk), changes, actor, now)
    return new_block


@transaction.atomic
def unblock_user(guild_id: int, who: User, actor: Actor, now: datetime) -> bool:
    """Let a user sign up again; return whether they were blocked."""
    require_guild_manager(guild_id, actor, now)
    if Block.objects.filter(guild_id=guild_id, user=who).delete()[0] == 0:
        return False
    record_settings_change(guild_id, AuditAction.UNBLOCK, stored_person(who.pk), {}, actor, now)
    return True
