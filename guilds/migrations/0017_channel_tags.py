from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("guilds", "0016_made_together"),
    ]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="tags",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="A forum's tags: [id, name, whether only moderators apply it] of each.",
            ),
        ),
    ]
