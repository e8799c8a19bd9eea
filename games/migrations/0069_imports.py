import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0068_webhooks"),
        ("guilds", "0024_bot_roles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="GameImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(help_text="What kind of file it is.", max_length=16)),
                ("file", models.BinaryField(help_text="What it holds, until its games are made.", null=True)),
                ("created_at", models.DateTimeField()),
                ("imported_at", models.DateTimeField(blank=True, help_text="When its games were made.", null=True)),
                (
                    "guild",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imports",
                        to="guilds.guild",
                        verbose_name="server",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        help_text="Who sent it.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ("-created_at", "-pk"),
            },
        ),
        migrations.CreateModel(
            name="ImportedGame",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "key",
                    models.CharField(help_text="The SHA-256 of what its source knows it by.", max_length=64),
                ),
                (
                    "game",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="imported", to="games.game"
                    ),
                ),
                (
                    "guild",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="guilds.guild",
                        verbose_name="server",
                    ),
                ),
                (
                    "of",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="games", to="games.gameimport"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("guild", "key"), name="imported_once")],
            },
        ),
    ]
