"""Know whose owner was told how to set a guild up; those that the bot is in already need no letter."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("guilds", "0003_closed_dms"),
    ]

    operations = [
        migrations.AddField(
            model_name="guild",
            name="welcomed_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When its owner was told how to set it up, since the bot is in it.",
                null=True,
            ),
        ),
        migrations.RunSQL("UPDATE guilds_guild SET welcomed_at = now() WHERE gone_at IS NULL", migrations.RunSQL.noop),
    ]
