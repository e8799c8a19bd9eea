"""A post's problem is its code; beside it stands only what Discord said, no longer an English sentence."""

from django.db import migrations, models

# Sentences without a code stay: nothing else says what was wrong.
SENTENCES = r"""
UPDATE games_announcement SET problem = coalesce(substring(problem FROM 'Discord refused it \((.*)\)\.$'), '')
WHERE problem <> '' AND problem_code NOT IN ('', 'other')
"""


class Migration(migrations.Migration):
    dependencies = [("games", "0065_column_defaults")]

    operations = [
        migrations.AlterField(
            "announcement",
            "problem",
            models.CharField(blank=True, help_text="What Discord said to it.", max_length=300),
        ),
        migrations.RunSQL(SENTENCES, migrations.RunSQL.noop),
    ]
