"""Defaults in the database for columns that came after their table: the version before writes rows without them."""

from django.db import migrations

DEFAULTS = {
    "guilds_user": {"language": "''", "discord_locale": "''"},
    "guilds_guild": {"icon_colour": "''", "coloured_icon": "''", "language": "''", "preferred_locale": "''"},
    "guilds_channel": {
        "category": "''",
        "qualifier": "''",
        "overwrites": "'[]'",
        "lacks_tag": "false",
        "tags": "'[]'",
        "archived": "false",
        "locked": "false",
    },
    "guilds_member": {"pending": "false"},
}


class Migration(migrations.Migration):
    dependencies = [("guilds", "0022_languages")]

    operations = [
        # What Django has alone, it writes with each row; a version that doesn't know the column would be refused.
        migrations.RunSQL(
            [
                f"ALTER TABLE {table} "
                + ", ".join(f"ALTER {name} SET DEFAULT {value}" for name, value in columns.items())
                for table, columns in DEFAULTS.items()
            ],
            migrations.RunSQL.noop,
        )
    ]
