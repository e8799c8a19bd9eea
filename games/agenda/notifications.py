"""Keeps agendas current: posting, editing, pinning and taking them down, one request at a time."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from games.agenda.post import AgendaPost, PinRequest, agenda_post, marker_of
from games.core.agendas import schedule_agendas_of
from games.core.codes import GameSkipCode, NotificationKind
from games.core.notifications import game_of_notification
from games.models import Agenda, AgendaProblem
from games.models.agenda import PIN_PROBLEMS
from guilds.models import PIN_MESSAGES, VIEW_CHANNEL
from notifications.messages import OutgoingMessage, PermanentError, SentMessage
from notifications.models import Notification
from notifications.policy import earlier_attempt_at, is_maybe_sent
from notifications.types import BuiltPost, NotificationType, Skip, SyncedPost, register

EDIT_INTERVAL = timedelta(seconds=30)
PIN_TRIED_AGAIN_AFTER = timedelta(hours=1)


AGENDAS = Agenda.objects.select_related("channel__guild__defaults", "channel__defaults", "channel__parent")


def _agenda_of(row: Notification) -> Agenda | None:
    return AGENDAS.filter(pk=int(row.dedupe_key)).first()


def _locked_agenda_of(row: Notification) -> Agenda | None:
    return AGENDAS.select_for_update(no_key=True, of=("self",)).filter(pk=int(row.dedupe_key)).first()


def _build_message(row: Notification, now: datetime) -> BuiltPost | Skip:
    agenda = _agenda_of(row)
    if agenda is None:
        return Skip(GameSkipCode.NOT_WANTED)
    channel = agenda.channel
    if channel.guild.bot_removed_at is not None:
        return Skip(GameSkipCode.BOT_REMOVED)
    if channel.deleted_at is not None:
        _give_up(agenda)
        return Skip(GameSkipCode.CHANNEL_DELETED)
    if agenda.message_id is None:
        return _new(row, agenda, now)
    if not channel.bot_has(VIEW_CHANNEL):
        # Discord need not be asked for what it would refuse: it counts refusals.
        _save_problem(agenda, AgendaProblem.MISSING_PERMISSION)
        return Skip(GameSkipCode.MISSING_PERMISSION)
    if agenda.days is None:
        return _built(row, agenda, None, delete=True)
    if (pin := _wanted_pin(agenda, now)) is not None:
        return _built(row, agenda, pin)
    return _edit(row, agenda, agenda_post(agenda, now), now)


def _new(row: Notification, agenda: Agenda, now: datetime) -> BuiltPost | Skip:
    """Return the message to post, or why there is none."""
    channel, earlier = agenda.channel, agenda.attempted_at
    if agenda.days is None and earlier is None:
        return Skip(GameSkipCode.NOT_WANTED)
    if channel.missing_permissions:
        _save_problem(agenda, AgendaProblem.MISSING_PERMISSION)
        return Skip(GameSkipCode.MISSING_PERMISSION)
    if agenda.days is not None:
        # Since a restored backup, too, an unrecorded one may be there.
        earlier = min(filter(None, [earlier, earlier_attempt_at(row.first_attempt_at, now)]), default=None)
    if agenda.attempted_at is None:
        agenda.attempted_at = now
        agenda.save(update_fields=["attempted_at"])
    # Unwanted by now, what an earlier attempt may have made is found by making it once more, and then taken down.
    message = OutgoingMessage(
        channel_id=channel.pk,
        post=agenda_post(agenda, now),
        nonce=agenda.nonce,
        maybe_sent=is_maybe_sent(earlier, now),
        first_attempt_at=earlier,
        dedupe_marker=marker_of(agenda),
    )
    return BuiltPost(message, row.post_version)


def _give_up(agenda: Agenda) -> None:
    """Record that the channel is gone, and the message with it."""
    agenda.forget_message()
    agenda.problem_code = AgendaProblem.CHANNEL_DELETED
    agenda.save_message()


def _built(row: Notification, agenda: Agenda, post: AgendaPost | PinRequest | None, delete: bool = False) -> BuiltPost:
    message = OutgoingMessage(channel_id=agenda.channel_id, message_id=agenda.message_id, post=post, delete=delete)
    return BuiltPost(message, row.post_version)


def _edit(row: Notification, agenda: Agenda, post: AgendaPost, now: datetime) -> BuiltPost | Skip:
    """Return the edit, or why there is none; a rush of changes is one edit."""
    if agenda.shown == post.digest:
        _save_next(agenda, post.next_at)
        if agenda.problem_code not in PIN_PROBLEMS:
            _save_problem(agenda, None)  # what was refused is wanted no more
        return Skip(GameSkipCode.AS_WANTED)
    if agenda.edited_at is not None and now < agenda.edited_at + EDIT_INTERVAL:
        _save_next(agenda, agenda.edited_at + EDIT_INTERVAL)
        return Skip(GameSkipCode.TOO_SOON)
    return _built(row, agenda, post)


def _wanted_pin(agenda: Agenda, now: datetime) -> PinRequest | None:
    """Return whether the message is to be pinned or unpinned now; None if it is as wanted, or cannot be."""
    if agenda.pinned == (agenda.pinned_at is not None):
        if agenda.problem_code in PIN_PROBLEMS:
            _save_problem(agenda, None)
        return None
    if not agenda.channel.bot_has(PIN_MESSAGES):
        if agenda.pinned:
            _save_problem(agenda, AgendaProblem.PIN_PERMISSION)
        return None
    waits = agenda.pin_refused_at is not None and now < agenda.pin_refused_at + PIN_TRIED_AGAIN_AFTER
    return None if waits else PinRequest(agenda.pinned)


def _save_next(agenda: Agenda, at: datetime) -> None:
    if agenda.next_at != at:
        agenda.next_at = at
        agenda.save(update_fields=["next_at"])


def _save_problem(agenda: Agenda, code: AgendaProblem | None) -> None:
    if agenda.problem_code != (code or ""):
        agenda.problem_code = code or ""
        agenda.save(update_fields=["problem_code"])


def _on_synced(row: Notification, rendered: BuiltPost, sent: SentMessage, now: datetime) -> None:
    agenda, message = _locked_agenda_of(row), rendered.message
    if agenda is None or agenda.message_id != message.message_id:
        return  # somebody deleted it meanwhile
    if message.delete:
        agenda.forget_message()
        agenda.problem_code, agenda.next_at = "", None
    elif isinstance(message.post, PinRequest):
        agenda.pinned_at, agenda.pin_refused_at = now if message.post.pinned else None, None
        agenda.problem_code = "" if agenda.problem_code in PIN_PROBLEMS else agenda.problem_code
    else:
        _save_shown(agenda, message, sent, now)
    # One that was just made may have been deleted before anybody knew that it is ours: it is soon looked at.
    agenda.checked_at = now if message.message_id is not None else None
    agenda.save_message()


def _save_shown(agenda: Agenda, message: OutgoingMessage, sent: SentMessage, now: datetime) -> None:
    """Set what the message shows since it was made or edited. Does not save."""
    post: AgendaPost = message.post
    agenda.message_id, agenda.game_ids, agenda.next_at = sent.message_id, list(post.game_ids), post.next_at
    # What an earlier attempt made may show something older: the next look edits it.
    is_certain = message.first_attempt_at is None
    agenda.attempted_at = None
    agenda.shown, agenda.edited_at = (post.digest, now) if is_certain else ("", None)
    if agenda.problem_code not in PIN_PROBLEMS:
        agenda.problem_code = ""


NOT_OURS = "50005"  # Discord's code for editing a message of another author
PROBLEMS: Mapping[str, AgendaProblem] = {
    PermanentError.MISSING_PERMISSION: AgendaProblem.MISSING_PERMISSION,
    PermanentError.UNCERTAIN: AgendaProblem.MAYBE_POSTED,
}
PINNING_PROBLEMS: Mapping[str, AgendaProblem] = {
    PermanentError.MISSING_PERMISSION: AgendaProblem.PIN_PERMISSION,
    PermanentError.LIMIT_REACHED: AgendaProblem.PIN_LIMIT,
}


def _on_failed(row: Notification, error: PermanentError, now: datetime) -> bool:
    agenda = _locked_agenda_of(row)
    if agenda is None:
        return False
    # Somebody deleted it, or another bot's application made it, for which it stays: it is posted, if it is wanted.
    if error.code in {PermanentError.UNKNOWN_MESSAGE, NOT_OURS}:
        agenda.forget_message()
        agenda.save_message()
        return agenda.days is not None
    if error.code == PermanentError.UNKNOWN_CHANNEL:
        _give_up(agenda)
        return False
    if agenda.message_id is not None and agenda.days is not None and _wanted_pin(agenda, now) is not None:
        agenda.pin_refused_at = now
        if agenda.pinned:
            agenda.problem_code = PINNING_PROBLEMS.get(str(error.code), AgendaProblem.PIN_REFUSED)
    else:
        if error.code != PermanentError.UNCERTAIN:
            agenda.attempted_at = None  # refused, so nothing was made
        agenda.problem_code = PROBLEMS.get(str(error.code), AgendaProblem.REFUSED)
    agenda.save_message()
    return False


def _next_at(row: Notification, now: datetime) -> datetime | None:
    """Return when an agenda is to be looked at again: something is left to do, or a time comes."""
    agenda = _agenda_of(row)
    if agenda is None or agenda.message_id is None or agenda.channel.guild.bot_removed_at is not None:
        return None
    if agenda.problem_code and agenda.problem_code not in PIN_PROBLEMS:
        return None  # the sweep tries again
    if agenda.days is None or _wanted_pin(agenda, now) is not None:
        return now
    times = [agenda.next_at or now]
    if agenda.pinned and agenda.pin_refused_at is not None:
        times.append(agenda.pin_refused_at + PIN_TRIED_AGAIN_AFTER)
    return min(times)


def _tell_agendas(row: Notification, now: datetime) -> Iterable[int] | Skip:
    """Have the agendas looked at that list the game; nobody is notified."""
    schedule_agendas_of(game_of_notification(row), now)
    return ()


register(
    SyncedPost(
        NotificationKind.AGENDA,
        build_message=_build_message,
        on_synced=_on_synced,
        on_failed=_on_failed,
        next_at=_next_at,
    )
)
register(NotificationType(NotificationKind.AGENDA_CHANGE, recipients=_tell_agendas))
