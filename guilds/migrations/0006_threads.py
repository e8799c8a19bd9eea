import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("guilds", "0005_forums"),
    ]

    operations = [
        migrations.AddField(
            model_name="channel",
            name="archived",
            field=models.BooleanField(default=False, help_text="A thread that was closed, as happens by age."),
        ),
        migrations.AddField(
            model_name="channel",
            name="locked",
            field=models.BooleanField(default=False, help_text="A thread in which only moderators write."),
        ),
        migrations.AddField(
            model_name="channel",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                help_text="The channel of a thread.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="threads",
                to="guilds.channel",
            ),
        ),
    ]
