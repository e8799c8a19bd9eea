"""Store who had a game announced, and make room for longer names of people not in Discord."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from gamesched.lib.migrations import at_once


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0023_unconfirmed_lose_seat"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="game",
            name="announced_by",
            field=models.ForeignKey(
                blank=True,
                help_text="Who had it announced: it counts among their announcements of that day.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="channeldefaults",
            name="reminder_place",
            field=models.CharField(
                blank=True,
                choices=[("dm", "by direct message"), ("channel", "by mentions in the channel")],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="game",
            name="ends_at",
            field=models.DateTimeField(
                help_text="Start and duration added up, kept for queries; earlier if its hosts ended it."
            ),
        ),
        migrations.AlterField(
            model_name="game",
            name="reminder_place",
            field=models.CharField(
                blank=True,
                choices=[("dm", "by direct message"), ("channel", "by mentions in the channel")],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="gametemplate",
            name="reminder_place",
            field=models.CharField(
                blank=True,
                choices=[("dm", "by direct message"), ("channel", "by mentions in the channel")],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="guilddefaults",
            name="reminder_place",
            field=models.CharField(
                blank=True,
                choices=[("dm", "by direct message"), ("channel", "by mentions in the channel")],
                max_length=8,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="signup",
            name="placeholder",
            field=models.CharField(blank=True, help_text="A name kept for somebody not in Discord.", max_length=100),
        ),
        # Until now they counted as their host's. Older ones count no more.
        migrations.RunSQL(
            """
            UPDATE games_game SET announced_by_id = host_id
            WHERE announced_at > now() - interval '1 day' OR (announced_at IS NULL AND announce_at IS NOT NULL)
            """,
            migrations.RunSQL.noop,
        ),
    ]
    operations = at_once(operations)
