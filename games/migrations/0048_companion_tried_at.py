"""Since when a companion may have been made without our knowing."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("games", "0046_poll_post_form")]

    operations = [
        migrations.AddField(
            model_name="gamecompanion",
            name="tried_at",
            field=models.DateTimeField(
                blank=True, help_text="Since when it may have been made without our knowing.", null=True
            ),
        ),
    ]
