"""Defaults in the database for columns that came after their table: the version before writes rows without them."""

from django.db import migrations

from gamesched.lib.migrations import defaults_in_database

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

    operations = [defaults_in_database(DEFAULTS)]
