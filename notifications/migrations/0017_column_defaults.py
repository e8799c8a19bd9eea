"""Defaults in the database for columns that came after their table: the version before writes rows without them."""

from django.db import migrations

DEFAULTS = {
    "notifications_notification": {"skip_code": "''"},
    "notifications_delivery": {"error_code": "''"},
}


class Migration(migrations.Migration):
    dependencies = [("notifications", "0016_push")]

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
