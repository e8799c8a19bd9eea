"""What Discord said that a companion shows, and games in hidden channels, which have no event."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("games", "0048_companion_tried_at")]

    operations = [
        migrations.AddField(
            model_name="gamecompanion",
            name="answered",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="What Discord last said it shows, to tell a change there from our own.",
            ),
        ),
        migrations.AlterField(
            model_name="gamecompanion",
            name="problem_code",
            field=models.CharField(
                blank=True,
                choices=[
                    ("missing_permission", "Missing Permission"),
                    ("limit_reached", "Limit Reached"),
                    ("channel_deleted", "Channel Deleted"),
                    ("channel_hidden", "Channel Hidden"),
                    ("maybe_made", "Maybe Made"),
                    ("refused", "Refused"),
                ],
                max_length=20,
            ),
        ),
    ]
