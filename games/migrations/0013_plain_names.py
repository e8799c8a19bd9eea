"""Models take plain names; their tables and data follow."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0012_signing_up"),
    ]

    operations = [
        migrations.RenameModel(
            old_name="OtherAnswer",
            new_name="GameResponse",
        ),
    ]
