"""Fields take plain names; their data follows."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("discord_bot", "0003_plain_names"),
    ]

    operations = [
        migrations.RenameField("interaction", "since_click", "milliseconds_since_click"),
        migrations.RenameField("lookuplimit", "closed_until", "paused_until"),
        migrations.RenameField("lookuplimit", "why", "pause_reason"),
        migrations.RenameField("lookuplimit", "refused", "refused_count"),
    ]
