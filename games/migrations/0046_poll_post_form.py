"""What a poll's message is made of: an embed for those that are posted, components from now on."""

from django.db import migrations, models

CHOICES = [("embed", "Embed"), ("components", "Components")]
HELP = "What its message is made of."


class Migration(migrations.Migration):
    dependencies = [("games", "0044_companions")]

    operations = [
        migrations.AddField(
            model_name="timepollpost",
            name="form",
            field=models.CharField(max_length=10, choices=CHOICES, default="embed", help_text=HELP),
        ),
        migrations.AlterField(
            model_name="timepollpost",
            name="form",
            field=models.CharField(max_length=10, choices=CHOICES, default="components", help_text=HELP),
        ),
    ]
