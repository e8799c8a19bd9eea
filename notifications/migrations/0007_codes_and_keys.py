"""Codes beside sentences, and keys as text in place of packed numbers; rows that are open keep their meaning.

The sentences are those of the release before. What no sentence here says becomes `other`.
"""

import json

from django.db import migrations, models

from gamesched.lib.migrations import at_once

SKIP_CODES = {
    "it came too late": "expired",
    "they want no messages": "unwanted",
    "it was due while everything was held, so it may have been said before": "paused",
    "nobody to tell": "no_recipient",
    "this kind has no letter": "no_message",
    "the game was cancelled": "cancelled",
    "the cancellation was undone": "cancellation_undone",
    "the game's times changed": "times_changed",
    "it is a draft": "draft",
    "the game is announced": "announced",
    "it was announced or cancelled before": "announced_or_cancelled",
    "they close with the start, or closed already": "signups_closed",
    "it is not wanted any more": "not_wanted",
    "nobody is asked any more": "no_confirmation",
    "the rewards are written down": "rewards_given",
    "it is archived": "archived",
    "the answer to a click said so": "answered_by_click",
    "they joined after it": "joined_later",
    "a newer letter says it too": "superseded",
    "it was before the demo began": "before_demo",
    "the game is not to come": "wrong_state",
    "the game is over": "over",
    "the game is over, or cancelled once more": "over_or_cancelled",
    "it was over before it was announced": "over_before_post",
    "the game was moved": "moved",
    "the game is full": "full",
    "nobody can sign up": "no_signups",
    "its host has seen to it": "seen_to",
    "a later reminder of the game is due too": "later_reminder_due",
    "a later reminder of the game goes instead": "later_reminder_waits",
    "the game's own reminder is due too": "game_reminder_due",
    "there is nothing new for them": "nothing_new",
    "none of the games is open to them any more": "no_open_games",
    "they left": "left",
    "they are no longer in, or the game is over": "not_in_or_over",
    "they are no longer in, or the game is not to come": "not_in_or_started",
    "they are in": "in_already",
    "they are in again": "in_again",
    "they are in again, or the game is over": "in_again_or_over",
    "they have the place they had": "same_seat",
    "all is as it was": "unchanged",
    "it was answered": "answered",
    "they answered, or are asked anew": "confirmation_closed",
    "they answered meanwhile": "answered_meanwhile",
    "they answered, or cannot sign up any more": "answered_or_barred",
    "they were asked anew": "new_confirmation",
    "it was decided on already": "decided",
    "enough signed up": "enough_players",
    "the seat is not offered to them any more": "offer_over",
    "the offer was answered, or ended": "offer_answered",
    "somebody took it over": "taken_over",
    "the host is back, or the bot is gone": "host_back",
    "its host is asked first whether to put it back": "host_decides",
    "the channel was deleted": "channel_deleted",
    "the bot may post in no channel of this server, so it cannot mention you anywhere": "no_channel",
    "its archive is gone": "no_archive",
    "the bot may not post in the archive": "archive_permissions",
    "the bot was removed from the server": "bot_removed",
    "their direct messages are closed": "closed_dms",
}
ERROR_CODES = {
    "Cannot send messages to this user": "closed_dms",
    "Missing Access": "missing_permission",
    "Missing Permissions": "missing_permission",
    "Unknown Channel": "unknown_channel",
    "Unknown Message": "unknown_message",
}
# The states as they were written: "the game is in progress".
SKIP_PATTERNS = """
    WHEN {0} LIKE 'gave up after %%' THEN 'gave_up'
    WHEN {0} LIKE 'refused: %%' THEN 'refused'
    WHEN {0} LIKE 'Given up by %%' THEN 'given_up_by_hand'
    WHEN {0} LIKE 'the game is %%' THEN 'wrong_state'
    ELSE 'other'
"""
CODE_NOTIFICATIONS = """
UPDATE notifications_notification
SET skip_code = coalesce(%s::jsonb ->> skip_reason, CASE PATTERNS END)
WHERE skip_reason <> ''
""".replace("PATTERNS", SKIP_PATTERNS.format("skip_reason"))
CODE_DROPPED = """
UPDATE notifications_delivery SET error_code = coalesce(%s::jsonb ->> error, CASE PATTERNS END)
WHERE status = 'dropped' AND error <> ''
""".replace("PATTERNS", SKIP_PATTERNS.format("error"))
CODE_OTHERS = """
UPDATE notifications_delivery SET error_code = coalesce(
    %s::jsonb ->> rtrim(error, '.'),
    CASE WHEN error LIKE 'Gave up after %%' THEN 'gave_up' WHEN status = 'uncertain' THEN 'uncertain'
    WHEN status = 'pending' THEN 'temporary' ELSE 'other' END
)
WHERE status <> 'dropped' AND error <> ''
"""

# Ids of Discord do not fit an integer, so only their lower 31 bits stood there. The whole id is in the payload, or
# with a lost seat among the game's sign-ups.
MINUTES = """
UPDATE notifications_notification SET minutes = dedupe_key::integer
WHERE kind IN ('reminder', 'own_reminder') AND dedupe_key <> ''
"""
WHOLE_IDS = """
UPDATE notifications_notification SET dedupe_key = payload ->> CASE kind
    WHEN 'takedown' THEN 'message' WHEN 'dropped_out' THEN 'person' WHEN 'channel_test' THEN 'channel' ELSE 'guild' END
WHERE closed_at IS NULL AND dedupe_key <> '' AND (
    (kind = 'takedown' AND payload ? 'message') OR (kind = 'dropped_out' AND payload ? 'person')
    OR (kind = 'channel_test' AND payload ? 'channel') OR (kind IN ('welcome', 'test_reminder') AND payload ? 'guild')
);
UPDATE notifications_notification AS row SET dedupe_key = (
    SELECT user_id::text FROM games_signup
    WHERE game_id = row.game_id AND user_id % 2147483648 = row.dedupe_key::bigint ORDER BY left_at DESC NULLS LAST LIMIT 1
)
WHERE closed_at IS NULL AND kind = 'lost_seat' AND dedupe_key <> '' AND EXISTS (
    SELECT FROM games_signup WHERE game_id = row.game_id AND user_id % 2147483648 = row.dedupe_key::bigint
);
"""
LOWER_BITS = """
UPDATE notifications_notification SET dedupe_key = (dedupe_key::bigint % 2147483648)::text WHERE dedupe_key ~ '^[0-9]+$';
"""
EMPTY_TO_NULL = "UPDATE notifications_notification SET dedupe_key = NULL WHERE dedupe_key !~ '^[0-9]+$'"
NULL_TO_EMPTY = "UPDATE notifications_notification SET dedupe_key = '' WHERE dedupe_key IS NULL"
# A table with checks put off to the end of the transaction cannot be altered.
CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE"
NOTHING = migrations.RunSQL.noop
KEY_HELP = "Tells apart open rows of one kind: a person's id, a message's."


class Migration(migrations.Migration):
    dependencies = [("notifications", "0006_field_names"), ("games", "0013_plain_names")]

    operations = [
        migrations.AddField(
            "notification",
            "skip_code",
            models.CharField(
                blank=True, default="", help_text="The same as a code: SkipCode, or an app's own.", max_length=32
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "delivery",
            "error_code",
            models.CharField(
                blank=True, default="", help_text="A skip's code where it was dropped, else an error's.", max_length=32
            ),
            preserve_default=False,
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveConstraint("notification", "one_open_notification_of_a_kind")]
        ),
        migrations.RenameField("notification", "offset", "dedupe_key"),
        migrations.AlterField("notification", "dedupe_key", models.CharField(blank=True, max_length=64, null=True)),
        migrations.AddField(
            "notification",
            "minutes",
            models.PositiveIntegerField(blank=True, help_text="How long before the start a reminder is.", null=True),
        ),
        migrations.RunSQL(CHECK_NOW, CHECK_NOW),
        migrations.RunSQL([(CODE_NOTIFICATIONS, [json.dumps(SKIP_CODES)])], NOTHING),
        migrations.RunSQL([(CODE_DROPPED, [json.dumps(SKIP_CODES)])], NOTHING),
        migrations.RunSQL([(CODE_OTHERS, [json.dumps(ERROR_CODES)])], NOTHING),
        migrations.RunSQL(NULL_TO_EMPTY, EMPTY_TO_NULL),
        migrations.RunSQL(MINUTES, NOTHING),
        migrations.RunSQL(WHOLE_IDS, LOWER_BITS),
        migrations.AlterField(
            "notification", "dedupe_key", models.CharField(blank=True, help_text=KEY_HELP, max_length=64)
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    "notification",
                    models.UniqueConstraint(
                        condition=models.Q(("closed_at", None)),
                        fields=("game", "kind", "recipient", "dedupe_key"),
                        name="one_open_notification_of_a_kind",
                        nulls_distinct=False,
                    ),
                )
            ]
        ),
    ]
    operations = at_once(operations)
