from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("guilds", "0004_welcomed"),
    ]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="lacks_tag",
            field=models.BooleanField(default=False, help_text="A forum requires a tag, and has none for the bot."),
        ),
    ]
