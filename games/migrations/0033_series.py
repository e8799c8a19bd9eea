"""Games that repeat: series, their regulars, and which date of its series a game stands for."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import guilds.models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0032_calendar_feeds_of_one_thing"),
        ("guilds", "0015_role_made"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="SeriesPlayer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField()),
                ("is_substitute", models.BooleanField(default=False)),
            ],
            options={
                "ordering": ("is_substitute", "position", "pk"),
            },
        ),
        migrations.AddField(
            model_name="game",
            name="series_date",
            field=models.DateField(
                blank=True, help_text="The date that it stands for there, wherever it is moved to.", null=True
            ),
        ),
        migrations.AddField(
            model_name="game",
            name="series_start",
            field=models.DateTimeField(blank=True, help_text="Its start there, before it was moved.", null=True),
        ),
        migrations.CreateModel(
            name="Series",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rule", models.CharField(help_text="An RRULE of RFC 5545, without times.", max_length=300)),
                (
                    "game_values",
                    models.JSONField(
                        editable=False,
                        help_text="Title, description, channel, template and settings of the next games, by name.",
                    ),
                ),
                ("first_date", models.DateField(help_text="The date from which the rule counts.")),
                ("start_time", models.TimeField(help_text="The local time of each start.")),
                (
                    "zone",
                    models.CharField(
                        help_text="The time zone of dates and times.",
                        max_length=64,
                        validators=[guilds.models.check_zone],
                    ),
                ),
                (
                    "lead_days",
                    models.PositiveSmallIntegerField(
                        help_text="How many days before its start each game is announced."
                    ),
                ),
                (
                    "host_confirms",
                    models.BooleanField(default=False, help_text="Its host says of each whether it takes place."),
                ),
                (
                    "asks_regulars",
                    models.BooleanField(
                        default=True, help_text="Its regulars confirm that they come or lose the seat."
                    ),
                ),
                (
                    "skipped",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateField(),
                        blank=True,
                        default=list,
                        help_text="Dates that are left out.",
                        size=None,
                    ),
                ),
                ("paused_until", models.DateField(blank=True, help_text="The first date after a break.", null=True)),
                ("ended_at", models.DateTimeField(blank=True, help_text="When its hosts ended it.", null=True)),
                (
                    "make_at",
                    models.DateTimeField(
                        blank=True, help_text="When the next game is due to be made; empty if there is none.", null=True
                    ),
                ),
                (
                    "problem_code",
                    models.CharField(
                        blank=True, editable=False, help_text="Why the game that is due was refused.", max_length=32
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "guild",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="series",
                        to="guilds.guild",
                        verbose_name="server",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        help_text="The game whose hosts the next ones have.",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="games.game",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "series",
            },
        ),
        migrations.AddField(
            model_name="game",
            name="series",
            field=models.ForeignKey(
                blank=True,
                help_text="The series that it is one of.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="games",
                to="games.series",
            ),
        ),
        migrations.AddConstraint(
            model_name="game",
            constraint=models.UniqueConstraint(fields=("series", "series_date"), name="one_game_per_series_and_date"),
        ),
        migrations.AddField(
            model_name="seriesplayer",
            name="series",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="players", to="games.series"
            ),
        ),
        migrations.AddField(
            model_name="seriesplayer",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="series",
            index=models.Index(
                condition=models.Q(("make_at__isnull", False)), fields=["make_at"], name="series_by_next_game"
            ),
        ),
        migrations.AddConstraint(
            model_name="seriesplayer",
            constraint=models.UniqueConstraint(fields=("series", "user"), name="one_place_in_a_series"),
        ),
    ]
