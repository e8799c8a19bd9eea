"""Let a person have feeds of a guild, a channel or a template beside the one of their own games."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


def _narrowed_to(model: str, **options: Any) -> Any:
    return models.ForeignKey(
        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to=model, **options
    )


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0031_polls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint("calendarfeed", "one_calendar_feed_per_user"),
        migrations.AddField("calendarfeed", "guild", _narrowed_to("guilds.guild", verbose_name="server")),
        migrations.AddField("calendarfeed", "channel", _narrowed_to("guilds.channel")),
        migrations.AddField("calendarfeed", "template", _narrowed_to("games.gametemplate")),
        migrations.AddField(
            "calendarfeed",
            "fetched_at",
            models.DateTimeField(null=True, help_text="When it was last fetched, within a few minutes."),
        ),
        migrations.AddConstraint(
            "calendarfeed",
            models.UniqueConstraint(
                fields=("user", "guild", "channel", "template"),
                nulls_distinct=False,
                name="one_calendar_feed_per_user_and_what",
            ),
        ),
        migrations.AddConstraint(
            "calendarfeed",
            models.CheckConstraint(
                condition=Q(channel=None, template=None) | Q(guild=None, template=None) | Q(guild=None, channel=None),
                name="calendar_feed_of_one_thing",
            ),
        ),
    ]
