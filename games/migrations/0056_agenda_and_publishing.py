"""The agendas of channels, and the publishing of posts."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import notifications.models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0050_server_events"),
        ("guilds", "0016_made_together"),
    ]

    operations = [
        migrations.AddField(
            model_name="announcement",
            name="publish_problem_code",
            field=models.CharField(
                blank=True,
                choices=[("missing_permission", "Missing Permission"), ("refused", "Refused")],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="announcement",
            name="published_at",
            field=models.DateTimeField(
                blank=True, help_text="When it was sent to the servers that follow its channel.", null=True
            ),
        ),
        migrations.CreateModel(
            name="Agenda",
            fields=[
                (
                    "channel",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="agenda",
                        serialize=False,
                        to="guilds.channel",
                    ),
                ),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="How many days it shows, from today on; empty: it is switched off.",
                        null=True,
                    ),
                ),
                (
                    "games",
                    models.CharField(
                        choices=[
                            ("channel", "this channel's"),
                            ("server", "all of the server that everybody here may see"),
                        ],
                        default="channel",
                        max_length=8,
                    ),
                ),
                ("pinned", models.BooleanField(default=False, help_text="Whether it is to be pinned.")),
                ("message_id", models.BigIntegerField(blank=True, db_index=True, null=True)),
                (
                    "nonce",
                    models.CharField(
                        default=notifications.models.new_nonce,
                        help_text="Makes posting it twice harmless.",
                        max_length=25,
                    ),
                ),
                (
                    "attempted_at",
                    models.DateTimeField(blank=True, help_text="Since when an unrecorded one may be there.", null=True),
                ),
                ("shown", models.CharField(blank=True, help_text="A hash of what its message shows.", max_length=64)),
                (
                    "game_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        help_text="The games that it lists.",
                        size=None,
                    ),
                ),
                (
                    "edited_at",
                    models.DateTimeField(blank=True, help_text="When its message was last made or edited.", null=True),
                ),
                (
                    "next_at",
                    models.DateTimeField(
                        blank=True, help_text="When it is to be looked at again, although nothing changed.", null=True
                    ),
                ),
                ("pinned_at", models.DateTimeField(blank=True, null=True)),
                (
                    "pin_refused_at",
                    models.DateTimeField(blank=True, help_text="When Discord last refused to pin it.", null=True),
                ),
                (
                    "checked_at",
                    models.DateTimeField(blank=True, help_text="When it was last seen to be there.", null=True),
                ),
                (
                    "problem_code",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("missing_permission", "Missing Permission"),
                            ("channel_deleted", "Channel Deleted"),
                            ("maybe_posted", "Maybe Posted"),
                            ("refused", "Refused"),
                            ("pin_permission", "Pin Permission"),
                            ("pin_limit", "Pin Limit"),
                            ("pin_refused", "Pin Refused"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "guild",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="agendas",
                        to="guilds.guild",
                        verbose_name="server",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("message_id__isnull", False), ("pinned_at", None), _connector="OR"),
                        name="only_a_message_is_pinned",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("days", None), ("days__range", (1, 31)), _connector="OR"),
                        name="agenda_shows_some_days",
                    ),
                ],
            },
        ),
    ]
