"""Defaults in the database for columns that came after their table: the version before writes rows without them."""

from django.db import migrations

from gamesched.lib.migrations import defaults_in_database

DEFAULTS = {
    "notifications_notification": {"skip_code": "''"},
    "notifications_delivery": {"error_code": "''"},
}


class Migration(migrations.Migration):
    dependencies = [("notifications", "0016_push")]

    operations = [defaults_in_database(DEFAULTS)]
