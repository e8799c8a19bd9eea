"""Choosing a game's host and co-hosts, and blocking users from signing up in a guild."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from games.confirmations.change_notices import notify_edited
from games.confirmations.edits import record_edit
from games.core import choices, text_rules, wording
from games.core.audit_people import stored_people, stored_person
from games.core.base import ActionResult, Actor, EntryPoint, locked_game, record_change, require_manager, require_state
from games.core.codes import AuditAction, GameSkipCode, NotificationKind
from games.core.message_limits import DAY
from games.core.notification_schedule import schedule_own_reminders
from games.core.payloads import HandOverAnswerPayload, HandOverPayload, HostActionPayload
from games.core.permissions import Viewer
from games.core.queue import close_notifications, notify
from games.core.states import GameAction
from games.core.text_rules import has_control_characters
from games.hosts import wording as host_wording
from games.hosts.rules import HAND_OVERS_IN_A_DAY
from games.models import Game, GameEdit, PersonNote
from games.models.person_note import NOTE_MAX
from games.server_settings.actions import record_settings_change
from games.server_settings.actions import require_guild_manager as require_guild_manager
from gamesched.lib.moments import is_usable
from gamesched.lib.refusal import Refusal, Refused
from guilds.display_names import display_names
from guilds.models import Block, User
from guilds.names import tidy_line
from guilds.permissions import get_membership, may_view

ACCEPT, DECLINE = "accept", "decline"


@transaction.atomic
def set_cohosts(game_id: int, people: Iterable[User], actor: Actor, now: datetime) -> ActionResult:
    """Set a game's co-hosts, who may do what the host may, except hand the game over.

    Raises Refused for people who are not members of the guild.
    """
    game, _ = _locked_game_to_choose_hosts(game_id, actor, now)
    wanted = {person.pk: person for person in people if person.pk != game.host_id}
    for person in wanted.values():
        require_viewing_member(game, person)
    before = set(game.cohosts.values_list("pk", flat=True))
    if before == wanted.keys():
        return ActionResult(game, False, wording.edited(False, ()))
    game.cohosts.set(wanted.values())
    record_edit(game, actor, {"co-hosts": [stored_people(sorted(before)), stored_people(sorted(wanted))]}, now)
    return ActionResult(game, True, wording.edited(True, ()))


@transaction.atomic
def hand_over(game_id: int, to: User, actor: Actor, now: datetime) -> ActionResult:
    """Ask another person to run a game; once they agree, the old host stays as a co-host.

    Those who manage the guild, and operators, make anybody the host at once. The current host as `to` takes the
    question back. Raises Refused for people who are not members of the guild.
    """
    game, viewer = _locked_game_to_choose_hosts(game_id, actor, now)
    require_viewing_member(game, to)
    if to.pk == game.host_id:
        return _withdraw(game, actor, now)
    if viewer.manages or actor.user == to:
        close_hand_over(game, now)
        old_host = game.host
        result = make_host(game, to, actor, now)
        notify_chosen_host(game, actor, now)
        if old_host != actor.user and old_host.forgotten_at is None:
            _notify_old_host(game, old_host.pk, HandOverAnswerPayload(to.pk, accepted=True), now)
        return result
    name = display_names(game.guild_id, [to.pk])[to.pk].text
    if game.next_host_id == to.pk:
        return ActionResult(game, False, host_wording.invited_to_host(name, already=True))
    changed = GameEdit.objects.filter(game=game, at__gt=now - DAY, previous__has_key="host")
    if changed.count() >= HAND_OVERS_IN_A_DAY:
        raise Refused(Refusal("too_often", host_wording.HANDED_OVER_TOO_OFTEN))
    close_hand_over(game, now)
    game.next_host, game.handover_number = to, game.handover_number + 1
    record_change(game, actor, AuditAction.HAND_OVER, {"for": stored_person(to.pk)}, now)
    payload = HandOverPayload(game.handover_number, actor.user.pk if actor.user else None)
    notify(game, NotificationKind.HAND_OVER, now, to=to.pk, payload=payload, expires_at=game.ends_at)
    return ActionResult(game, True, host_wording.invited_to_host(name, already=False))


@transaction.atomic
def answer_hand_over(game_id: int, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Handle the choice of a person who was invited to run a game. Raises Refused, `outdated` for an old question."""
    game, _ = locked_game(game_id, actor, now)
    return _answer_hand_over(game, number, choice, actor, now)


@transaction.atomic
def answer_open_hand_over(game_id: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    """Run `answer_hand_over` on the open question, for entry points that show no older one. Raises Refused."""
    game, _ = locked_game(game_id, actor, now)
    return _answer_hand_over(game, game.handover_number, choice, actor, now)


def _answer_hand_over(game: Game, number: int, choice: str, actor: Actor, now: datetime) -> ActionResult:
    current = number == game.handover_number and game.next_host_id is not None and choice in {ACCEPT, DECLINE}
    if not current:
        raise Refused(choices.outdated_refusal())
    if actor.user is None or actor.user.pk != game.next_host_id:
        # Anybody can click a message in the channel; it stays as it is for its recipient.
        raise Refused(Refusal("not_prompted", choices.NOT_FOR_YOU))
    require_state(game, GameAction.CHOOSE_HOSTS, now)
    invited, old_host_id, accepted = actor.user, game.host_id, choice == ACCEPT
    if accepted:
        require_viewing_member(game, invited)
    close_hand_over(game, now)
    if accepted:
        result = make_host(game, invited, actor, now)
    else:
        record_change(game, actor, AuditAction.HAND_OVER_ENDED, {}, now)
        result = ActionResult(game, True, host_wording.HAND_OVER_DECLINED)
    _notify_old_host(game, old_host_id, HandOverAnswerPayload(invited.pk, accepted), now)
    return result


def _notify_old_host(game: Game, user_id: int, payload: HandOverAnswerPayload, now: datetime) -> None:
    notify(game, NotificationKind.HAND_OVER_ANSWERED, now, to=user_id, payload=payload, expires_at=game.ends_at)


def _withdraw(game: Game, actor: Actor, now: datetime) -> ActionResult:
    if game.next_host_id is None:
        return ActionResult(game, False, wording.edited(False, ()))
    invited_id = game.next_host_id
    close_hand_over(game, now)
    record_change(game, actor, AuditAction.HAND_OVER_ENDED, {"for": stored_person(invited_id)}, now)
    name = display_names(game.guild_id, [invited_id])[invited_id].text
    return ActionResult(game, True, host_wording.hand_over_withdrawn(name))


def close_hand_over(game: Game, now: datetime) -> None:
    """Ask nobody any more. The caller saves the game."""
    game.next_host = None
    close_notifications(game, [NotificationKind.HAND_OVER], GameSkipCode.HAND_OVER_CLOSED, now)


def require_viewing_member(game: Game, person: User, field: str = "") -> None:
    """Raise Refused for a person who is no member, or for whom Discord does not show the game's channel.

    `field`: the form's field in which they were named.
    """
    member = get_membership(person, game.guild_id)
    if member is None:
        code, sentence = "not_a_member", wording.not_a_member(person.display_name)
    elif not may_view(member, game.channel):
        code, sentence = "channel_hidden", wording.cannot_see_channel(person.display_name)
    else:
        return
    raise Refused(Refusal(code, sentence, {field: sentence} if field else {}))


def make_host(game: Game, to: User, actor: Actor, now: datetime) -> ActionResult:
    """Save another host. For actions that hold the game's lock and have checked the actor's right."""
    pair = [stored_person(game.host_id), stored_person(to.pk)]
    game.cohosts.remove(to)
    if game.host.forgotten_at is None:
        game.cohosts.add(game.host)
    game.host, game.next_host = to, None
    game.signups.of(to).update(open_confirmation=0)  # the host needs no confirmation
    schedule_own_reminders(game, now)
    record_edit(game, actor, {"host": pair}, now)
    notify_edited(game, {"host": pair}, actor, now)
    return ActionResult(game, True, wording.handed_over(display_names(game.guild_id, [to.pk])[to.pk].text))


def notify_chosen_host(game: Game, actor: Actor, now: datetime) -> None:
    """Have the host told that somebody who manages the guild chose them; the clock chooses nobody."""
    if actor.source != EntryPoint.CLOCK and (actor.user is None or actor.user.pk != game.host_id):
        payload = HostActionPayload(actor.user.pk if actor.user and not actor.operator else None)
        notify(game, NotificationKind.HOST_CHOSEN, now, to=game.host_id, payload=payload, expires_at=game.ends_at)


def _locked_game_to_choose_hosts(game_id: int, actor: Actor, now: datetime) -> tuple[Game, Viewer]:
    """Lock a game for those who may say who runs it. Raises Refused."""
    game, viewer = locked_game(game_id, actor, now)
    require_manager(game, viewer)
    if not viewer.may_choose_hosts(game):
        raise Refused(Refusal("not_yours", wording.NOT_THE_HOST))
    require_state(game, GameAction.CHOOSE_HOSTS, now)
    return game, viewer


@transaction.atomic
def block_user(guild_id: int, who: User, until: datetime | None, reason: str, actor: Actor, now: datetime) -> Block:
    """Block a user from signing up in the guild, for a time or for good. They keep the seats they have."""
    require_guild_manager(guild_id, actor, now)
    if until is not None and not is_usable(until):
        raise Refused(Refusal("too_far", wording.BLOCK_TOO_FAR, {"until": wording.BLOCK_TOO_FAR}))
    if until is not None and until <= now:
        raise Refused(Refusal("past", wording.BLOCK_PAST, {"until": wording.BLOCK_PAST}))
    reason = tidy_line(reason)
    if refusal := text_rules.check_reason(reason):
        raise Refused(refusal)
    before = Block.objects.filter(guild_id=guild_id, user=who).first()
    new_block, _ = Block.objects.update_or_create(
        guild_id=guild_id, user=who, defaults={"until": until, "reason": reason, "created_at": now}
    )

    def values_of(block: Block) -> dict[str, str | None]:
        return {"until": block.until.isoformat() if block.until else None, "reason": block.reason}

    after = values_of(new_block)
    changes = {name: [value, after[name]] for name, value in values_of(before).items()} if before else after
    record_settings_change(guild_id, AuditAction.BLOCK, stored_person(who.pk), changes, actor, now)
    return new_block


@transaction.atomic
def note_person(guild_id: int, who: User, text: str, actor: Actor, now: datetime) -> str:
    """Save what a guild's managers note about a person, '' for nothing; return what was done. Raises Refused."""
    require_guild_manager(guild_id, actor, now)
    text = tidy_line(text)
    if len(text) > NOTE_MAX:
        raise Refused(Refusal("too_long", host_wording.note_too_long(len(text), NOTE_MAX)))
    if has_control_characters(text):
        raise Refused(Refusal("control_characters", host_wording.NOTE_UNREADABLE))
    note = PersonNote.objects.filter(guild_id=guild_id, user=who).first()
    if (note.text if note is not None else "") == text:
        return host_wording.NOTE_UNCHANGED
    if text:
        PersonNote.objects.update_or_create(guild_id=guild_id, user=who, defaults={"text": text, "at": now})
    else:
        PersonNote.objects.filter(guild_id=guild_id, user=who).delete()
    # Without the text: it goes when the note goes.
    record_settings_change(guild_id, AuditAction.NOTE_PERSON, stored_person(who.pk), {}, actor, now)
    return host_wording.NOTE_SAVED if text else host_wording.NOTE_DELETED


@transaction.atomic
def unblock_user(guild_id: int, who: User, actor: Actor, now: datetime) -> bool:
    """Let a user sign up again; return whether they were blocked."""
    require_guild_manager(guild_id, actor, now)
    if Block.objects.filter(guild_id=guild_id, user=who).delete()[0] == 0:
        return False
    record_settings_change(guild_id, AuditAction.UNBLOCK, stored_person(who.pk), {}, actor, now)
    return True
