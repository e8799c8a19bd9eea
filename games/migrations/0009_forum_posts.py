from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0008_put_in"),
    ]

    operations = [
        migrations.AddField(
            model_name="announcement",
            name="thread_name",
            field=models.CharField(blank=True, help_text="What its thread in a forum is called.", max_length=100),
        ),
    ]
