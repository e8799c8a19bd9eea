"""Codes that are stored: of notifications, of skips, and of audited actions.

Stored values never change, for rows have them and nothing reads them but by these names; so some are older than our
words: `told` is a message of a host to players, `lost_asked` a deleted post about which the host decides.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_noop


class NotificationKind(TextChoices):
    """What a notification is about. The kinds of posts and the internal ones write to nobody."""

    ANNOUNCEMENT = "announcement"
    TAKEDOWN = "takedown"
    CHANNEL_TEST = "channel_test"
    TIME_POLL = "time_poll"
    SERVER_EVENT = "server_event"
    THREAD = "thread"
    VOICE_CHANNEL = "voice_channel"
    PLAYER_ROLE = "player_role"
    PUBLISH = "publish"
    AGENDA = "agenda"
    AGENDA_CHANGE = "agenda_change"
    WEBHOOK = "webhook"
    WEBHOOK_EVENT = "webhook_event"

    AUTO_ANNOUNCE = "announce"
    SIGNUPS_CLOSE = "signups_close"
    START = "start"
    END = "end"
    ARCHIVE = "archive"
    OFFER_END = "offer_end"
    CONFIRMATION_END = "question_end"
    CHANGES_END = "changed_end"

    REMINDER = "reminder"
    OWN_REMINDER = "own_reminder"
    TEST_REMINDER = "test_reminder"
    NEW_GAME = "new_game"
    DIGEST = "digest"
    NOT_ANNOUNCED = "not_announced"
    CANCELLED = "cancelled"
    CANCELLATION_UNDONE = "on_again"
    SIGNED_UP = "confirmed"
    SEAT_CHANGE = "moved"
    LOST_SEAT = "lost_seat"
    LOST_ACCESS = "lost_access"
    LOST_ROLE = "lost_role"
    DROPPED_OUT = "dropped_out"
    ADDED = "added"
    REMOVED = "removed"
    OFFER = "offer"
    EDITED = "edited"
    CONFIRMATION = "question"
    CONFIRMATION_SUMMARY = "answered_sum"
    DROPPED_UNCONFIRMED = "silent"
    NUDGE = "nudge"
    TOO_FEW_PLAYERS = "short"
    HOST_LEFT = "host_left"
    HOST_CHOSEN = "host_chosen"
    HAND_OVER = "hand_over"
    HAND_OVER_ANSWERED = "hand_over_done"
    INVITED = "invited"
    PLAYER_MESSAGE = "told"
    POST_DELETED = "deleted"
    REWARDS = "rewards"
    REWARDED = "rewarded"
    WELCOME = "welcome"
    TIME_POLL_END = "time_poll_end"
    TIME_POLL_GAME = "time_poll_game"
    SERIES_ASK_HOST = "series_host"
    SERIES_NOT_MADE = "series_not_made"
    SUBSTITUTE = "substitute"
    INTERESTED = "interested"
    WEBHOOK_PAUSED = "webhook_paused"


REMINDER_KINDS = (NotificationKind.REMINDER, NotificationKind.OWN_REMINDER)


class GameSkipCode(TextChoices):
    """Why a notification about games is not sent. No value is one of `notifications.codes.SkipCode`.

    The labels are stored, in English, and translated where they are shown.
    """

    # closed before it was due
    CANCELLED = "cancelled", gettext_noop("the game was cancelled")
    CANCELLATION_UNDONE = "cancellation_undone", gettext_noop("the cancellation was undone")
    TIMES_CHANGED = "times_changed", gettext_noop("the game's times changed")
    DRAFT = "draft", gettext_noop("it's a draft")
    ANNOUNCED = "announced", gettext_noop("the game is announced")
    ANNOUNCED_OR_CANCELLED = "announced_or_cancelled", gettext_noop("it was announced or cancelled before")
    SIGNUPS_CLOSED = "signups_closed", gettext_noop("sign-ups close at the start, or are already closed")
    NOT_WANTED = "not_wanted", gettext_noop("it's no longer needed")
    NO_CONFIRMATION = "no_confirmation", gettext_noop("we no longer ask anyone")
    REWARDS_GIVEN = "rewards_given", gettext_noop("the rewards are written down")
    NO_REWARDS = "no_rewards", gettext_noop("the rewards were taken out")
    DID_NOT_COME = "did_not_come", gettext_noop("they're marked as not having come")
    ARCHIVED = "archived", gettext_noop("it's archived")
    SAID_BY_REPLY = "answered_by_click", gettext_noop("the reply to a click said so")
    JOINED_LATER = "joined_later", gettext_noop("they joined after it")
    SUPERSEDED = "superseded", gettext_noop("a newer message says it too")
    BEFORE_DEMO = "before_demo", gettext_noop("it was before the demo began")
    # not for their eyes
    CHANNEL_HIDDEN = "channel_hidden", gettext_noop("they can't see its channel in Discord")
    NOT_A_MEMBER = "not_a_member", gettext_noop("they aren't in the server")
    NOT_ANNOUNCED = "not_announced", gettext_noop("it isn't announced, and their direct messages are closed")
    # of no use when it was due
    WRONG_STATE = "wrong_state", gettext_noop("the game isn't upcoming")
    OVER = "over", gettext_noop("the game is over")
    OVER_OR_CANCELLED = "over_or_cancelled", gettext_noop("the game is over, or cancelled once more")
    OVER_BEFORE_POST = "over_before_post", gettext_noop("it was over before it was announced")
    MOVED = "moved", gettext_noop("the game was moved")
    FULL = "full", gettext_noop("the game is full")
    NO_SIGNUPS = "no_signups", gettext_noop("nobody can sign up")
    HOST_ACTED = "seen_to", gettext_noop("the host has dealt with it")
    LATER_REMINDER_DUE = "later_reminder_due", gettext_noop("a later reminder of the game is due too")
    LATER_REMINDER_WAITS = "later_reminder_waits", gettext_noop("a later reminder of the game goes instead")
    GAME_REMINDER_DUE = "game_reminder_due", gettext_noop("the game's own reminder is due too")
    NOTHING_NEW = "nothing_new", gettext_noop("there's nothing new for them")
    NO_OPEN_GAMES = "no_open_games", gettext_noop("none of the games is still open to them")
    LEFT = "left", gettext_noop("they left")
    NOT_IN_OR_OVER = "not_in_or_over", gettext_noop("they're no longer in, or the game is over")
    NOT_IN_OR_STARTED = "not_in_or_started", gettext_noop("they're no longer in, or the game isn't upcoming")
    IN_ALREADY = "in_already", gettext_noop("they're in")
    IN_AGAIN = "in_again", gettext_noop("they're in again")
    IN_AGAIN_OR_OVER = "in_again_or_over", gettext_noop("they're in again, or the game is over")
    SAME_SEAT = "same_seat", gettext_noop("they have the same place as before")
    UNCHANGED = "unchanged", gettext_noop("nothing changed after all")
    ANSWERED = "answered", gettext_noop("it was answered")
    CONFIRMATION_CLOSED = "confirmation_closed", gettext_noop("they answered, or we asked again")
    ANSWERED_MEANWHILE = "answered_meanwhile", gettext_noop("they answered in the meantime")
    ANSWERED_OR_BARRED = "answered_or_barred", gettext_noop("they answered, or can no longer sign up")
    NEW_CONFIRMATION = "new_confirmation", gettext_noop("we asked them again")
    DECIDED = "decided", gettext_noop("it's already decided")
    ENOUGH_PLAYERS = "enough_players", gettext_noop("enough signed up")
    OFFER_OVER = "offer_over", gettext_noop("the seat is no longer offered to them")
    OFFER_ANSWERED = "offer_answered", gettext_noop("the offer was answered, or ended")
    TAKEN_OVER = "taken_over", gettext_noop("someone took it over")
    HAND_OVER_CLOSED = "hand_over_closed", gettext_noop("they answered, or we no longer ask them")
    FOLDED = "folded", gettext_noop("it was undone before they heard of it")
    TOO_MANY = "too_many", gettext_noop("the same person wrote to them too often that day")
    HOST_BACK = "host_back", gettext_noop("the host is back, or the bot is gone")
    HOST_DECIDES = "host_decides", gettext_noop("we ask the host first whether to put it back")
    CHANNEL_DELETED = "channel_deleted", gettext_noop("the channel was deleted")
    NO_CHANNEL = "no_channel", gettext_noop("no channel")
    NO_ARCHIVE = "no_archive", gettext_noop("its archive is gone")
    ARCHIVE_PERMISSIONS = "archive_permissions", gettext_noop("the bot can't post in the archive")
    BOT_REMOVED = "bot_removed", gettext_noop("the bot was removed from the server")
    CLOSED_DMS = "closed_dms", gettext_noop("their direct messages are closed")
    AS_WANTED = "as_wanted", gettext_noop("it's already as it should be")
    MISSING_PERMISSION = "lacks_permission", gettext_noop("the bot needs a permission for it")
    LIMIT_REACHED = "limit_reached", gettext_noop("the server has no room for more of these")
    TOO_SOON = "too_soon", gettext_noop("it was done a moment ago")
    NOT_PUBLIC = "not_public", gettext_noop("not everyone in the server can see it")


class AuditAction(TextChoices):
    """What somebody did, as the audit log stores it."""

    CREATE = "create"
    EDIT = "edit"
    CANCEL = "cancel"
    END = "end"
    UNDO_CANCELLATION = "undo"
    REPOST = "announce"
    ANNOUNCE = "announced"
    CLONE = "again"
    CARRY_PLAYERS = "carry"
    JOIN = "join"
    LEAVE = "leave"
    ADD = "add"
    REMOVE = "remove"
    HAND_OVER = "hand_over"
    HAND_OVER_ENDED = "hand_over_ended"
    RESPOND = "answer"
    NOTE = "note"
    ADD_GUEST = "bring"
    REMOVE_GUEST = "unbring"
    STANDBY = "wait"
    TAKE_OFFER = "take"
    DECLINE_OFFER = "pass"
    OFFER_EXPIRED = "offer_over"
    REJOIN_WAIT_LIST = "back"
    CONFIRM = "confirm"
    CONFIRMATION_ENDED = "question_end"
    LOSE_SEAT = "lost_seat"
    SEAT = "seat"
    UNSEAT = "bench"
    REORDER = "reorder"
    CLOSE_SIGNUPS = "close"
    REOPEN_SIGNUPS = "reopen"
    KEEP_GAME = "keep"
    MESSAGE_PLAYERS = "tell"
    MARK_ATTENDANCE = "attend"
    WRITE_REWARDS = "rewards"
    ARCHIVE = "archive"
    POST_DELETED = "lost"
    POST_DELETED_ASK_HOST = "lost_asked"
    RESEND = "resend"
    DROP_MESSAGE = "drop"
    EDIT_GUILD = "guild"
    EDIT_CHANNEL = "channel"
    EDIT_TEMPLATE = "template"
    CREATE_TEMPLATE = "new_template"
    DUPLICATE_TEMPLATE = "duplicate"
    DELETE_TEMPLATE = "delete_template"
    SET_DEFAULT_TEMPLATE = "default"
    ROLE_DELETED = "role_gone"
    REPEAT = "repeat"
    SKIP_DATE = "skip_date"
    UNSKIP_DATE = "unskip_date"
    PAUSE_SERIES = "pause_series"
    RESUME_SERIES = "resume_series"
    END_SERIES = "end_series"
    EDIT_LATER = "edit_later"
    CORRECT_SERIES = "correct_series"
    NOT_REPEATED = "not_repeated"
    BLOCK = "block"
    UNBLOCK = "unblock"
    NOTE_PERSON = "note_person"
    OPEN_POLL = "poll"
    CANCEL_POLL = "poll_cancel"
    SCHEDULE_FROM_POLL = "poll_game"
    COMPANION_PUT_BACK = "put_back"
    COMPANION_LET_GO = "let_go"
    REMAKE_COMPANION = "remake"
    RENEW_SHARE_LINK = "new_link"
    CREATE_PROGRAM = "program"
    DELETE_PROGRAM = "program_gone"
    CREATE_WEBHOOK = "webhook"
    EDIT_WEBHOOK = "webhook_edit"
    DELETE_WEBHOOK = "webhook_gone"
    PAUSE_WEBHOOK = "webhook_paused"
    RESUME_WEBHOOK = "webhook_resumed"
    RENEW_WEBHOOK = "webhook_secret"  # no secret itself
    EMBED_ON = "embed_on"
    EMBED_OFF = "embed_off"
    IMPORT_GAMES = "import"
    UNDO_IMPORT = "import_undone"
