from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guilds", "0010_sent_forms")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="forgotten_at",
            field=models.DateTimeField(
                blank=True, help_text="When they had themselves forgotten, and are not back since.", null=True
            ),
        ),
    ]
