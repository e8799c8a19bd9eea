"""Columns for what rules read from the audit log so far."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from gamesched.lib.migrations import at_once


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0014_plain_columns"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="game",
            name="confirmation_expired_at",
            field=models.DateTimeField(
                blank=True, help_text="When the time to confirm last ran out on somebody.", null=True
            ),
        ),
        migrations.AddField(
            model_name="game",
            name="carried_by",
            field=models.ForeignKey(
                blank=True,
                help_text="Who scheduled it again with the players of an earlier game.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="game",
            name="confirm_carried",
            field=models.BooleanField(
                default=False, help_text="The players of that game lose their place unless they confirm."
            ),
        ),
        migrations.AddField(
            model_name="game",
            name="kept_starts",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(),
                blank=True,
                default=list,
                help_text="The starts for which its hosts kept it with too few players.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="game",
            name="player_messages_at",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.DateTimeField(),
                blank=True,
                default=list,
                help_text="When its players were last written to.",
                size=None,
            ),
        ),
        migrations.AddField(
            model_name="signup",
            name="confirmed_at",
            field=models.DateTimeField(
                blank=True, help_text="When they last confirmed, or edited the game themselves.", null=True
            ),
        ),
        migrations.AddField(
            model_name="signup",
            name="carried",
            field=models.BooleanField(default=False, help_text="Came along when an earlier game was scheduled again."),
        ),
        migrations.CreateModel(
            name="GameEdit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "previous",
                    models.JSONField(
                        help_text="The value before, by the words of games.confirmations.edits.TRACKED_FIELDS."
                    ),
                ),
                (
                    "game",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="edits", to="games.game"
                    ),
                ),
            ],
            options={"ordering": ("at", "pk")},
        ),
    ]
    operations = at_once(operations)
