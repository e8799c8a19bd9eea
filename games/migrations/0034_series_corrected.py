"""Let a series have another host than the game it follows, and settings make players regulars."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0033_series"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="channeldefaults",
            name="players_become_regulars",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="game",
            name="players_become_regulars",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="gametemplate",
            name="players_become_regulars",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="guilddefaults",
            name="players_become_regulars",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="series",
            name="host",
            field=models.ForeignKey(
                blank=True,
                help_text="Who hosts the next games; empty: who hosts that game.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
