"""A code beside a post's problem, and counted numbers of offers and deletions in place of packed ones.

Offers and questions that are open keep the numbers that stand in the buttons of messages sent before.
"""

from django.db import migrations, models

from gamesched.lib.migrations import at_once

CODES = """
UPDATE games_announcement SET problem_code = CASE
    WHEN problem = 'Somebody deleted the announcement in Discord. Put it back with the button, or cancel the game.'
        THEN 'deleted'
    WHEN problem LIKE 'Not announced: #% no longer exists.%' THEN 'channel_deleted'
    WHEN problem LIKE 'Not announced: Discord refused it%' THEN 'refused'
    WHEN problem LIKE 'Not announced: missing %' OR problem LIKE 'Not announced: the bot may not post %'
        OR problem LIKE 'Not up to date in Discord: %' THEN 'missing_permission'
    WHEN problem LIKE 'It may have been announced in %' THEN 'maybe_posted'
    WHEN problem LIKE 'Not archived: %' THEN 'not_archived'
    ELSE 'other' END
WHERE problem <> ''
"""
DELETIONS = """
UPDATE games_announcement SET deletion_number = trunc(extract(epoch FROM post_deleted_at) * 1000)::bigint
WHERE problem_code = 'deleted' AND post_deleted_at IS NOT NULL
"""
# The number was the sign-up's id, and the second in ten digits. Of a sign-up that passed, it was at most this.
OFFERS = """
UPDATE games_signup SET offer_number = id * 10000000000 + trunc(extract(epoch FROM coalesce(offered_at, offer_declined_at)))::bigint
WHERE offered_at IS NOT NULL OR offer_declined_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("games", "0017_columns_of_settings")]

    operations = [
        migrations.AddField(
            "announcement",
            "problem_code",
            models.CharField(
                blank=True,
                choices=[
                    ("deleted", "Deleted"),
                    ("channel_deleted", "Channel Deleted"),
                    ("missing_permission", "Missing Permission"),
                    ("maybe_posted", "Maybe Posted"),
                    ("refused", "Refused"),
                    ("not_archived", "Not Archived"),
                    ("other", "Other"),
                ],
                default="",
                max_length=20,
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "announcement",
            "deletion_number",
            models.BigIntegerField(default=0, help_text="Counts the deletions that its host decides about."),
        ),
        migrations.AddField(
            "signup",
            "offer_number",
            models.BigIntegerField(
                default=0,
                help_text="The last seat offered to them, counted within the game; its buttons have this number.",
            ),
        ),
        migrations.RunSQL(CODES, migrations.RunSQL.noop),
        migrations.RunSQL(DELETIONS, migrations.RunSQL.noop),
        migrations.RunSQL(OFFERS, migrations.RunSQL.noop),
    ]
    operations = at_once(operations)
