"""An index of the games that are not announced, which lists look for in a guild's whole history."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("games", "0029_managers_set")]

    operations = [
        migrations.AddIndex(
            model_name="game",
            index=models.Index(
                condition=models.Q(("announced_at", None)), fields=["guild", "starts_at"], name="game_not_announced"
            ),
        ),
    ]
