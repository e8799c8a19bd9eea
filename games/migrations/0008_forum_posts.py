from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0007_guild_audit"),
    ]

    operations = [
        migrations.AddField(
            model_name="announcement",
            name="thread_name",
            field=models.CharField(blank=True, help_text="What its thread in a forum is called.", max_length=100),
        ),
        migrations.AddField(
            model_name="announcement",
            name="tried_at",
            field=models.DateTimeField(blank=True, help_text="Since when it may have been posted.", null=True),
        ),
    ]
