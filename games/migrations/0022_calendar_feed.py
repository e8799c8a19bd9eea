"""Add the secret addresses under which calendars fetch people's games."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import games.models.calendar_feed


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0021_moved_rings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarFeed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(default=games.models.calendar_feed.new_token, max_length=43, unique=True)),
                ("created_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="calendar_feeds",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user",), name="one_calendar_feed_per_user")],
            },
        ),
    ]
