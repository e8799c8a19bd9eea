from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0033_series"),
        ("notifications", "0014_last_event_at"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="notification",
            index=models.Index(
                condition=models.Q(("minutes__isnull", False)), fields=["game", "minutes"], name="reminder_of_a_game"
            ),
        ),
    ]
