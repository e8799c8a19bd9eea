from django.db import migrations, models


class Migration(migrations.Migration):
    """The languages of people and guilds, as they chose and as Discord has them."""

    dependencies = [
        ("guilds", "0020_icon_colour"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(
                blank=True,
                help_text="The language they chose. Empty: Discord's, or their browser's.",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="discord_locale",
            field=models.CharField(
                blank=True,
                help_text="The language of their Discord, as it last told.",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="guild",
            name="language",
            field=models.CharField(
                blank=True,
                help_text="The language its managers chose. Empty: the one Discord has for it.",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="guild",
            name="preferred_locale",
            field=models.CharField(blank=True, help_text="The language Discord has for it.", max_length=12),
        ),
    ]
