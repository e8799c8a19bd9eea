"""Add polls for a time: their times, who can come at which, and their posts."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import notifications.models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0030_index_of_drafts"),
        ("guilds", "0015_role_made"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TimePoll",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200)),
                ("zone", models.CharField(help_text="The zone in which the times are meant.", max_length=64)),
                (
                    "quorum",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="How many make the first time that has them a game; empty: the host decides.",
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("closes_at", models.DateTimeField()),
                (
                    "closed_at",
                    models.DateTimeField(blank=True, help_text="When it was closed, by whatever.", null=True),
                ),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "post_version",
                    models.PositiveIntegerField(default=1, help_text="Counts changes that the post shows."),
                ),
                (
                    "channel",
                    models.ForeignKey(
                        help_text="Where people are asked.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="guilds.channel",
                    ),
                ),
                (
                    "game",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="poll",
                        to="games.game",
                    ),
                ),
                (
                    "guild",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="polls",
                        to="guilds.guild",
                        verbose_name="server",
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        help_text="Who will host the game.",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="polls",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="games.gametemplate",
                    ),
                ),
            ],
            options={
                "verbose_name": "poll",
            },
        ),
        migrations.CreateModel(
            name="TimePollOption",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("starts_at", models.DateTimeField()),
                (
                    "poll",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="options", to="games.timepoll"
                    ),
                ),
            ],
            options={
                "verbose_name": "time of a poll",
                "ordering": ("starts_at",),
            },
        ),
        migrations.AddField(
            model_name="timepoll",
            name="winner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="games.timepolloption",
            ),
        ),
        migrations.CreateModel(
            name="TimePollPost",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message_id", models.BigIntegerField(blank=True, db_index=True, null=True)),
                ("shown_version", models.PositiveIntegerField(default=0)),
                (
                    "nonce",
                    models.CharField(
                        default=notifications.models.new_nonce,
                        help_text="Makes posting it twice harmless.",
                        max_length=25,
                    ),
                ),
                (
                    "problem_code",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("deleted", "Deleted"),
                            ("channel_deleted", "Channel Deleted"),
                            ("missing_permission", "Missing Permission"),
                            ("maybe_posted", "Maybe Posted"),
                            ("refused", "Refused"),
                            ("not_archived", "Not Archived"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "poll",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="post", to="games.timepoll"
                    ),
                ),
            ],
            options={
                "verbose_name": "post of a poll",
            },
        ),
        migrations.CreateModel(
            name="TimePollVote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "option",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="votes", to="games.timepolloption"
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
                "verbose_name": "vote",
                "ordering": ("pk",),
            },
        ),
        migrations.AddConstraint(
            model_name="timepolloption",
            constraint=models.UniqueConstraint(fields=("poll", "starts_at"), name="each_time_once_in_a_poll"),
        ),
        migrations.AddIndex(
            model_name="timepoll",
            index=models.Index(
                condition=models.Q(("cancelled_at", None), ("closed_at", None)),
                fields=["guild", "closes_at"],
                name="open_poll_of_guild",
            ),
        ),
        migrations.AddConstraint(
            model_name="timepoll",
            constraint=models.CheckConstraint(
                condition=models.Q(("quorum", None), ("quorum__gte", 1), _connector="OR"), name="quorum_is_somebody"
            ),
        ),
        migrations.AddConstraint(
            model_name="timepollvote",
            constraint=models.UniqueConstraint(fields=("option", "user"), name="one_vote_per_time_and_person"),
        ),
    ]
