"""Fields take plain names; their data follows.

Renaming a field leaves constraints and indexes of the state under its old name. In PostgreSQL they follow by
themselves, so only the state is put right.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations.base import Operation
from django.db.models import Q

from gamesched.lib.migrations import at_once


def in_state(*operations: Operation) -> Operation:
    """Change what Django knows of the table, and not the table."""
    return migrations.SeparateDatabaseAndState(state_operations=list(operations))


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0005_plain_names"),
        # Its triggers and data are written in the old names.
        ("games", "0013_plain_names"),
    ]

    operations = [
        migrations.RenameField("notification", "useless_after", "expires_at"),
        migrations.RenameField("notification", "facts", "payload"),
        migrations.RenameField("notification", "revision", "post_version"),
        migrations.RenameField("notification", "dropped", "skip_reason"),
        migrations.RenameField("notification", "first_tried_at", "first_attempt_at"),
        migrations.RenameField("delivery", "useless_after", "expires_at"),
        migrations.RenameField("delivery", "first_tried_at", "first_attempt_at"),
        in_state(
            migrations.RemoveIndex("delivery", "pending_delivery_due"),
            migrations.RemoveConstraint("delivery", "one_delivery_per_recipient"),
            migrations.RemoveConstraint("pause", "one_open_hold"),
        ),
        migrations.RenameField("delivery", "next_try_at", "next_attempt_at"),
        migrations.RenameField("delivery", "again", "resend_of"),
        migrations.RenameField("pause", "why", "reason"),
        migrations.RenameField("pause", "at", "paused_at"),
        migrations.RenameField("pause", "released_at", "resumed_at"),
        migrations.RenameField("pause", "released_by", "resumed_by"),
        in_state(
            migrations.AddIndex(
                "delivery",
                models.Index(
                    condition=Q(("status", "pending")), fields=["next_attempt_at"], name="pending_delivery_due"
                ),
            ),
            migrations.AddConstraint(
                "delivery",
                models.UniqueConstraint(
                    condition=Q(("resend_of", None)),
                    fields=("notification", "recipient"),
                    name="one_delivery_per_recipient",
                ),
            ),
            migrations.AddConstraint(
                "pause",
                models.UniqueConstraint(
                    condition=Q(("resumed_at", None)),
                    fields=("resumed_at",),
                    name="one_open_hold",
                    nulls_distinct=False,
                ),
            ),
        ),
        migrations.AlterField(
            "delivery",
            "resend_of",
            models.OneToOneField(
                blank=True,
                help_text="The one sent anew by this.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="resend",
                to="notifications.delivery",
            ),
        ),
        migrations.AlterField(
            "notification",
            "post_version",
            models.PositiveIntegerField(default=0, help_text="The version of the game that asked for this."),
        ),
        migrations.RenameField("preference", "how", "method"),
        migrations.RenameField("preference", "reminder", "reminder_minutes"),
    ]
    operations = at_once(operations)
