"""Fields take plain names; their data follows, and so do the triggers that watch them."""

from django.db import migrations

from gamesched.lib.migrations import at_once


class Migration(migrations.Migration):
    dependencies = [
        ("guilds", "0006_threads"),
        # Its triggers are written in the old names.
        ("games", "0013_plain_names"),
    ]

    operations = [
        migrations.RenameField("guild", "gone_at", "bot_removed_at"),
        migrations.RenameField("channel", "gone_at", "deleted_at"),
        migrations.RenameField("role", "gone_at", "deleted_at"),
        migrations.RenameField("member", "roles_at", "roles_read_at"),
        migrations.RenameField("block", "made_at", "created_at"),
    ]
    operations = at_once(operations)
