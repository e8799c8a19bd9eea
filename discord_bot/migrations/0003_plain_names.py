"""Models take plain names; their tables and data follow."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("discord_bot", "0002_look_ups"),
    ]

    operations = [
        migrations.RenameModel(
            old_name="LookUps",
            new_name="LookupLimit",
        ),
    ]
