"""The history of everything in a guild, and managers' notes about people."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0060_sharing"),
        ("guilds", "0016_made_together"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["guild", "-at"], name="audit_of_guild_and_games"),
        ),
        migrations.AlterField(
            model_name="auditentry",
            name="guild",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="guilds.guild",
                verbose_name="server",
            ),
        ),
        migrations.CreateModel(
            name="PersonNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=500)),
                ("at", models.DateTimeField(help_text="When it was last written.")),
                (
                    "guild",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="guilds.guild",
                        verbose_name="server",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "note about a person",
                "verbose_name_plural": "notes about people",
                "constraints": [
                    models.UniqueConstraint(fields=("guild", "user"), name="one_note_per_person_and_guild")
                ],
            },
        ),
    ]
