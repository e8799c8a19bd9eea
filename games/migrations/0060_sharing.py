"""A share link for each game, and whether strangers may read what it leads to."""

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models

from gamesched.lib.migrations import at_once

LAYERS = ("channeldefaults", "game", "gametemplate", "guilddefaults")
SETTINGS = ("public_names", "public_page")


class Migration(migrations.Migration):
    dependencies = [("games", "0057_words_of_choices")]

    operations = at_once(
        [
            *(
                migrations.AddField(layer, setting, models.BooleanField(blank=True, null=True))
                for layer in LAYERS
                for setting in SETTINGS
            ),
            migrations.AddField(
                model_name="game",
                name="share_token",
                # By the database, for each row its own; also of games that a program of the version before makes.
                field=models.UUIDField(
                    db_default=RandomUUID(),
                    editable=False,
                    help_text="What its share link has; another ends the link.",
                ),
            ),
        ]
    )
