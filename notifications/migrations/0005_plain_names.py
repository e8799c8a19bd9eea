"""Models take plain names; their tables and data follow."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0004_preferences"),
    ]

    operations = [
        migrations.RenameModel(
            old_name="Hold",
            new_name="Pause",
        ),
    ]
