from django.conf import settings
from django.db import migrations, models

METHODS = [
    ("dm", "by direct message"),
    ("mention", "by a mention in the game's channel"),
    ("push", "by a notification on their devices"),
    ("none", "not at all"),
]
USES = [("", "no"), ("chosen", "to their devices"), ("refused", "refused by their devices")]


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0015_reminder_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PushSubscription",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "endpoint",
                    models.CharField(help_text="Where its push service takes messages.", max_length=1000, unique=True),
                ),
                ("p256dh", models.CharField(help_text="The browser's public key.", max_length=100)),
                ("auth", models.CharField(help_text="The secret that it shares with us.", max_length=32)),
                (
                    "vapid_key",
                    models.CharField(
                        help_text="Our public key: with another it takes nothing from us.", max_length=100
                    ),
                ),
                ("browser", models.CharField(blank=True, help_text="By which its owner knows it.", max_length=60)),
                ("created_at", models.DateTimeField()),
                ("last_success_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=models.deletion.PROTECT,
                        related_name="push_subscriptions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="delivery",
            name="push",
            field=models.CharField(blank=True, choices=USES, db_default="", default="", max_length=7),
        ),
        migrations.AlterField(
            model_name="preference",
            name="method",
            field=models.CharField(choices=METHODS, default="dm", max_length=7),
        ),
    ]
