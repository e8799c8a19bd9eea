"""Keep on each game when it last changed, and on each calendar feed how often it is fetched."""

from django.db import migrations, models

# Whatever else the function of migration 0027 does stays as it is.
REPLACE = """
DO $$ BEGIN
    EXECUTE replace(pg_get_functiondef('games_resolve_settings()'::regprocedure), '{old}', '{new}');
END $$
"""
CLICK = "same.post_version := NEW.post_version;"
CLICK_AND_TIME = f"{CLICK} same.changed_at := NEW.changed_at;"
# Those that feeds show. Until now, they read the audit log.
FILL = """
UPDATE games_game SET changed_at = found.at
FROM (SELECT game_id, max(at) AS at FROM games_auditentry GROUP BY game_id) found
WHERE found.game_id = games_game.id AND ends_at > now() - interval '90 days'
"""


class Migration(migrations.Migration):
    dependencies = [("games", "0034_series_corrected")]

    operations = [
        migrations.AddField(
            "game",
            "changed_at",
            models.DateTimeField(
                null=True,
                blank=True,
                help_text="Since when it is as it is now: of `post_version`. Empty: since it was made.",
            ),
        ),
        migrations.RunSQL(REPLACE.format(old=CLICK, new=CLICK_AND_TIME), REPLACE.format(old=CLICK_AND_TIME, new=CLICK)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            "calendarfeed", "fetched_at", models.DateTimeField(null=True, help_text="When it was last fetched.")
        ),
        migrations.AddField(
            "calendarfeed",
            "minute_began_at",
            models.DateTimeField(null=True, help_text="Since when fetches are counted, for up to a minute."),
        ),
        migrations.AddField(
            "calendarfeed",
            "fetches",
            models.PositiveSmallIntegerField(default=0, help_text="How many there were in that minute."),
        ),
    ]
